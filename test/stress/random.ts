/** Random numbers that a seed repeats (mulberry32, T. Ettinger). */
export class Random {
	#state: number;

	constructor(seed: number) {
		this.#state = seed | 0;
	}

	/** At least 0, below 1. */
	next(): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
		value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
		return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
	}

	/** A whole number from `least` to `most`. */
	whole(least: number, most: number): number {
		return least + Math.floor(this.next() * (most - least + 1));
	}

	/** Small ones are as frequent as large ones. */
	size(most: number): number {
		return Math.floor(most ** this.next());
	}

	chance(part: number): boolean {
		return this.next() < part;
	}

	pick<T>(list: readonly T[]): T {
		return list[Math.floor(this.next() * list.length)] as T;
	}
}
