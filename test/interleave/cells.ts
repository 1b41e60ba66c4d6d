// Addresses → small dense numbers, so that what is remembered about each piece of memory lies in short typed arrays.
//
// A cell is a 32-bit word, or a byte of a word that some access covers only in part. Which words are split is learnt;
// a word that turns out to need bytes after it was counted as one makes the search start over (`learnt`).

/** Cell 1 belongs to no address: `mark` steps conflict on it. */
export const MARK_CELL = 1;

export class Cells {
	/** Cells of the access selected last. */
	list = new Int32Array(64);
	count = 2;
	/** A word was split: what was recorded about it so far in this run is void. */
	learnt = false;
	readonly #first: Int32Array;
	readonly #split: Uint8Array;

	constructor(byteLength: number) {
		this.#first = new Int32Array(byteLength >>> 2);
		this.#split = new Uint8Array(byteLength >>> 2);
	}

	/** Fills `list` with the cells of `width` bytes at `address` and returns how many they are. */
	select(address: number, width: number): number {
		if (width === 4 && (address & 3) === 0) {
			const word = address >>> 2;
			if (this.#split[word] === 0) {
				this.list[0] = this.#first[word] || this.#number(word, 1);
				return 1;
			}
		}
		return this.#selectAny(address, width);
	}

	#selectAny(address: number, width: number): number {
		const end = address + width;
		let count = 0;
		if (width > this.list.length) this.list = new Int32Array(width * 2);
		for (let word = address >>> 2; word << 2 < end; word++) {
			const from = Math.max(address, word << 2) & 3;
			const to = Math.min(end, (word << 2) + 4) - (word << 2);
			const partial = from !== 0 || to !== 4;
			if (partial && this.#split[word] === 0) {
				if (this.#first[word] !== 0) this.learnt = true;
				this.#split[word] = 1;
				this.#number(word, 4);
			}
			if (this.#split[word] === 0) {
				this.list[count++] = this.#first[word] || this.#number(word, 1);
			} else {
				for (let byte = from; byte < to; byte++) this.list[count++] = this.#first[word] + byte;
			}
		}
		return count;
	}

	#number(word: number, size: number): number {
		const first = this.count;
		this.#first[word] = first;
		this.count += size;
		return first;
	}
}

/** A typed array of at least `length` elements with the content of `old`. */
export function grown<A extends Int32Array | Float64Array>(old: A, length: number): A {
	const larger = new (old.constructor as new (length: number) => A)(length);
	larger.set(old as never);
	return larger;
}
