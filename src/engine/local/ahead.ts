/**
 * Threads of an engine that is not loaded yet: a thread takes longer to start than all the rest, so that goes on meanwhile.
 */
import { RayError } from "../../errors.ts";
import { parallelism } from "../../platform/machine.ts";
import { openThread, type ThreadOptions, type WorkerThread } from "../../platform/threads.ts";
import type { RuntimeEnv } from "../../types.ts";
import type { InitSettings } from "../settings.ts";

/** Starting a thread takes this one two milliseconds, which the first tasks wait for. */
const MOST_AHEAD = 4;

export class ThreadsAhead {
	readonly #waiting: WorkerThread[] = [];

	/** As many as there will be workers, but one processor is left to this thread, which they wait for. */
	constructor({ numCpus, runtimeEnv }: InitSettings) {
		const count = Math.max(1, Math.min(Math.ceil(numCpus), parallelism() - 1, MOST_AHEAD));
		try {
			while (this.#waiting.length < count) this.#waiting.push(openWorkerThread(runtimeEnv));
		} catch (error) {
			this.close();
			throw error;
		}
	}

	get count(): number {
		return this.#waiting.length;
	}

	/** They compile what they will run while this thread makes what they will run on. */
	prepare(code: string): void {
		for (const thread of this.#waiting) thread.prepare(code);
	}

	/** One for a worker with the runtime's own environment. */
	take(): WorkerThread | undefined {
		return this.#waiting.shift();
	}

	/** Ends those that nobody has taken. */
	close(): void {
		for (const thread of this.#waiting.splice(0)) void thread.terminate();
	}
}

/** Starts the thread of a worker; what the host says of what it is started with names no option. */
export function openWorkerThread(environment: RuntimeEnv | undefined): WorkerThread {
	try {
		return openThread(threadOptions(environment));
	} catch (error) {
		const { message } = error as Error;
		const given = JSON.stringify(environment ?? {});
		throw new RayError(`A worker's thread cannot be started with runtimeEnv ${given}: ${message}`, { cause: error });
	}
}

function threadOptions(environment: RuntimeEnv | undefined): ThreadOptions {
	const { envVars, execArgv, resourceLimits } = environment ?? {};
	return {
		name: "wasmray worker",
		...(envVars && { env: envVars }),
		...(execArgv && { execArgv }),
		...(resourceLimits && { resourceLimits }),
	};
}
