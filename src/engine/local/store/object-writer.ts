/** JavaScript values on their way into the core: the last one written stands in words, as its calls take them. */

import {
	CANCEL_SETTLE,
	REASON_FULL,
	REFERENCE_SIZE,
	STATE_ERROR,
	STATE_INLINE,
	STATE_KIND_SHIFT,
	STATE_LENGTH_SHIFT,
	STATE_REPORT,
} from "../../../core/layout.ts";
import type { CoreThread } from "../../../core/thread.ts";
import { Encoder } from "../../../values/encoder.ts";
import type { EncodeHooks, Part, Refusal } from "../../../values/hooks.ts";
import { encodeInline } from "../../../values/inline.ts";
import type { Root } from "../../../values/path.ts";
import type { SerializerRegistry } from "../../../values/registry.ts";
import type { Engine } from "../../engine.ts";
import type { ObjectRef } from "../../ref.ts";
import type { Audit } from "../audit.ts";
import { throwStatus } from "../status.ts";
import type { Allocation } from "./allocation.ts";
import type { Views } from "./views.ts";

const INLINE_BYTES = 16;
/** A value that has a part of another object keeps all of its memory: not for less than this part of it. */
const LEAST_PART = 1 / 2;

export interface ObjectWriterOptions {
	readonly zeroCopyMinBytes: number;
	readonly serializers: SerializerRegistry;
	readonly encodeHooks: EncodeHooks;
	/** In tests. */
	readonly audit?: Audit | undefined;
}

export class ObjectWriter {
	readonly #thread: CoreThread;
	readonly #allocation: Allocation;
	readonly #zeroCopyMinBytes: number;
	readonly #audit: Audit | undefined;
	readonly #views: Views;
	readonly #encoder: Encoder;
	/** What is written lives no longer than its task: any part of an object may stay where it is. */
	#passing = false;
	readonly #inline = new Uint32Array(INLINE_BYTES / 4);
	/** The last value written, as the core takes it. */
	flags = 0;
	a = 0;
	b = 0;
	c = 0;
	d = 0;
	/** The object that holds the last arguments written, if one does: 0 if not. */
	argumentsSlot = 0;
	#argumentsGeneration = 0;

	constructor(thread: CoreThread, allocation: Allocation, views: Views, options: ObjectWriterOptions) {
		this.#thread = thread;
		this.#views = views;
		this.#allocation = allocation;
		this.#zeroCopyMinBytes = options.zeroCopyMinBytes;
		this.#audit = options.audit;
		this.#encoder = new Encoder(options.serializers, {
			...options.encodeHooks,
			part: (view) => this.#partOf(view),
		});
	}

	/** An array that came out of the store goes back into it as what it is. */
	#partOf(view: ArrayBufferView): Part | undefined {
		const { byteLength } = view;
		if (byteLength < this.#zeroCopyMinBytes || byteLength === 0) return undefined;
		const whole = this.#views.wholeOf(view);
		if (whole === undefined || (!this.#passing && byteLength < whole.size * LEAST_PART)) return undefined;
		return { whole: whole.pinning, offset: view.byteOffset - whole.address };
	}

	/** Writes a value for the core to take: `flags`, `a` … `d`. */
	write(value: unknown, root: Root, more: number): void {
		const kind = encodeInline(value, this.#inline, 0);
		if (kind >= 0) this.#takeInline(kind, more);
		else this.#takePayload(this.#encoder.encode(value, root), more);
	}

	/** Writes an error; `reports`: it is to be shown if nobody asks for it. What cannot be sent of it is described instead. */
	writeError(error: unknown, reports: boolean): void {
		this.#takePayload(this.#encoder.encodeThrown(error, "error"), STATE_ERROR | (reports ? STATE_REPORT : 0));
	}

	/** The end of this thread's task when the store has no room for its error either: the core makes one that needs none. */
	writeNoRoom(task: number, generation: number): void {
		this.#thread.calls.cancel(task, generation, REASON_FULL, CANCEL_SETTLE);
		this.write(undefined, "result", STATE_ERROR);
	}

	#takeInline(kind: number, more: number): void {
		const inline = this.#inline;
		this.flags = STATE_INLINE | more | (kind << STATE_KIND_SHIFT) | (INLINE_BYTES << STATE_LENGTH_SHIFT);
		this.a = inline[0] as number;
		this.b = inline[1] as number;
		this.c = inline[2] as number;
		this.d = inline[3] as number;
	}

	#takePayload(size: number, more: number): void {
		const encoder = this.#encoder;
		const refs = encoder.refs as readonly ObjectRef[];
		try {
			this.a = this.#block(size, refs, undefined, encoder);
			this.b = size;
			this.c = refs.length;
			this.d = 0;
			this.flags = more | (encoder.kind << STATE_KIND_SHIFT);
		} finally {
			encoder.reset();
		}
	}

	/** Whether the last value written stands in a block of its own. */
	get ownsBlock(): boolean {
		return (this.flags & STATE_INLINE) === 0;
	}

	/** A block with what the encoder has, and the references behind it. */
	#block(
		size: number,
		nested: readonly ObjectRef[],
		first: readonly ObjectRef[] | undefined,
		encoder: Encoder,
	): number {
		const count = nested.length + (first === undefined ? 0 : first.length);
		const behind = (size + 7) & ~7;
		const total = count === 0 && this.#audit === undefined ? size : behind + count * REFERENCE_SIZE;
		const address = this.#allocation.allocate(this.#audit === undefined ? total : total + this.#audit.extra);
		const { u8, u32 } = this.#thread.views;
		encoder.writeTo(u8, address);
		if (count > 0) {
			let at = (address + behind) >>> 2;
			if (first !== undefined) for (const ref of first) at = writeReference(u32, at, ref);
			for (const ref of nested) at = writeReference(u32, at, ref);
		}
		this.#audit?.sealed(address, size, count);
		return address;
	}

	/**
	 * Writes arguments; `a`: the block, or 0 and then they are `b` bytes in `inlined`. Dependencies come before nested references. Arguments with
	 * a typed array large enough to be viewed, or one that is a view, become an object, `argumentsSlot`, which is the first of the dependencies.
	 */
	writeArguments(
		message: unknown,
		dependencies: readonly ObjectRef[] | undefined,
		inlined: number,
		room: number,
	): void {
		const encoder = this.#encoder;
		const size = this.#encodeArguments(message, dependencies === undefined ? 0 : 1);
		const least = this.#zeroCopyMinBytes;
		if (encoder.hasParts || (size >= least && size > room && encoder.largestView >= least)) {
			this.#takePayload(size, 0);
			this.#putArguments(dependencies ?? []);
			return;
		}
		this.argumentsSlot = 0;
		const refs = encoder.refs as readonly ObjectRef[];
		this.b = size;
		this.c = refs.length + (dependencies === undefined ? 0 : dependencies.length);
		this.d = encoder.kind;
		try {
			if (size <= room && this.c === 0) {
				encoder.writeTo(this.#thread.views.u8, inlined);
				this.a = 0;
			} else {
				this.a = this.#block(size, refs, dependencies, encoder);
			}
		} finally {
			encoder.reset();
		}
	}

	/** With dependencies the message is where they go, and the arguments. */
	#encodeArguments(message: unknown, unnamed: number): number {
		const outer = this.#passing;
		this.#passing = true;
		try {
			return this.#encoder.encode(message, "args", unnamed);
		} finally {
			this.#passing = outer;
		}
	}

	#putArguments(dependencies: readonly ObjectRef[]): void {
		const { views } = this.#thread;
		const slot = this.putWritten("the arguments");
		this.argumentsSlot = slot;
		this.#argumentsGeneration = this.#thread.generation;
		this.#audit?.madeArguments(slot, this.#argumentsGeneration);
		try {
			this.a = this.#allocation.allocate((1 + dependencies.length) * REFERENCE_SIZE);
		} catch (error) {
			this.releaseArguments();
			throw error;
		}
		this.b = 0;
		this.c = 1 + dependencies.length;
		let at = writeReference(views.u32, this.a >>> 2, { slot, generation: this.#argumentsGeneration });
		for (const ref of dependencies) at = writeReference(views.u32, at, ref);
	}

	/** The task holds the object with its arguments now, or there will be no task. */
	releaseArguments(): void {
		if (this.argumentsSlot !== 0) this.#thread.calls.release(this.argumentsSlot, this.#argumentsGeneration);
		this.argumentsSlot = 0;
	}

	/** Makes an object of the last value written: its slot. `what` is what an error calls it. */
	protected putWritten(what: string): number {
		const slot = this.#thread.calls.put(this.flags, this.a, this.b, this.c, this.d);
		if (slot < 0) {
			this.discard();
			throwStatus(slot, what);
		}
		this.#audit?.made(slot, this.#thread.generation);
		return slot;
	}

	/** Gives back what `write` allocated, when the core refused it. */
	discard(): void {
		if (this.ownsBlock) this.#thread.calls.dealloc(this.a);
	}
}

function writeReference(u32: Uint32Array, at: number, ref: { slot: number; generation: number }): number {
	u32[at] = ref.slot;
	u32[at + 1] = ref.generation;
	return at + 2;
}

/** Why a ref cannot be written here, if it cannot. */
export function refusalOf(engine: Engine, ref: ObjectRef): Refusal | undefined {
	if (ref.engine === engine) return undefined;
	return ref.engine.alive
		? { what: `object ${ref.id} of another runtime`, advice: "get its value there, and put it here" }
		: {
				what: `object ${ref.id} of a runtime that is shut down`,
				advice: "its value went with that runtime: get it before the shutdown, or make it again here",
			};
}
