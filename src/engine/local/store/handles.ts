/** This thread's handles: each goes with its ref, given up by the program or collected as garbage. */
import type { CoreThread } from "../../../core/thread.ts";
import type { ObjectRef } from "../../ref.ts";

/** A slot and its generation in one number: what finalizers hold. */
const SLOTS = 2 ** 22;

/** Refs that came together, each of which keeps this: when it is collected all of them were. */
export class Companions {
	/** @internal */
	readonly keys: number[] = [];
}

/**
 * So many share a registration: it costs more than all else of a ref, and each garbage collection the more of them there are. But
 * none goes unless all go, or the program gives it up.
 */
const MOST_COMPANIONS = 64;

export class Handles {
	readonly #thread: CoreThread;
	readonly #refs = new FinalizationRegistry<number>((key) => this.#collected(key));
	readonly #companions = new FinalizationRegistry<readonly number[]>((keys) => {
		for (const key of keys) this.#collected(key);
	});
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
	register(ref: ObjectRef, companions: Companions | undefined): void {
		const key = ref.generation * SLOTS + ref.slot;
		if (companions === undefined) {
			this.#refs.register(ref, key);
		} else {
			companions.keys.push(key);
			ref.companions = companions;
		}
	}

	/** For one more of the refs that come together. */
	companions(last: Companions | undefined): Companions {
		if (last !== undefined && last.keys.length < MOST_COMPANIONS) return last;
		const companions = new Companions();
		this.#companions.register(companions, companions.keys);
		return companions;
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
