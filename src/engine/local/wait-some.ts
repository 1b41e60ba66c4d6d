/** Waiting for some of many objects. */
import { STATE_STREAM } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { ObjectRef } from "../ref.ts";
import type { Store } from "./store/store.ts";
import type { Looker, Waiter, Waits } from "./waits.ts";

/** Fewer are waited for one by one. */
const MANY = 8;

/**
 * Waits until so many of the refs are ready, or the time is over: indices of ready ones, in input order. A program mostly goes on to wait
 * for the rest: so what is watched for this wait stays watched, and it looks at those that are pending when something has come.
 */
export class WaitSome implements Waiter, Looker {
	readonly #refs: readonly ObjectRef[];
	readonly #count: number;
	readonly #store: Store;
	readonly #waits: Waits;
	readonly #resolve: (found: number[]) => void;
	readonly #reject: (error: Error) => void;
	readonly #timer: ReturnType<typeof setTimeout> | undefined;
	/** Those that were not ready when they were last looked at. */
	#pending: ObjectRef[] = [];
	#together = false;
	over = false;
	/** So many more have to come. */
	#missing: number;
	/** … before it is worth a look. */
	#untilLook = 0;

	constructor(
		store: Store,
		waits: Waits,
		thread: CoreThread,
		refs: readonly ObjectRef[],
		count: number,
		timeout: number | undefined,
		resolve: (found: number[]) => void,
		reject: (error: Error) => void,
	) {
		this.#store = store;
		this.#waits = waits;
		this.#refs = refs;
		this.#count = count;
		this.#resolve = resolve;
		this.#reject = reject;
		this.#missing = count;
		for (let i = 0; i < refs.length && this.#missing > 0; i++) {
			if (store.isReady((refs[i] as ObjectRef).slot)) this.#missing--;
		}
		if (this.#missing > 0 && timeout !== 0) this.#watch(thread);
		if (this.#missing <= 0 || timeout === 0) this.#end();
		else if (timeout !== undefined && timeout !== Number.POSITIVE_INFINITY) {
			this.#timer = setTimeout(() => this.#end(), timeout);
		}
	}

	#watch(thread: CoreThread): void {
		const refs = this.#refs;
		// A watch on a stream tells of its items as well, and keeps its task at work.
		const isStream = ({ slot }: ObjectRef) => (thread.stateOf(slot) & STATE_STREAM) !== 0;
		this.#together = refs.length >= MANY && !refs.some(isStream) && this.#waits.join(this);
		this.#missing = this.#count;
		try {
			for (const ref of refs) if (this.#isPending(ref)) this.#pending.push(ref);
		} catch (error) {
			this.#leave();
			throw error;
		}
		this.#missing -= refs.length - this.#pending.length;
		this.#untilLook = this.#missing;
	}

	/** Whether it is, and will be heard of. */
	#isPending({ slot, generation }: ObjectRef): boolean {
		if (this.#store.isReady(slot)) return false;
		return this.#together ? this.#waits.expect(slot, generation) : this.#waits.add(slot, generation, this);
	}

	/** One of those waited for one by one. */
	ready(): void {
		if (--this.#missing === 0) this.#end();
	}

	/** Something has come, for whomever. */
	look(): void {
		if (--this.#untilLook > 0) return;
		const before = this.#pending.length;
		this.#pending = this.#pending.filter(({ slot }) => !this.#store.isReady(slot));
		this.#missing -= before - this.#pending.length;
		this.#untilLook = this.#missing;
		if (this.#missing <= 0) this.#end();
	}

	abandon(error: Error): void {
		clearTimeout(this.#timer);
		this.#reject(error);
	}

	#leave(): void {
		if (this.#together) this.#waits.leave(this);
		else for (const { slot, generation } of this.#pending) this.#waits.remove(slot, generation, this);
	}

	#end(): void {
		this.over = true;
		clearTimeout(this.#timer);
		this.#leave();
		const found: number[] = [];
		for (let i = 0; i < this.#refs.length && found.length < this.#count; i++) {
			if (this.#store.isReady((this.#refs[i] as ObjectRef).slot)) found.push(i);
		}
		this.#resolve(found);
	}
}
