/** What the core's tables show. Others change them meanwhile: each entry is as it was at some moment. */
import {
	OBJECT_ENTRY_PINS,
	OBJECT_ENTRY_VALUE,
	OBJECT_ENTRY_WORD,
	PHASE_PENDING,
	PHASE_SEALED,
	PHASE_SPILLED,
	PLACE_ROOT,
	ROOT_OBJECT_FRESH,
	ROOT_TASK_FRESH,
	STATE_ERROR,
	STATE_INLINE,
	STATE_LENGTH_SHIFT,
	STATE_PHASE_MASK,
	STATS_CAPACITY,
	STATS_GRANULES,
	STATS_OBJECTS,
	STATS_PENDING,
	TASK_ENTRY_GENERATION,
	TASK_ENTRY_STATE,
	TASK_PHASE_ENDED,
	TASK_PHASE_VACANT,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { ObjectState, StoreStats } from "../../types.ts";
import { idOf } from "./ids.ts";
import type { TaskPlace } from "./producer.ts";

const GRANULE = 64;

export interface ObjectPlace {
	readonly slot: number;
	readonly generation: number;
	readonly state: ObjectState;
}

/** Every unfinished task. */
export function unfinishedTasks(thread: CoreThread): TaskPlace[] {
	const { i32 } = thread.views;
	const found: TaskPlace[] = [];
	const end = Atomics.load(i32, (PLACE_ROOT + ROOT_TASK_FRESH) >> 2);
	for (let task = 1; task < end; task++) {
		const at = thread.taskAt(task) >> 2;
		const phase = Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff;
		if (phase === TASK_PHASE_VACANT || phase === TASK_PHASE_ENDED) continue;
		found.push({ task, generation: Atomics.load(i32, at + (TASK_ENTRY_GENERATION >> 2)) });
	}
	return found;
}

/** Every object that somebody holds. `engine`: what ids begin with. */
export function objectEntries(thread: CoreThread, engine: string): ObjectPlace[] {
	const { i32 } = thread.views;
	const found: ObjectPlace[] = [];
	const end = Atomics.load(i32, (PLACE_ROOT + ROOT_OBJECT_FRESH) >> 2);
	for (let slot = 1; slot < end; slot++) {
		const word = (thread.objectAt(slot) + OBJECT_ENTRY_WORD) >> 2;
		const references = Atomics.load(i32, word);
		const generation = Atomics.load(i32, word + 1);
		const state = nameOfState(thread.stateOf(slot));
		if (references === 0 || state === undefined) continue;
		const pinned = (thread.views.u32[(thread.objectAt(slot) + OBJECT_ENTRY_PINS) >> 2] as number) > 0;
		const objectId = idOf(engine, "o", slot, generation);
		found.push({ slot, generation, state: { objectId, state, size: sizeOf(thread, slot), references, pinned } });
	}
	return found;
}

function nameOfState(state: number): ObjectState["state"] | undefined {
	switch (state & STATE_PHASE_MASK) {
		case PHASE_PENDING:
			return "PENDING";
		case PHASE_SEALED:
			return state & STATE_ERROR ? "ERROR" : "READY";
		case PHASE_SPILLED:
			return state & STATE_ERROR ? "ERROR" : "SPILLED";
		default:
			return undefined;
	}
}

function sizeOf(thread: CoreThread, slot: number): number {
	const state = thread.stateOf(slot);
	if ((state & STATE_PHASE_MASK) === PHASE_PENDING) return 0;
	if (state & STATE_INLINE) return (state >> STATE_LENGTH_SHIFT) & 31;
	return thread.views.u32[((thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2) + 1] as number;
}

/** How many tasks are unfinished. */
export function pendingTasks(thread: CoreThread): number {
	thread.calls.stats();
	return stat(thread, STATS_PENDING);
}

export function storeStats(thread: CoreThread, objects: readonly ObjectPlace[]): StoreStats {
	thread.calls.stats();
	return {
		capacity: stat(thread, STATS_CAPACITY),
		used: stat(thread, STATS_GRANULES) * GRANULE,
		pinned: objects.reduce((sum, { state }) => sum + (state.pinned ? state.size : 0), 0),
		spilled: 0,
		objects: stat(thread, STATS_OBJECTS),
		evictions: 0,
		hits: 0,
		misses: 0,
	};
}

function stat(thread: CoreThread, field: number): number {
	return thread.views.u32[thread.scratch + (field >> 2)] as number;
}
