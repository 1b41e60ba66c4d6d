/** The errors that the core itself seals objects with: a reason and the task. */
import {
	REASON_CANCELLED,
	REASON_CRASHED,
	REASON_FREED,
	REASON_FULL,
	REASON_SHUTDOWN,
	REASON_TIMEOUT,
} from "../../core/layout.ts";
import {
	ObjectFreedError,
	ObjectStoreFullError,
	RayError,
	RuntimeShutdownError,
	TaskCancelledError,
	TaskTimeoutError,
	WorkerCrashedError,
} from "../../errors.ts";
import { idOf } from "./ids.ts";

export function systemError(reason: number, engine: string, task: number, generation: number): RayError {
	const taskId = idOf(engine, "t", task, generation);
	switch (reason) {
		case REASON_CANCELLED:
			return new TaskCancelledError(`Task ${taskId} was cancelled.`, { taskId });
		case REASON_TIMEOUT:
			return new TaskTimeoutError(`Task ${taskId} was not done within its timeout.`, { taskId });
		case REASON_FREED:
			return new ObjectFreedError("The object was deleted by free() before it had a value.");
		case REASON_CRASHED:
			return new WorkerCrashedError(`The worker that ran task ${taskId} ended.`);
		case REASON_SHUTDOWN:
			return new RuntimeShutdownError(`The runtime was shut down before task ${taskId} was done.`);
		case REASON_FULL:
			return new ObjectStoreFullError(
				`The object store has no room for what task ${taskId} came to, nor for an error that says more. Give up refs, free() objects, or raise objectStoreMemory.`,
			);
		default:
			return new RayError(`Task ${taskId} failed (reason ${reason}).`);
	}
}
