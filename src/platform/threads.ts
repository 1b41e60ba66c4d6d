/**
 * Worker threads, on all hosts those of `node:worker_threads`: they can be unref'ed, and their text needs no file.
 *
 * What differs: on Bun `resourceLimits` do nothing, so a heap that grows without end takes the process along; Deno prints
 * a worker's uncaught exception by itself, beside reporting it, and reports the exit of a terminated worker at once, though
 * one that computes or blocks goes on until it is back in its event loop.
 */
import { Script } from "node:vm";
import { parentPort, type ResourceLimits, type Transferable, Worker } from "node:worker_threads";
import { type MessagePort, onClose, openChannel } from "./channel.ts";
import { workerExecArgv } from "./exec-argv.ts";
import { hostName } from "./host.ts";

export interface ThreadOptions {
	/** Set over the process's environment; the worker has a copy of its own. */
	readonly env?: Readonly<Record<string, string>>;
	/** Beside the process's own. */
	readonly execArgv?: readonly string[];
	readonly resourceLimits?: ResourceLimits;
	readonly name?: string;
	/** Without the process's own execArgv, so without what that loads first. */
	readonly bare?: boolean;
}

/** What a thread runs. */
export interface ThreadProgram {
	/** CommonJS, or what `compileProgram` made of it. Undefined: the thread was prepared for it. */
	readonly code?: string | CompiledProgram | undefined;
	/** Cloned, but for shared memory, modules of WebAssembly, and what `transferList` names. */
	readonly workerData: unknown;
	readonly transferList?: readonly Transferable[];
}

export interface WorkerOptions extends ThreadOptions, ThreadProgram {}

/**
 * Milliseconds after which a terminated worker counts as stopped, on hosts that may never stop it. What it wrote at that
 * moment is written, and whoever ends it closes the gate to the core first.
 */
const TERMINATION_GRACE = hostName === "deno" ? 1000 : Number.POSITIVE_INFINITY;

/** A program's text as a function of what a thread gives it, and what V8 has made of it. */
export interface CompiledProgram {
	readonly text: string;
	readonly cachedData?: Uint8Array;
}

/**
 * Compiles a program for all the threads that will run it, which then take a fifth of the time; only V8 as Node has it can do that. A
 * thread whose options make V8 refuse it compiles the text again.
 */
export function compileProgram(code: string): CompiledProgram {
	const text = asFunction(code);
	return hostName === "node" ? { text, cachedData: new Script(text).createCachedData() } : { text };
}

function asFunction(code: string): string {
	return `(function (require, module, exports, wasmrayGiven, wasmrayImport) {${code}\n})`;
}

/**
 * What a thread runs first: it waits for its program, so that it can be started before there is one, and then for what that is given.
 * Nor is the program compiled twice: a text in the place of this one the host compiles once more, to see whether it is a module. Deno
 * reports no exhausted heap of what runs while a message is handed over.
 */
const FIRST_LINES = `"use strict";
const { parentPort } = require("node:worker_threads");
let program;
parentPort.on("message", function hear({ text, cachedData, begins, given }) {
	if (begins) parentPort.off("message", hear);
	const goOn = () => {
		if (text !== undefined) program = new (require("node:vm").Script)(text, { cachedData }).runInThisContext();
		const module = { exports: {} };
		if (begins) program(require, module, module.exports, given, (url) => import(url));
	};
	"Deno" in globalThis ? setTimeout(goOn, 0) : goOn();
});
//# sourceURL=wasmray/thread.js`;

/**
 * Starts a thread, which waits for what it shall run. That takes tens of milliseconds: whoever knows that it will need one starts it early. It does not keep the process alive unless `ref()` says so.
 */
export function openThread(options: ThreadOptions = {}): WorkerThread {
	const [lifeline, workersEnd] = TERMINATION_GRACE < Number.POSITIVE_INFINITY ? openChannel() : [];
	const execArgv = options.bare ? [] : workerExecArgv(options.execArgv);
	const worker = new Worker(FIRST_LINES, {
		eval: true,
		...(workersEnd && { workerData: workersEnd, transferList: [workersEnd] }),
		...(options.env && { env: { ...process.env, ...options.env } }),
		...(execArgv && { execArgv }),
		...(options.resourceLimits && { resourceLimits: options.resourceLimits }),
		...(options.name !== undefined && { name: options.name }),
	});
	return new WorkerThread(worker, lifeline);
}

/** Starts a thread with its program, also while this one is about to block. */
export function startWorker(options: WorkerOptions): WorkerThread {
	const thread = openThread(options);
	thread.run(options);
	return thread;
}

export class WorkerThread {
	readonly threadId: number;
	readonly #worker: Worker;
	/** What it ended with, if it has: whoever starts a thread early asks late. */
	#failure: { readonly error: unknown } | undefined;
	#exitCode: number | undefined;
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
		worker.on("error", (error) => {
			this.#failure ??= { error };
		});
		worker.once("exit", (code) => {
			this.#exitCode = code;
		});
	}

	/** Gives the thread its program's text, to compile it before it is given the rest. */
	prepare(code: string): void {
		this.#worker.postMessage({ text: asFunction(code) });
	}

	/** Begins the thread's program, once. One that cannot be given ends the thread. */
	run({ code, workerData, transferList = [] }: ThreadProgram): void {
		try {
			const program = typeof code === "string" ? { text: asFunction(code) } : code;
			this.#worker.postMessage({ ...program, begins: true, given: workerData }, transferList);
		} catch (error) {
			void this.terminate();
			throw error;
		}
	}

	/** Ask at once after the start. */
	onMessage(handle: (message: unknown) => void): void {
		this.#worker.on("message", handle);
		// The first listener makes the thread's port keep the process alive.
		this.#worker.unref();
	}

	/** What nobody caught in the worker, or what ended it; `onExit` follows. */
	onError(handle: (error: unknown) => void): void {
		const failure = this.#failure;
		if (failure !== undefined) queueMicrotask(() => handle(failure.error));
		this.#worker.on("error", handle);
	}

	/** The thread has stopped: it runs and writes nothing any more. */
	onExit(handle: (code: number) => void): void {
		const stopped = (code: number) => {
			if (this.#closed === undefined) handle(code);
			else void Promise.race([this.#closed, this.#grace()]).then(() => handle(code));
		};
		const code = this.#exitCode;
		if (code !== undefined) queueMicrotask(() => stopped(code));
		else this.#worker.once("exit", stopped);
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

/** What the first lines of a thread that was started here give its program. */
declare const wasmrayGiven: unknown;
declare const wasmrayImport: typeof importUrl;

/** `import(url)`, which the program of a thread has no way to say itself. */
export function importUrl(url: string): Promise<unknown> {
	return typeof wasmrayImport === "undefined" ? import(url) : wasmrayImport(url);
}

/** Undefined in threads that were not started here. */
export function workerSelf(): WorkerSelf | undefined {
	const port = parentPort;
	if (port === null || typeof wasmrayGiven === "undefined") return undefined;
	return {
		workerData: wasmrayGiven,
		postMessage: (message, transferList = []) => port.postMessage(message, transferList),
		onMessage: (handle) => void port.on("message", handle),
	};
}
