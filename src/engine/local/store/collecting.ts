/**
 * Garbage collections for the store's sake. What a thread can no longer reach holds store memory until its heap is collected, and
 * the heap does not see that memory: a loop over large arrays may go on for gigabytes without a collection.
 */
import { nextTurn } from "../../../platform/yield.ts";

/** Bytes that a thread takes hold of between two collections. Memory that is used again is several times as fast as fresh memory. */
const BUDGET = 64 * 2 ** 20;
/** … or this part of a small store. */
const SHARE = 4;
/** … but so many for each millisecond that a collection takes: copying them costs about as much, and fresh memory for them more. */
const BYTES_A_MILLISECOND = 4 * 2 ** 20;

export class Collecting {
	readonly #collect: () => unknown;
	readonly #release: () => void;
	readonly #least: number;
	#budget: number;
	#held = 0;
	#due = false;

	/** `release`: gives back what was found unreachable, without waiting for finalizers. */
	constructor(capacity: number, collect: () => unknown, release: () => void) {
		this.#least = Math.min(BUDGET, capacity / SHARE);
		this.#budget = this.#least;
		this.#collect = collect;
		this.#release = release;
	}

	/** This thread holds so many more bytes, by a view or a ref. */
	hold(bytes: number): void {
		this.#held += bytes;
		if (this.#held >= this.#budget) this.soon();
	}

	/** … so many fewer, without a collection. */
	letGo(bytes: number): void {
		this.#held = Math.max(0, this.#held - bytes);
	}

	/** Not in the middle of the program's code, whose variables hold what it is done with. */
	soon(): void {
		if (this.#due) return;
		this.#due = true;
		nextTurn(() => this.now());
	}

	/** Collects. Finalizers, which let go of refs, run in later turns of the event loop. */
	now(): void {
		const start = performance.now();
		this.#due = false;
		this.#held = 0;
		this.#collect();
		const took = performance.now() - start;
		this.#release();
		this.#budget = Math.max(this.#least, took * BYTES_A_MILLISECOND);
	}
}
