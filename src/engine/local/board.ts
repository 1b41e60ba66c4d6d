/**
 * A few words that driver and workers share beside the core: what concerns threads of JavaScript alone.
 *
 *   0          workers that block in a synchronous get
 *   1          news: messages of workers and ends of threads that the driver has not looked at
 *   2          the worker that spins, its index + 1
 *   3          how often a thread has asked the others to collect their garbage
 *   4          whether any console message was posted since the driver has looked
 *   6 …        kinds of workers: the hash of each one's environment, two words each
 *   134 …      for each thread slot: console messages posted and not yet shown
 *   …          for each thread slot: the epoch of its worker whose thread has stopped, as the service thread saw it
 *   …          for each thread slot: how many synchronous gets block it, one inside of another
 */
import type { CoreThread } from "../../core/thread.ts";
import type { RuntimeEnv } from "../../types.ts";
import type { TaskPlace } from "./producer.ts";

/** What a worker tells the driver. */
export type WorkerMessage =
	/** It begins its loop. */
	| readonly ["up"]
	/** The workers of these tasks shall be ended. All at once: it may be the end of the one who says so. */
	| readonly ["force", tasks: readonly TaskPlace[]]
	/** Work of its kind is ready that no worker may take beside its suspended tasks. */
	| readonly ["thread"]
	/** It submits tasks for workers of this kind. */
	| readonly ["kind", kind: number, environment: RuntimeEnv | undefined]
	/** Its thread is about to end by itself, with this code, by what nobody caught. */
	| readonly ["end", code: number, error: ErrorText | undefined];

/** What is told of an error by the thread that ends by it. */
export interface ErrorText {
	readonly name: string;
	readonly message: string;
	readonly stack: string | undefined;
}

/** More threads than this are not started for those that block in a synchronous get. */
export const MOST_SPARE_WORKERS = 64;
/** Different environments of workers. */
export const MOST_KINDS = 64;

const BLOCKED = 0;
const NEWS = 1;
const SPINNER = 2;
const ASKED = 3;
const OUTPUT = 4;
/** Even: two words are read as one. */
const KINDS = 6;
const LOGS = KINDS + 2 * MOST_KINDS;

export class Board {
	readonly words: Int32Array;
	/** For each kind of worker: the hash of its environment; 0 from where on there are none. */
	readonly kinds: BigInt64Array;
	readonly #stopped: number;
	readonly #blocks: number;

	constructor(words: Int32Array) {
		this.words = words;
		this.kinds = new BigInt64Array(words.buffer, KINDS * 4, MOST_KINDS);
		this.#stopped = LOGS + this.threads;
		this.#blocks = this.#stopped + this.threads;
	}

	static make(threads: number): Board {
		return new Board(new Int32Array(new SharedArrayBuffer((LOGS + 3 * threads) * 4)));
	}

	get blocked(): number {
		return Atomics.load(this.words, BLOCKED);
	}

	beginBlocking(thread: number): void {
		Atomics.add(this.words, BLOCKED, 1);
		Atomics.add(this.words, this.#blocks + thread, 1);
	}

	endBlocking(thread: number): void {
		Atomics.sub(this.words, this.#blocks + thread, 1);
		Atomics.sub(this.words, BLOCKED, 1);
	}

	/** What a thread that has stopped did not end. */
	endAllBlocking(thread: number): void {
		Atomics.sub(this.words, BLOCKED, Atomics.exchange(this.words, this.#blocks + thread, 0));
	}

	/** Whether this worker may look at its wake word for a while: one at a time, or they take the cores from who would give them work. */
	beginSpin(thread: number): boolean {
		return Atomics.compareExchange(this.words, SPINNER, 0, thread + 1) === 0;
	}

	/** Also of one whose thread has stopped. */
	endSpin(thread: number): void {
		Atomics.compareExchange(this.words, SPINNER, thread + 1, 0);
	}

	/** So many threads the memory has slots for. */
	get threads(): number {
		return (this.words.length - LOGS) / 3;
	}

	get asked(): number {
		return Atomics.load(this.words, ASKED);
	}

	/** Asks all threads, which are to be woken afterwards, to collect their garbage. */
	ask(): void {
		Atomics.add(this.words, ASKED, 1);
	}

	/** There is something for the driver to look at, which is to be woken afterwards. */
	addNews(): void {
		Atomics.add(this.words, NEWS, 1);
	}

	/** Whether there was something since the last time. */
	takeNews(): boolean {
		return Atomics.load(this.words, NEWS) !== 0 && Atomics.exchange(this.words, NEWS, 0) !== 0;
	}

	/** The index of the word for the consoles of all threads. */
	readonly outputWord = OUTPUT;

	/** The index of a thread's word for its console. */
	logWord(thread: number): number {
		return LOGS + thread;
	}

	/** The thread of a worker has stopped. */
	setStopped(thread: number, epoch: number): void {
		Atomics.store(this.words, this.#stopped + thread, epoch);
	}

	hasStopped(thread: number, epoch: number): boolean {
		return Atomics.load(this.words, this.#stopped + thread) === epoch;
	}
}

/** Wakes a thread that has something to look up outside of the core. */
export function wakeThread(thread: CoreThread, index: number): void {
	wake(thread.views.i32, thread.wakeWordOf(index));
}

export function wake(memory: Int32Array, wakeWord: number): void {
	Atomics.add(memory, wakeWord, 1);
	Atomics.notify(memory, wakeWord);
}
