/**
 * Which objects were written already, and as which number. Most messages have few: those are found by looking through a
 * list (2–20 ns), which is less than the identity hash that a Set gives each object (25 ns); beyond, a Set, whose order of
 * insertion is the numbers' order. Only when an object does occur twice is a Map made of it (30 ns an object).
 */
const SCANNED = 32;

export class SeenObjects {
	readonly #list: unknown[] = new Array(SCANNED).fill(undefined);
	#set: Set<unknown> | undefined;
	#map: Map<unknown, number> | undefined;
	count = 0;

	/** The number of an object seen before; a new one gets the next number and gives -1. */
	note(value: unknown): number {
		const count = this.count;
		if (count < SCANNED) {
			const list = this.#list;
			for (let i = 0; i < count; i++) if (list[i] === value) return i;
			list[count] = value;
			this.count = count + 1;
			return -1;
		}
		return this.#map === undefined ? this.#noteInSet(value) : this.#noteInMap(this.#map, value);
	}

	/** As `note`, but a new one gets no number. */
	find(value: unknown): number {
		if (this.#map !== undefined) return this.#map.get(value) ?? -1;
		if (this.#set !== undefined) return this.#set.has(value) ? (this.#numbers().get(value) as number) : -1;
		for (let i = 0; i < this.count; i++) if (this.#list[i] === value) return i;
		return -1;
	}

	/** Forgets all, so that nothing is kept alive. */
	clear(): void {
		const used = Math.min(this.count, SCANNED);
		for (let i = 0; i < used; i++) this.#list[i] = undefined;
		this.#set = undefined;
		this.#map = undefined;
		this.count = 0;
	}

	#noteInSet(value: unknown): number {
		this.#set ??= new Set(this.#list);
		// One look-up, not two: an object that was there already does not make the Set larger.
		if (this.#set.add(value).size > this.count) {
			this.count++;
			return -1;
		}
		return this.#numbers().get(value) as number;
	}

	#noteInMap(map: Map<unknown, number>, value: unknown): number {
		const number = map.get(value);
		if (number !== undefined) return number;
		map.set(value, this.count++);
		return -1;
	}

	#numbers(): Map<unknown, number> {
		if (this.#map === undefined) {
			this.#map = new Map();
			for (const value of this.#set ?? []) this.#map.set(value, this.#map.size);
		}
		return this.#map;
	}
}
