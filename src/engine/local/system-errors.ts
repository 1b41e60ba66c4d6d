/** The errors that the core itself seals objects with: a reason and the task. Who knows more of the task says so. */
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
import type { TaskPlace } from "./producer.ts";

/** What whoever cancels a task, or runs it, knows of it. */
export interface TaskDetails {
	readonly name: string;
	/** The last one that was begun; 0: none was. */
	readonly attempt: number;
	/** Where it runs, if it does. */
	readonly worker: number | undefined;
}

/** Of its settings, what it was cancelled by. */
export interface Why {
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

export function systemError(
	reason: number,
	engine: string,
	{ task, generation }: TaskPlace,
	details?: TaskDetails,
	why: Why = {},
): RayError {
	const taskId = idOf(engine, "t", task, generation);
	const which = details === undefined ? taskId : describeTask(taskId, details);
	switch (reason) {
		case REASON_CANCELLED:
			if (why.signal === undefined) return new TaskCancelledError(`Task ${which} was cancelled.`, { taskId });
			return withoutPlace(
				new TaskCancelledError(`Task ${which} was cancelled: its signal was aborted.`, {
					taskId,
					cause: why.signal.reason,
				}),
			);
		case REASON_TIMEOUT: {
			const timeout = why.timeout === undefined ? "" : ` of ${why.timeout} ms`;
			return withoutPlace(new TaskTimeoutError(`Task ${which} was not done within its timeout${timeout}.`, { taskId }));
		}
		case REASON_FREED:
			return new ObjectFreedError("The object was deleted by free() before it had a value.");
		case REASON_CRASHED:
			return new WorkerCrashedError(`The worker that ran task ${which} ended.`);
		case REASON_SHUTDOWN:
			return new RuntimeShutdownError(`The runtime was shut down before task ${which} was done.`);
		case REASON_FULL:
			return new ObjectStoreFullError(
				`The object store has no room for what task ${which} came to, nor for an error that says more. Give up refs, free() objects, or raise objectStoreMemory.`,
			);
		default:
			return new RayError(`Task ${which} failed (reason ${reason}).`);
	}
}

function describeTask(id: string, { name, attempt, worker }: TaskDetails): string {
	if (worker !== undefined) return `${name} (${id}, attempt ${attempt}, worker ${worker})`;
	return `${name} (${id}, ${attempt === 0 ? "not started" : `after attempt ${attempt}`})`;
}

/** Where in here it was found out tells nobody anything. */
export function withoutPlace<E extends Error>(error: E): E {
	error.stack = `${error.name}: ${error.message}`;
	return error;
}
