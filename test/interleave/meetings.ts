// Which atomic operations meet: two threads' on the same memory, at least one a write, and nothing but themselves orders them.
//
// It decides about mutants that make an operation plain, without running these: one that meets another is a race then, in the
// very schedule in which it was seen. One that meets none in any schedule orders nothing and can be told by nobody.
import type { Site } from "./instrument.ts";

/** A lock is bits of a word: held while any of them is set. */
export interface Place {
	/** What stands there, for reports: `TaskEntry.state`. */
	readonly name: string;
	readonly lock: number;
}

export class Meetings {
	/** Sites whose operation met another. */
	readonly met: Uint8Array;
	/** Sites that were once passed without a lock held. */
	readonly unlocked: Uint8Array;
	/** What each site touched. */
	readonly touched = new Map<number, Set<string>>();
	readonly #placeAt: (address: number) => Place;
	/** How many locks each thread holds. */
	readonly #held = new Map<number, number>();
	// The operations of this run, each with the one before by the same thread on the same cell.
	readonly #last = new Map<number, number>();
	readonly #before: number[] = [];
	readonly #clock: number[] = [];
	readonly #site: number[] = [];
	readonly #writes: boolean[] = [];

	constructor(sites: readonly Site[], placeAt: (address: number) => Place = () => ({ name: "", lock: 0 })) {
		this.met = new Uint8Array(sites.length);
		this.unlocked = new Uint8Array(sites.length);
		this.#placeAt = placeAt;
	}

	begin(): void {
		this.#held.clear();
		this.#last.clear();
		for (const list of [this.#before, this.#clock, this.#site, this.#writes]) list.length = 0;
	}

	/** The operations of another thread on a cell that are not known to the one that comes now. */
	meet(key: number, known: number, site: number, writes: boolean): void {
		for (let at = this.#last.get(key) ?? -1; at >= 0 && this.#clock[at] > known; at = this.#before[at]) {
			if (!writes && !this.#writes[at]) continue;
			this.met[site] = 1;
			this.met[this.#site[at]] = 1;
		}
	}

	add(key: number, clock: number, site: number, writes: boolean): void {
		this.#before.push(this.#last.get(key) ?? -1);
		this.#last.set(key, this.#clock.length);
		this.#clock.push(clock);
		this.#site.push(site);
		this.#writes.push(writes);
	}

	/** The word at the address goes from one value to another. */
	pass(thread: number, site: number, address: number, before: number, after: number): void {
		const place = this.#placeAt(address);
		const touched = this.touched.get(site);
		if (touched === undefined) this.touched.set(site, new Set([place.name]));
		else touched.add(place.name);
		const held = this.#held.get(thread) ?? 0;
		if (held === 0) this.unlocked[site] = 1;
		const change = Number((after & place.lock) !== 0) - Number((before & place.lock) !== 0);
		if (change !== 0) this.#held.set(thread, held + change);
	}
}
