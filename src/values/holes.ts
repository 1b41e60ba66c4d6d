/** The missing elements of arrays: `[1, , 3]`, and arrays of a length that nobody fills. */

const hasOwn = Object.prototype.hasOwnProperty;
/** A run of holes longer than this is left by asking for the array's keys, once. */
const NEAR = 64;

/** Finds the next element of one array. Indices asked for must not decrease. */
export class ElementFinder {
	readonly #array: readonly unknown[];
	#keys: string[] | undefined;
	#cursor = 0;

	constructor(array: readonly unknown[]) {
		this.#array = array;
	}

	/** The first index from `index` to `length` that has an element; `length` if none has. */
	next(index: number, length: number): number {
		const near = Math.min(length, index + NEAR);
		for (let i = index; i < near; i++) if (hasOwn.call(this.#array, i)) return i;
		if (near === length) return length;
		// Elements come first among an array's keys, in ascending order; named properties follow.
		this.#keys ??= Object.keys(this.#array);
		while (this.#cursor < this.#keys.length) {
			const found = Number(this.#keys[this.#cursor]);
			if (!(found >= 0)) break;
			if (found >= index) return Math.min(found, length);
			this.#cursor++;
		}
		return length;
	}
}

/**
 * Makes an array longer without memory for the elements it does not have: an element far behind the end makes the engine
 * keep the array as a table, and it stays one when that element is deleted. Damaged bytes could otherwise ask for gigabytes.
 */
export function extendWithHoles(array: unknown[], length: number): void {
	const last = length - 1;
	if (last - array.length > 1024) {
		array[last] = undefined;
		delete array[last];
	} else {
		array.length = length;
	}
}
