/**
 * A store may be full of what other threads can no longer reach and have not collected: they are asked to. Each does it when it comes back to
 * its event loop.
 */
import type { CoreThread } from "../../../core/thread.ts";
import { type Board, wakeThread } from "../board.ts";

/** Milliseconds between two looks whether it helped. */
const SLICE = 5;
/** Nobody notifies it. */
const NEVER = new Int32Array(new SharedArrayBuffer(4));

export class Relief {
	readonly #board: Board;
	readonly #thread: CoreThread;
	#seen: number;

	constructor(board: Board, thread: CoreThread) {
		this.#board = board;
		this.#thread = thread;
		this.#seen = board.asked;
	}

	/** Asks all threads of the runtime, this one too. */
	ask(): void {
		this.#board.ask();
		for (let index = 0; index < this.#board.threads; index++) wakeThread(this.#thread, index);
	}

	/** Whether one has asked since this was called last. */
	isAsked(): boolean {
		const { asked } = this.#board;
		if (asked === this.#seen) return false;
		this.#seen = asked;
		return true;
	}

	/** Blocks this thread for a moment. */
	sleep(): number {
		Atomics.wait(NEVER, 0, 0, SLICE);
		return SLICE;
	}
}
