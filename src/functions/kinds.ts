/** What kind of thing a captured value is, told by its prototypes, since its realm may be another. */
import { types } from "node:util";
import { builtinPlace } from "./builtins.ts";
import { sourceOf } from "./description.ts";
import { globalPath, ownValue } from "./globals.ts";
import { isImportObject } from "./toolchain.ts";

export type Kind =
	| "plain"
	| "array"
	| "map"
	| "set"
	| "namespace"
	/** Of a class that is neither the language's nor the host's. */
	| "instance"
	/** Of a user's class that extends one of the language's. */
	| "subclass"
	/** Of one of Node's own classes, or of a class that extends one: it holds something of its thread. */
	| "host"
	/** Everything else: the codec knows whether it can send it. */
	| "other";

type Callable = (...args: never[]) => unknown;

export function kindOf(value: object, variable = ""): Kind {
	if (types.isModuleNamespaceObject(value)) return "namespace";
	const prototype: object | null = Object.getPrototypeOf(value);
	if (prototype === null || isObjectPrototype(prototype)) {
		return isNamespaceLike(value, variable) ? "namespace" : "plain";
	}
	if (Array.isArray(value)) return isNativeClass(constructorOf(prototype)) ? "array" : "other";
	if (types.isMap(value) && isNativeClass(constructorOf(prototype))) return "map";
	if (types.isSet(value) && isNativeClass(constructorOf(prototype))) return "set";
	let users = false;
	let level: object | null = prototype;
	for (; level !== null && !isObjectPrototype(level); level = Object.getPrototypeOf(level)) {
		const type = constructorOf(level);
		if (type === undefined || isNativeClass(type) || globalPath(type) !== undefined) {
			// Errors keep what they are: the codec knows them.
			return users && !types.isNativeError(value) ? "subclass" : "other";
		}
		if (builtinPlace(type) !== undefined) return "host";
		users = true;
	}
	return users ? "instance" : "other";
}

/** The class of an instance: the constructor that its prototype belongs to. */
export function classOf(value: object): Callable | undefined {
	return constructorOf(Object.getPrototypeOf(value) as object);
}

export function className(value: object): string {
	return classOf(value)?.name || "an unnamed class";
}

/** Its prototype is that of all functions of its kind. */
export function isOrdinaryFunction(fn: Callable): boolean {
	const prototype: object | null = Object.getPrototypeOf(fn);
	const type = prototype === null ? undefined : constructorOf(prototype);
	return isNativeClass(type) && /Function$/.test(type?.name ?? "");
}

export function isNative(fn: Callable): boolean {
	return /\{\s*\[native code\]\s*\}$/.test(sourceOf(fn));
}

/** `import * as x`, or what tools make of imports: objects whose members are variables of another module. */
function isNamespaceLike(value: object, variable: string): boolean {
	if (isImportObject(variable) || ownValue(value, "__esModule") === true) return true;
	if (ownValue(value, Symbol.toStringTag as never) === "Module") return true;
	return Object.values(Object.getOwnPropertyDescriptors(value)).some(({ get }) => get !== undefined);
}

/** `Object.prototype`, of whatever realm. */
export function isObjectPrototype(value: object): boolean {
	return Object.getPrototypeOf(value) === null && typeof ownValue(value, "hasOwnProperty") === "function";
}

function constructorOf(prototype: object): Callable | undefined {
	const type = ownValue(prototype, "constructor");
	return typeof type === "function" && ownValue(type, "prototype") === prototype ? (type as Callable) : undefined;
}

function isNativeClass(type: Callable | undefined): boolean {
	return type !== undefined && isNative(type);
}
