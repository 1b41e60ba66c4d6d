/**
 * Waiting for room below the limit on unfinished tasks, and for there to be none at all. Room is given in the order of the wishes. What
 * was given is kept for its holders until they submit, or until the event loop has turned: then they have had their chance.
 */
import { STATUS_LIMIT, STATUS_OK } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { nextTurn } from "../../platform/yield.ts";
import { throwStatus } from "./status.ts";

interface Wish {
	readonly count: number;
	readonly grant: () => void;
	readonly refuse: (error: Error) => void;
}

export class Room {
	readonly #thread: CoreThread;
	readonly #limit: number;
	/** The oldest first. */
	#wishes: Wish[] = [];
	#whenEmpty: (() => void)[] = [];
	/** Places that were given in this turn of the event loop, and are not used yet. */
	#promised = 0;
	#over = false;

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
		return new Promise((grant, refuse) => {
			this.#wishes.push({ count, grant, refuse });
			if (this.#wishes.length === 1) this.changed();
		});
	}

	/** A task was submitted, perhaps by one who was given room for it. */
	used(): void {
		if (this.#promised > 0) this.#promised--;
	}

	/** Nobody waits to go on submitting. */
	get isPatient(): boolean {
		return this.#wishes.length === 0;
	}

	/** With room for as many tasks as are allowed in all, there are none. When the runtime ends, nothing is awaited any more. */
	whenEmpty(then: () => void): void {
		this.#whenEmpty.push(then);
		this.changed();
	}

	/** There may be more room: those whose wish is met go on. */
	changed(): void {
		if (this.#over) return;
		do {
			while (this.#isNextMet()) this.#grantNext();
			if (this.#whenEmpty.length === 0) return;
			if (this.#has(this.#limit)) {
				const those = this.#whenEmpty;
				this.#whenEmpty = [];
				for (const then of those) then();
				return;
			}
			// The core keeps one wish a thread, the last: it is to be the one that is met first.
		} while (this.#isNextMet());
	}

	#isNextMet(): boolean {
		const [next] = this.#wishes;
		return next !== undefined && this.#has(next.count + this.#promised);
	}

	#grantNext(): void {
		const { count, grant } = this.#wishes.shift() as Wish;
		if (this.#promised === 0) nextTurn(this.#turn);
		this.#promised += count;
		grant();
	}

	readonly #turn = () => {
		this.#promised = 0;
		this.changed();
	};

	/** False: the core will tell when there is. What the promises leave no place for is looked at again when they are over. */
	#has(count: number): boolean {
		if (count > this.#limit) return false;
		const status = this.#thread.calls.awaitRoom(count);
		if (status !== STATUS_OK && status !== STATUS_LIMIT) throwStatus(status, "capacity()");
		return status === STATUS_OK;
	}

	abandon(error: Error): void {
		this.#over = true;
		const wishes = this.#wishes;
		const those = this.#whenEmpty;
		this.#wishes = [];
		this.#whenEmpty = [];
		for (const wish of wishes) wish.refuse(error);
		for (const then of those) then();
	}
}
