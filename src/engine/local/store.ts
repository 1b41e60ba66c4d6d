/**
 * JavaScript values in the core's objects: one thread's side of the object store. Refs are handles that this thread counts;
 * a small payload is copied out under a pin, a large array is a view that keeps its pin for as long as it is reachable.
 */

import {
	OBJECT_ENTRY_VALUE,
	PHASE_FREED,
	PHASE_PENDING,
	REFERENCE_SIZE,
	STATE_ALIAS,
	STATE_ERROR,
	STATE_INLINE,
	STATE_KIND_SHIFT,
	STATE_LENGTH_SHIFT,
	STATE_PHASE_MASK,
	STATE_REPORT,
	STATE_SYSTEM,
	STATUS_FULL,
	STATUS_OK,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { ObjectFreedError, ObjectLostError, SerializationError } from "../../errors.ts";
import { decode } from "../../values/decoder.ts";
import { Encoder } from "../../values/encoder.ts";
import type { DecodeHooks, EncodeHooks } from "../../values/hooks.ts";
import { decodeInline, encodeInline } from "../../values/inline.ts";
import type { SerializerRegistry } from "../../values/registry.ts";
import type { Engine } from "../engine.ts";
import { ObjectRef } from "../ref.ts";
import type { Audit } from "./audit.ts";
import { Collecting } from "./collecting.ts";
import { idOf } from "./ids.ts";
import type { Relief } from "./relief.ts";
import { throwStatus } from "./status.ts";
import { systemError } from "./system-errors.ts";

/** A slot and its generation in one number: what finalizers hold. */
const SLOTS = 2 ** 22;
const INLINE_BYTES = 16;
/** Milliseconds that a thread whose store is full waits for others to collect their garbage. */
const RELIEF_MOST = 100;

export interface StoreOptions {
	readonly zeroCopyMinBytes: number;
	readonly memory: WebAssembly.Memory;
	/** The capacity that was asked for; the core has a little more, for what is no payload. */
	readonly objectStoreMemory: number;
	readonly serializers: SerializerRegistry;
	readonly encodeHooks: EncodeHooks;
	readonly extension: (type: number, description: unknown) => unknown;
	/** Asks for a garbage collection, whose finalizers release what is unreachable; false: there is no way to. */
	readonly collect: () => boolean;
	readonly relief: Relief;
	/** In tests. */
	readonly audit?: Audit | undefined;
}

/** A buffer over the store that pins an object. */
interface Viewed {
	readonly slot: number;
	readonly generation: number;
	readonly buffer: WeakRef<ArrayBufferLike>;
}

export class Store {
	readonly #engine: Engine;
	readonly #thread: CoreThread;
	readonly #options: StoreOptions;
	readonly #encoder: Encoder;
	readonly #inline = new Uint32Array(INLINE_BYTES / 4);
	readonly #handles = new FinalizationRegistry<number>((key) => this.#releaseKey(key));
	readonly #views = new FinalizationRegistry<Viewed>((viewed) => this.#unview(viewed));
	readonly #viewed = new Set<Viewed>();
	readonly #plainHooks: DecodeHooks;
	readonly #audit: Audit | undefined;
	readonly #collecting: Collecting;
	#closed = false;
	/** The last value written, as the core takes it. */
	flags = 0;
	a = 0;
	b = 0;
	c = 0;
	d = 0;
	/** The object that holds the last arguments written, if one does: 0 if not. */
	argumentsSlot = 0;
	#argumentsGeneration = 0;

	constructor(engine: Engine, thread: CoreThread, options: StoreOptions) {
		this.#engine = engine;
		this.#thread = thread;
		this.#options = options;
		this.#audit = options.audit;
		this.#plainHooks = { extension: options.extension };
		this.#collecting = new Collecting(options.objectStoreMemory, options.collect);
		this.#encoder = new Encoder(options.serializers, options.encodeHooks);
	}

	/** The same for another of this thread's places in the core. */
	forThread(thread: CoreThread): Store {
		return new Store(this.#engine, thread, this.#options);
	}

	/** After this, finalizers do nothing: the memory is given up as a whole. */
	close(): void {
		this.#closed = true;
	}

	// ── writing ──

	/** Writes a value for the core to take: `flags`, `a` … `d`. */
	write(value: unknown, root: string, more: number): void {
		const kind = encodeInline(value, this.#inline, 0);
		if (kind >= 0) this.#takeInline(kind, more);
		else this.#takePayload(this.#encoder.encode(value, root), more);
	}

	/** Writes an error; `reports`: it is to be shown if nobody asks for it. What cannot be sent of it is described instead. */
	writeError(error: unknown, reports: boolean): void {
		this.#takePayload(this.#encoder.encodeThrown(error, "error"), STATE_ERROR | (reports ? STATE_REPORT : 0));
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
		const address = this.allocate(this.#audit === undefined ? total : total + this.#audit.extra);
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
	 * a typed array large enough to be viewed become an object, `argumentsSlot`, which is the first of the dependencies.
	 */
	writeArguments(
		message: unknown,
		dependencies: readonly ObjectRef[] | undefined,
		inlined: number,
		room: number,
	): void {
		const encoder = this.#encoder;
		const size = encoder.encode(message, "args");
		const least = this.#options.zeroCopyMinBytes;
		if (size >= least && size > room && encoder.largestView >= least) {
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

	#putArguments(dependencies: readonly ObjectRef[]): void {
		const { calls, views } = this.#thread;
		const slot = calls.put(this.flags, this.a, this.b, this.c, this.d);
		if (slot < 0) {
			this.discard();
			throwStatus(slot, "the arguments");
		}
		this.argumentsSlot = slot;
		this.#argumentsGeneration = this.#thread.generation;
		try {
			this.a = this.allocate((1 + dependencies.length) * REFERENCE_SIZE);
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

	/** A block in hand. */
	allocate(size: number): number {
		const address = this.#thread.calls.alloc(size) >>> 0;
		return (address & 63) === 0 ? address : this.#allocateAfterCollecting(size, address | 0);
	}

	/** The store is full, perhaps of what nobody can reach any more: here, or in other threads. */
	#allocateAfterCollecting(size: number, refused: number): number {
		const { calls } = this.#thread;
		let status = refused;
		const { relief, objectStoreMemory } = this.#options;
		for (let waited = -1; status === STATUS_FULL && size <= objectStoreMemory && waited < RELIEF_MOST; ) {
			if (waited < 0) {
				this.#collecting.now();
				this.#unpinUnreachable();
				relief.ask();
				waited = 0;
			} else waited += relief.sleep();
			const address = calls.alloc(size) >>> 0;
			if ((address & 63) === 0) return address;
			status = address | 0;
		}
		return throwStatus(status, `${size} bytes`);
	}

	/** Another thread has found the store full. */
	relieve(): void {
		if (this.#options.relief.isAsked()) this.#collecting.soon();
	}

	/** Gives back what `write` allocated, when the core refused it. */
	discard(): void {
		if (this.ownsBlock) this.#thread.calls.dealloc(this.a);
	}

	put(value: unknown): ObjectRef {
		this.write(value, "value", 0);
		if (this.ownsBlock) this.#collecting.hold(this.b);
		return this.#putWritten();
	}

	#putWritten(): ObjectRef {
		const slot = this.#thread.calls.put(this.flags, this.a, this.b, this.c, this.d);
		if (slot < 0) {
			this.discard();
			throwStatus(slot, "put");
		}
		return this.newRef(slot, this.#thread.generation, 0, 0);
	}

	/** An object that has failed. `reports`: who does not ask for it is told at the end. */
	putError(error: unknown, reports: boolean): ObjectRef {
		this.writeError(error, reports);
		return this.#putWritten();
	}

	// ── handles ──

	/** A ref for a handle this thread has already. */
	newRef(slot: number, generation: number, task: number, taskGeneration: number): ObjectRef {
		const ref = new ObjectRef(this.#engine, slot, generation, task, taskGeneration);
		this.#handles.register(ref, generation * SLOTS + slot);
		this.#audit?.objects?.note(slot, generation);
		return ref;
	}

	/** A ref with a handle of its own, for an object that somebody holds. */
	adoptRef(slot: number, generation: number): ObjectRef {
		const status = this.#thread.calls.retain(slot, generation);
		if (status !== STATUS_OK) throwStatus(status, `object ${slot}`);
		return this.newRef(slot, generation, 0, 0);
	}

	release(ref: ObjectRef): void {
		if (this.#closed) return;
		const key = ref.generation * SLOTS + ref.slot;
		this.#disposed.set(key, (this.#disposed.get(key) ?? 0) + 1);
		this.#thread.calls.release(ref.slot, ref.generation);
	}

	/**
	 * Handles given up before their refs were collected. Registering with a token, to take the registration back, would cost
	 * every ref more than this costs the few.
	 */
	readonly #disposed = new Map<number, number>();

	#releaseKey(key: number): void {
		const given = this.#disposed.get(key);
		if (given !== undefined) {
			if (given === 1) this.#disposed.delete(key);
			else this.#disposed.set(key, given - 1);
			return;
		}
		if (!this.#closed) this.#thread.calls.release(key % SLOTS, Math.floor(key / SLOTS));
	}

	#unview(viewed: Viewed): void {
		if (!this.#viewed.delete(viewed) || this.#closed) return;
		const { slot, generation } = viewed;
		if (this.#audit?.unviewed(slot, generation) !== false) this.#thread.calls.unpin(slot, generation);
	}

	/** After a collection: finalizers come only when the event loop does. */
	#unpinUnreachable(): void {
		for (const viewed of this.#viewed) if (viewed.buffer.deref() === undefined) this.#unview(viewed);
	}

	// ── reading ──

	/** Whether the object has a value, an error, or was freed. */
	isReady(slot: number): boolean {
		return (this.#thread.stateOf(slot) & STATE_PHASE_MASK) !== PHASE_PENDING;
	}

	/** The value of a ready object that this thread holds; what it failed with is thrown. */
	read(slot: number, generation: number, copy: boolean | undefined): unknown {
		const state = this.#thread.stateOf(slot);
		if ((state & STATE_PHASE_MASK) === PHASE_FREED) throw this.#freed(slot, generation);
		if ((state & (STATE_ERROR | STATE_INLINE)) === STATE_INLINE) return this.#readInline(slot, state);
		if (state & STATE_ERROR) throw this.#readError(slot, generation, state);
		return this.#readPayload(slot, generation, state, copy);
	}

	#readInline(slot: number, state: number): unknown {
		const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
		return decodeInline((state >> STATE_KIND_SHIFT) & 0xff, this.#thread.views.u32, at);
	}

	#readError(slot: number, generation: number, state: number): unknown {
		this.#thread.calls.markRead(slot, generation);
		const { u32 } = this.#thread.views;
		const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
		if (state & STATE_SYSTEM)
			return systemError(u32[at] as number, this.#engine.id, u32[at + 1] as number, u32[at + 2] as number);
		if (state & STATE_ALIAS) return this.#readAlias(u32[at] as number, u32[at + 1] as number);
		if (state & STATE_INLINE) return this.#readInline(slot, state);
		return this.#readPayload(slot, generation, state, true);
	}

	/** The error that another object is; the alias holds it. */
	#readAlias(slot: number, generation: number): unknown {
		const { calls } = this.#thread;
		if (calls.retain(slot, generation) !== STATUS_OK) return new ObjectLostError("The object that failed is gone.");
		try {
			this.read(slot, generation, true);
			return new ObjectLostError("The object that failed has a value.");
		} catch (error) {
			return error;
		} finally {
			calls.release(slot, generation);
		}
	}

	#readPayload(slot: number, generation: number, state: number, copy: boolean | undefined): unknown {
		const { calls, views } = this.#thread;
		const address = calls.pin(slot, generation) >>> 0;
		if (address & 63) {
			if ((this.#thread.stateOf(slot) & STATE_PHASE_MASK) === PHASE_FREED) throw this.#freed(slot, generation);
			throwStatus(address | 0, `object ${slot}`);
		}
		try {
			const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
			const size = views.u32[at + 1] as number;
			const kind = (state >> STATE_KIND_SHIFT) & 0xff;
			return this.readBytes(address, size, kind, copy, slot, generation, 0);
		} finally {
			calls.unpin(slot, generation);
		}
	}

	/** Decodes a message; `slot` is the object that pins its bytes, 0 if they are a task's arguments. `skip`: references before the nested
	 * ones; `plain`: there are none. */
	readBytes(
		address: number,
		size: number,
		kind: number,
		copy: boolean | undefined,
		slot: number,
		generation: number,
		skip: number,
		plain = false,
	): unknown {
		const { u8, u32 } = this.#thread.views;
		if (plain) return decode(u8, address, size, kind, this.#plainHooks, this.#options.serializers);
		const references = ((address + size + 7) & ~7) >>> 2;
		const hooks: DecodeHooks = {
			ref: (index) => {
				const at = references + (index + skip) * 2;
				return this.adoptRef(u32[at] as number, u32[at + 1] as number);
			},
			extension: this.#options.extension,
		};
		if (slot !== 0 && copy !== true) {
			const least = copy === false ? 0 : this.#options.zeroCopyMinBytes;
			let shared: ArrayBufferLike | undefined;
			hooks.view = (viewKind, byteOffset, byteLength) => {
				if (byteLength < least || byteLength === 0) return undefined;
				shared ??= this.#sharedView(slot, generation, size);
				return viewKind.make(shared, byteOffset, byteLength);
			};
		}
		return decode(u8, address, size, kind, hooks, this.#options.serializers);
	}

	/** A buffer of its own over the whole store: what is reachable through it keeps one pin. */
	#sharedView(slot: number, generation: number, size: number): ArrayBufferLike {
		const status = this.#thread.calls.pin(slot, generation);
		if (status & 63) throwStatus(status, `object ${slot}`);
		const buffer = structuredClone(this.#options.memory.buffer);
		const viewed = { slot, generation, buffer: new WeakRef(buffer) };
		this.#viewed.add(viewed);
		this.#views.register(buffer, viewed);
		this.#audit?.viewed(slot, generation);
		this.#collecting.hold(size);
		return buffer;
	}

	#freed(slot: number, generation: number): ObjectFreedError {
		const objectId = idOf(this.#engine.id, "o", slot, generation);
		return new ObjectFreedError(`Object ${objectId} was deleted by free().`, { objectId });
	}
}

function writeReference(u32: Uint32Array, at: number, ref: { slot: number; generation: number }): number {
	u32[at] = ref.slot;
	u32[at + 1] = ref.generation;
	return at + 2;
}

/** What a nested ref must be to be written. */
export function checkNested(engine: Engine, ref: ObjectRef): void {
	if (ref.engine !== engine) {
		throw new SerializationError(`Object ${ref.id} belongs to another runtime; get its value there, and put it here.`);
	}
}
