/** The functions this worker has been asked for, each fetched and made once. */
import { OBJECT_ENTRY_WORD, STATUS_OK } from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { throwStatus } from "../engine/local/status.ts";

export interface ShippedFunction {
	readonly name: string;
	readonly fn: (...args: unknown[]) => unknown;
}

interface Known {
	readonly generation: number;
	readonly shipped: ShippedFunction | Promise<ShippedFunction>;
}

/** Makes a function of its description; a promise if a module must be loaded for it. */
export type Materialize = (
	description: unknown,
	place: { readonly slot: number; readonly generation: number },
) => ShippedFunction | Promise<ShippedFunction>;

export class ShippedFunctions {
	readonly #engine: LocalEngine;
	readonly #materialize: Materialize;
	readonly #bySlot = new Map<number, Known>();
	#toLookAt = this.#bySlot.keys();

	constructor(engine: LocalEngine, materialize: Materialize) {
		this.#engine = engine;
		this.#materialize = materialize;
	}

	/** The function that an object describes. Somebody holds the object: the task that needs it. */
	get(slot: number, generation: number): ShippedFunction | Promise<ShippedFunction> {
		this.#forgetOne();
		const known = this.#bySlot.get(slot);
		if (known !== undefined && known.generation === generation) return known.shipped;
		const shipped = this.#materialize(this.#read(slot, generation), { slot, generation });
		this.#bySlot.set(slot, { generation, shipped });
		if (shipped instanceof Promise) {
			const replace = (by: ShippedFunction | undefined) => {
				if (this.#bySlot.get(slot)?.shipped !== shipped) return;
				if (by === undefined) this.#bySlot.delete(slot);
				else this.#bySlot.set(slot, { generation, shipped: by });
			};
			shipped.then(replace, () => replace(undefined));
		}
		return shipped;
	}

	/** Those that nobody can ask for any more hold what they captured, refs included. One is looked at for each call. */
	#forgetOne(): void {
		const next = this.#toLookAt.next();
		if (next.done === true) {
			this.#toLookAt = this.#bySlot.keys();
			return;
		}
		const { i32 } = this.#engine.thread.views;
		const slot = next.value;
		const word = (this.#engine.thread.objectAt(slot) + OBJECT_ENTRY_WORD) >> 2;
		const isThere = Atomics.load(i32, word) !== 0 && Atomics.load(i32, word + 1) === this.#bySlot.get(slot)?.generation;
		if (!isThere) this.#bySlot.delete(slot);
	}

	/** Each is made anew when it is needed again. */
	forget(): void {
		this.#bySlot.clear();
	}

	/** What a function is called that cannot be made. */
	nameOf(slot: number, generation: number): string {
		return (this.#read(slot, generation) as { readonly name: string }).name;
	}

	#read(slot: number, generation: number): unknown {
		const { calls } = this.#engine.thread;
		const status = calls.retain(slot, generation);
		if (status !== STATUS_OK) throwStatus(status, "a function");
		try {
			return this.#engine.store.read(slot, generation, true);
		} finally {
			calls.release(slot, generation);
		}
	}
}
