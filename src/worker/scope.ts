/**
 * Which task runs. Synchronous code is told by a variable; for asynchronous tasks an AsyncLocalStorage carries it past each
 * await. It costs every await, so it is entered only for functions that have shown themselves asynchronous.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { RunningTask } from "./running.ts";

const carried = new AsyncLocalStorage<RunningTask>();
let current: RunningTask | undefined;

export function currentTask(): RunningTask | undefined {
	return current ?? carried.getStore();
}

/** No task goes on that is carried: awaits need cost nothing until the next is. */
export function carryNothing(): void {
	carried.disable();
}

/** Calls `run` as the task. `carries`: also what it awaits. */
export function runAs<R>(task: RunningTask, carries: boolean, run: () => R): R {
	const before = current;
	current = task;
	try {
		return carries ? carried.run(task, run) : run();
	} finally {
		current = before;
	}
}
