// Every schedule of a program with at most so many preemptions, depth first.
//
// Nothing is saved but the path of decisions: each run starts over from the snapshot, takes the decisions of the path
// and then the cheapest ones, until the deepest decision with an alternative has been tried with each. A preemption is
// leaving a thread that could go on; leaving one that blocks, ends or spins is free. Few preemptions find most bugs, so
// the bound is raised step by step, and the first schedule found is among the simplest.
import { SeenStates } from "./dependence.ts";
import type { Machine } from "./machine.ts";
import type { Failure, Strategy } from "./model.ts";
import { Pct } from "./pct.ts";
import { type Mutant, Prepared, type Program } from "./program.ts";
import { Digest, fingerprint } from "./states.ts";

export interface ExploreOptions {
	/** Preemptions in a schedule; Infinity: all schedules. Default 2. */
	readonly bound?: number;
	/**
	 * Behind the bounded search, so many preemptions more thoroughly merged: states that are equal are explored once, however they
	 * came about. Finds everything but some races. Default: none.
	 */
	readonly deep?: number;
	/** Stops after so many runs. Default 1,000,000. */
	readonly maxSchedules?: number;
	/** Stops after so many seconds. Default: no limit. */
	readonly seconds?: number;
	/** Random schedules (probabilistic concurrency testing) behind the bounded search. Default 0. */
	readonly random?: number;
	/** Of the first random schedule; the next ones count up. Default 1. */
	readonly seed?: number;
	readonly mutant?: Mutant;
	/** False: any violation will do, also one that a random schedule stumbles upon. Default true: the one with the fewest preemptions. */
	readonly simplest?: boolean;
	/** False: a decision before every operation, nothing merged. For testing that the reductions lose nothing. Default true. */
	readonly reduce?: boolean;
	/** Random schedules before the search, for it to know from the start which memory is shared. Default 24. */
	readonly warmUp?: number;
	/** Called after each schedule that ran to its end. */
	readonly onEnd?: (prepared: Prepared) => void;
}

export interface Violation extends Failure {
	readonly schedule: string;
	/** What to type to see it again. */
	readonly replay: string;
	/** Preemptions spent, if the bounded search found it; else the seed. */
	readonly bound?: number;
	readonly seed?: number;
}

export interface Result {
	readonly program: string;
	/** Runs to the end, runs given up because they led where an earlier one had been, and runs cut at the limit of steps. */
	readonly schedules: number;
	readonly pruned: number;
	readonly cut: number;
	readonly random: number;
	/** Every schedule within the bound was covered. */
	readonly complete: boolean;
	/** Every schedule at all was: no decision was left out because of the bound. */
	readonly exhaustive: boolean;
	readonly bound: number;
	readonly longest: number;
	readonly seconds: number;
	readonly violation: Violation | undefined;
}

const seen = new SeenStates();
const place = new Digest();

/** Which prefixes are taken for the same: none, those with the same order of dependent operations, those with equal states. */
type Merge = "nothing" | "traces" | "states";

class DepthFirst implements Strategy {
	readonly everyPoint = false;
	readonly bound: number;
	readonly #merge: Merge;
	/** A choice was left out because of the bound. */
	limited = false;
	#machine!: Machine;
	/** Decisions of the path: what was chosen, what is left to try, what had been spent before. */
	#chosen = new Int8Array(1024);
	#left = new Int32Array(1024);
	#spent = new Uint8Array(1024);
	#length = 0;
	#depth = 0;
	#used = 0;

	constructor(bound: number, merge: Merge) {
		this.bound = bound;
		this.#merge = merge;
		this.restart();
	}

	restart(): void {
		this.#length = 0;
		this.limited = false;
		seen.clear();
	}

	begin(machine: Machine): void {
		this.#machine = machine;
		this.#depth = 0;
		this.#used = 0;
	}

	choose(running: number, candidates: number, free: boolean): number {
		const from = free || this.bound === Number.POSITIVE_INFINITY ? -1 : running;
		let choices = candidates;
		if (from >= 0 && this.#used >= this.bound) {
			// Starting an optional thread costs nothing.
			choices = candidates & ((1 << from) | this.#machine.turns.fresh);
			if (choices !== candidates) this.limited = true;
		}
		if ((choices & (choices - 1)) === 0) return 31 - Math.clz32(choices);
		if (this.#depth < this.#length) {
			const at = this.#depth++;
			this.#used = this.#spent[at] + this.#cost(from, this.#chosen[at]);
			return this.#chosen[at];
		}
		if (this.#prune(from)) return running >= 0 ? running : 31 - Math.clz32(choices);
		const others = running >= 0 && free ? choices & ~(1 << running) : choices;
		const chosen = running >= 0 && !free ? running : 31 - Math.clz32(others & -others);
		this.#push(chosen, choices & ~(1 << chosen));
		return chosen;
	}

	flip(thread: number, dies: boolean): boolean {
		if (this.#depth < this.#length) return this.#chosen[this.#depth++] === 1;
		if (this.#prune(dies ? 40 + thread : 80 + thread)) return false;
		this.#push(0, 2);
		return false;
	}

	/** To the next path: false when there is none. */
	advance(): boolean {
		for (let at = this.#length - 1; at >= 0; at--) {
			const left = this.#left[at];
			if (left === 0) continue;
			const bit = left & -left;
			this.#left[at] = left & ~bit;
			this.#chosen[at] = 31 - Math.clz32(bit);
			this.#length = at + 1;
			return true;
		}
		return false;
	}

	#cost(from: number, chosen: number): number {
		return from >= 0 && from !== chosen && (this.#machine.turns.fresh & (1 << chosen)) === 0 ? 1 : 0;
	}

	/** Was a decision taken here before, by a prefix that led to the same and had spent no more? `key`: who stands here, and why. */
	#prune(key: number): boolean {
		if (this.#merge === "nothing") return false;
		const machine = this.#machine;
		const { turns } = machine;
		if (this.#merge === "states") fingerprint(machine, place);
		else {
			place.clear();
			place.add(1, machine.dependence.low, machine.dependence.high);
		}
		// Operations that nobody else can notice are in no hash: a thread may have ended by nothing else.
		place.add(key, turns.ready, turns.timed);
		place.add(turns.timeoutsLeft, turns.fresh, turns.spinning);
		place.add(23, turns.sliced, 0);
		if (!seen.visit(place.low, place.high, this.#used)) return false;
		machine.stop = "pruned";
		return true;
	}

	#push(chosen: number, left: number): void {
		if (this.#length === this.#chosen.length) this.#grow();
		const at = this.#length++;
		this.#depth = this.#length;
		this.#chosen[at] = chosen;
		this.#left[at] = left;
		this.#spent[at] = this.#used;
	}

	#grow(): void {
		const length = this.#chosen.length * 2;
		const [chosen, left, spent] = [this.#chosen, this.#left, this.#spent];
		this.#chosen = new Int8Array(length);
		this.#left = new Int32Array(length);
		this.#spent = new Uint8Array(length);
		this.#chosen.set(chosen);
		this.#left.set(left);
		this.#spent.set(spent);
	}
}

export function explore(what: Program | Prepared, options: ExploreOptions = {}): Result {
	const prepared = what instanceof Prepared ? what : new Prepared(what);
	return new Search(prepared, options).run();
}

class Search {
	readonly #prepared: Prepared;
	readonly #options: ExploreOptions;
	readonly #bound: number;
	readonly #maxSchedules: number;
	readonly #started = performance.now();
	#schedules = 0;
	#pruned = 0;
	#cut = 0;
	#random = 0;
	#longest = 1;
	#violation: Violation | undefined;

	constructor(prepared: Prepared, options: ExploreOptions) {
		this.#prepared = prepared;
		this.#options = options;
		this.#bound = options.bound ?? 2;
		this.#maxSchedules = options.maxSchedules ?? 1_000_000;
	}

	run(): Result {
		let complete = false;
		let exhaustive = false;
		const reduce = this.#options.reduce ?? true;
		this.#prepared.machine.dependence.everything = !reduce;
		try {
			this.#prepared.reset(this.#options.mutant);
		} catch (error) {
			const message = `setup: ${error instanceof Error ? error.message : String(error)}`;
			this.#violation = { kind: "error", message, schedule: "", replay: "" };
		}
		const { seed = 1, warmUp = 24 } = this.#options;
		if (this.#violation === undefined) this.#runRandom(seed, warmUp);
		const stumbled = this.#violation;
		const enough = stumbled !== undefined && (stumbled.schedule === "" || this.#options.simplest === false);
		if (!enough) {
			this.#violation = undefined;
			for (const bound of this.#bounds()) {
				const outcome = this.#depthFirst(bound, reduce ? "traces" : "nothing");
				exhaustive = outcome === "exhaustive";
				complete = exhaustive || (outcome === "complete" && bound === this.#bound);
				if (outcome !== "complete") break;
			}
			const { deep } = this.#options;
			if (deep !== undefined && complete && !exhaustive) {
				const outcome = this.#depthFirst(deep, "states");
				complete = outcome === "exhaustive" || outcome === "complete";
				exhaustive = outcome === "exhaustive";
			}
			// What lies behind the limit of steps was not seen.
			if (this.#cut > 0) complete = exhaustive = false;
			this.#violation ??= stumbled;
			if (this.#violation === undefined) this.#runRandom(seed + warmUp, this.#options.random ?? 0);
		}
		return {
			program: this.#prepared.program.name,
			schedules: this.#schedules,
			pruned: this.#pruned,
			cut: this.#cut,
			random: this.#random,
			complete,
			exhaustive,
			bound: this.#bound,
			longest: this.#longest,
			seconds: (performance.now() - this.#started) / 1000,
			violation: this.#violation,
		};
	}

	/** The simplest schedules first. */
	#bounds(): number[] {
		const low = [0, 1, 2, 3].filter((bound) => bound < this.#bound);
		return [...low, this.#bound];
	}

	#depthFirst(bound: number, merge: Merge): "violation" | "stopped" | "complete" | "exhaustive" {
		const { machine } = this.#prepared;
		const strategy = new DepthFirst(bound, merge);
		machine.merging = merge === "states";
		for (;;) {
			if (this.#over()) return "stopped";
			this.#prepared.run(strategy);
			this.#count();
			if (machine.failure !== undefined) {
				this.#found({ bound });
				return "violation";
			}
			if (machine.learnt) strategy.restart();
			else if (!strategy.advance()) return strategy.limited ? "complete" : "exhaustive";
		}
	}

	#runRandom(first: number, count: number): void {
		const { machine } = this.#prepared;
		for (let seed = first; seed < first + count && !this.#over(); seed++) {
			this.#prepared.run(new Pct(seed, this.#longest));
			this.#random++;
			this.#longest = Math.max(this.#longest, machine.events);
			if (machine.failure !== undefined) {
				this.#found({ seed });
				return;
			}
		}
	}

	#over(): boolean {
		const { seconds } = this.#options;
		if (this.#schedules + this.#pruned + this.#cut >= this.#maxSchedules) return true;
		return seconds !== undefined && performance.now() - this.#started > seconds * 1000;
	}

	#count(): void {
		const { machine } = this.#prepared;
		if (machine.stop === "pruned") this.#pruned++;
		else if (machine.stop === "cut") this.#cut++;
		else {
			this.#schedules++;
			if (machine.stop === "") this.#options.onEnd?.(this.#prepared);
		}
		if (machine.events > this.#longest) this.#longest = machine.events;
	}

	#found(how: { readonly bound: number } | { readonly seed: number }): void {
		const { machine, program } = this.#prepared;
		if (machine.failure === undefined) return;
		const schedule = machine.recording.toString();
		const { mutant } = this.#options;
		const mutated = mutant === undefined ? "" : ` --mutant "${mutant.name}"`;
		const replay = `npx tsx test/interleave/cli.ts --program "${program.name}"${mutated} --replay "${schedule}"`;
		this.#violation = { ...machine.failure, schedule, replay, ...how };
	}
}
