/**
 * Ready tasks of functions that block, and no thread for them: all threads have suspended tasks, and no more are started. As
 * a rule some task ends and its thread is free again. But the suspended ones may be waiting for just those tasks. So if
 * nothing changes for a while, the next of them fails, and if that does not help, one after the other.
 */
import { PLACE_KINDS, WORKER_KIND_SHORT, WORKER_KIND_SIZE } from "../../core/layout.ts";
import type { Deadline } from "./deadlines.ts";
import type { LocalEngine } from "./engine.ts";
import type { Substitutes } from "./substitutes.ts";

/** Milliseconds before the first fails, and before the next. */
const PATIENCE = 5000;
const AGAIN = 100;

export class Shortage {
	readonly #substitutes: Substitutes;
	readonly #due = new Map<number, Deadline>();
	/** When the last task of a kind was refused. */
	readonly #refused = new Map<number, number>();

	constructor(substitutes: Substitutes) {
		this.#substitutes = substitutes;
	}

	/**
	 * A worker wants another thread for this kind, and none is started. Told anew when a thread without suspended tasks has
	 * looked for work in between, so the time begins again.
	 */
	note(kind: number, engine: LocalEngine, threads: number): void {
		const before = this.#due.get(kind);
		if (before !== undefined) engine.deadlines.cancel(before);
		const refused = this.#refused.get(kind) ?? Number.NEGATIVE_INFINITY;
		const wait = performance.now() - refused < PATIENCE ? AGAIN : PATIENCE;
		this.#due.set(
			kind,
			engine.deadlines.after(wait, () => this.#refuse(kind, engine, threads)),
		);
	}

	#refuse(kind: number, engine: LocalEngine, threads: number): void {
		this.#due.delete(kind);
		const short = (PLACE_KINDS + kind * WORKER_KIND_SIZE + WORKER_KIND_SHORT) >> 2;
		if (Atomics.load(engine.thread.views.i32, short) === 0) return;
		const why =
			`Its function blocks its thread by getSync(), all ${threads} threads have tasks that wait, perhaps for this one, ` +
			"and no more are started. Await get() instead: that blocks none.";
		if (this.#substitutes.refuseBlocking(kind, engine, why)) this.#refused.set(kind, performance.now());
	}
}
