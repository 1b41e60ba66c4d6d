/** The items of generators, for their readers. */
import { STATE_ERROR, STATE_STREAM, STATUS_EMPTY, STATUS_ENDED } from "../../core/layout.ts";
import type { ObjectRef } from "../ref.ts";
import type { LocalEngine } from "./engine.ts";
import { after, type Role } from "./role.ts";
import { throwStatus } from "./status.ts";

export class Items {
	readonly #engine: LocalEngine;
	readonly #role: Role;

	constructor(engine: LocalEngine, role: Role) {
		this.#engine = engine;
		this.#role = role;
	}

	/** The next item; undefined: there is none after the last. What the generator throws is the last item. */
	async next(stream: ObjectRef): Promise<ObjectRef | undefined> {
		const { thread, store } = this.#engine;
		for (;;) {
			this.#engine.checkOpen();
			// A task that was not started has no stream, but an error.
			if ((thread.stateOf(stream.slot) & STATE_STREAM) === 0) return store.adoptRef(stream.slot, stream.generation);
			const slot = thread.calls.next(stream.slot, stream.generation);
			this.#role.showOutput();
			if (slot >= 0) {
				this.#engine.audit?.taken(slot, thread.generation, stream);
				return store.newRef(slot, thread.generation, 0, 0);
			}
			if (slot === STATUS_ENDED) {
				if ((thread.stateOf(stream.slot) & STATE_ERROR) === 0) return undefined;
				return store.adoptRef(stream.slot, stream.generation);
			}
			if (slot !== STATUS_EMPTY) throwStatus(slot, `generator ${stream.id}`);
			await this.#changes(stream);
		}
	}

	#changes(stream: ObjectRef): Promise<void> {
		return new Promise((resolve, reject) => {
			const goOn = after(this.#role, this.#role.enterWait(), resolve);
			const waiter = {
				items: true,
				ready: () => goOn(undefined),
				abandon: (error: Error) => reject(error),
			};
			if (!this.#engine.waits.add(stream.slot, stream.generation, waiter)) waiter.ready();
		});
	}
}
