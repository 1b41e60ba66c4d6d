/** Which task an object will be a result of, where only the object is known: a ref that came with a value names no task. */
import {
	TASK_ENTRY_GENERATION,
	TASK_ENTRY_RESULT,
	TASK_ENTRY_RESULTS,
	TASK_ENTRY_STATE,
	TASK_PHASE_ENDED,
	TASK_PHASE_RESUMING,
	TASK_PHASE_RUNNING,
	TASK_PHASE_SUSPENDED,
	TASK_PHASE_VACANT,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";

export interface TaskPlace {
	readonly task: number;
	readonly generation: number;
}

/**
 * The unfinished task with that result or stream, of which this thread holds a handle. All tasks are looked at, while others
 * begin and end them: what was read of one counts if it is unfinished and of the same generation afterwards.
 */
export function producerOf(thread: CoreThread, slot: number, tasks: Iterable<TaskPlace>): TaskPlace | undefined {
	for (const place of tasks) {
		if (resultsOf(thread, place.task).includes(slot) && isUnfinished(thread, place)) return place;
	}
	return undefined;
}

/** The slots of a task's results. Of one that has ended meanwhile they may be anything: they are only looked for. */
export function resultsOf(thread: CoreThread, task: number): Uint32Array {
	const { u32 } = thread.views;
	const first = (thread.taskAt(task) + TASK_ENTRY_RESULT) >> 2;
	const count = Atomics.load(u32, (thread.taskAt(task) + TASK_ENTRY_RESULTS) >> 2);
	const at = count === 1 ? first : Atomics.load(u32, first) >>> 2;
	return u32.slice(at, at + count);
}

/** Whether a task in this phase has a worker. */
export function isRunning(phase: number): boolean {
	return phase === TASK_PHASE_RUNNING || phase === TASK_PHASE_SUSPENDED || phase === TASK_PHASE_RESUMING;
}

export function isUnfinished(thread: CoreThread, { task, generation }: TaskPlace): boolean {
	const { i32 } = thread.views;
	const at = thread.taskAt(task);
	const phase = Atomics.load(i32, (at + TASK_ENTRY_STATE) >> 2) & 0xff;
	if (phase === TASK_PHASE_VACANT || phase === TASK_PHASE_ENDED) return false;
	return Atomics.load(i32, (at + TASK_ENTRY_GENERATION) >> 2) === generation;
}
