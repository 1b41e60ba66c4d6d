/** The ways to wait for objects: one value, many values, each of many. */
import { GetTimeoutError } from "../../errors.ts";
import type { GetOptions } from "../../types.ts";
import { onAbort } from "../abort.ts";
import type { Arrivals } from "../engine.ts";
import type { ObjectRef } from "../ref.ts";
import type { Store } from "./store/store.ts";
import type { Waiter, Waits } from "./waits.ts";

type Settle<T> = (value: T) => void;
type Fail = (reason: unknown) => void;

/** What ends a wait early; undone when it ends by itself. */
class Interruption {
	readonly #timer: ReturnType<typeof setTimeout> | undefined;
	readonly #withdraw: (() => void) | undefined;

	constructor(options: GetOptions, interrupt: (reason: unknown) => void, describe: () => string) {
		const { timeout, signal } = options;
		if (signal?.aborted) queueMicrotask(() => interrupt(signal.reason));
		else if (signal !== undefined) this.#withdraw = onAbort(signal, () => interrupt(signal.reason));
		if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
			this.#timer = setTimeout(() => interrupt(timedOut(timeout, describe())), timeout);
		}
	}

	end(): void {
		if (this.#timer !== undefined) clearTimeout(this.#timer);
		this.#withdraw?.();
	}
}

/** Milliseconds for which gets of what is ready may follow each other in microtasks. */
const TURN = 5;

/** Tells when a loop of gets must let the event loop turn, so that it starves neither timers nor mail nor finalizers. */
export class Turns {
	#ends = 0;
	#count = 0;

	/** Once in so many milliseconds; the clock costs a tenth of a get, so it is looked at now and then. */
	isOver(): boolean {
		if ((++this.#count & 15) !== 0) return false;
		const now = performance.now();
		if (now < this.#ends) return false;
		this.#ends = now + TURN;
		return true;
	}
}

export function timedOut(timeout: number, what: string): GetTimeoutError {
	return new GetTimeoutError(`${what} not ready within ${timeout} ms. The task goes on; get it again, or wait longer.`);
}

/** One value. Holds the ref, so that the object stays. */
export class GetOne implements Waiter {
	readonly #ref: ObjectRef;
	readonly #store: Store;
	readonly #copy: boolean | undefined;
	readonly #resolve: Settle<unknown>;
	readonly #reject: Fail;
	#interruption: Interruption | undefined;

	constructor(store: Store, ref: ObjectRef, options: GetOptions | undefined, resolve: Settle<unknown>, reject: Fail) {
		this.#ref = ref;
		this.#store = store;
		this.#copy = options?.copy;
		this.#resolve = resolve;
		this.#reject = reject;
	}

	/** `waits` is asked to forget this wait when it is interrupted. */
	interruptible(options: GetOptions, waits: Waits): void {
		const { slot, generation, id } = this.#ref;
		const interrupt = (reason: unknown) => {
			this.#interruption?.end();
			waits.remove(slot, generation, this);
			this.#reject(reason);
		};
		this.#interruption = new Interruption(options, interrupt, () => `Object ${id} was`);
	}

	ready(slot: number, generation: number): void {
		this.#interruption?.end();
		try {
			this.#resolve(this.#store.read(slot, generation, this.#copy));
		} catch (error) {
			this.#reject(error);
		}
	}

	abandon(error: Error): void {
		this.#interruption?.end();
		this.#reject(error);
	}
}

/** Many values, in order. Each is read when it comes. The first error ends it. */
export class GetMany implements Waiter {
	readonly patient = true;
	readonly #refs: readonly ObjectRef[];
	readonly #values: unknown[];
	readonly #store: Store;
	readonly #waits: Waits;
	readonly #copy: boolean | undefined;
	readonly #resolve: Settle<unknown[]>;
	readonly #reject: Fail;
	#interruption: Interruption | undefined;
	/** Where in `refs` a slot stands: the first place, and further ones. */
	readonly #places = new Map<number, number | number[]>();
	#missing = 0;
	over = false;

	constructor(
		store: Store,
		waits: Waits,
		refs: readonly ObjectRef[],
		options: GetOptions | undefined,
		resolve: Settle<unknown[]>,
		reject: Fail,
	) {
		this.#store = store;
		this.#waits = waits;
		this.#refs = refs;
		this.#values = new Array(refs.length);
		this.#copy = options?.copy;
		this.#resolve = resolve;
		this.#reject = reject;
		try {
			this.#start(options);
		} catch (error) {
			this.#fail(error);
		}
	}

	#start(options: GetOptions | undefined): void {
		const refs = this.#refs;
		for (let i = 0; i < refs.length; i++) {
			const { slot, generation } = refs[i] as ObjectRef;
			const place = this.#places.get(slot);
			if (place !== undefined) {
				if (typeof place === "number") this.#places.set(slot, [place, i]);
				else place.push(i);
			} else if (this.#store.isReady(slot) || !this.#waits.add(slot, generation, this)) {
				this.#values[i] = this.#store.read(slot, generation, this.#copy);
			} else {
				this.#places.set(slot, i);
				this.#missing++;
			}
		}
		if (this.#missing === 0) {
			this.over = true;
			this.#resolve(this.#values);
		} else if (options?.timeout !== undefined || options?.signal !== undefined) {
			const describe = () => `${this.#missing} of ${refs.length} objects were`;
			this.#interruption = new Interruption(options, (reason) => this.#fail(reason), describe);
		}
	}

	ready(slot: number, generation: number): void {
		if (this.over) return;
		const place = this.#places.get(slot) as number | number[];
		this.#places.delete(slot);
		try {
			const value = this.#store.read(slot, generation, this.#copy);
			if (typeof place === "number") this.#values[place] = value;
			else for (const i of place) this.#values[i] = value;
		} catch (error) {
			this.#fail(error);
			return;
		}
		if (--this.#missing > 0) return;
		this.over = true;
		this.#interruption?.end();
		this.#resolve(this.#values);
	}

	abandon(error: Error): void {
		this.#fail(error);
	}

	#fail(reason: unknown): void {
		if (this.over) return;
		this.over = true;
		this.#interruption?.end();
		for (const place of this.#places.values()) {
			const ref = this.#refs[typeof place === "number" ? place : (place[0] as number)] as ObjectRef;
			this.#waits.remove(ref.slot, ref.generation, this);
		}
		this.#places.clear();
		this.#reject(reason);
	}
}

/** How a wait that lasts is begun; what it gives is called when it is over, with what goes on then. */
type Enter = () => ((go: () => void) => void) | undefined;

/** Each of the refs as it becomes ready. All are watched from the start, so each is looked at once. */
export class RefArrivals implements Arrivals, Waiter {
	readonly #refs: readonly ObjectRef[];
	readonly #waits: Waits;
	readonly #enter: Enter;
	readonly #beforeResults: () => void;
	/** Where the pending ones stand in `refs`, by slot. */
	readonly #pending = new Map<number, number>();
	#arrived: number[] = [];
	#error: Error | undefined;
	/** Whoever waits in `next`. */
	#wake: (() => void) | undefined;

	constructor(store: Store, waits: Waits, refs: readonly ObjectRef[], enter: Enter, beforeResults: () => void) {
		this.#refs = refs;
		this.#waits = waits;
		this.#enter = enter;
		this.#beforeResults = beforeResults;
		try {
			for (let i = 0; i < refs.length; i++) {
				const { slot, generation } = refs[i] as ObjectRef;
				if (store.isReady(slot) || !waits.add(slot, generation, this)) this.#arrived.push(i);
				else this.#pending.set(slot, i);
			}
		} catch (error) {
			this.close();
			throw error;
		}
	}

	async next(timeout: number | undefined): Promise<number[]> {
		if (this.#arrived.length === 0 && this.#error === undefined && timeout !== 0) await this.#wait(timeout);
		if (this.#error !== undefined) throw this.#error;
		this.#beforeResults();
		const arrived = this.#arrived;
		this.#arrived = [];
		return arrived.sort((a, b) => a - b);
	}

	#wait(timeout: number | undefined): Promise<void> {
		return new Promise((resolve) => {
			const leave = this.#enter();
			let timer: ReturnType<typeof setTimeout> | undefined;
			this.#wake = () => {
				this.#wake = undefined;
				clearTimeout(timer);
				if (leave === undefined) resolve();
				else leave(resolve);
			};
			if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) timer = setTimeout(this.#wake, timeout);
		});
	}

	ready(slot: number): void {
		this.#arrived.push(this.#pending.get(slot) as number);
		this.#pending.delete(slot);
		this.#wake?.();
	}

	abandon(error: Error): void {
		this.#error = error;
		this.#pending.clear();
		this.#wake?.();
	}

	close(): void {
		for (const [slot, i] of this.#pending) this.#waits.remove(slot, (this.#refs[i] as ObjectRef).generation, this);
		this.#pending.clear();
	}
}
