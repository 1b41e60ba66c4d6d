/** Values that stand behind the first one of a message, because they were nested too deeply in it. */
import type { Step } from "./path.ts";

// ── writing ──────────────────────────────────────────────────────────────────

/** A value that was too deep, and the way to it from the later value it was met in, or from the message's first. */
export interface LaterItem {
	readonly value: object;
	readonly origin: LaterItem | undefined;
	readonly steps: readonly Step[];
}

export class LaterQueue {
	readonly #items: LaterItem[] = [];
	readonly #waiting = new Map<object, number>();
	#taken = 0;

	/** The number of a value that waits to be written. */
	indexOf(value: object): number | undefined {
		return this.#waiting.get(value);
	}

	add(value: object, origin: LaterItem | undefined, steps: readonly Step[]): number {
		const index = this.#items.push({ value, origin, steps }) - 1;
		this.#waiting.set(value, index);
		return index;
	}

	/** The next one to write; it waits no more. */
	take(): LaterItem | undefined {
		const item = this.#items[this.#taken++];
		if (item !== undefined) this.#waiting.delete(item.value);
		return item;
	}
}

// ── reading ──────────────────────────────────────────────────────────────────

/** In a list of entries or items: the later value of that index. */
export class Later {
	readonly index: number;

	constructor(index: number) {
		this.index = index;
	}
}

/** The later values of a message, and who waits for them. */
export class LaterValues {
	/** Those read so far. */
	readonly values: unknown[] = [];
	/** How many have been announced. */
	expected = 0;
	readonly #objects: Record<string | number, unknown>[] = [];
	readonly #names: (string | number)[] = [];
	readonly #indices: number[] = [];
	readonly #maps: [Map<unknown, unknown>, unknown[]][] = [];
	readonly #sets: [Set<unknown>, unknown[]][] = [];

	/** They are announced in order; any may be mentioned again. */
	announce(index: number): boolean {
		if (index === this.expected) this.expected++;
		return index < this.expected;
	}

	/** An own property that exists already, in its place among the others, gets the value. */
	property(object: object, name: string | number, index: number): void {
		this.#objects.push(object as Record<string | number, unknown>);
		this.#names.push(name);
		this.#indices.push(index);
	}

	/** Key, value, key, value …, some of them Later. */
	entries(map: Map<unknown, unknown>, entries: unknown[]): void {
		this.#maps.push([map, entries]);
	}

	items(set: Set<unknown>, items: unknown[]): void {
		this.#sets.push([set, items]);
	}

	/** Gives all that waited what they waited for. */
	fill(): void {
		for (let i = 0; i < this.#objects.length; i++) this.#objects[i][this.#names[i]] = this.values[this.#indices[i]];
		for (const [map, entries] of this.#maps) {
			for (let i = 0; i < entries.length; i += 2) map.set(this.#resolve(entries[i]), this.#resolve(entries[i + 1]));
		}
		for (const [set, items] of this.#sets) for (const item of items) set.add(this.#resolve(item));
	}

	#resolve(value: unknown): unknown {
		return value instanceof Later ? this.values[value.index] : value;
	}
}
