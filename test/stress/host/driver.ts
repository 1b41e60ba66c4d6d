// The driver of the thin host: it makes the memory, starts workers, ends them, takes back what they had and replaces them.
import { Worker } from "node:worker_threads";
import { compileCore } from "../../../src/core/compile.ts";
import { instantiateCore } from "../../../src/core/instantiate.ts";
import { RESOURCE_CPU, RESOURCE_UNIT, THREAD_FLAG_MAY_BLOCK, THREAD_FLAG_WORKER } from "../../../src/core/layout.ts";
import { createMemory, PAGE_BYTES } from "../../../src/core/memory.ts";
import { type AttendHost, attend } from "../../../src/engine/local/protocol/await.ts";
import { endThread, recoverThread } from "../../../src/engine/local/protocol/end.ts";
import type { WorkerData, WorkerMessage } from "./entry.ts";
import { gateOf } from "./gate.ts";
import { named, refuse } from "./status.ts";
import { HostThread } from "./thread.ts";
import type { Ref, Value } from "./values.ts";
import { bytesOf } from "./worker.ts";

export interface DriverOptions {
	/** The bundled file in which workers start. */
	readonly entry: string | URL;
	readonly workers: number;
	/** Further workers, for those that block. */
	readonly spare?: number;
	readonly cpus?: number;
	readonly megabytes?: number;
	readonly objects?: number;
	readonly tasks?: number;
	/** Before they sleep: microseconds that an idle worker spins, and how often the driver looks at its wake word. */
	readonly spins?: number;
	readonly polls?: number;
	readonly sharedWords?: number;
	/** Another build of the core than the embedded one, and room behind what it is told of. */
	readonly module?: WebAssembly.Module;
	readonly spareBytes?: number;
	/** Reports of what workers found. */
	readonly onProblem?: (problem: string) => void;
}

interface WorkerRecord {
	readonly worker: Worker;
	readonly index: number;
	readonly epoch: number;
	readonly gone: Promise<void>;
	blocked: boolean;
	stopped: boolean;
	ending: boolean;
	/** That it enters the core no more: by whoever asked first, who may be its own end. */
	ended: Promise<void> | undefined;
}

const driverSlot = 0;
/** There are at most so many thread slots; what else is shared stands behind a word for each. */
export const SLOT_WORDS = 256;

export class Driver extends HostThread implements AttendHost {
	readonly memory: WebAssembly.Memory;
	readonly module: WebAssembly.Module;
	readonly shared: Int32Array;
	readonly #options: DriverOptions;
	readonly #workers = new Map<number, WorkerRecord>();
	readonly #attending: Promise<number>;
	#frozen: Promise<void> | undefined;
	closed = false;
	readonly polls: number;
	started = 0;
	recovered = 0;

	static create(options: DriverOptions): Driver {
		const { megabytes = 64, objects = 65536, tasks = 32768, workers, spare = 0, spareBytes = 0 } = options;
		const module = options.module ?? compileCore();
		const size = megabytes * 1024 * 1024;
		const memory = createMemory(Math.ceil((size + spareBytes) / PAGE_BYTES));
		const calls = instantiateCore(module, memory);
		// The driver, and one who takes its slot's things back at the end.
		refuse(calls.init(size, objects, tasks, workers + spare + 2, 0xffffffff), "init");
		refuse(calls.reserve(0, THREAD_FLAG_MAY_BLOCK), "reserving the driver's slot");
		return new Driver(options, module, memory);
	}

	private constructor(options: DriverOptions, module: WebAssembly.Module, memory: WebAssembly.Memory) {
		super(module, memory, driverSlot, gateOf(memory, driverSlot).epoch);
		this.memory = memory;
		this.module = module;
		this.#options = options;
		this.polls = options.polls ?? 0;
		this.shared = new Int32Array(new SharedArrayBuffer((SLOT_WORDS + (options.sharedWords ?? 0)) * 4));
		const { calls } = this.core;
		refuse(calls.setResource(RESOURCE_CPU, (options.cpus ?? options.workers) * RESOURCE_UNIT), "setting the CPUs");
		this.defineClass([[RESOURCE_CPU, RESOURCE_UNIT]]);
		this.#attending = this.runner.run(attend(this.steps, this.core, this));
	}

	look(): void {}

	/** Now and then. */
	beforeSleep(): boolean {
		return ++this.#sleeps % 4 === 0;
	}
	#sleeps = 0;

	isWaiting(): boolean {
		return this.waiting > 0;
	}

	polled(): void {}

	/** A class of tasks with these needs: its index. */
	defineClass(needs: readonly (readonly [resource: number, amount: number])[]): number {
		this.core.views.u32.set(needs.flat(), this.core.scratch);
		return refuse(this.core.calls.defineClass(0, needs.length), "defining a class of tasks");
	}

	/** A function by its name, or by its source. */
	define(code: string): Ref {
		return this.put(bytesOf(code));
	}

	get(ref: Ref): Promise<Value> {
		return new Promise((resolve, reject) => {
			this.onSettled(ref, () => {
				try {
					resolve(this.read(ref));
				} catch (error) {
					reject(error);
				}
			});
		});
	}

	/** The items of a stream, each a ref that is the caller's to release. */
	async *items(stream: Ref): AsyncGenerator<Ref> {
		while (true) {
			const item = this.nextItem(stream);
			if (item === null) return;
			if (item === undefined) await new Promise<void>((resolve) => this.onSettled(stream, resolve));
			else yield item;
		}
	}

	protected onRunner(task: number): void {
		this.problems.push(`the driver got a message for who runs task ${task}`);
	}

	// ── workers ──

	get workers(): readonly WorkerRecord[] {
		return [...this.#workers.values()];
	}

	/** Starts as many as it takes to have the wanted number that are not blocked, if there are slots for them. */
	fill(): void {
		if (this.closed || this.#frozen !== undefined) return;
		let able = 0;
		for (const record of this.#workers.values()) if (!record.blocked && !record.ending) able++;
		while (able < this.#options.workers && this.#start()) able++;
	}

	#start(): boolean {
		const { entry, spins = 20 } = this.#options;
		const { module, memory, shared } = this;
		const index = this.core.calls.reserve(0, THREAD_FLAG_WORKER | THREAD_FLAG_MAY_BLOCK);
		if (named(index) === "table_full") return false;
		refuse(index, "reserving a slot");
		const epoch = gateOf(memory, index).epoch;
		const workerData: WorkerData = { module, memory, index, epoch, spins, shared };
		const worker = new Worker(entry, { workerData });
		// Not by `once` of node:events: that gives up at an error, and who ends with one has to be recovered as well.
		const exit = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
		const gone = exit.then(() => this.#onExit(record));
		const record: WorkerRecord = {
			worker,
			index,
			epoch,
			gone,
			blocked: false,
			stopped: false,
			ending: false,
			ended: undefined,
		};
		this.#workers.set(index, record);
		worker.on("message", (message: WorkerMessage) => this.#onMessage(index, epoch, message));
		worker.on("error", (error: Error) => {
			if (!record.ending) this.#report(`worker ${index} ended with ${error.stack ?? error.message}`);
		});
		this.started++;
		return true;
	}

	#report(problem: string): void {
		this.#options.onProblem?.(problem);
	}

	#onMessage(index: number, epoch: number, message: WorkerMessage): void {
		if ("problems" in message) {
			for (const problem of message.problems) this.#report(problem);
			return;
		}
		if ("short" in message) {
			if (!this.closed && this.#frozen === undefined) this.#start();
			return;
		}
		const record = this.#workers.get(index);
		if (record === undefined || record.epoch !== epoch) return;
		record.blocked = message.blocked;
		this.fill();
	}

	/** Whatever ended it: it enters the core no more, and what it had is taken back. */
	async #onExit(record: WorkerRecord): Promise<void> {
		const { index, epoch } = record;
		await this.#end(record);
		record.stopped = true;
		await this.#frozen;
		this.onGone(index);
		// With this the slot is free, and its next thread may start at once.
		this.#workers.delete(index);
		refuse(this.runner.runSync(recoverThread(this.steps, index, epoch)), `recovering thread ${index}`);
		this.recovered++;
		this.fill();
	}

	/** Once for each: after its end its slot may have another thread at any time. */
	#end(record: WorkerRecord): Promise<void> {
		const { index, epoch } = record;
		record.ended ??= this.runner
			.run(endThread(this.steps, index, epoch))
			.then((status) => void refuse(status, `ending thread ${index}`));
		return record.ended;
	}

	/** The thread has stopped, and what it had is not taken back yet. */
	onGone: (index: number) => void = () => undefined;

	/** Ends a worker wherever it stands, but not inside the core. */
	async kill(index: number): Promise<void> {
		const record = this.#workers.get(index);
		if (record === undefined || record.ending) return;
		record.ending = true;
		await this.#end(record);
		await record.worker.terminate();
		await record.gone;
	}

	/** Ends all workers at once, and has a look at the memory before what they had is taken back. */
	async freeze(look: () => void): Promise<void> {
		let thaw = () => {};
		this.#frozen = new Promise((resolve) => {
			thaw = resolve;
		});
		const all = this.workers.map(({ index }) => this.kill(index));
		while (this.workers.some((record) => !record.stopped)) await new Promise((resolve) => setImmediate(resolve));
		look();
		this.#frozen = undefined;
		thaw();
		await Promise.all(all);
	}

	/** Ends all workers, then the driver itself; another instance takes back what the driver had, and stays attached. */
	async close(): Promise<HostThread> {
		this.closed = true;
		await Promise.all(this.workers.map(({ index }) => this.kill(index)));
		const { wakeWord, views } = this.core;
		Atomics.add(views.i32, wakeWord, 1);
		Atomics.notify(views.i32, wakeWord);
		refuse(await this.#attending, "attending");
		const index = refuse(this.core.calls.reserve(0, THREAD_FLAG_MAY_BLOCK), "reserving the last slot");
		const last = new LastThread(this.module, this.memory, index, gateOf(this.memory, index).epoch);
		refuse(last.runner.runSync(endThread(last.steps, driverSlot, this.core.epoch)), "ending the driver");
		refuse(last.runner.runSync(recoverThread(last.steps, driverSlot, this.core.epoch)), "recovering the driver");
		refuse(last.core.calls.flush(), "flushing");
		return last;
	}
}

class LastThread extends HostThread {
	protected onRunner(): void {}
}
