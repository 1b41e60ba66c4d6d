/**
 * The driver's workers: starting them, hearing of their ends, ending them. A worker is ended through the gate (`end`, then
 * terminate), and recovered when its thread has stopped.
 */

import {
	GATE_EPOCH_SHIFT,
	STATUS_BUSY,
	STATUS_OK,
	THREAD_FLAG_MAY_BLOCK,
	THREAD_FLAG_WORKER,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { startWorker, type WorkerThread } from "../../platform/threads.ts";
import type { RuntimeEnv } from "../../types.ts";
import { type ForceMessage, UP } from "./board.ts";
import type { Logs } from "./logs.ts";
import { throwStatus } from "./status.ts";
import { workerCode } from "./worker-code.generated.ts";

export interface Worker {
	/** The number of its thread's slot: its id for users too. */
	readonly index: number;
	readonly epoch: number;
	readonly kind: number;
	readonly thread: WorkerThread;
	readonly exited: Promise<void>;
	/** It has run its loop: starting it works. */
	up: boolean;
	/** What ended it, as far as that is known. */
	cause: unknown;
	/** We ended it. */
	ending: boolean;
}

export interface WorkersOptions {
	/** What each worker is given besides its place. */
	readonly data: Readonly<Record<string, unknown>>;
	readonly onUp: (worker: Worker) => void;
	/** A worker wants another one ended, with the task that it runs. */
	readonly onForce: (task: number, generation: number) => void;
	/** The thread has stopped, its slot is not recovered yet. */
	readonly onStopped: (worker: Worker) => void;
	readonly logs: Logs;
}

export class Workers {
	readonly #thread: CoreThread;
	readonly #options: WorkersOptions;
	readonly #byIndex = new Map<number, Worker>();

	constructor(thread: CoreThread, options: WorkersOptions) {
		this.#thread = thread;
		this.#options = options;
	}

	get all(): Worker[] {
		return [...this.#byIndex.values()];
	}

	countOf(kind: number): number {
		let count = 0;
		for (const worker of this.#byIndex.values()) if (worker.kind === kind && !worker.ending) count++;
		return count;
	}

	at(index: number): Worker | undefined {
		return this.#byIndex.get(index);
	}

	start(kind: number, environment: RuntimeEnv | undefined): Worker {
		const { calls, views } = this.#thread;
		const index = calls.reserve(kind, THREAD_FLAG_MAY_BLOCK | THREAD_FLAG_WORKER);
		if (index < 0) throwStatus(index, "a worker thread");
		const gate = (views.threadTable + index * THREAD_SIZE + THREAD_GATE) >> 2;
		const epoch = Atomics.load(views.i32, gate) >>> GATE_EPOCH_SHIFT;
		const logPort = this.#options.logs.open(index);
		let thread: WorkerThread;
		try {
			thread = startWorker({
				code: workerCode,
				name: `wasmray worker ${index}`,
				workerData: { ...this.#options.data, index, epoch, kind, environment, logPort },
				...(logPort && { transferList: [logPort] }),
				...(environment?.envVars && { env: environment.envVars }),
				...(environment?.execArgv && { execArgv: environment.execArgv }),
				...(environment?.resourceLimits && { resourceLimits: environment.resourceLimits }),
			});
		} catch (error) {
			this.#options.logs.end(index);
			calls.end(index, epoch);
			calls.recover(index, epoch);
			throw error;
		}
		let stopped = () => {};
		const exited = new Promise<void>((resolve) => {
			stopped = resolve;
		});
		const worker: Worker = { index, epoch, kind, thread, exited, up: false, cause: undefined, ending: false };
		this.#byIndex.set(index, worker);
		thread.onMessage((message) => {
			if (message === UP) {
				worker.up = true;
				this.#options.onUp(worker);
			} else if (Array.isArray(message)) {
				const [task, generation] = message as readonly unknown[] as ForceMessage;
				this.#options.onForce(task, generation);
			}
		});
		thread.onError((error) => {
			worker.cause ??= error;
		});
		thread.onExit((code) => {
			worker.cause ??= `its thread exited with code ${code}`;
			this.#byIndex.delete(index);
			this.#options.onStopped(worker);
			stopped();
		});
		return worker;
	}

	/** Ends a worker at a moment when it is outside of the core. */
	async end(worker: Worker, cause: string): Promise<void> {
		if (!worker.ending) {
			worker.ending = true;
			worker.cause = cause;
			await this.#closeGate(worker);
			await worker.thread.terminate();
		}
		await worker.exited;
	}

	/** The same, without waiting: the gate is closed when this returns, but for a thread that is stuck inside. */
	endNow(worker: Worker): void {
		worker.ending = true;
		worker.cause ??= "the runtime was shut down";
		for (let tries = 0; tries < 1000 && this.#thread.calls.end(worker.index, worker.epoch) === STATUS_BUSY; tries++);
		void worker.thread.terminate();
	}

	async #closeGate(worker: Worker): Promise<void> {
		while (this.#thread.calls.end(worker.index, worker.epoch) === STATUS_BUSY) {
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	/** Gives back what a stopped worker owned. False: it was lost inside the core, and the memory is poisoned. */
	recover(worker: Worker): boolean {
		const { calls } = this.#thread;
		const ended = calls.end(worker.index, worker.epoch);
		if (ended === STATUS_BUSY) {
			calls.poison();
			return false;
		}
		return ended === STATUS_OK && calls.recover(worker.index, worker.epoch) === STATUS_OK;
	}
}
