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

/** What whoever cancels a task, or runs it, knows of it. */
export interface TaskDetails {
	readonly id: string;
	readonly name: string;
	/** The last one that was begun; 0: none was. */
	readonly attempt: number;
	/** Where it runs, if it does. */
	readonly worker: number | undefined;
}

/** What it was cancelled by: something of its settings, or of the task's with which it was cancelled. */
export interface Why {
	readonly ancestor?: TaskDetails | undefined;
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

export function systemError(reason: number, taskId: string, details?: TaskDetails, why: Why = {}): RayError {
	const which = details === undefined ? taskId : describeTask(details);
	switch (reason) {
		case REASON_CANCELLED: {
			const cause = why.signal && { cause: why.signal.reason };
			return new TaskCancelledError(`Task ${which} was cancelled${becauseOf(why)}.`, { taskId, ...cause });
		}
		case REASON_TIMEOUT:
			return new TaskTimeoutError(`Task ${which} ${lateness(why)}.`, { taskId });
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

function describeTask({ id, name, attempt, worker }: TaskDetails): string {
	if (worker !== undefined) return `${name} (${id}, attempt ${attempt}, worker ${worker})`;
	return `${name} (${id}, ${attempt === 0 ? "not started" : `after attempt ${attempt}`})`;
}

function becauseOf({ ancestor, signal }: Why): string {
	const aborted = signal === undefined ? "" : `${ancestor === undefined ? ": its" : ", whose"} signal was aborted`;
	return ancestor === undefined ? aborted : ` as a part of task ${ancestor.name} (${ancestor.id})${aborted}`;
}

function lateness({ ancestor, timeout }: Why): string {
	const limit = timeout === undefined ? "timeout" : `timeout of ${timeout} ms`;
	if (ancestor === undefined) return `was not done within its ${limit}`;
	return `was cancelled as a part of task ${ancestor.name} (${ancestor.id}), which was not done within its ${limit}`;
}
