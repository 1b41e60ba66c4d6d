/**
 * Garbage collections for the store's sake. What a thread can no longer reach holds store memory until its heap is collected, and
 * the heap does not see that memory: a loop over large arrays may go on for gigabytes without a collection.
 */
import { nextTurn } from "../../../platform/yield.ts";

/** Bytes that a thread takes hold of between two collections. Memory that is used again is several times as fast as fresh memory. */
const BUDGET = 64 * 2 ** 20;
/** … or this part of a small store. */
const SHARE = 4;
/** … but, up to that part, so many for each millisecond that a collection takes: copying them costs some four. */
const BYTES_A_MILLISECOND = 16 * 2 ** 20;
/** It grows so fast at most: memory that was never used before costs as much as the collection that it saves. */
const GROWTH = 1.25;

export class Collecting {
	readonly #collect: () => unknown;
	readonly #release: () => void;
	readonly #least: number;
	readonly #most: number;
	#budget: number;
	#held = 0;
	#due = false;

	/** `release`: gives back what was found unreachable, without waiting for finalizers. */
	constructor(capacity: number, collect: () => unknown, release: () => void) {
		this.#most = capacity / SHARE;
		this.#least = Math.min(BUDGET, this.#most);
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

	get isDue(): boolean {
		return this.#due;
	}

	/** Not in the middle of the program's code, whose variables hold what it is done with. */
	soon(): void {
		if (this.#due) return;
		this.#due = true;
		nextTurn(() => {
			if (this.#due) this.now();
		});
	}

	/** Collects. Finalizers, which let go of refs, run in later turns of the event loop. */
	now(): void {
		const start = performance.now();
		this.#due = false;
		this.#held = 0;
		this.#collect();
		const took = performance.now() - start;
		this.#release();
		const wanted = Math.min(this.#most, this.#budget * GROWTH, took * BYTES_A_MILLISECOND);
		this.#budget = Math.max(this.#least, wanted);
	}
}
