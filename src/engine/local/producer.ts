/** Which task an object will be a result of, where only the object is known: a ref that came with a value names no task. */
import {
	TASK_ENTRY_GENERATION,
	TASK_ENTRY_RESULT,
	TASK_ENTRY_RESULTS,
	TASK_ENTRY_STATE,
	TASK_PHASE_ENDED,
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
	for (const place of tasks) if (hasResult(thread, place.task, slot) && isUnfinished(thread, place)) return place;
	return undefined;
}

function hasResult(thread: CoreThread, task: number, slot: number): boolean {
	const { u32 } = thread.views;
	const at = thread.taskAt(task);
	const result = Atomics.load(u32, (at + TASK_ENTRY_RESULT) >> 2);
	const count = Atomics.load(u32, (at + TASK_ENTRY_RESULTS) >> 2);
	if (count <= 1) return count === 1 && result === slot;
	// Of a task that has ended meanwhile this may be anything: it is only read.
	const end = Math.min((result >>> 2) + count, u32.length);
	for (let i = result >>> 2; i < end; i++) if (Atomics.load(u32, i) === slot) return true;
	return false;
}

function isUnfinished(thread: CoreThread, { task, generation }: TaskPlace): boolean {
	const { i32 } = thread.views;
	const at = thread.taskAt(task);
	const phase = Atomics.load(i32, (at + TASK_ENTRY_STATE) >> 2) & 0xff;
	if (phase === TASK_PHASE_VACANT || phase === TASK_PHASE_ENDED) return false;
	return Atomics.load(i32, (at + TASK_ENTRY_GENERATION) >> 2) === generation;
}
