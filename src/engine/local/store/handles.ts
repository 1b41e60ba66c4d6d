/** This thread's handles: each goes with its ref, given up by the program or collected as garbage. */
import type { CoreThread } from "../../../core/thread.ts";
import type { ObjectRef } from "../../ref.ts";

/** A slot and its generation in one number: what finalizers hold. */
const SLOTS = 2 ** 22;

export class Handles {
	readonly #thread: CoreThread;
	readonly #refs = new FinalizationRegistry<number>((key) => this.#collected(key));
	/**
	 * Handles given up before their refs were collected. Registering with a token, to take the registration back, would cost
	 * every ref more than this costs the few.
	 */
	readonly #disposed = new Map<number, number>();
	#closed = false;

	constructor(thread: CoreThread) {
		this.#thread = thread;
	}

	/** A ref has a handle, which the core has counted. */
	register(ref: ObjectRef): void {
		this.#refs.register(ref, ref.generation * SLOTS + ref.slot);
	}

	/** The program gives a ref up. */
	release(ref: ObjectRef): void {
		if (this.#closed) return;
		const key = ref.generation * SLOTS + ref.slot;
		this.#disposed.set(key, (this.#disposed.get(key) ?? 0) + 1);
		this.#thread.calls.release(ref.slot, ref.generation);
	}

	#collected(key: number): void {
		const given = this.#disposed.get(key);
		if (given !== undefined) {
			if (given === 1) this.#disposed.delete(key);
			else this.#disposed.set(key, given - 1);
			return;
		}
		if (!this.#closed) this.#thread.calls.release(key % SLOTS, Math.floor(key / SLOTS));
	}

	/** After this, finalizers do nothing. */
	close(): void {
		this.#closed = true;
	}
}
