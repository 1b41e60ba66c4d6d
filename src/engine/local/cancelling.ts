/**
 * Cancelling tasks. The core settles the results of what is cancelled with the mere reason. Whoever cancels knows more, and
 * says it first: which task it was, how far it had come, and why. So the running code finds that in its results, too.
 */
import {
	CANCEL_RECURSIVE,
	CANCEL_SETTLE,
	PHASE_SEALED,
	REASON_CANCELLED,
	STATE_ERROR,
	STATE_PHASE_MASK,
	STATE_SYSTEM,
	STATUS_OK,
	STATUS_STALE,
	TASK_ENTRY_ATTEMPT,
	TASK_ENTRY_CANCEL,
	TASK_ENTRY_FLAGS,
	TASK_ENTRY_STATE,
	TASK_FLAG_HAS_CHILDREN,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { idOf } from "./ids.ts";
import { functionName } from "./names.ts";
import { isRunning, isUnfinished, resultsOf, type TaskPlace } from "./producer.ts";
import { throwStatus } from "./status.ts";
import type { Store } from "./store/store.ts";
import { systemError, type TaskDetails, type Why } from "./system-errors.ts";
import { descendants } from "./tables.ts";

type EndWorkers = (tasks: readonly TaskPlace[]) => void;

const NONE: readonly TaskPlace[] = [];
/** The stack would take most of the time of a cancel, and tell where in here it was. */
function withoutStack<T>(make: () => T): T {
	const { stackTraceLimit } = Error;
	Error.stackTraceLimit = 0;
	try {
		return make();
	} finally {
		Error.stackTraceLimit = stackTraceLimit;
	}
}

/** To so many descendants more is said than the mere reason: each takes some microseconds. */
const MOST_TOLD = 1000;

export class Cancelling {
	readonly #thread: CoreThread;
	readonly #store: Store;
	readonly #engine: string;

	constructor(thread: CoreThread, store: Store, engine: string) {
		this.#thread = thread;
		this.#store = store;
		this.#engine = engine;
	}

	/** By the user. `endWorkersOf`: by force, of the tasks that may run. False: the task had finished. */
	cancel(place: TaskPlace, { recursive }: { readonly recursive: boolean }, endWorkersOf?: EndWorkers): boolean {
		const known = recursive && endWorkersOf !== undefined ? descendants(this.#thread, [place]) : undefined;
		const status = this.#cancel(place, REASON_CANCELLED, {}, recursive, known);
		if (status === STATUS_STALE) return false;
		if (status !== STATUS_OK) throwStatus(status, `cancel of task ${this.#idOf(place)}`);
		// Found before it could hear of the cancel, and end.
		const family = known === undefined ? NONE : this.#reach([place, ...known], REASON_CANCELLED);
		endWorkersOf?.([place, ...family]);
		return true;
	}

	/** By its settings. */
	cancelFor(place: TaskPlace, reason: number, why: Why): void {
		this.#cancel(place, reason, why, true);
	}

	/** The core's answer. */
	#cancel(place: TaskPlace, reason: number, why: Why, recursive: boolean, known?: readonly TaskPlace[]): number {
		if (!isUnfinished(this.#thread, place)) return STATUS_STALE;
		const family = recursive && this.#isParent(place.task) ? (known ?? descendants(this.#thread, [place])) : NONE;
		const whyThose = family.length > 0 ? { ...why, ancestor: this.#detailsOf(place) } : why;
		const told = this.#tell(place, reason, why);
		for (let i = 0; i < family.length && i < MOST_TOLD; i++) this.#tell(family[i] as TaskPlace, reason, whyThose);
		const how = (recursive ? CANCEL_RECURSIVE : 0) | CANCEL_SETTLE;
		const status = this.#thread.calls.cancel(place.task, place.generation, reason, how);
		if (family.length > 0) this.#reach([place, ...family], reason);
		// If it ended between the two, nobody gets what it came to.
		return status === STATUS_STALE && told ? STATUS_OK : status;
	}

	/**
	 * All unfinished descendants of these tasks, of which the first was cancelled with them. Some may have ended before that reached them, and
	 * have left children that it did not reach.
	 */
	#reach(known: readonly TaskPlace[], reason: number): readonly TaskPlace[] {
		for (;;) {
			const found = descendants(this.#thread, known);
			let reached = true;
			for (const { task, generation } of found) {
				if (this.#field(task, TASK_ENTRY_CANCEL) !== 0) continue;
				const status = this.#thread.calls.cancel(task, generation, reason, CANCEL_RECURSIVE | CANCEL_SETTLE);
				if (status !== STATUS_OK && status !== STATUS_STALE) return found;
				reached = false;
			}
			if (reached) return found;
			known = known.concat(found);
		}
	}

	/** Settles the results that are open. If there is no room for the error, the core does it, with one that needs none. */
	#tell(place: TaskPlace, reason: number, why: Why): boolean {
		const { calls } = this.#thread;
		const slots = resultsOf(this.#thread, place.task);
		if (!isUnfinished(this.#thread, place)) return false;
		let error: Error | undefined;
		let told = false;
		for (const slot of slots) {
			if (this.#store.isReady(slot)) continue;
			const generation = this.#thread.generationOf(slot);
			if (calls.retain(slot, generation) !== STATUS_OK) continue;
			// It is the task's: otherwise that would be over.
			if (isUnfinished(this.#thread, place)) {
				error ??= withoutStack(() => systemError(reason, this.#idOf(place), this.#detailsOf(place), why));
				told = this.#seal(slot, generation, error) || told;
			}
			calls.release(slot, generation);
		}
		return told;
	}

	#seal(slot: number, generation: number, error: Error): boolean {
		const store = this.#store;
		try {
			store.writeError(error, false);
		} catch {
			return false;
		}
		const status = this.#thread.calls.seal(slot, generation, store.flags, store.a, store.b, store.c, store.d);
		if (status !== STATUS_OK) store.discard();
		return status === STATUS_OK;
	}

	#detailsOf({ task, generation }: TaskPlace): TaskDetails {
		const state = this.#field(task, TASK_ENTRY_STATE);
		return {
			id: this.#idOf({ task, generation }),
			name: functionName(this.#thread, this.#store, task),
			attempt: this.#field(task, TASK_ENTRY_ATTEMPT),
			worker: isRunning(state & 0xff) ? (state >>> 8) - 1 : undefined,
		};
	}

	#idOf({ task, generation }: TaskPlace): string {
		return idOf(this.#engine, "t", task, generation);
	}

	#isParent(task: number): boolean {
		const flags = this.#thread.views.u32[(this.#thread.taskAt(task) + TASK_ENTRY_FLAGS) >> 2] as number;
		return (flags & TASK_FLAG_HAS_CHILDREN) !== 0;
	}

	#field(task: number, field: number): number {
		return Atomics.load(this.#thread.views.i32, (this.#thread.taskAt(task) + field) >> 2);
	}

	/** What a task that runs here was cancelled with. */
	errorOf(place: TaskPlace, reason: number, details: TaskDetails): Error {
		const { calls } = this.#thread;
		const [slot = 0] = resultsOf(this.#thread, place.task);
		const state = this.#thread.stateOf(slot);
		const generation = this.#thread.generationOf(slot);
		const told = (state & (STATE_PHASE_MASK | STATE_ERROR | STATE_SYSTEM)) === (PHASE_SEALED | STATE_ERROR);
		if (!told || calls.retain(slot, generation) !== STATUS_OK) return systemError(reason, details.id, details);
		try {
			return this.#store.errorIn(slot, generation) as Error;
		} finally {
			calls.release(slot, generation);
		}
	}
}
