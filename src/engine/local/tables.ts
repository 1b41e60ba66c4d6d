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
	TASK_ENTRY_PARENT,
	TASK_ENTRY_PARENT_GENERATION,
	TASK_ENTRY_STATE,
	TASK_PHASE_ENDED,
	TASK_PHASE_RESUMING,
	TASK_PHASE_RUNNING,
	TASK_PHASE_SUSPENDED,
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
	return tasksBut(thread, OVER);
}

/** Those that have not been begun, or are to be begun again. */
export function queuedTasks(thread: CoreThread): TaskPlace[] {
	return tasksBut(thread, OVER_OR_BEGUN);
}

const OVER = (1 << TASK_PHASE_VACANT) | (1 << TASK_PHASE_ENDED);
const OVER_OR_BEGUN = OVER | (1 << TASK_PHASE_RUNNING) | (1 << TASK_PHASE_SUSPENDED) | (1 << TASK_PHASE_RESUMING);

/** Those in none of these phases. */
function tasksBut(thread: CoreThread, phases: number): TaskPlace[] {
	const { i32 } = thread.views;
	const found: TaskPlace[] = [];
	const end = Atomics.load(i32, (PLACE_ROOT + ROOT_TASK_FRESH) >> 2);
	for (let task = 1; task < end; task++) {
		const at = thread.taskAt(task) >> 2;
		const phase = Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff;
		if (phases & (1 << phase)) continue;
		found.push({ task, generation: Atomics.load(i32, at + (TASK_ENTRY_GENERATION >> 2)) });
	}
	return found;
}

/** The unfinished tasks that others have submitted, which may be over, and what those have submitted, and so on. */
export function descendants(thread: CoreThread, ancestors: readonly TaskPlace[]): TaskPlace[] {
	const { u32 } = thread.views;
	const children = new Map<number, TaskPlace[]>();
	for (const place of unfinishedTasks(thread)) {
		const at = thread.taskAt(place.task) >> 2;
		const task = u32[at + (TASK_ENTRY_PARENT >> 2)] as number;
		if (task === 0) continue;
		const parent = numberOf({ task, generation: u32[at + (TASK_ENTRY_PARENT_GENERATION >> 2)] as number });
		const others = children.get(parent);
		if (others === undefined) children.set(parent, [place]);
		else others.push(place);
	}
	const found = new Map<number, TaskPlace>();
	const parents = [...ancestors];
	for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
		const key = numberOf(parent);
		for (const child of children.get(key) ?? []) {
			found.set(numberOf(child), child);
			parents.push(child);
		}
		children.delete(key);
	}
	return [...found.values()];
}

/** One number for a task: generations stay below 2³¹, and there are fewer than 2²² tasks. */
function numberOf({ task, generation }: TaskPlace): number {
	return task * 2 ** 31 + generation;
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
