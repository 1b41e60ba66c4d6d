/**
 * What a value is, when it is neither an array nor a plain object. Its prototype chain says what it may be (of whatever
 * realm; remembered per prototype), and its internal slots then say whether it is.
 */
import { errorClassNameOf } from "../errors.ts";
import { SENDABLE } from "./hooks.ts";

export type Brand =
	| "fields"
	| "date"
	| "regexp"
	| "map"
	| "set"
	| "arraybuffer"
	| "boolean"
	| "number"
	| "string"
	| "bigint"
	| "error"
	| "unsendable";

export interface Nature {
	readonly brand: Brand;
	/** Instances are to be offered to the host layer's hooks. */
	readonly sendable: boolean;
	/** Of an error: its classes from its own to the built-in one. Of something unsendable: what to call it. */
	readonly names: readonly string[];
}

/** An error class of this package, where a user's class may have the same name. */
export const OWN_CLASS_PREFIX = "wasmray.";

const byConstructor: Record<string, Brand | undefined> = {
	Date: "date",
	RegExp: "regexp",
	Map: "map",
	Set: "set",
	ArrayBuffer: "arraybuffer",
	Boolean: "boolean",
	Number: "number",
	String: "string",
	BigInt: "bigint",
};
/** Classes of the platform that hold nothing themselves. */
const harmless = new Set(["Object", "Array", "Function"]);
/** Classes of Node's modules that are no globals, and whose instances are more than their fields. */
const nodeClasses = new Set(["Stream", "FileHandle", "KeyObject", "Worker", "MessagePort", "ChildProcess", "Server"]);
/** The same, where users' classes may well have the name: which module has the true one. */
const moduleOf: Record<string, string | undefined> = {
	BlockList: "node:net",
	SocketAddress: "node:net",
	Dir: "node:fs",
	StringDecoder: "node:string_decoder",
	ECDH: "node:crypto",
	DiffieHellman: "node:crypto",
	X509Certificate: "node:crypto",
	Resolver: "node:dns",
	Script: "node:vm",
};

const natures = new WeakMap<object, Nature>();

export function natureOf(prototype: object | null): Nature {
	if (prototype === null) return plain;
	let nature = natures.get(prototype);
	if (nature === undefined) {
		nature = examine(prototype);
		natures.set(prototype, nature);
	}
	return nature;
}

const plain: Nature = { brand: "fields", sendable: false, names: [] };

function examine(prototype: object): Nature {
	const sendable = SENDABLE in prototype;
	const names: string[] = [];
	let brand: Brand = "fields";
	for (let p: object | null = prototype; p !== null && brand === "fields"; p = Object.getPrototypeOf(p)) {
		const tag = ownString(p, Symbol.toStringTag);
		const type: unknown = Object.getOwnPropertyDescriptor(p, "constructor")?.value;
		const name = typeof type === "function" ? ownString(type, "name") : undefined;
		const own = errorClassNameOf(p);
		if (own !== undefined) names.push(OWN_CLASS_PREFIX + own);
		else if (name) names.push(name);
		if (tag !== undefined && /Iterator$|^(Async)?Generator$/.test(tag)) {
			return { brand: "unsendable", sendable, names: [tag.endsWith("Iterator") ? "an iterator" : "a generator"] };
		}
		if (typeof type !== "function" || !name) continue;
		if (name === "Error" && isNative(type)) brand = "error";
		else if (byConstructor[name] !== undefined && isNative(type)) brand = byConstructor[name];
		else if (isPlatformClass(type, name, tag, p) && !isErrorClass(p) && !harmless.has(name)) {
			return { brand: "unsendable", sendable, names: [`an instance of ${tag ?? name}`] };
		}
	}
	return { brand, sendable, names };
}

/** A class of this realm's or (as far as it is native) another realm's platform, or one of Node's. */
function isPlatformClass(type: object, name: string, tag: string | undefined, prototype: object): boolean {
	if (nodeClasses.has(name) || isModuleClass(type, name) || isTimer(name, prototype)) return true;
	// Written in another language, which keeps what it needs elsewhere: `vm.Script`, classes of addons.
	if (isNative(type) && Object.getOwnPropertyDescriptor(type, "prototype")?.value === prototype) return true;
	const steps = (tag ?? name).split(".");
	let holder: unknown = globalThis;
	for (const step of steps.slice(0, -1)) holder = (holder as Record<string, unknown> | undefined)?.[step];
	const property = Object(holder) === holder && Object.getOwnPropertyDescriptor(holder, steps[steps.length - 1]);
	if (!property) return false;
	// What a program defines on globalThis is enumerable, what the platform does is not. Node defines some lazily.
	if (isNative(type)) return true;
	return property.enumerable !== true && (holder as Record<string, unknown>)[steps[steps.length - 1]] === type;
}

function isModuleClass(type: object, name: string): boolean {
	const module = Object.hasOwn(moduleOf, name) ? moduleOf[name] : undefined;
	if (module === undefined) return false;
	const { process } = globalThis as {
		process?: { getBuiltinModule?(name: string): Record<string, unknown> | undefined };
	};
	return process?.getBuiltinModule?.(module)?.[name] === type;
}

/** What Node's `setTimeout` and `setImmediate` return: no module has their classes. */
function isTimer(name: string, prototype: object): boolean {
	return /^(Timeout|Immediate)$/.test(name) && ["ref", "unref", "hasRef"].every((key) => Object.hasOwn(prototype, key));
}

/**
 * Whether it is one of the platform's namespaces (Math, JSON, Intl …), of whatever realm. They are plain objects without
 * enumerable properties; what tells them is a tag that cannot be written, of that name.
 */
export function isNamespace(value: object): boolean {
	if (!Object.hasOwn(value, Symbol.toStringTag)) return false;
	const tag = Object.getOwnPropertyDescriptor(value, Symbol.toStringTag);
	if (tag === undefined || tag.writable !== false || typeof tag.value !== "string") return false;
	const holder = Object.getOwnPropertyDescriptor(globalThis, tag.value);
	return holder !== undefined && !holder.enumerable && typeof holder.value === "object" && holder.value !== null;
}

/** The prototypes between an error and Error.prototype (DOMException's, TypeError's) are no obstacle. */
function isErrorClass(prototype: object): boolean {
	for (let p: object | null = prototype; p !== null; p = Object.getPrototypeOf(p)) {
		const type: unknown = Object.getOwnPropertyDescriptor(p, "constructor")?.value;
		if (typeof type === "function" && ownString(type, "name") === "Error" && isNative(type)) return true;
	}
	return false;
}

function isNative(type: object): boolean {
	return /\{\s*\[native code\]\s*\}$/.test(Function.prototype.toString.call(type));
}

function ownString(object: object, key: PropertyKey): string | undefined {
	const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
	return typeof value === "string" ? value : undefined;
}

// ── internal slots ───────────────────────────────────────────────────────────

type Probe = (this: unknown) => unknown;
const getter = (prototype: object, key: PropertyKey): Probe =>
	Object.getOwnPropertyDescriptor(prototype, key)?.get as Probe;

/** Methods that throw unless `this` has the slot, and what they say if it has. */
const probes: Record<string, Probe> = {
	date: Date.prototype.getTime,
	regexp: getter(RegExp.prototype, "source"),
	map: getter(Map.prototype, "size"),
	set: getter(Set.prototype, "size"),
	arraybuffer: getter(ArrayBuffer.prototype, "byteLength"),
	boolean: Boolean.prototype.valueOf,
	number: Number.prototype.valueOf,
	string: String.prototype.valueOf,
	bigint: BigInt.prototype.valueOf,
};

/** What the slot of such a value holds (a Date's time, a Map's size …); undefined if it has no such slot. */
export function slotOf(value: object, brand: Brand): unknown {
	try {
		return probes[brand].call(value);
	} catch {
		return undefined;
	}
}

const regexpFlags = getter(RegExp.prototype, "flags");
export const flagsOf = (value: object): string => regexpFlags.call(value) as string;

const forEachEntry = Map.prototype.forEach;
const forEachItem = Set.prototype.forEach;

/** Key, value, key, value … as they are now: getters that run meanwhile do not disturb. */
export function entriesOf(map: object): unknown[] {
	const entries: unknown[] = [];
	forEachEntry.call(map as Map<unknown, unknown>, (value, key) => {
		entries.push(key, value);
	});
	return entries;
}

export function itemsOf(set: object): unknown[] {
	const items: unknown[] = [];
	forEachItem.call(set as Set<unknown>, (item) => {
		items.push(item);
	});
	return items;
}
