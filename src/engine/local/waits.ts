/**
 * Who waits for which object. The core is told of the first one who does; its message settles them all.
 *
 * Of a stream the core tells the next item as well as the end, and while items are unread it tells neither: who waits for the
 * end then looks from time to time.
 */
import {
	PHASE_PENDING,
	STATE_PHASE_MASK,
	STATUS_OK,
	STATUS_SEALED,
	STATUS_STALE,
	STATUS_WRONG_STATE,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { throwStatus } from "./status.ts";

export interface Waiter {
	/** The object is ready; this thread holds it while this runs. */
	ready(slot: number, generation: number): void;
	/** It never will be: the runtime is shut down. */
	abandon(error: Error): void;
	/** Of a stream, the next item is enough. */
	readonly items?: boolean;
	/** It waits for many, or for the end of something else: it may hear of it a little later. */
	readonly patient?: boolean;
}

/** Who waits for some of many objects, and looks which have come. */
export interface Looker {
	/** An object is ready. */
	look(): void;
	abandon(error: Error): void;
}

/** So many objects that nobody waits for alone are heard of together. */
const MANY = 8;

/** Whatever comes, all lookers look: so there are few. */
const MOST_LOOKERS = 4;

/** Milliseconds between two looks at streams with unread items. */
const LOOK = 5;

export class Waits {
	readonly #thread: CoreThread;
	readonly #bySlot = new Map<number, Waiter | Waiter[]>();
	readonly #lookers = new Set<Looker>();
	/** By slot: 1 if the object is watched until it is ready, whoever waits for it. */
	#expected = new Uint8Array(1024);
	/** Streams that are looked at, with their generations. */
	readonly #looked = new Map<number, number>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** How many wait for one object each. */
	#hasty = 0;

	constructor(thread: CoreThread) {
		this.#thread = thread;
	}

	/** False: the object is ready already. */
	add(slot: number, generation: number, waiter: Waiter): boolean {
		const others = this.#bySlot.get(slot);
		if (others === undefined || this.#looked.has(slot)) {
			const status = this.#thread.calls.watch(slot, generation, 0);
			if (status === STATUS_SEALED) {
				if (waiter.items || !this.#isPending(slot)) return false;
				this.#look(slot, generation);
			} else {
				// `wrongState`: an earlier watch that was taken back too late; its message is on its way.
				if (status !== STATUS_OK && status !== STATUS_WRONG_STATE) throwStatus(status, "a wait");
				this.#looked.delete(slot);
			}
		}
		if (!waiter.patient) this.#hasty++;
		if (others === undefined) this.#bySlot.set(slot, waiter);
		else if (Array.isArray(others)) others.push(waiter);
		else this.#bySlot.set(slot, [others, waiter]);
		return true;
	}

	/** Whether somebody waits for something. */
	get any(): boolean {
		return this.#bySlot.size > 0 || this.#lookers.size > 0;
	}

	/** Whoever waits waits for many objects. */
	get isPatient(): boolean {
		return this.#hasty === 0 && this.#lookers.size === 0 && this.#bySlot.size >= MANY;
	}

	/** False: there are lookers enough. */
	join(looker: Looker): boolean {
		if (this.#lookers.size >= MOST_LOOKERS) return false;
		this.#lookers.add(looker);
		return true;
	}

	leave(looker: Looker): void {
		this.#lookers.delete(looker);
	}

	/** Lookers will hear of the object, which is no stream, also those who come later. False: it is ready already. */
	expect(slot: number, generation: number): boolean {
		if (this.#expected[slot] === 1) return true;
		if (!this.#bySlot.has(slot)) {
			const status = this.#thread.calls.watch(slot, generation, 0);
			if (status === STATUS_SEALED) return false;
			if (status !== STATUS_OK && status !== STATUS_WRONG_STATE) throwStatus(status, "a wait");
		}
		if (slot >= this.#expected.length) this.#growExpected(slot);
		this.#expected[slot] = 1;
		return true;
	}

	#growExpected(slot: number): void {
		const more = new Uint8Array(2 * slot);
		more.set(this.#expected);
		this.#expected = more;
	}

	/** Somebody waits for it. */
	has(slot: number): boolean {
		return this.#bySlot.has(slot);
	}

	remove(slot: number, generation: number, waiter: Waiter): void {
		const waiters = this.#bySlot.get(slot);
		if (Array.isArray(waiters)) {
			const at = waiters.indexOf(waiter);
			if (at >= 0) this.#forget(waiters.splice(at, 1));
			if (waiters.length > 0) return;
		} else if (waiters === waiter) {
			this.#forget([waiter]);
		} else {
			return;
		}
		this.#bySlot.delete(slot);
		this.#looked.delete(slot);
		if (this.#expected[slot] !== 1) this.#thread.calls.unwatch(slot, generation);
	}

	#forget(waiters: readonly Waiter[]): void {
		for (const waiter of waiters) if (!waiter.patient) this.#hasty--;
	}

	ready(slot: number, generation: number): void {
		if (this.#expected[slot] === 1) this.#expected[slot] = 0;
		this.#tellWaiters(slot, generation);
		for (const looker of this.#lookers) looker.look();
	}

	#tellWaiters(slot: number, generation: number): void {
		const waiters = this.#bySlot.get(slot);
		if (waiters === undefined) return;
		this.#bySlot.delete(slot);
		if (this.#isPending(slot)) {
			this.#item(slot, generation, Array.isArray(waiters) ? waiters : [waiters]);
		} else if (Array.isArray(waiters)) {
			this.#forget(waiters);
			for (const waiter of waiters) waiter.ready(slot, generation);
		} else {
			if (!waiters.patient) this.#hasty--;
			waiters.ready(slot, generation);
		}
	}

	/** A stream has an item: who waits for its end goes on waiting. */
	#item(slot: number, generation: number, waiters: Waiter[]): void {
		const others = waiters.filter((waiter) => !waiter.items);
		if (others.length > 0) {
			const status = this.#thread.calls.watch(slot, generation, 0);
			if (status === STATUS_STALE || (status === STATUS_SEALED && !this.#isPending(slot))) {
				this.#forget(others);
				for (const waiter of others) waiter.ready(slot, generation);
			} else {
				this.#bySlot.set(slot, others);
				if (status === STATUS_SEALED) this.#look(slot, generation);
			}
		}
		const served = waiters.filter((waiter) => waiter.items);
		this.#forget(served);
		for (const waiter of served) waiter.ready(slot, generation);
	}

	#look(slot: number, generation: number): void {
		this.#looked.set(slot, generation);
		this.#timer ??= setTimeout(() => {
			this.#timer = undefined;
			const looked = [...this.#looked];
			this.#looked.clear();
			for (const [stream, itsGeneration] of looked) this.ready(stream, itsGeneration);
		}, LOOK);
	}

	#isPending(slot: number): boolean {
		return (this.#thread.stateOf(slot) & STATE_PHASE_MASK) === PHASE_PENDING;
	}

	abandonAll(error: Error): void {
		clearTimeout(this.#timer);
		this.#looked.clear();
		const all = [...this.#lookers, ...[...this.#bySlot.values()].flat()];
		this.#lookers.clear();
		this.#bySlot.clear();
		this.#hasty = 0;
		for (const waiter of all) waiter.abandon(error);
	}
}
