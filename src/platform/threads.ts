/**
 * Worker threads, on all hosts those of `node:worker_threads`: they can be unref'ed, and their text needs no file.
 *
 * What differs: on Bun `resourceLimits` do nothing, so a heap that grows without end takes the process along; Deno prints
 * a worker's uncaught exception by itself, beside reporting it, and reports the exit of a terminated worker at once, though
 * one that computes or blocks goes on until it is back in its event loop.
 */
import process from "node:process";
import { parentPort, type ResourceLimits, type Transferable, Worker, workerData } from "node:worker_threads";
import { type MessagePort, onClose, openChannel } from "./channel.ts";
import { workerExecArgv } from "./exec-argv.ts";
import { hostName } from "./host.ts";

export interface WorkerOptions {
	/** CommonJS. */
	readonly code: string;
	/** Cloned, but for shared memory, modules of WebAssembly, and what `transferList` names. */
	readonly workerData: unknown;
	readonly transferList?: readonly Transferable[];
	/** Set over the process's environment; the worker has a copy of its own. */
	readonly env?: Readonly<Record<string, string>>;
	/** Beside the process's own. */
	readonly execArgv?: readonly string[];
	readonly resourceLimits?: ResourceLimits;
	readonly name?: string;
	/** Without the process's own execArgv, so without what that loads first. */
	readonly bare?: boolean;
}

/**
 * Milliseconds after which a terminated worker counts as stopped, on hosts that may never stop it. What it wrote at that
 * moment is written, and whoever ends it closes the gate to the core first.
 */
const TERMINATION_GRACE = hostName === "deno" ? 1000 : Number.POSITIVE_INFINITY;

/** Starts a thread, also while this one is about to block. It does not keep the process alive unless `ref()` says so. */
export function startWorker(options: WorkerOptions): WorkerThread {
	const [lifeline, workersEnd] = TERMINATION_GRACE < Number.POSITIVE_INFINITY ? openChannel() : [];
	const execArgv = options.bare ? [] : workerExecArgv(options.execArgv);
	const worker = new Worker(options.code, {
		eval: true,
		workerData: workersEnd ? { workerData: options.workerData, workersEnd } : options.workerData,
		transferList: [...(options.transferList ?? []), ...(workersEnd ? [workersEnd] : [])],
		...(options.env && { env: { ...process.env, ...options.env } }),
		...(execArgv && { execArgv }),
		...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
		...(options.name !== undefined && { name: options.name }),
	});
	return new WorkerThread(worker, lifeline);
}

export class WorkerThread {
	readonly threadId: number;
	readonly #worker: Worker;
	#terminated = Number.POSITIVE_INFINITY;
	/** On a host whose report of the exit proves nothing: resolves when the thread has stopped. */
	readonly #closed: Promise<void> | undefined;

	/** @internal */
	constructor(worker: Worker, lifeline: MessagePort | undefined) {
		this.#worker = worker;
		if (lifeline !== undefined) this.#closed = new Promise((resolve) => onClose(lifeline, resolve));
		// The host's own field changes when the thread ends.
		this.threadId = worker.threadId;
		worker.unref();
		// With no listener, what nobody caught in the worker would be this thread's uncaught exception.
		worker.on("error", () => {});
	}

	/** Ask at once after the start. */
	onMessage(handle: (message: unknown) => void): void {
		this.#worker.on("message", handle);
		// The first listener makes the thread's port keep the process alive.
		this.#worker.unref();
	}

	/** What nobody caught in the worker, or what ended it; `onExit` follows. */
	onError(handle: (error: unknown) => void): void {
		this.#worker.on("error", handle);
	}

	/** The thread has stopped: it runs and writes nothing any more. Ask at once after the start, or it may have been. */
	onExit(handle: (code: number) => void): void {
		this.#worker.once("exit", (code) => {
			if (this.#closed === undefined) handle(code);
			else void Promise.race([this.#closed, this.#grace()]).then(() => handle(code));
		});
	}

	#grace(): Promise<void> {
		return new Promise((resolve) => setTimeout(resolve, TERMINATION_GRACE));
	}

	/** Whether it was terminated so long ago that it counts as stopped, though its host may never stop it. */
	isGivenUp(): boolean {
		return performance.now() >= this.#terminated + TERMINATION_GRACE;
	}

	postMessage(message: unknown, transferList: readonly Transferable[] = []): void {
		this.#worker.postMessage(message, transferList);
	}

	/** Stops the thread wherever it is, and resolves when it has stopped; the process lives until then. */
	async terminate(): Promise<void> {
		this.#terminated = Math.min(this.#terminated, performance.now());
		await this.#worker.terminate();
	}

	/** The process lives as long as the thread. */
	ref(): void {
		this.#worker.ref();
	}

	/** The process may end though the thread runs; not while it is being stopped. */
	unref(): void {
		if (this.#terminated === Number.POSITIVE_INFINITY) this.#worker.unref();
	}
}

/** A worker's own side. */
export interface WorkerSelf {
	readonly workerData: unknown;
	postMessage(message: unknown, transferList?: readonly Transferable[]): void;
	/** Also keeps the thread alive: a pending `Atomics.waitAsync` alone does not. */
	onMessage(handle: (message: unknown) => void): void;
}

/** Undefined on the main thread. */
export function workerSelf(): WorkerSelf | undefined {
	const port = parentPort;
	if (port === null) return undefined;
	return {
		workerData: TERMINATION_GRACE < Number.POSITIVE_INFINITY ? workerData.workerData : workerData,
		postMessage: (message, transferList = []) => port.postMessage(message, transferList),
		onMessage: (handle) => void port.on("message", handle),
	};
}
