/**
 * Which objects were written already, and as which number. Most messages have few: those are found by looking through a
 * list (2–20 ns), which is less than the identity hash that a Map gives each object (30 ns); beyond, a Map.
 */
const SCANNED = 32;

export class SeenObjects {
	readonly #list: unknown[] = new Array(SCANNED).fill(undefined);
	#map: Map<unknown, number> | undefined;
	count = 0;

	/** The number of an object seen before; a new one gets the next number and gives -1. */
	note(value: unknown): number {
		if (this.#map !== undefined) return this.#noteInMap(this.#map, value);
		const list = this.#list;
		const count = this.count;
		for (let i = 0; i < count; i++) if (list[i] === value) return i;
		if (count === SCANNED) return this.#noteInMap(this.#startMap(), value);
		list[count] = value;
		this.count = count + 1;
		return -1;
	}

	/** As `note`, but a new one gets no number. */
	find(value: unknown): number {
		if (this.#map !== undefined) return this.#map.get(value) ?? -1;
		for (let i = 0; i < this.count; i++) if (this.#list[i] === value) return i;
		return -1;
	}

	/** Forgets all, so that nothing is kept alive. */
	clear(): void {
		const used = Math.min(this.count, SCANNED);
		for (let i = 0; i < used; i++) this.#list[i] = undefined;
		this.#map = undefined;
		this.count = 0;
	}

	#startMap(): Map<unknown, number> {
		const map = new Map<unknown, number>();
		for (let i = 0; i < SCANNED; i++) map.set(this.#list[i], i);
		this.#map = map;
		return map;
	}

	#noteInMap(map: Map<unknown, number>, value: unknown): number {
		const number = map.get(value);
		if (number !== undefined) return number;
		map.set(value, this.count++);
		return -1;
	}
}
