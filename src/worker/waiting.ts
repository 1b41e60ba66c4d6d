/** Who blocks already, for the error of a task that may not. */
import {
	STATE_BLOCKS,
	TASK_ENTRY_CODE,
	TASK_ENTRY_PARENT,
	TASK_ENTRY_STATE,
	TASK_PHASE_RESUMING,
	TASK_PHASE_SUSPENDED,
} from "../core/layout.ts";
import type { CoreThread } from "../core/thread.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { idOf } from "../engine/local/ids.ts";
import { functionName } from "../engine/local/names.ts";
import type { TaskPlace } from "../engine/local/producer.ts";

const MOST_NAMED = 8;

/** The tasks that wait, of functions known to block: first who submitted this one, who submitted that, and so on. */
export function nameBlocked(engine: LocalEngine, task: number): string {
	const { thread, store, id } = engine;
	const blocked = new Map<number, TaskPlace>();
	for (const place of engine.unfinishedTasks()) if (isBlocked(thread, place.task)) blocked.set(place.task, place);
	const ordered = new Set<TaskPlace>();
	// Numbers are used again, so what is read of parents that have ended may lead in a circle.
	for (let at = task, steps = blocked.size; at !== 0 && steps >= 0; steps--) {
		const place = blocked.get(at);
		if (place !== undefined) ordered.add(place);
		at = thread.views.u32[(thread.taskAt(at) + TASK_ENTRY_PARENT) >> 2] as number;
	}
	for (const place of blocked.values()) ordered.add(place);
	const named = [...ordered]
		.slice(0, MOST_NAMED)
		.map(({ task, generation }) => `${functionName(thread, store, task)} (${idOf(id, "t", task, generation)})`);
	const more = ordered.size - named.length;
	return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

function isBlocked(thread: CoreThread, task: number): boolean {
	const { i32, u32 } = thread.views;
	const at = thread.taskAt(task) >> 2;
	const phase = Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff;
	if (phase !== TASK_PHASE_SUSPENDED && phase !== TASK_PHASE_RESUMING) return false;
	return (thread.stateOf(u32[at + (TASK_ENTRY_CODE >> 2)] as number) & STATE_BLOCKS) !== 0;
}
