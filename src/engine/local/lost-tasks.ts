/** Tasks whose worker ended while it ran them: each runs again, or fails with how the worker ended. */
import { TASK_ENTRY_ATTEMPT, TASK_ENTRY_RETRIES } from "../../core/layout.ts";
import { OutOfMemoryError, WorkerCrashedError } from "../../errors.ts";
import type { LocalEngine } from "./engine.ts";
import { idOf } from "./ids.ts";
import { functionName } from "./names.ts";
import type { Submissions } from "./submissions.ts";

export class LostTasks {
	readonly #engine: LocalEngine;
	readonly #submissions: Submissions;
	/** Tasks whose worker was ended on purpose, by index, with their generations: no retry. */
	readonly #forced = new Map<number, number>();
	/** Why the worker that is being recovered ended. */
	crash: { readonly workerId: number; readonly cause: unknown } | undefined;

	constructor(engine: LocalEngine, submissions: Submissions) {
		this.#engine = engine;
		this.#submissions = submissions;
	}

	/** The task's worker is ended on purpose. */
	force(task: number, generation: number): void {
		this.#forced.set(task, generation);
	}

	decide(task: number, generation: number, token: number, mayRetry: boolean): void {
		const { thread } = this.#engine;
		const at = thread.taskAt(task) >> 2;
		const retries = thread.views.i32[at + (TASK_ENTRY_RETRIES >> 2)] as number;
		const attempt = thread.views.u32[at + (TASK_ENTRY_ATTEMPT >> 2)] as number;
		const forced = this.#forced.get(task) === generation;
		if (forced) this.#forced.delete(task);
		if (retries !== 0 && mayRetry && !forced) {
			this.#submissions.retryLater(task, generation, this.#submissions.settingsOf(token), attempt);
			return;
		}
		const error = this.#errorOf(task, generation, attempt);
		// Where in here it was found out tells nobody anything.
		error.stack = `${error.name}: ${error.message}`;
		this.#submissions.fail(task, generation, error);
	}

	#errorOf(task: number, generation: number, attempt: number): Error {
		const { workerId = -1, cause } = this.crash ?? {};
		const { thread, store, id } = this.#engine;
		const name = functionName(thread, store, task);
		const taskId = idOf(id, "t", task, generation);
		const what = `Worker ${workerId} ended while it ran task ${name} (${taskId}, attempt ${attempt}): ${describeCause(cause)}`;
		if ((cause as { code?: unknown } | undefined)?.code === "ERR_WORKER_OUT_OF_MEMORY") {
			return new OutOfMemoryError(`${what} Keep less alive in the task, or raise runtimeEnv.resourceLimits.`, {
				cause,
			});
		}
		return new WorkerCrashedError(what, { workerId, ...(cause instanceof Error && { cause }) });
	}
}

/** Why a worker ended, as a sentence. */
export function describeCause(cause: unknown): string {
	const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause ?? "the reason is not known");
	return /[.!?]$/.test(what) ? what : `${what}.`;
}
