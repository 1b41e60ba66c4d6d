/**
 * What stands in for workers of a kind that do not start: a place among the workers of that kind, held by the driver, which
 * takes their tasks and fails each. So it does not matter who submits them, or when; and no other thread has to know.
 */

import { instantiateCore } from "../../core/instantiate.ts";
import {
	GATE_EPOCH_SHIFT,
	PARKED_IDLE,
	STATE_BLOCKS,
	STATUS_OK,
	TASK_ENTRY_CODE,
	THREAD_FLAG_MAY_BLOCK,
	THREAD_FLAG_WORKER,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../core/layout.ts";
import { CoreThread } from "../../core/thread.ts";
import { RayError, TaskUnschedulableError } from "../../errors.ts";
import { nextTurn } from "../../platform/yield.ts";
import type { LocalEngine } from "./engine.ts";
import { functionName } from "./names.ts";
import type { Sleeper } from "./protocol/own.ts";
import { Runner } from "./protocol/run.ts";
import { sleep } from "./protocol/sleep.ts";
import type { Protocol } from "./protocol/steps.ts";
import { throwStatus } from "./status.ts";
import type { Store } from "./store/store.ts";

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

	/** Workers of this kind do not start. */
	has(kind: number): boolean {
		return this.#byKind.get(kind)?.listens === true;
	}

	/** From now on the tasks of this kind of worker fail as they become ready. */
	add(kind: number, engine: LocalEngine, why: string, cause: unknown): void {
		this.#placeOf(kind, engine).listen((task) => new TaskUnschedulableError(refusal(engine, task, why), { cause }));
	}

	/** Fails the next task of this kind, if its function is known to block; false: it is not, or there is none. */
	refuseBlocking(kind: number, engine: LocalEngine, why: string): boolean {
		return this.#placeOf(kind, engine).refuseBlocking((task) => new RayError(refusal(engine, task, why)));
	}

	#placeOf(kind: number, { store }: LocalEngine): Substitute {
		let substitute = this.#byKind.get(kind);
		if (substitute === undefined) {
			const thread = this.#newThread(kind);
			substitute = new Substitute(thread, store.forThread(thread));
			this.#byKind.set(kind, substitute);
		}
		return substitute;
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
		for (const substitute of this.#byKind.values()) if (substitute.listens) substitute.failReady();
	}

	close(): void {
		for (const substitute of this.#byKind.values()) substitute.close();
	}
}

function refusal({ thread, store }: LocalEngine, task: number, why: string): string {
	return `Task ${functionName(thread, store, task)} cannot run. ${why}`;
}

class Substitute implements Sleeper {
	readonly #thread: CoreThread;
	readonly #store: Store;
	readonly #runner: Runner;
	/** Set when it takes whatever is ready. */
	#errorOf: ((task: number) => Error) | undefined;
	#closed = false;
	ticket = -1;

	/** `store`: of this thread. */
	constructor(thread: CoreThread, store: Store) {
		this.#thread = thread;
		this.#store = store;
		this.#runner = new Runner(thread.calls, thread.views.i32, nextTurn);
	}

	get listens(): boolean {
		return this.#errorOf !== undefined;
	}

	listen(errorOf: (task: number) => Error): void {
		this.#errorOf = errorOf;
		this.#thread.parks = PARKED_IDLE;
		this.#runner.attend(this.#attend(), this.#thread.wakeWord);
	}

	*#attend(): Protocol<void> {
		const { steps } = this.#runner;
		while (!this.#closed && this.failReady()) yield* sleep(steps, this.#thread, this, this.#thread.wakeValue);
	}

	/** Fails all that is ready; then the place is parked. False: the core takes no more calls. */
	failReady(): boolean {
		const { calls } = this.#thread;
		let task = calls.park(0);
		while (task > 0) task = this.#fail(task, this.#errorOf as (task: number) => Error);
		this.#emptyInbox();
		return task === 0;
	}

	refuseBlocking(errorOf: (task: number) => Error): boolean {
		const { calls, views } = this.#thread;
		const task = calls.take();
		if (task <= 0) return false;
		const code = views.u32[(this.#thread.taskAt(task) + TASK_ENTRY_CODE) >> 2] as number;
		const blocks = (this.#thread.stateOf(code) & STATE_BLOCKS) !== 0;
		const other = blocks ? this.#fail(task, errorOf) : task;
		if (other > 0) calls.untake(other, this.#thread.taskGeneration);
		this.#emptyInbox();
		return blocks;
	}

	/** What comes concerns tasks that were cancelled while they were failed. */
	#emptyInbox(): void {
		for (let count = 1; count > 0; ) count = this.#thread.calls.drain();
	}

	/** Of the task just taken. The next, or 0. */
	#fail(task: number, errorOf: (task: number) => Error): number {
		const store = this.#store;
		const { calls, taskGeneration: generation } = this.#thread;
		try {
			const error = errorOf(task);
			// Where in here it was made tells nobody anything.
			error.stack = `${error.name}: ${error.message}`;
			store.writeError(error, true);
		} catch {
			store.writeNoRoom(task, generation);
		}
		return calls.finish(task, generation, store.flags, store.a, store.b, store.c, store.d);
	}

	close(): void {
		this.#closed = true;
		this.#runner.nudge();
	}
}
