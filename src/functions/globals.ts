/** What every thread has by itself: the language's and the host's global names, and what can be reached from them. */

const names = `
	AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array
	BigUint64Array Blob Boolean BroadcastChannel Buffer Bun ByteLengthQueuingStrategy CloseEvent CompressionStream
	CountQueuingStrategy Crypto CryptoKey CustomEvent DOMException DataView Date DecompressionStream Deno DisposableStack
	Error ErrorEvent EvalError Event EventSource EventTarget File FinalizationRegistry Float16Array Float32Array
	Float64Array FormData Function Headers Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math
	MessageChannel MessageEvent MessagePort NaN Navigator Number Object Performance PerformanceEntry PerformanceMark
	PerformanceMeasure PerformanceObserver PerformanceObserverEntryList PerformanceResourceTiming Promise Proxy
	QuotaExceededError RangeError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader
	ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError Reflect RegExp
	Request Response Set SharedArrayBuffer String SubtleCrypto SuppressedError Symbol SyntaxError Temporal TextDecoder
	TextDecoderStream TextEncoder TextEncoderStream TransformStream TransformStreamDefaultController TypeError URIError
	URL URLPattern URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet
	WebAssembly WebSocket WritableStream WritableStreamDefaultController WritableStreamDefaultWriter atob btoa
	clearImmediate clearInterval clearTimeout console crypto decodeURI decodeURIComponent encodeURI encodeURIComponent
	escape eval fetch gc global globalThis isFinite isNaN navigator parseFloat parseInt performance process
	queueMicrotask reportError setImmediate setInterval setTimeout structuredClone undefined unescape
`;

/** Names that a worker has as the driver does. */
export const standardGlobals: ReadonlySet<string> = new Set(names.trim().split(/\s+/));

/** Where a function or object is found from the global object: `["Math", "floor"]`. */
export type GlobalPath = readonly string[];

let paths: Map<unknown, GlobalPath> | undefined;

/** `Object.prototype.hasOwnProperty`, `console.log`, `Math`, …: found by what it is, whatever the variable is called. */
export function globalPath(value: unknown): GlobalPath | undefined {
	paths ??= findPaths();
	return paths.get(value);
}

export function globalAt(path: GlobalPath): unknown {
	let value: unknown = globalThis;
	for (const name of path) {
		const holder = value as Record<PropertyKey, unknown>;
		value = name.startsWith("@@") ? holder[(Symbol as never)[name.slice(2)] as symbol] : holder[name];
	}
	return value;
}

function findPaths(): Map<unknown, GlobalPath> {
	const found = new Map<unknown, GlobalPath>([[globalThis, ["globalThis"]]]);
	for (const name of standardGlobals) {
		// Reading an accessor could load a subsystem that nobody uses (`crypto`, `navigator`).
		const value = ownValue(globalThis, name);
		if (!isObject(value) || found.has(value)) continue;
		found.set(value, [name]);
	}
	for (const [value, path] of [...found]) {
		if (value === globalThis) continue;
		addMembers(found, value as object, path);
		const prototype = typeof value === "function" ? ownValue(value, "prototype") : undefined;
		if (isObject(prototype)) addMembers(found, prototype, [...path, "prototype"]);
	}
	for (const symbol of Object.getOwnPropertyNames(Symbol)) {
		const value = ownValue(Symbol, symbol);
		if (typeof value === "symbol") found.set(value, ["Symbol", symbol]);
	}
	return found;
}

function addMembers(found: Map<unknown, GlobalPath>, holder: object, path: GlobalPath): void {
	for (const key of Reflect.ownKeys(holder)) {
		const value = ownValue(holder, key);
		if (!isObject(value) || found.has(value)) continue;
		if (typeof key === "string") found.set(value, [...path, key]);
		else if (key.description?.startsWith("Symbol.")) found.set(value, [...path, `@@${key.description.slice(7)}`]);
	}
}

function isObject(value: unknown): value is object {
	return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** A property's value if it is a plain one; accessors are not called. */
export function ownValue(holder: object, key: PropertyKey): unknown {
	return Object.getOwnPropertyDescriptor(holder, key)?.value;
}
