// Values of the thin host: nothing and numbers inline; bytes; everything else as JSON, in which refs are numbered.

import {
	OBJECT_ENTRY_VALUE,
	PHASE_FREED,
	PHASE_PENDING,
	STATE_ALIAS,
	STATE_ERROR,
	STATE_INLINE,
	STATE_KIND_SHIFT,
	STATE_LENGTH_SHIFT,
	STATE_PHASE_MASK,
	STATE_SYSTEM,
} from "../../../src/core/layout.ts";
import type { CoreThread } from "../../../src/core/thread.ts";
import { named, refuse } from "./status.ts";

const NOTHING = 0;
const NUMBER = 1;
const BYTES = 2;
const JSON_TEXT = 3;
const ERROR = 4;

export class Ref {
	readonly slot: number;
	readonly generation: number;

	constructor(slot: number, generation: number) {
		this.slot = slot;
		this.generation = generation;
	}

	/** Slots have 22 bits, generations 31. */
	get key(): number {
		return this.slot + this.generation * 4194304;
	}
}

export interface ValueList extends Array<Value> {}
export type Value =
	| undefined
	| number
	| string
	| boolean
	| null
	| Uint8Array
	| Ref
	| ValueList
	| { readonly [key: string]: Value };

/** What a task threw, or what the core made of its end. */
export class TaskFailure extends Error {
	readonly reason: number;

	constructor(name: string, message: string, reason = 0) {
		super(message);
		this.name = name;
		this.reason = reason;
	}
}

/** Thrown by a task's code: whoever submitted it is asked about another attempt. */
export class TryAgain extends Error {
	override readonly name = "TryAgain";
}

const reasons = ["none", "cancelled", "timeout", "freed", "crashed", "shutdown"];
const text = new TextEncoder();
const untext = new TextDecoder();
const number = new Float64Array(1);
const words = new Uint32Array(number.buffer);

/** A reference in JSON, by its number; or the value of what it refers to. */
interface Numbered {
	readonly $ref: number;
	readonly $value: number;
}

/** One thread's reading and writing of values. */
export class Values {
	readonly #thread: CoreThread;
	/** Gets the refs that come out of what is read. */
	acquired: Ref[] | undefined;
	/** The value written last, as the core takes it. */
	flags = 0;
	a = 0;
	b = 0;
	c = 0;
	d = 0;

	constructor(thread: CoreThread) {
		this.#thread = thread;
	}

	write(value: Value): void {
		this.c = this.d = 0;
		if (value === undefined) {
			this.flags = STATE_INLINE | (NOTHING << STATE_KIND_SHIFT);
			this.a = this.b = 0;
		} else if (typeof value === "number") {
			number[0] = value;
			this.flags = STATE_INLINE | (NUMBER << STATE_KIND_SHIFT) | (8 << STATE_LENGTH_SHIFT);
			this.a = words[0] as number;
			this.b = words[1] as number;
		} else if (value instanceof Uint8Array) {
			this.flags = BYTES << STATE_KIND_SHIFT;
			this.a = this.block(value, []);
			this.b = value.length;
		} else {
			this.#writeJson(value, JSON_TEXT);
		}
	}

	writeError(error: unknown): void {
		const { name, message, reason } = error as TaskFailure;
		this.#writeJson({ name: String(name), message: String(message), reason: reason ?? 0 }, ERROR);
		this.flags |= STATE_ERROR;
	}

	#writeJson(value: Value, kind: number): void {
		const refs: Ref[] = [];
		const bytes = text.encode(toJson(value, refs));
		this.flags = kind << STATE_KIND_SHIFT;
		this.a = this.block(bytes, refs);
		this.b = bytes.length;
		this.c = refs.length;
	}

	/** A block in hand with these bytes, and references behind them. */
	block(bytes: Uint8Array, refs: readonly Ref[]): number {
		const { calls, views } = this.#thread;
		const behind = (bytes.length + 7) & ~7;
		const status = calls.alloc(behind + refs.length * 8);
		const address = refuse(status, `a block of ${bytes.length} bytes`) >>> 0;
		views.u8.set(bytes, address);
		let at = (address + behind) >>> 2;
		for (const { slot, generation } of refs) {
			views.u32[at++] = slot;
			views.u32[at++] = generation;
		}
		return address;
	}

	/** The value of a sealed object that this thread, or a task in its hand, holds. The refs in it get handles. */
	read(slot: number, generation: number): Value {
		const { calls, views } = this.#thread;
		const state = this.#thread.stateOf(slot);
		const phase = state & STATE_PHASE_MASK;
		if (phase === PHASE_FREED) throw new TaskFailure("Freed", "the object was deleted", 3);
		if (phase === PHASE_PENDING) throw new Error("the object is not sealed yet");
		const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
		const [a, b] = [views.u32[at] as number, views.u32[at + 1] as number];
		if (state & STATE_ALIAS) return this.#readHeld(a, b);
		if (state & STATE_SYSTEM) throw new TaskFailure(reasons[a] ?? `reason ${a}`, "the core failed it", a);
		const kind = (state >> STATE_KIND_SHIFT) & 0xff;
		if (state & STATE_INLINE) return kind === NOTHING ? undefined : readNumber(a, b);
		const pinned = calls.pin(slot, generation);
		if (named(pinned) === "freed") throw new TaskFailure("Freed", "the object was deleted", 3);
		if (named(pinned) === "stale") return this.#readHeld(slot, generation);
		const address = refuse(pinned, "pinning") >>> 0;
		try {
			if (kind === BYTES) return views.u8.slice(address, address + b);
			const value = this.readJson(address, b);
			if (!(state & STATE_ERROR)) return value;
			const { name, message, reason } = value as { name: string; message: string; reason: number };
			throw new TaskFailure(name, message, reason);
		} finally {
			refuse(calls.unpin(slot, generation), "unpinning");
		}
	}

	/** Somebody holds the object, but not this thread. */
	#readHeld(slot: number, generation: number): Value {
		const { calls } = this.#thread;
		refuse(calls.retain(slot, generation), "retaining what is to be read");
		try {
			return this.read(slot, generation);
		} finally {
			refuse(calls.release(slot, generation), "releasing what was read");
		}
	}

	/** JSON in the memory, with references behind it: nested ones get handles, arguments become values. */
	readJson(address: number, size: number): Value {
		const { calls, views } = this.#thread;
		const references = (address + ((size + 7) & ~7)) >>> 2;
		const json = untext.decode(views.u8.slice(address, address + size));
		return JSON.parse(json, (_, part: Value | Numbered) => {
			const { $ref, $value } = (typeof part === "object" && part !== null ? part : {}) as Partial<Numbered>;
			const index = $ref ?? $value;
			if (index === undefined) return part;
			const slot = views.u32[references + index * 2] as number;
			const generation = views.u32[references + index * 2 + 1] as number;
			if ($value !== undefined) return this.read(slot, generation);
			refuse(calls.retain(slot, generation), "retaining a nested reference");
			const ref = new Ref(slot, generation);
			this.acquired?.push(ref);
			return ref;
		}) as Value;
	}
}

function readNumber(a: number, b: number): number {
	words[0] = a;
	words[1] = b;
	return number[0] as number;
}

/** `refs` gets the references in the order of their numbers. */
function toJson(value: Value, refs: Ref[]): string {
	return JSON.stringify(value, (_, part: unknown) => (part instanceof Ref ? { $ref: refs.push(part) - 1 } : part));
}

/** Arguments: a ref that is one itself stands for its value, and is numbered before those that are nested. */
export function encodeArguments(values: readonly Value[]): { bytes: Uint8Array; refs: Ref[]; dependencies: number } {
	const refs = values.filter((value) => value instanceof Ref);
	const dependencies = refs.length;
	let index = 0;
	const list = values.map((value) => (value instanceof Ref ? { $value: index++ } : value));
	return { bytes: text.encode(toJson(list, refs)), refs, dependencies };
}
