/** Waiting for room below the limit on unfinished tasks, and for there to be none at all. */
import { STATUS_LIMIT, STATUS_OK } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { throwStatus } from "./status.ts";

interface Wish {
	readonly count: number;
	readonly grant: () => void;
	readonly refuse: (error: Error) => void;
}

export class Room {
	readonly #thread: CoreThread;
	readonly #limit: number;
	#wishes: Wish[] = [];

	/** `limit`: tasks that may be unfinished at once. */
	constructor(thread: CoreThread, limit: number) {
		this.#thread = thread;
		this.#limit = limit;
	}

	wait(count: number): Promise<void> {
		if (count > this.#limit) {
			throw new RangeError(
				`capacity(): n is ${count}, but maxPendingTasks is ${this.#limit}: there will never be room for so many.`,
			);
		}
		return new Promise((grant, refuse) => this.#wish({ count, grant, refuse }));
	}

	/** Nobody waits to go on submitting. */
	get isPatient(): boolean {
		return this.#wishes.every(({ count }) => count === this.#limit);
	}

	/** With room for as many tasks as are allowed in all, there are none. When the runtime ends, nothing is awaited any more. */
	whenEmpty(then: () => void): void {
		this.#wish({ count: this.#limit, grant: then, refuse: then });
	}

	/** There is more room: those whose wish is met go on; the core is told of the smallest of the others. */
	changed(): void {
		const wishes = this.#wishes.sort((a, b) => a.count - b.count);
		this.#wishes = [];
		for (const wish of wishes) this.#wish(wish);
	}

	#wish(wish: Wish): void {
		const status = this.#thread.calls.awaitRoom(wish.count);
		if (status === STATUS_OK) {
			wish.grant();
			return;
		}
		if (status !== STATUS_LIMIT) throwStatus(status, "capacity()");
		this.#wishes.push(wish);
		// The core keeps one wish a thread: the smallest.
		const least = Math.min(...this.#wishes.map((other) => other.count));
		if (least < wish.count) this.#thread.calls.awaitRoom(least);
	}

	abandon(error: Error): void {
		const wishes = this.#wishes;
		this.#wishes = [];
		for (const wish of wishes) wish.refuse(error);
	}
}
