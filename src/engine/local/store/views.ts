/** Arrays in place: each object that somebody views is pinned until nothing over its buffer can be reached. */
import type { CoreThread } from "../../../core/thread.ts";
import type { Audit } from "../audit.ts";
import { throwStatus } from "../status.ts";
import type { Collecting } from "./collecting.ts";

/** A buffer over the store that pins an object. */
interface Viewed {
	readonly slot: number;
	readonly generation: number;
	readonly buffer: WeakRef<ArrayBufferLike>;
}

export class Views {
	readonly #thread: CoreThread;
	readonly #memory: WebAssembly.Memory;
	readonly #collecting: Collecting;
	readonly #audit: Audit | undefined;
	readonly #buffers = new FinalizationRegistry<Viewed>((viewed) => this.#unpin(viewed));
	readonly #viewed = new Set<Viewed>();
	#closed = false;

	constructor(thread: CoreThread, memory: WebAssembly.Memory, collecting: Collecting, audit: Audit | undefined) {
		this.#thread = thread;
		this.#memory = memory;
		this.#collecting = collecting;
		this.#audit = audit;
	}

	/** A buffer of its own over the whole store: what is reachable through it keeps one pin. */
	bufferFor(slot: number, generation: number, size: number): ArrayBufferLike {
		const status = this.#thread.calls.pin(slot, generation);
		if (status & 63) throwStatus(status, `object ${slot}`);
		const buffer = structuredClone(this.#memory.buffer);
		const viewed = { slot, generation, buffer: new WeakRef(buffer) };
		this.#viewed.add(viewed);
		this.#buffers.register(buffer, viewed);
		this.#audit?.viewed(slot, generation);
		this.#collecting.hold(size);
		return buffer;
	}

	/** After a collection. */
	unpinUnreachable(): void {
		for (const viewed of this.#viewed) if (viewed.buffer.deref() === undefined) this.#unpin(viewed);
	}

	#unpin(viewed: Viewed): void {
		if (!this.#viewed.delete(viewed) || this.#closed) return;
		const { slot, generation } = viewed;
		if (this.#audit?.unviewed(slot, generation) !== false) this.#thread.calls.unpin(slot, generation);
	}

	/** After this, finalizers do nothing. */
	close(): void {
		this.#closed = true;
	}
}
