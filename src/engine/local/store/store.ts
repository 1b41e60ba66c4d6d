/**
 * JavaScript values in the core's objects: one thread's side of the object store. Refs are handles that this thread counts;
 * a small payload is copied out under a pin, a large array is a view that keeps its pin for as long as it is reachable.
 */

import {
	OBJECT_ENTRY_VALUE,
	PHASE_FREED,
	PHASE_PENDING,
	PHASE_SEALED,
	STATE_ALIAS,
	STATE_ERROR,
	STATE_INLINE,
	STATE_KIND_SHIFT,
	STATE_PHASE_MASK,
	STATE_SYSTEM,
	STATUS_OK,
} from "../../../core/layout.ts";
import type { CoreThread } from "../../../core/thread.ts";
import { ObjectFreedError, ObjectLostError } from "../../../errors.ts";
import { decode } from "../../../values/decoder.ts";
import type { DecodeHooks } from "../../../values/hooks.ts";
import { decodeInline } from "../../../values/inline.ts";
import type { Root } from "../../../values/path.ts";
import type { Engine } from "../../engine.ts";
import { ObjectRef } from "../../ref.ts";
import type { Audit } from "../audit.ts";
import { idOf } from "../ids.ts";
import { throwStatus } from "../status.ts";
import { systemError } from "../system-errors.ts";
import { Allocation, type AllocationOptions } from "./allocation.ts";
import { Collecting } from "./collecting.ts";
import { type Companions, Handles } from "./handles.ts";
import { InPlace } from "./in-place.ts";
import { ObjectWriter, type ObjectWriterOptions } from "./object-writer.ts";
import { Views } from "./views.ts";

/** The first refs in a value go each by itself. */
const FEW_REFS = 16;

export interface StoreOptions extends ObjectWriterOptions, AllocationOptions {
	readonly memory: WebAssembly.Memory;
	readonly extension: (type: number, description: unknown) => unknown;
	/** What must come before a value. */
	readonly beforeRead: () => void;
	/** Asks for a garbage collection, whose finalizers release what is unreachable; false: there is no way to. */
	readonly collect: () => boolean;
}

export class Store extends ObjectWriter {
	readonly #engine: Engine;
	readonly #thread: CoreThread;
	readonly #options: StoreOptions;
	readonly #plainHooks: DecodeHooks;
	readonly #audit: Audit | undefined;
	readonly #collecting: Collecting;
	readonly #views: Views;
	readonly #allocation: Allocation;
	readonly #handles: Handles;

	constructor(engine: Engine, thread: CoreThread, options: StoreOptions) {
		const collecting = new Collecting(options.objectStoreMemory, options.collect, () => views.unpinUnreachable());
		const views: Views = new Views(thread, options.memory, collecting, options.audit);
		const allocation = new Allocation(thread, options, collecting);
		super(thread, allocation, views, options);
		this.#engine = engine;
		this.#thread = thread;
		this.#options = options;
		this.#audit = options.audit;
		this.#plainHooks = { extension: options.extension };
		this.#collecting = collecting;
		this.#views = views;
		this.#allocation = allocation;
		this.#handles = new Handles(thread);
	}

	/** The same for another of this thread's places in the core. */
	forThread(thread: CoreThread): Store {
		return new Store(this.#engine, thread, this.#options);
	}

	/** After this, finalizers do nothing: the memory is given up as a whole. */
	close(): void {
		this.#views.close();
		this.#handles.close();
	}

	/** A block in hand. */
	allocate(size: number): number {
		return this.#allocation.allocate(size);
	}

	/** Garbage is to be collected at the next opportunity. */
	get isCollectionDue(): boolean {
		return this.#collecting.isDue;
	}

	collect(): void {
		this.#collecting.now();
	}

	/** Another thread has found the store full. */
	relieve(): void {
		this.#allocation.relieve();
	}

	/** `name` is what errors call the value. */
	put(value: unknown, name: Root = "value"): ObjectRef {
		this.write(value, name, 0);
		if (this.ownsBlock) this.#collecting.hold(this.b);
		return this.#newObject();
	}

	#newObject(): ObjectRef {
		return this.newRef(this.putWritten("put"), this.#thread.generation, 0, 0);
	}

	/** An object that has failed. `reports`: who does not ask for it is told at the end. */
	putError(error: unknown, reports: boolean): ObjectRef {
		this.writeError(error, reports);
		return this.#newObject();
	}

	// ── refs ──

	/** A ref for a handle this thread has already. */
	newRef(slot: number, generation: number, task: number, taskGeneration: number, companions?: Companions): ObjectRef {
		const ref = new ObjectRef(this.#engine, slot, generation, task, taskGeneration);
		this.#handles.register(ref, companions);
		this.#audit?.held(slot, generation, task, taskGeneration);
		return ref;
	}

	/** A ref with a handle of its own, for an object that somebody holds. */
	adoptRef(slot: number, generation: number, companions?: Companions): ObjectRef {
		const status = this.#thread.calls.retain(slot, generation);
		if (status !== STATUS_OK) throwStatus(status, `object ${slot}`);
		return this.newRef(slot, generation, 0, 0, companions);
	}

	release(ref: ObjectRef): void {
		this.#collecting.letGo(this.#sizeOf(ref.slot));
		this.#handles.release(ref);
	}

	// ── reading ──

	/** Whether the object has a value, an error, or was freed. */
	isReady(slot: number): boolean {
		return (this.#thread.stateOf(slot) & STATE_PHASE_MASK) !== PHASE_PENDING;
	}

	/** Bytes of the payload of an object that this thread holds. */
	#sizeOf(slot: number): number {
		const state = this.#thread.stateOf(slot);
		if ((state & STATE_PHASE_MASK) !== PHASE_SEALED || state & (STATE_INLINE | STATE_ERROR)) return 0;
		return this.#thread.views.u32[(this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE + 4) >> 2] as number;
	}

	/** The value of a ready object that this thread holds; what it failed with is thrown. */
	read(slot: number, generation: number, copy: boolean | undefined): unknown {
		this.#options.beforeRead();
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
			return systemError(u32[at] as number, idOf(this.#engine.id, "t", u32[at + 1] as number, u32[at + 2] as number));
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

	/** What an object that this thread holds has failed with; undefined: it has not. */
	errorIn(slot: number, generation: number): unknown {
		try {
			this.read(slot, generation, true);
			return undefined;
		} catch (error) {
			return error;
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
		let companions: Companions | undefined;
		const hooks: DecodeHooks = {
			ref: (index) => {
				const at = references + (index + skip) * 2;
				if (index >= FEW_REFS) companions = this.#handles.companions(companions);
				return this.adoptRef(u32[at] as number, u32[at + 1] as number, companions);
			},
			extension: this.#options.extension,
		};
		if (slot !== 0) {
			const least = copy === true ? Number.POSITIVE_INFINITY : copy === false ? 0 : this.#options.zeroCopyMinBytes;
			let made: InPlace | undefined;
			const inPlace = () => {
				made ??= new InPlace(this.#thread, this.#views, slot, generation, least);
				return made;
			};
			hooks.view = (type, at, byteLength) => (byteLength < least ? undefined : inPlace().view(type, at, byteLength));
			hooks.part = (type, index, offset, byteLength) => inPlace().part(type, index, offset, byteLength);
		}
		return decode(u8, address, size, kind, hooks, this.#options.serializers);
	}

	#freed(slot: number, generation: number): ObjectFreedError {
		const objectId = idOf(this.#engine.id, "o", slot, generation);
		return new ObjectFreedError(`Object ${objectId} was deleted by free().`, { objectId });
	}
}
