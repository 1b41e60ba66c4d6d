/** Who waits for which object. The core is told of the first one who does; its message settles them all. */
import { STATUS_OK, STATUS_SEALED, STATUS_WRONG_STATE } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { throwStatus } from "./status.ts";

export interface Waiter {
	/** The object is ready; this thread holds it while this runs. */
	ready(slot: number, generation: number): void;
	/** It never will be: the runtime is shut down. */
	abandon(error: Error): void;
}

export class Waits {
	readonly #thread: CoreThread;
	readonly #bySlot = new Map<number, Waiter | Waiter[]>();

	constructor(thread: CoreThread) {
		this.#thread = thread;
	}

	/** False: the object is ready already. */
	add(slot: number, generation: number, waiter: Waiter): boolean {
		const others = this.#bySlot.get(slot);
		if (others !== undefined) {
			if (Array.isArray(others)) others.push(waiter);
			else this.#bySlot.set(slot, [others, waiter]);
			return true;
		}
		const status = this.#thread.calls.watch(slot, generation, 0);
		if (status === STATUS_SEALED) return false;
		// `wrongState`: an earlier watch that was taken back too late; its message is on its way.
		if (status !== STATUS_OK && status !== STATUS_WRONG_STATE) throwStatus(status, "a wait");
		this.#bySlot.set(slot, waiter);
		return true;
	}

	remove(slot: number, generation: number, waiter: Waiter): void {
		const waiters = this.#bySlot.get(slot);
		if (Array.isArray(waiters)) {
			const at = waiters.indexOf(waiter);
			if (at >= 0) waiters.splice(at, 1);
			if (waiters.length > 0) return;
		} else if (waiters !== waiter) {
			return;
		}
		this.#bySlot.delete(slot);
		this.#thread.calls.unwatch(slot, generation);
	}

	ready(slot: number, generation: number): void {
		const waiters = this.#bySlot.get(slot);
		if (waiters === undefined) return;
		this.#bySlot.delete(slot);
		if (Array.isArray(waiters)) for (const waiter of waiters) waiter.ready(slot, generation);
		else waiters.ready(slot, generation);
	}

	abandonAll(error: Error): void {
		const all = [...this.#bySlot.values()].flat();
		this.#bySlot.clear();
		for (const waiter of all) waiter.abandon(error);
	}
}
