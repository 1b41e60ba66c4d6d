// The invariant walker of the debug build (assembly/debug/walk.ts), run on any memory: it says what is wrong, this file only
// prints it. Call it when no thread is inside the core; threads may be ended and not recovered yet.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/paths.mjs";
import {
	PLACE_ROOT,
	ROOT_HEAP_END,
	ROOT_OBJECT_MAX,
	ROOT_SIZE_OFFSET,
	ROOT_TASK_MAX,
	ROOT_THREAD_MAX,
} from "../../../src/core/layout.ts";
import { PAGE_BYTES } from "../../../src/core/memory.ts";

export interface WalkOptions {
	/** Everything is released, finished and flushed: tables must be empty and the heap one free block. */
	readonly over?: boolean;
	/**
	 * The memory has `walkerRoom` bytes to spare behind what `init` was told of: walk there instead of on a copy. Needed for
	 * large memories, worth it for many walks.
	 */
	readonly inPlace?: boolean;
}

interface Walker {
	check(scratch: number, room: number, options: number): number;
	checkRoom(size: number, objects: number, tasks: number, threads: number): number;
}

const OVER = 1;
/** The one fault that is not written down, for want of room. */
const NO_ROOM = 2;

interface Message {
	readonly name: string;
	readonly text: string;
}

/** The messages stand in the core's source, above their numbers. */
function readMessages(): Map<number, Message> {
	const source = readFileSync(join(root, "assembly", "debug", "faults.ts"), "utf8");
	const pattern = /\/\*\* (.+) \*\/\n@inline export const (\w+): u32 = (\d+);/g;
	return new Map([...source.matchAll(pattern)].map(([, text, name, code]) => [Number(code), { name, text }]));
}

let messages: Map<number, Message> | undefined;

export function describeFault(code: number, record: number, found: number, wanted: number): string {
	messages ??= readMessages();
	const message = messages.get(code);
	if (message === undefined) return `fault ${code} of record ${record}: ${found}, not ${wanted}`;
	const values: Readonly<Record<string, number>> = { record: record | 0, found, wanted };
	const text = message.text.replace(/\{(record|found|wanted)\}/g, (_, name: string) => String(values[name]));
	return `${message.name}: ${text}`;
}

const modules = new Map<string, WebAssembly.Module>();

/** The debug build for shared memories or for others; it may be instantiated on a memory that threads use. */
export function debugModule(shared: boolean): WebAssembly.Module {
	const name = shared ? "core.debug.wasm" : "core.single.debug.wasm";
	let module = modules.get(name);
	if (module === undefined) {
		module = new WebAssembly.Module(readFileSync(join(root, "build", name)));
		modules.set(name, module);
	}
	return module;
}

const isShared = (memory: WebAssembly.Memory) => memory.buffer instanceof SharedArrayBuffer;

function instantiate(memory: WebAssembly.Memory): Walker {
	const { exports } = new WebAssembly.Instance(debugModule(isShared(memory)), { env: { memory } });
	return exports as unknown as Walker;
}

const pagesFor = (bytes: number) => Math.ceil(bytes / PAGE_BYTES);

let calculator: Walker | undefined;

/** Bytes that a memory must have behind those that `init` is told of, to be walked in place. */
export function walkerRoom(size: number, objects: number, tasks: number, threads: number): number {
	calculator ??= instantiate(new WebAssembly.Memory({ initial: 1, maximum: 1 }));
	return calculator.checkRoom(size, objects, tasks, threads) + 64;
}

/** The same for a memory that is initialised. */
function roomIn(memory: WebAssembly.Memory): number {
	const rootWords = new Uint32Array(memory.buffer, PLACE_ROOT, (ROOT_HEAP_END >> 2) + 1);
	const at = (offset: number) => rootWords[offset >> 2];
	return walkerRoom(at(ROOT_SIZE_OFFSET), at(ROOT_OBJECT_MAX), at(ROOT_TASK_MAX), at(ROOT_THREAD_MAX));
}

interface Place {
	readonly walker: Walker;
	/** Where the walker works: the memory itself, or a copy. */
	readonly memory: WebAssembly.Memory;
	readonly size: number;
	/** What the root said when the place was made: a walker learns the tables' places once. */
	readonly layout: string;
}

const places = new WeakMap<WebAssembly.Memory, Place>();
const copies = new WeakMap<WebAssembly.Memory, Place>();

function makePlace(memory: WebAssembly.Memory, rootWords: Uint32Array, layout: string, inPlace: boolean): Place {
	const size = rootWords[ROOT_SIZE_OFFSET >> 2];
	if (inPlace) return { walker: instantiate(memory), memory, size, layout };
	const pages = pagesFor(size + 64 + roomIn(memory));
	const copy = new WebAssembly.Memory({ initial: pages, maximum: pages });
	return { walker: instantiate(copy), memory: copy, size, layout };
}

function placeOf(memory: WebAssembly.Memory, inPlace: boolean): Place {
	const cache = inPlace ? places : copies;
	const rootWords = new Uint32Array(memory.buffer, PLACE_ROOT, (ROOT_HEAP_END >> 2) + 1);
	const layout = rootWords.join(" ");
	let place = cache.get(memory);
	if (place?.layout !== layout) {
		place = makePlace(memory, rootWords, layout, inPlace);
		cache.set(memory, place);
	}
	return place as Place;
}

/** What is wrong with the memory, in words; undefined: every invariant holds. */
export function findFault(
	memory: WebAssembly.Memory,
	{ over = false, inPlace = false }: WalkOptions = {},
): string | undefined {
	const place = placeOf(memory, inPlace);
	const { buffer } = place.memory;
	if (!inPlace) {
		const known = Math.min(Math.max(place.size, PAGE_BYTES), memory.buffer.byteLength);
		new Uint8Array(buffer).set(new Uint8Array(memory.buffer, 0, known));
	}
	const scratch = Math.ceil(place.size / 64) * 64;
	const room = buffer.byteLength - scratch;
	const code = place.walker.check(scratch, room, over ? OVER : 0);
	if (code === 0) return undefined;
	if (code === NO_ROOM) return describeFault(code, 0, room, roomIn(place.memory));
	const [, record, found, wanted] = new Uint32Array(buffer, scratch, 4);
	return describeFault(code, record, found, wanted);
}

/** Throws if an invariant is broken; says which, and which record breaks it. */
export function checkInvariants(memory: WebAssembly.Memory, options: WalkOptions = {}): void {
	const fault = findFault(memory, options);
	if (fault !== undefined) throw new Error(`The core's invariants do not hold: ${fault}.`);
}
