// A worker's work: take a task, say that it is started, run it, end it; ending it gives the next.
//
//   park ─▶ a task ─▶ started := 1 ─▶ run ─▶ finish ─▶ the next task; none: the worker is parked, and rests
//    ▲                                 └─▶ goes on later (asynchronous): a turn of the event loop ─┐
//    └─────────────────────────────────────────────────────────────────────────────────────────────┘
//
// An asynchronous task mostly ends, or waits, before the event loop's next turn. Ended, it gives the next task like any
// other. Waiting, it gives its CPU back, and workers that have nothing to do are there before this one takes more.
//
// `started` is set before any code of the task runs: from then on the death of the thread costs an attempt. When an
// asynchronous task is over it is ended between two others. That gives a next task as well, so one that is in hand already
// is put back first: a worker never keeps a task waiting that another could run.
//
// A task costs two steps here, in one generator: 50 ns more than plain calls would.
import {
	PARKED_BUSY,
	PARKED_IDLE,
	STATUS_NOT_ATTACHED,
	STATUS_POISONED,
	TASK_ENTRY_STARTED,
} from "../../../core/layout.ts";
import { isProtocol, type Own } from "./own.ts";
import { type ParkHost, rest } from "./park.ts";
import type { Protocol, Step, Steps } from "./steps.ts";

export interface WorkHost extends ParkHost {
	/**
	 * Runs the code of a task and answers with the step that ends it: `finish`, `finishMany` or `ask`. Undefined: it goes on
	 * asynchronously. A protocol in turn only where its steps are to be interleaved.
	 */
	run(task: number, generation: number): Step | Protocol<Step | undefined> | undefined;
	/** The step that ends the next asynchronous task that is over, if any. */
	ending(): Step | undefined;
	/** The core refused the last ending: another for the same task. */
	refused(status: number): Step;
	/** Asked after each task: whether the inbox, what is over, or the event loop shall have its turn before the next. */
	isDue(): boolean;
}

/** Works until the thread is ended: the status that says so. */
export function* work(steps: Steps, own: Own, host: WorkHost): Protocol<number> {
	let task = yield steps.park(host.busy);
	let generation = own.taskGeneration;
	while (task >= 0) {
		if (task > 0) {
			yield steps.write(own.taskAt(task) + TASK_ENTRY_STARTED, 1);
			const ran = host.run(task, generation);
			const ending = (isProtocol(ran) ? yield* ran : ran) ?? (yield* endingSoon(steps, host));
			own.parks = host.busy ? PARKED_BUSY : PARKED_IDLE;
			task = yield ending ?? steps.park(host.busy);
			if (isRefused(task)) task = yield host.refused(task);
			generation = own.taskGeneration;
			if (!host.isDue()) continue;
			host.parked = task === 0;
			const status = yield* look(steps, host);
			if (status < 0) return status;
		}
		for (let ending = host.ending(); task >= 0 && ending !== undefined; ending = host.ending()) {
			if (task > 0) yield steps.untake(task, generation);
			own.parks = host.busy ? PARKED_BUSY : PARKED_IDLE;
			task = yield ending;
			if (isRefused(task)) task = yield host.refused(task);
			generation = own.taskGeneration;
		}
		if (task !== 0) continue;
		const status = yield* rest(steps, own, host);
		task = status < 0 ? status : yield steps.park(host.busy);
		generation = own.taskGeneration;
	}
	return task;
}

/** The ending was at fault, not the thread. */
function isRefused(status: number): boolean {
	return status < 0 && status !== STATUS_NOT_ATTACHED && status !== STATUS_POISONED;
}

/** A task goes on asynchronously; the ending of the first such task that is over in a moment. */
function* endingSoon(steps: Steps, host: WorkHost): Protocol<Step | undefined> {
	yield steps.pause();
	const ending = host.ending();
	if (ending !== undefined) return ending;
	yield steps.turn();
	return host.ending();
}

function* look(steps: Steps, host: WorkHost): Protocol<number> {
	const count = yield steps.drain();
	if (count > 0) {
		const acting = host.dispatch(count);
		if (isProtocol(acting)) yield* acting;
	}
	if (count >= 0) yield steps.pause();
	return count;
}
