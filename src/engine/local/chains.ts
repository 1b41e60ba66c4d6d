/**
 * What an object waits for: the task whose result it is, what that task's arguments wait for, and so on. Only what the core's
 * tables say; what code awaits is its own. Other threads change the tables meanwhile: an entry that changes while it is looked
 * at is passed over.
 */
import {
	PHASE_PENDING,
	PLACE_ROOT,
	ROOT_OBJECT_MAX,
	STATE_PHASE_MASK,
	TASK_ENTRY_ARGS,
	TASK_ENTRY_ARGS_SIZE,
	TASK_ENTRY_DEPENDENCIES,
	TASK_ENTRY_GENERATION,
	TASK_ENTRY_RESULT,
	TASK_ENTRY_RESULTS,
	TASK_ENTRY_STATE,
	TASK_PHASE_WAITING,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";

export interface TaskName {
	readonly task: number;
	readonly generation: number;
}

/** The first wanted task without which one of the objects cannot be sealed. */
export function findBehind<T extends TaskName>(
	thread: CoreThread,
	unfinished: Iterable<TaskName>,
	objects: Iterable<{ readonly slot: number }>,
	wanted: ReadonlyMap<number, T>,
): T | undefined {
	const producers = new Map<number, number>();
	const needs = new Map<number, Uint32Array>();
	for (const { task, generation } of unfinished) {
		const results = resultsOf(thread, task);
		const waitsFor = dependenciesOf(thread, task);
		if (Atomics.load(thread.views.i32, (thread.taskAt(task) + TASK_ENTRY_GENERATION) >> 2) !== generation) continue;
		for (const slot of results) producers.set(slot, task);
		needs.set(task, waitsFor);
	}
	const open = Array.from(objects, ({ slot }) => slot);
	const seen = new Set<number>(open);
	for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
		if ((thread.stateOf(slot) & STATE_PHASE_MASK) !== PHASE_PENDING) continue;
		const task = producers.get(slot);
		if (task === undefined) continue;
		const found = wanted.get(task);
		if (found !== undefined) return found;
		for (const next of needs.get(task) as Uint32Array) {
			if (!seen.has(next)) open.push(next);
			seen.add(next);
		}
	}
	return undefined;
}

function resultsOf(thread: CoreThread, task: number): Uint32Array {
	const { u32 } = thread.views;
	const at = thread.taskAt(task) >> 2;
	const count = u32[at + (TASK_ENTRY_RESULTS >> 2)] as number;
	const first = at + (TASK_ENTRY_RESULT >> 2);
	return slots(thread, count === 1 ? first : (u32[first] as number) >>> 2, count, 1);
}

/** None, if it does not wait any more. */
function dependenciesOf(thread: CoreThread, task: number): Uint32Array {
	const { i32, u32 } = thread.views;
	const at = thread.taskAt(task) >> 2;
	const waits = (Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff) === TASK_PHASE_WAITING;
	const count = waits ? (u32[at + (TASK_ENTRY_DEPENDENCIES >> 2)] as number) : 0;
	const end = (u32[at + (TASK_ENTRY_ARGS >> 2)] as number) + (u32[at + (TASK_ENTRY_ARGS_SIZE >> 2)] as number);
	return slots(thread, ((end + 7) & ~7) >>> 2, count, 2);
}

/** Numbers that may be slots: if the task ends meanwhile, its blocks hold anything. */
function slots({ views: { u32 } }: CoreThread, first: number, count: number, step: number): Uint32Array {
	const most = u32[(PLACE_ROOT + ROOT_OBJECT_MAX) >> 2] as number;
	const found = new Uint32Array(Math.min(count, most));
	for (let i = 0; i < found.length; i++) found[i] = u32[first + i * step] as number;
	return found.filter((slot) => slot > 0 && slot < most);
}
