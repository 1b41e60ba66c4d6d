/**
 * A few words that driver and workers share beside the core: what concerns threads of JavaScript alone.
 *
 *   0          workers that block in a synchronous get
 *   1 …        for each thread slot: console messages posted and not yet shown
 */
import type { CoreThread } from "../../core/thread.ts";

/** What a worker says when it begins its loop. */
export const UP = "up";
/** A worker names the task whose worker shall be ended. */
export type ForceMessage = readonly [task: number, generation: number];

/** More threads than this are not started for those that block in a synchronous get. */
export const MOST_SPARE_WORKERS = 64;

const BLOCKED = 0;
const LOGS = 1;

export class Board {
	readonly words: Int32Array;

	constructor(words: Int32Array) {
		this.words = words;
	}

	static make(threads: number): Board {
		return new Board(new Int32Array(new SharedArrayBuffer((LOGS + threads) * 4)));
	}

	get blocked(): number {
		return Atomics.load(this.words, BLOCKED);
	}

	addBlocked(change: number): void {
		Atomics.add(this.words, BLOCKED, change);
	}

	/** The index of a thread's word for its console. */
	logWord(thread: number): number {
		return LOGS + thread;
	}
}

/** Wakes a thread that has something to look up outside of the core. */
export function wakeThread(thread: CoreThread, index: number): void {
	const word = thread.wakeWordOf(index);
	Atomics.add(thread.views.i32, word, 1);
	Atomics.notify(thread.views.i32, word);
}
