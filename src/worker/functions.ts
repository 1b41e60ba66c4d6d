/** The functions this worker has been asked for, each fetched and made once. */
import { STATUS_OK } from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { throwStatus } from "../engine/local/status.ts";

export interface ShippedFunction {
	readonly name: string;
	readonly fn: (...args: unknown[]) => unknown;
	/** It has shown itself asynchronous, or not; undefined: it has not run yet. */
	asynchronous: boolean | undefined;
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

	constructor(engine: LocalEngine, materialize: Materialize) {
		this.#engine = engine;
		this.#materialize = materialize;
	}

	/** The function that an object describes. Somebody holds the object: the task that needs it. */
	get(slot: number, generation: number): ShippedFunction | Promise<ShippedFunction> {
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
