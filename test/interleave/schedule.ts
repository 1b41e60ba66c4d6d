// Schedules as text: one token for each stretch of a thread, in order.
//
//     0:14 1:3~ 2! 0
//
// Thread 0 does 14 operations and is interrupted; thread 1's wait times out and it does 3; thread 2 runs until it dies
// at its next boundary; thread 0 runs until it blocks or ends. Operations count whether or not others could notice
// them, so a schedule does not depend on what the search had learnt when it was found.
import type { Machine } from "./machine.ts";
import type { Strategy } from "./model.ts";

interface Stretch {
	readonly thread: number;
	/** Operations before the interruption; −1: until it blocks, ends or dies. */
	readonly count: number;
	readonly dies: boolean;
	readonly timesOut: boolean;
}

/** The stretches of the run in progress. */
export class Recording {
	/** Operations of the current stretch. */
	count = 0;
	#length = 0;
	#threads = new Int32Array(256);
	#counts = new Int32Array(256);
	#marks = new Uint8Array(256);

	clear(): void {
		this.#length = 0;
		this.count = 0;
	}

	/** The thread starts a stretch; the one before was interrupted, unless it `closed`. */
	open(thread: number, timesOut: boolean): void {
		this.#save(this.count);
		if (this.#length === this.#threads.length) this.#grow();
		this.#threads[this.#length] = thread;
		this.#counts[this.#length] = 0;
		this.#marks[this.#length++] = timesOut ? 2 : 0;
		this.count = 0;
	}

	/** The current thread blocked, ended or died by itself. */
	close(dies: boolean): void {
		const at = this.#length - 1;
		this.#marks[at] |= dies ? 5 : 4;
	}

	#save(count: number): void {
		if (this.#length > 0) this.#counts[this.#length - 1] = count;
	}

	#grow(): void {
		const length = this.#threads.length * 2;
		const [threads, counts, marks] = [this.#threads, this.#counts, this.#marks];
		this.#threads = new Int32Array(length);
		this.#counts = new Int32Array(length);
		this.#marks = new Uint8Array(length);
		this.#threads.set(threads);
		this.#counts.set(counts);
		this.#marks.set(marks);
	}

	toString(): string {
		const tokens: string[] = [];
		for (let i = 0; i < this.#length; i++) {
			const marks = this.#marks[i];
			const last = i === this.#length - 1;
			const count = (marks & 1) !== 0 || (marks & 4) === 0 ? `:${last ? this.count : this.#counts[i]}` : "";
			tokens.push(`${this.#threads[i]}${count}${(marks & 2) !== 0 ? "~" : ""}${(marks & 1) !== 0 ? "!" : ""}`);
		}
		return tokens.join(" ");
	}
}

export function parseSchedule(text: string): Stretch[] {
	const tokens = text.trim().split(/\s+/);
	return tokens
		.filter((token) => token !== "")
		.map((token) => {
			const match = /^(\d+)(?::(\d+))?(~)?(!)?$/.exec(token);
			if (!match) throw new Error(`"${token}" is no stretch of a schedule: expected thread[:operations][~][!]`);
			const count = match[2] === undefined ? -1 : Number(match[2]);
			return { thread: Number(match[1]), count, timesOut: match[3] !== undefined, dies: match[4] !== undefined };
		});
}

/** Goes through a schedule; behind its end, each thread runs as long as it can. */
export class Replay implements Strategy {
	readonly everyPoint = true;
	readonly #stretches: readonly Stretch[];
	#at = -1;
	#machine!: Machine;

	constructor(text: string) {
		this.#stretches = parseSchedule(text);
	}

	begin(machine: Machine): void {
		this.#machine = machine;
		this.#at = -1;
	}

	choose(running: number, candidates: number, _free: boolean): number {
		const current = this.#stretches[this.#at];
		if (running >= 0 && (current === undefined || current.count < 0 || this.#machine.recording.count < current.count)) {
			return running;
		}
		const next = this.#stretches[this.#at + 1];
		if (next === undefined) return running >= 0 ? running : 31 - Math.clz32(candidates & -candidates);
		this.#at++;
		if ((candidates & (1 << next.thread)) === 0) {
			const where = `thread ${next.thread} cannot go on at its stretch ${this.#at + 1}`;
			this.#machine.fail("error", `the schedule does not fit: ${where}`);
		}
		return next.thread;
	}

	flip(thread: number, dies: boolean): boolean {
		if (dies) {
			const current = this.#stretches[this.#at];
			return current?.dies === true && this.#machine.recording.count >= current.count;
		}
		if (this.#stretches[this.#at + 1]?.thread !== thread) return false;
		this.#at++;
		return true;
	}
}
