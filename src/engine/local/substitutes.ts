/**
 * What stands in for workers of a kind that do not start: a place among the workers of that kind, held by the driver, which
 * takes their tasks and fails each. So it does not matter who submits them, or when; and no other thread has to know.
 */

import { instantiateCore } from "../../core/instantiate.ts";
import {
	GATE_EPOCH_SHIFT,
	PARKED_IDLE,
	REASON_FULL,
	STATE_ERROR,
	STATUS_OK,
	THREAD_FLAG_MAY_BLOCK,
	THREAD_FLAG_WORKER,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../core/layout.ts";
import { CoreThread } from "../../core/thread.ts";
import { TaskUnschedulableError } from "../../errors.ts";
import { nextTurn } from "../../platform/yield.ts";
import type { LocalEngine } from "./engine.ts";
import { functionName } from "./names.ts";
import type { Sleeper } from "./protocol/own.ts";
import { Runner } from "./protocol/run.ts";
import { sleep } from "./protocol/sleep.ts";
import type { Protocol } from "./protocol/steps.ts";
import { throwStatus } from "./status.ts";
import type { Store } from "./store.ts";

/** `cancel`'s option in the core: the results fail at once. */
const CANCEL_SETTLE = 2;

export class Substitutes {
	readonly #driver: CoreThread;
	readonly #module: WebAssembly.Module;
	readonly #memory: WebAssembly.Memory;
	readonly #byKind = new Map<number, Substitute>();

	constructor(driver: CoreThread, module: WebAssembly.Module, memory: WebAssembly.Memory) {
		this.#driver = driver;
		this.#module = module;
		this.#memory = memory;
	}

	has(kind: number): boolean {
		return this.#byKind.has(kind);
	}

	/** From now on the tasks of this kind of worker fail as they become ready. */
	add(kind: number, { thread, store }: LocalEngine, why: string, cause: unknown): void {
		const own = this.#newThread(kind);
		const errorOf = (task: number) => {
			const error = new TaskUnschedulableError(`Task ${functionName(thread, store, task)} cannot run. ${why}`, {
				cause,
			});
			// Where in here it was made tells nobody anything.
			error.stack = `${error.name}: ${error.message}`;
			return error;
		};
		const substitute = new Substitute(own, store.forThread(own), errorOf);
		this.#byKind.set(kind, substitute);
		substitute.listen();
	}

	/** The driver's thread has a second place in the core, and another instance for it. */
	#newThread(kind: number): CoreThread {
		const { calls, views } = this.#driver;
		const index = calls.reserve(kind, THREAD_FLAG_MAY_BLOCK | THREAD_FLAG_WORKER);
		if (index < 0) throwStatus(index, "another worker's place");
		const gate = (views.threadTable + index * THREAD_SIZE + THREAD_GATE) >> 2;
		const own = instantiateCore(this.#module, this.#memory);
		const attached = own.attach(index, Atomics.load(views.i32, gate) >>> GATE_EPOCH_SHIFT);
		if (attached !== STATUS_OK) throwStatus(attached, "another worker's place");
		return new CoreThread(own, this.#memory, index);
	}

	/** For a driver that is blocked. */
	failReady(): void {
		for (const substitute of this.#byKind.values()) substitute.failReady();
	}

	close(): void {
		for (const substitute of this.#byKind.values()) substitute.close();
	}
}

class Substitute implements Sleeper {
	readonly #thread: CoreThread;
	readonly #store: Store;
	readonly #runner: Runner;
	readonly #errorOf: (task: number) => Error;
	#closed = false;
	ticket = -1;

	/** `store`: of this thread. */
	constructor(thread: CoreThread, store: Store, errorOf: (task: number) => Error) {
		this.#thread = thread;
		this.#store = store;
		this.#errorOf = errorOf;
		this.#runner = new Runner(thread.calls, thread.views.i32, nextTurn);
		thread.parks = PARKED_IDLE;
	}

	listen(): void {
		void this.#runner.run(this.#attend()).finally(() => {
			// A `waitAsync` that nobody notifies would keep the whole memory for as long as the process lives.
			Atomics.notify(this.#thread.views.i32, this.#thread.wakeWord);
		});
	}

	*#attend(): Protocol<void> {
		const { steps } = this.#runner;
		while (!this.#closed && this.failReady()) yield* sleep(steps, this.#thread, this, this.#thread.wakeValue);
	}

	/** Fails all that is ready; then the place is parked. False: the core takes no more calls. */
	failReady(): boolean {
		const { calls } = this.#thread;
		let task = calls.park(0);
		while (task > 0) task = this.#fail(task, this.#thread.taskGeneration);
		// Of tasks that were cancelled meanwhile.
		for (let count = 1; count > 0; ) count = calls.drain();
		return task === 0;
	}

	/** The next task, or 0. */
	#fail(task: number, generation: number): number {
		const store = this.#store;
		const { calls } = this.#thread;
		try {
			store.writeError(this.#errorOf(task), true);
		} catch {
			// No room for the error: the core makes one that needs none, and what follows only ends the task.
			calls.cancel(task, generation, REASON_FULL, CANCEL_SETTLE);
			store.write(undefined, "result", STATE_ERROR);
		}
		return calls.finish(task, generation, store.flags, store.a, store.b, store.c, store.d);
	}

	close(): void {
		this.#closed = true;
		this.#runner.nudge();
	}
}
