/**
 * What an object waits for: the task whose result it is, what that task's arguments wait for, and so on. Only what the core's
 * tables say; what code awaits is its own.
 */
import {
	PHASE_PENDING,
	PLACE_ROOT,
	ROOT_OBJECT_MAX,
	STATE_PHASE_MASK,
	TASK_ENTRY_ARGS,
	TASK_ENTRY_ARGS_SIZE,
	TASK_ENTRY_DEPENDENCIES,
	TASK_ENTRY_STATE,
	TASK_PHASE_WAITING,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { isUnfinished, resultsOf, type TaskPlace } from "./producer.ts";

/** The first of the wanted tasks, by number, without which one of the objects cannot be sealed. */
export function findBehind<T>(
	thread: CoreThread,
	tasks: Iterable<TaskPlace>,
	objects: Iterable<{ readonly slot: number }>,
	wanted: ReadonlyMap<number, T>,
): T | undefined {
	const producers = new Map<number, number>();
	const needs = new Map<number, readonly number[]>();
	for (const place of tasks) {
		const results = resultsOf(thread, place.task);
		const waitsFor = dependenciesOf(thread, place.task);
		if (!isUnfinished(thread, place)) continue;
		for (const slot of results) producers.set(slot, place.task);
		needs.set(place.task, waitsFor);
	}
	const open = Array.from(objects, ({ slot }) => slot);
	const seen = new Set(open);
	for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
		const task = producers.get(slot);
		if (task === undefined || (thread.stateOf(slot) & STATE_PHASE_MASK) !== PHASE_PENDING) continue;
		const found = wanted.get(task);
		if (found !== undefined) return found;
		for (const next of needs.get(task) ?? []) {
			if (!seen.has(next)) open.push(next);
			seen.add(next);
		}
	}
	return undefined;
}

/** The slots of the arguments that a task waits for, if it does. Of one that has begun meanwhile they may be anything. */
function dependenciesOf(thread: CoreThread, task: number): number[] {
	const { i32, u32 } = thread.views;
	const at = thread.taskAt(task) >> 2;
	if ((Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff) !== TASK_PHASE_WAITING) return [];
	const most = u32[(PLACE_ROOT + ROOT_OBJECT_MAX) >> 2] as number;
	const count = Math.min(most, u32[at + (TASK_ENTRY_DEPENDENCIES >> 2)] as number);
	const end = (u32[at + (TASK_ENTRY_ARGS >> 2)] as number) + (u32[at + (TASK_ENTRY_ARGS_SIZE >> 2)] as number);
	const first = ((end + 7) & ~7) >>> 2;
	return Array.from({ length: count }, (_, i) => u32[first + 2 * i] as number).filter((slot) => slot < most);
}
