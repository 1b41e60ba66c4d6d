// Who can go on: sets of threads, as bits by their index.
import type { Thread } from "./thread.ts";

export class Turns {
	ready = 0;
	/** Blocked, with a timeout. */
	timed = 0;
	/** Blocked, with a timeout that counts only early. */
	sliced = 0;
	/** Optional, and not yet started. */
	fresh = 0;
	/** Made to wait because they spin on a word that has not changed since. */
	spinning = 0;
	/** How many timeouts may still come while others could go on. */
	timeoutsLeft = 0;

	begin(timeouts: number): void {
		this.ready = this.timed = this.sliced = this.fresh = this.spinning = 0;
		this.timeoutsLeft = timeouts;
	}

	/** `timeout`: whether it may time out, and if only early, that alone does not let it go on. */
	block(thread: number, timeout: "none" | "any" | "early"): void {
		const bit = 1 << thread;
		this.ready &= ~bit;
		if (timeout === "any") this.timed |= bit;
		else if (timeout === "early") this.sliced |= bit;
	}

	unblock(thread: number): void {
		const bit = 1 << thread;
		this.ready |= bit;
		this.timed &= ~bit;
		this.sliced &= ~bit;
	}

	/** It has been chosen. */
	take(thread: number): void {
		const others = ~(1 << thread);
		this.fresh &= others;
		this.spinning &= others;
	}

	leave(thread: number): void {
		const others = ~(1 << thread);
		this.ready &= others;
		this.timed &= others;
		this.sliced &= others;
		this.fresh &= others;
	}

	/** Those who may be chosen, and who may be chosen to time out. */
	candidates(threads: readonly Thread[]): number {
		const { ready } = this;
		let able = ready;
		if ((this.spinning & ready) !== 0) {
			for (const thread of threads) {
				const bit = 1 << thread.index;
				if ((this.spinning & able & bit) !== 0) {
					if (thread.stillSpins()) able &= ~bit;
					else this.spinning &= ~bit;
				}
			}
		}
		if (this.timeoutsLeft > 0 && able !== 0) able |= this.timed | this.sliced;
		if (able === 0) able = this.timed;
		return able === 0 ? ready : able;
	}
}
