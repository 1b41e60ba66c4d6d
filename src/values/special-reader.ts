/** How objects of the built-in classes are made from what `special-writer.ts` wrote. */
import { SerializationError } from "../errors.ts";
import { defineOnError, makeError } from "./error-values.ts";
import { Later, type LaterValues } from "./later.ts";
import type { Reader } from "./reader.ts";

/** A reader that knows values. */
export interface ValueSource extends Reader {
	/** A value that cannot come later itself. */
	whole(): unknown;
	/** A value, or a Later in its place. */
	item(): unknown;
	/** Where what comes later is waited for. */
	expect(): LaterValues;
	/** Numbers an object, if any will be pointed to. */
	note<T>(object: T): T;
	/** Takes the next number for an object that can only be made when its parts are read. */
	reserve(): number;
	fulfil<T>(number: number, object: T): T;
}

export function readMap(source: ValueSource): Map<unknown, unknown> {
	const map = source.note(new Map<unknown, unknown>());
	const count = source.mapCount();
	// From the first entry that comes later on, all are added at the end: they must keep their order.
	let rest: unknown[] | undefined;
	for (let i = 0; i < count; i++) {
		const key = source.item();
		const value = source.item();
		if (rest === undefined && (key instanceof Later || value instanceof Later)) rest = [];
		if (rest === undefined) map.set(key, value);
		else rest.push(key, value);
	}
	if (rest !== undefined) source.expect().entries(map, rest);
	return map;
}

export function readSet(source: ValueSource): Set<unknown> {
	const set = source.note(new Set<unknown>());
	const count = source.arrayCount();
	let rest: unknown[] | undefined;
	for (let i = 0; i < count; i++) {
		const item = source.item();
		if (rest === undefined && item instanceof Later) rest = [];
		if (rest === undefined) set.add(item);
		else rest.push(item);
	}
	if (rest !== undefined) source.expect().items(set, rest);
	return set;
}

export function readRegExp(source: ValueSource): RegExp {
	const number = source.reserve();
	const pattern = source.whole();
	const flags = source.whole();
	if (typeof pattern !== "string" || typeof flags !== "string") throw source.damaged("a RegExp is not made of texts");
	try {
		return source.fulfil(number, new RegExp(pattern, flags));
	} catch (cause) {
		throw new SerializationError(`The bytes have a RegExp that this engine refuses: /${pattern}/${flags}`, { cause });
	}
}

export function readBoxed(source: ValueSource): object {
	const number = source.reserve();
	const primitive = source.whole();
	if (primitive === null || primitive === undefined || typeof primitive === "object") {
		throw source.damaged("there is no primitive to box");
	}
	return source.fulfil(number, Object(primitive));
}

export function readError(source: ValueSource): Error {
	const number = source.reserve();
	const classes: string[] = [];
	for (let count = source.arrayCount(); count > 0; count--) classes.push(source.name());
	// Name and message come first and are texts, so the error is there before anything can point to it.
	const first = new Map<string, unknown>();
	let error: Error | undefined;
	for (let count = source.mapCount(); count > 0; count--) {
		const name = source.name();
		if (error === undefined && (name === "name" || name === "message") && source.textFollows()) {
			first.set(name, source.whole());
		} else {
			error ??= start(source, number, classes, first);
			readErrorField(source, error, name, false);
		}
	}
	error ??= start(source, number, classes, first);
	for (let count = source.mapCount(); count > 0; count--) readErrorField(source, error, source.name(), true);
	return error;
}

function start(source: ValueSource, number: number, classes: readonly string[], first: Map<string, unknown>): Error {
	const error = source.fulfil(number, makeError(classes, first.get("name"), first.get("message")));
	for (const [name, value] of first) defineOnError(error, name, value, false);
	return error;
}

function readErrorField(source: ValueSource, error: Error, name: string, enumerable: boolean): void {
	const value = source.item();
	const isLater = value instanceof Later;
	if (isLater) source.expect().property(error, name, value.index);
	defineOnError(error, name, isLater ? undefined : value, enumerable);
}
