/**
 * The driver's workers: starting them, hearing of their ends, ending them. A worker is ended through the gate (`end`, then
 * terminate), and recovered when its thread has stopped. What tells of that:
 *
 *   exit event of the thread      the driver's event loop hears it; with it comes what nobody caught
 *   the board                     the service thread has seen the thread's port close: for a driver that is blocked
 *
 * Both mean that its code runs no more. What it says itself in its exit handlers means less: others may still run after them.
 */

import {
	GATE_EPOCH_SHIFT,
	STATUS_BUSY,
	STATUS_OK,
	STATUS_TABLE_FULL,
	THREAD_FLAG_MAY_BLOCK,
	THREAD_FLAG_WORKER,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { RayError } from "../../errors.ts";
import { type MessagePort, openChannel, takeMessage } from "../../platform/channel.ts";
import { type CompiledProgram, compileProgram, type WorkerThread } from "../../platform/threads.ts";
import type { RuntimeEnv } from "../../types.ts";
import { openWorkerThread, type ThreadsAhead } from "./ahead.ts";
import type { Board, ErrorText, WorkerMessage } from "./board.ts";
import type { Logs } from "./logs.ts";
import type { TaskPlace } from "./producer.ts";
import type { Service } from "./service.ts";
import { throwStatus } from "./status.ts";
import { workerCode } from "./worker-code.generated.ts";

let compiled: CompiledProgram | undefined;

function workerProgram(): CompiledProgram {
	compiled ??= compileProgram(workerCode);
	return compiled;
}

export interface Worker {
	/** The number of its thread's slot: its id for users too. */
	readonly index: number;
	readonly epoch: number;
	readonly kind: number;
	readonly thread: WorkerThread;
	/** What it tells the driver comes here. */
	readonly port: MessagePort;
	readonly exited: Promise<void>;
	/** Resolves `exited`. */
	readonly stopped: () => void;
	/** It has run its loop: starting it works. */
	up: boolean;
	/** What ended it, as far as that is known. */
	cause: unknown;
	/** What it said itself in its exit handler. */
	lastWords: { readonly code: number; readonly error: ErrorText | undefined } | undefined;
	/** We ended it. */
	ending: boolean;
}

export interface WorkersOptions {
	/** What each worker is given besides its place. */
	readonly data: Readonly<Record<string, unknown>>;
	readonly ahead: ThreadsAhead;
	/** So many are started with the runtime. */
	readonly firstWorkers: number;
	readonly onUp: (worker: Worker) => void;
	/** A worker wants another one ended, with the task that it runs. */
	readonly onForce: (tasks: readonly TaskPlace[]) => void;
	/** Work of this kind is ready that no worker may take beside its suspended tasks. */
	readonly onShort: (kind: number) => void;
	/** A worker submits tasks for this kind of workers. */
	readonly onKind: (kind: number, environment: RuntimeEnv | undefined) => void;
	/** The thread has stopped, its slot is not recovered yet. */
	readonly onStopped: (worker: Worker) => void;
	readonly board: Board;
	readonly logs: Logs;
	readonly service: Service;
}

export class Workers {
	readonly #thread: CoreThread;
	readonly #options: WorkersOptions;
	readonly #byIndex = new Map<number, Worker>();
	/** Those to be stopped when they are outside of the core. */
	readonly #inside = new Set<Worker>();
	/** Threads started so far. */
	#started = 0;
	/** There was news, so threads may have stopped. */
	#ends = false;
	/** Those told to stop. */
	readonly #terminated = new Set<Worker>();

	constructor(thread: CoreThread, options: WorkersOptions) {
		this.#thread = thread;
		this.#options = options;
	}

	get all(): Worker[] {
		return [...this.#byIndex.values()];
	}

	get count(): number {
		return this.#byIndex.size;
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
		const { logs, service, data } = this.#options;
		const index = calls.reserve(kind, THREAD_FLAG_MAY_BLOCK | THREAD_FLAG_WORKER);
		if (index === STATUS_TABLE_FULL) {
			throw new RayError(`${this.count} worker threads run, and there is no room for another; use fewer runtimeEnvs.`);
		}
		if (index < 0) throwStatus(index, "a worker thread");
		const gate = (views.threadTable + index * THREAD_SIZE + THREAD_GATE) >> 2;
		const epoch = Atomics.load(views.i32, gate) >>> GATE_EPOCH_SHIFT;
		const logPort = logs.open(index);
		const [port, driverPort] = openChannel();
		const lifeline = service.watch(index, epoch);
		const ports = { driverPort, lifeline, logPort };
		let thread: WorkerThread;
		this.#started++;
		try {
			const prepared = kind === 0 ? this.#options.ahead.take() : undefined;
			thread = prepared ?? openWorkerThread(environment);
			thread.run({
				code: prepared === undefined ? this.#program() : undefined,
				workerData: { ...data, index, epoch, kind, environment, ...ports },
				transferList: Object.values(ports).filter((each) => each !== undefined),
			});
		} catch (error) {
			logs.end(index);
			service.forget(index);
			port.close();
			calls.end(index, epoch);
			calls.recover(index, epoch);
			throw error;
		}
		let stopped = () => {};
		const exited = new Promise<void>((resolve) => {
			stopped = resolve;
		});
		const more = { up: false, cause: undefined, lastWords: undefined, ending: false };
		const worker: Worker = { index, epoch, kind, thread, port, exited, stopped, ...more };
		this.#byIndex.set(index, worker);
		this.#listenTo(worker);
		return worker;
	}

	/** The first threads compile it themselves: this one has more to do than they while the runtime starts. */
	#program(): string | CompiledProgram {
		return this.#started <= this.#options.firstWorkers ? workerCode : workerProgram();
	}

	#listenTo(worker: Worker): void {
		worker.thread.onError((error) => {
			worker.cause ??= error;
		});
		worker.thread.onExit((code) => {
			worker.cause ??= `its thread exited with code ${code}`;
			this.#stopped(worker);
		});
	}

	#hear(worker: Worker, message: WorkerMessage): void {
		switch (message[0]) {
			case "up":
				worker.up = true;
				this.#options.onUp(worker);
				break;
			case "force":
				this.#options.onForce(message[1]);
				break;
			case "thread":
				this.#options.onShort(worker.kind);
				break;
			case "kind":
				this.#options.onKind(message[1], message[2]);
				break;
			case "end":
				worker.lastWords = { code: message[1], error: message[2] };
				break;
		}
	}

	/** Of each worker once, by whichever way it is heard first. */
	#stopped(worker: Worker): void {
		if (this.#byIndex.get(worker.index) !== worker) return;
		this.#byIndex.delete(worker.index);
		this.#inside.delete(worker);
		this.#terminated.delete(worker);
		this.#read(worker);
		worker.port.close();
		this.#options.service.forget(worker.index);
		this.#options.board.endSpin(worker.index);
		this.#options.board.endAllBlocking(worker.index);
		this.#options.onStopped(worker);
		worker.stopped();
	}

	// ── what workers tell ──

	/** Deals with what workers have told. */
	readNews(): void {
		if (!this.#options.board.takeNews()) return;
		this.#ends = true;
		for (const worker of this.#byIndex.values()) this.#read(worker);
	}

	/** For a driver that is blocked: deals with those whose threads have stopped. */
	recoverStopped(): void {
		const { board } = this.#options;
		if (this.#ends) {
			this.#ends = false;
			for (const worker of this.all) {
				if (!board.hasStopped(worker.index, worker.epoch)) continue;
				// What it told last came before its end.
				this.#read(worker);
				worker.cause ??= causeOf(worker);
				this.#stopped(worker);
			}
		}
		for (const worker of this.#terminated) if (worker.thread.isGivenUp()) this.#stopped(worker);
	}

	#read(worker: Worker): void {
		for (;;) {
			const message = takeMessage(worker.port) as WorkerMessage | undefined;
			if (message === undefined) return;
			this.#hear(worker, message);
		}
	}

	// ── ending workers ──

	/** Ends a worker at a moment when it is outside of the core. */
	end(worker: Worker, cause: string): Promise<void> {
		if (!worker.ending) {
			worker.ending = true;
			worker.cause = cause;
			this.#inside.add(worker);
			this.#stopSoon();
		}
		return worker.exited;
	}

	readonly #stopSoon = () => {
		if (this.stopThoseOutside()) setImmediate(this.#stopSoon);
	};

	/** Stops what shall end, but for threads that are inside of the core just now: whether there are such. */
	stopThoseOutside(): boolean {
		for (const worker of this.#inside) {
			if (this.#thread.calls.end(worker.index, worker.epoch) === STATUS_BUSY) continue;
			this.#inside.delete(worker);
			this.#terminate(worker);
		}
		return this.#inside.size > 0;
	}

	#terminate(worker: Worker): void {
		this.#terminated.add(worker);
		void worker.thread.terminate();
	}

	/** The same, without waiting: the gate is closed when this returns, but for a thread that is stuck inside. */
	endNow(worker: Worker): void {
		worker.ending = true;
		worker.cause ??= "the runtime was shut down";
		for (let tries = 0; tries < 1000 && this.#thread.calls.end(worker.index, worker.epoch) === STATUS_BUSY; tries++);
		this.#terminate(worker);
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

/** What ended a worker, by its own last words: the event that tells it cannot reach a blocked driver. */
function causeOf({ lastWords, up }: Worker): unknown {
	if (lastWords?.error !== undefined) {
		const { name, message, stack } = lastWords.error;
		const error = new Error(message);
		Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
		if (stack !== undefined) error.stack = stack;
		return error;
	}
	if (lastWords !== undefined) return `its thread exited with code ${lastWords.code}`;
	if (!up) return "its thread ended before it was ready; await get() instead of getSync() to learn why";
	// Nothing else ends a thread that we did not end without its exit handlers.
	const message = "the thread ended without its exit handlers, as one does whose heap has reached its limit";
	return Object.assign(new Error(message), { code: "ERR_WORKER_OUT_OF_MEMORY" });
}
