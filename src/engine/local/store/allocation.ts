/** Blocks of the store: if it is full, perhaps of what nobody can reach any more, here or in other threads, that is collected first. */
import { STATUS_FULL } from "../../../core/layout.ts";
import type { CoreThread } from "../../../core/thread.ts";
import { ObjectStoreFullError } from "../../../errors.ts";
import { throwStatus } from "../status.ts";
import type { Collecting } from "./collecting.ts";
import type { Relief } from "./relief.ts";

/** Milliseconds that a thread whose store is full waits for others to collect their garbage; after it has waited in vain, so many. */
const RELIEF_MOST = 500;
const RELIEF_LEAST = 20;
const GRANULE = 64;

export interface AllocationOptions {
	/** The store's capacity, as the runtime was started. */
	readonly objectStoreMemory: number;
	readonly relief: Relief;
}

export class Allocation {
	readonly #thread: CoreThread;
	readonly #capacity: number;
	readonly #relief: Relief;
	readonly #collecting: Collecting;
	#patience = RELIEF_MOST;

	constructor(thread: CoreThread, options: AllocationOptions, collecting: Collecting) {
		this.#thread = thread;
		// Blocks count in whole granules.
		this.#capacity = options.objectStoreMemory - (options.objectStoreMemory % GRANULE);
		this.#relief = options.relief;
		this.#collecting = collecting;
	}

	/** A block in hand. */
	allocate(size: number): number {
		const address = this.#thread.calls.alloc(size) >>> 0;
		return (address & 63) === 0 ? address : this.#allocateAfterCollecting(size, address | 0);
	}

	#allocateAfterCollecting(size: number, refused: number): number {
		const { calls } = this.#thread;
		let status = refused;
		if (status === STATUS_FULL && size > this.#capacity) throw tooLarge(size, this.#capacity);
		for (let waited = -1; status === STATUS_FULL && waited < this.#patience; ) {
			if (waited < 0) {
				this.#collecting.now();
				this.#relief.ask();
				waited = 0;
			} else waited += this.#relief.sleep();
			const address = calls.alloc(size) >>> 0;
			if ((address & 63) === 0) {
				this.#patience = RELIEF_MOST;
				return address;
			}
			status = address | 0;
		}
		if (status === STATUS_FULL) this.#patience = RELIEF_LEAST;
		return throwStatus(status, `${size} bytes`);
	}

	/** Another thread has found the store full. */
	relieve(): void {
		if (this.#relief.isAsked()) this.#collecting.soon();
	}
}

function tooLarge(size: number, capacity: number): ObjectStoreFullError {
	return new ObjectStoreFullError(
		`A value of ${size} bytes can never fit into the object store, which has ${capacity}. Raise objectStoreMemory, or split the value.`,
	);
}
