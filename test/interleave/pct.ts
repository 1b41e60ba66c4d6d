// Probabilistic concurrency testing: random priorities, and a few random moments at which the running thread's becomes
// the lowest. A bug that needs d such moments among n threads and k operations is found with probability 1/(n·k^(d−1)).
import type { Machine } from "./machine.ts";
import type { Strategy } from "./model.ts";

export class Pct implements Strategy {
	readonly everyPoint = false;
	readonly seed: number;
	readonly #length: number;
	#state = 0;
	#priorities: number[] = [];
	#changes: number[] = [];
	#lowest = 0;
	#decisions = 0;
	#flips = 0;
	#dies = 0;

	/** `length`: how many operations a schedule may have. */
	constructor(seed: number, length: number) {
		this.seed = seed;
		this.#length = Math.max(length, 8);
	}

	begin(machine: Machine): void {
		this.#state = Math.imul(this.seed, 0x9e3779b1) ^ 0x5bd1e995;
		this.#priorities = machine.threads.map(() => 1 + this.#random());
		const changes = Math.floor(this.#random() * 5);
		this.#changes = Array.from({ length: changes }, () => Math.floor(this.#random() * this.#length));
		this.#lowest = 0;
		this.#decisions = 0;
		this.#flips = 0;
		this.#dies = Math.floor(this.#random() * 24);
	}

	choose(running: number, candidates: number, free: boolean): number {
		const at = this.#decisions++;
		if (running >= 0 && (free || this.#changes.includes(at))) this.#priorities[running] = --this.#lowest;
		let best = -1;
		for (let rest = candidates; rest !== 0; rest &= rest - 1) {
			const index = 31 - Math.clz32(rest & -rest);
			if (best < 0 || this.#priorities[index] > this.#priorities[best]) best = index;
		}
		return best;
	}

	flip(_thread: number, dies: boolean): boolean {
		return dies ? this.#flips++ === this.#dies : this.#random() < 0.5;
	}

	/** 0 ≤ x < 1, from a small counter-based generator (mulberry32). */
	#random(): number {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	}
}
