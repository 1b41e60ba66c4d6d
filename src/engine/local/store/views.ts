/** Arrays in place: each object that somebody views is pinned until nothing over its buffer can be reached. */
import type { CoreThread } from "../../../core/thread.ts";
import type { Audit } from "../audit.ts";
import { throwStatus } from "../status.ts";
import type { Collecting } from "./collecting.ts";

/** An object in whose payload bytes lie that somebody views. */
export interface Whole {
	readonly slot: number;
	readonly generation: number;
	readonly address: number;
	readonly size: number;
	/** The reference that keeps it pinned. */
	readonly pinning: { readonly slot: number; readonly generation: number };
}

/** A buffer over the store, and the object that is pinned for it: the one with the bytes, or one that keeps that pinned. */
interface Viewed {
	readonly slot: number;
	readonly generation: number;
	readonly whole: Whole;
	readonly buffer: WeakRef<ArrayBufferLike>;
}

export class Views {
	readonly #thread: CoreThread;
	readonly #memory: WebAssembly.Memory;
	readonly #collecting: Collecting;
	readonly #audit: Audit | undefined;
	readonly #buffers = new FinalizationRegistry<Viewed>((viewed) => this.#unpin(viewed));
	readonly #viewed = new Set<Viewed>();
	readonly #wholes = new WeakMap<ArrayBufferLike, Whole>();
	#closed = false;

	constructor(thread: CoreThread, memory: WebAssembly.Memory, collecting: Collecting, audit: Audit | undefined) {
		this.#thread = thread;
		this.#memory = memory;
		this.#collecting = collecting;
		this.#audit = audit;
	}

	/** A buffer of its own over the whole store: what is reachable through it keeps one pin. */
	bufferFor(slot: number, generation: number, whole: Whole): ArrayBufferLike {
		const status = this.#thread.calls.pin(slot, generation);
		if (status & 63) throwStatus(status, `object ${slot}`);
		const buffer = structuredClone(this.#memory.buffer);
		const viewed = { slot, generation, whole, buffer: new WeakRef(buffer) };
		this.#viewed.add(viewed);
		this.#buffers.register(buffer, viewed);
		this.#wholes.set(buffer, whole);
		this.#audit?.viewed(whole.slot, whole.generation);
		this.#collecting.hold(whole.size);
		return buffer;
	}

	/** The object whose bytes a view shows, if it is one of these views or a part of one. */
	wholeOf(view: ArrayBufferView): Whole | undefined {
		const whole = this.#wholes.get(view.buffer);
		if (whole === undefined) return undefined;
		const offset = view.byteOffset - whole.address;
		return offset >= 0 && offset + view.byteLength <= whole.size ? whole : undefined;
	}

	/** After a collection. */
	unpinUnreachable(): void {
		for (const viewed of this.#viewed) if (viewed.buffer.deref() === undefined) this.#unpin(viewed);
	}

	#unpin(viewed: Viewed): void {
		if (!this.#viewed.delete(viewed) || this.#closed) return;
		const { slot, generation, whole } = viewed;
		if (this.#audit?.unviewed(whole.slot, whole.generation) !== false) this.#thread.calls.unpin(slot, generation);
	}

	/** After this, finalizers do nothing. */
	close(): void {
		this.#closed = true;
	}
}
