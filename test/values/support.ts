/** What the tests of the codec share: a round trip through a store in shared memory, and an equality that forgives nothing. */
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import type { DecodeHooks, EncodeHooks } from "../../src/values/hooks.ts";
import type { SerializerRegistry } from "../../src/values/registry.ts";

export interface RoundTripOptions {
	readonly registry?: SerializerRegistry;
	readonly encodeHooks?: EncodeHooks;
	readonly decodeHooks?: DecodeHooks;
}

const OFFSET = 64;

/** The payload of a value, in shared memory as in the store, with bytes around it that nobody may touch. */
export function encodeToStore(value: unknown, { registry, encodeHooks }: RoundTripOptions = {}) {
	const encoder = new Encoder(registry, encodeHooks);
	const length = encoder.encode(value);
	const store = new Uint8Array(new SharedArrayBuffer(OFFSET + length + OFFSET)).fill(0xee);
	encoder.writeTo(store, OFFSET);
	const around = [...store.subarray(0, OFFSET), ...store.subarray(OFFSET + length)];
	if (around.some((byte) => byte !== 0xee)) throw new Error("bytes outside the payload were written");
	return { store, offset: OFFSET, length, kind: encoder.kind, refs: encoder.refs };
}

export function payloadOf(value: unknown, options?: RoundTripOptions): Uint8Array {
	const { store, offset, length } = encodeToStore(value, options);
	return store.slice(offset, offset + length);
}

// biome-ignore lint/suspicious/noExplicitAny: what comes back is of whatever type the test sent
export function roundTrip(value: unknown, options: RoundTripOptions = {}): any {
	const { store, offset, length, kind } = encodeToStore(value, options);
	return decode(store, offset, length, kind, options.decodeHooks, options.registry);
}

/** A message of these bytes, read. */
export function decodeBytes(bytes: Uint8Array, options: RoundTripOptions = {}): unknown {
	return decode(bytes, 0, bytes.length, 0, options.decodeHooks, options.registry);
}

const tagOf = (value: object): string => Object.prototype.toString.call(value);
const typedArrayName = (value: object): string | undefined =>
	Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get?.call(value);

/**
 * Where two values differ, or undefined. Tells −0 from 0, a hole from undefined, a missing property from an undefined one,
 * prototypes, the order of properties and entries, and which objects are the same object as others.
 */
export function difference(a: unknown, b: unknown): string | undefined {
	const numbersOfA = new Map<unknown, number>();
	const numbersOfB = new Map<unknown, number>();
	const queue: [a: unknown, b: unknown, path: string][] = [[a, b, "value"]];
	for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
		const [left, right, path] = next;
		if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) {
			if (!Object.is(left, right)) return `${path}: ${String(left)} is not ${String(right)}`;
			continue;
		}
		const seen = numbersOfA.get(left);
		if (seen !== numbersOfB.get(right)) return `${path}: another identity`;
		if (seen !== undefined) continue;
		numbersOfA.set(left, numbersOfA.size);
		numbersOfB.set(right, numbersOfB.size);
		const problem = shallowDifference(left, right);
		if (problem !== undefined) return `${path}: ${problem}`;
		for (const [step, x, y] of children(left, right)) queue.push([x, y, `${path}.${step}`]);
	}
	return undefined;
}

function shallowDifference(a: object, b: object): string | undefined {
	if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return "another prototype";
	if (tagOf(a) !== tagOf(b)) return `${tagOf(a)} is not ${tagOf(b)}`;
	if (Array.isArray(a) !== Array.isArray(b)) return "only one is an array";
	if (Array.isArray(a) && a.length !== (b as unknown[]).length) return "another length";
	if (a instanceof Date && !Object.is(a.getTime(), (b as Date).getTime())) return "another time";
	if (a instanceof RegExp && (a.source !== (b as RegExp).source || a.flags !== (b as RegExp).flags))
		return "another RegExp";
	if (a instanceof RegExp && a.lastIndex !== (b as RegExp).lastIndex) return "another lastIndex";
	if (isBoxed(a) && !Object.is(a.valueOf(), b.valueOf())) return "another primitive";
	if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer) {
		if (ArrayBuffer.isView(a) && typedArrayName(a) !== typedArrayName(b)) return "another type of view";
		if (Buffer.compare(bytesOf(a), bytesOf(b as ArrayBuffer)) !== 0) return "other bytes";
		return undefined;
	}
	const keysOfA = inOrder(a);
	const keysOfB = inOrder(b);
	if (keysOfA.map(String).join() !== keysOfB.map(String).join())
		return `keys ${keysOfA.map(String)} are not ${keysOfB.map(String)}`;
	for (const key of keysOfA) {
		const enumerable = Object.prototype.propertyIsEnumerable;
		if (enumerable.call(a, key) !== enumerable.call(b, key)) return `${String(key)} is enumerable in one of them`;
	}
	return undefined;
}

/** The order in which hidden and visible properties of an error alternate shows nowhere. */
function inOrder(value: object): (string | symbol)[] {
	const keys = Reflect.ownKeys(value);
	if (!(value instanceof Error)) return keys;
	const visible = (key: string | symbol) => Object.prototype.propertyIsEnumerable.call(value, key);
	return [...keys.filter((key) => !visible(key)), ...keys.filter(visible)];
}

function* children(a: object, b: object): Generator<[step: string, a: unknown, b: unknown]> {
	if (a instanceof Map) {
		const others = [...(b as Map<unknown, unknown>)];
		let index = 0;
		if (a.size !== others.length) yield ["size", a.size, others.length];
		else
			for (const [key, value] of a) {
				yield [`key ${index}`, key, others[index][0]];
				yield [`value ${index}`, value, others[index++][1]];
			}
	} else if (a instanceof Set) {
		const others = [...(b as Set<unknown>)];
		let index = 0;
		if (a.size !== others.length) yield ["size", a.size, others.length];
		else for (const item of a) yield [`item ${index}`, item, others[index++]];
	} else if (ArrayBuffer.isView(a)) {
		return;
	}
	for (const key of Reflect.ownKeys(a)) {
		yield [String(key), (a as Record<PropertyKey, unknown>)[key], (b as Record<PropertyKey, unknown>)[key]];
	}
}

const isBoxed = (value: object): boolean => /^\[object (Boolean|Number|String|BigInt)\]$/.test(tagOf(value));

function bytesOf(value: ArrayBufferView | ArrayBuffer): Uint8Array {
	return ArrayBuffer.isView(value)
		? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
		: new Uint8Array(value);
}
