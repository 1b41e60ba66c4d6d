/** One task: its arguments are decoded, its function is called, and what comes of it becomes the step that ends it. */
import {
	STATUS_TABLE_FULL,
	TASK_ENTRY_ARGS,
	TASK_ENTRY_ARGS_SIZE,
	TASK_ENTRY_DEPENDENCIES,
	TASK_ENTRY_FLAGS,
	TASK_ENTRY_INLINED,
	TASK_ENTRY_KIND,
	TASK_ENTRY_RESULTS,
	TASK_FLAG_INLINE_ARGS,
	TASK_FLAG_STREAM,
	VALUE_SPEC_A,
	VALUE_SPEC_B,
	VALUE_SPEC_C,
	VALUE_SPEC_D,
	VALUE_SPEC_FLAGS,
	VALUE_SPEC_SIZE,
} from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import type { Step } from "../engine/local/protocol/steps.ts";
import { statusError, throwStatus } from "../engine/local/status.ts";
import { ARGS_IN_OBJECT, ARGS_WITH_REFS } from "../engine/local/submit.ts";
import { RayError } from "../errors.ts";
import type { ShippedFunction, ShippedFunctions } from "./functions.ts";
import { unsent, yieldItems } from "./generate.ts";
import type { Outcome, RunningTask } from "./running.ts";
import { runAs } from "./scope.ts";
import { taskError } from "./task-error.ts";

/** The function has given a promise, or is not there yet: its task goes on. */
const GOES_ON = Symbol();
/** The outcome of tasks that have been ended with theirs. */
const ENDED: Outcome = { value: undefined };

export class Executor {
	readonly #engine: LocalEngine;
	readonly #functions: ShippedFunctions;
	/** Called when a task that went on is over: its `outcome` is there. */
	readonly #over: (task: RunningTask) => void;
	/** What the last step ends a task with: blocks in hand, of which the first stays there if the core takes the others. */
	#blocks: number[] = [];

	constructor(engine: LocalEngine, functions: ShippedFunctions, over: (task: RunningTask) => void) {
		this.#engine = engine;
		this.#functions = functions;
		this.#over = over;
	}

	/** Runs a task: the step that ends it, or undefined: it goes on asynchronously. */
	run(task: RunningTask): Step | undefined {
		let result: unknown;
		try {
			const shipped = this.#functions.get(task.code, task.codeGeneration);
			if (shipped instanceof Promise) {
				void this.#runLater(task, shipped);
				return undefined;
			}
			result = this.#call(task, shipped);
		} catch (error) {
			return this.#fail(task, error);
		}
		return result === GOES_ON ? undefined : this.#finish(task, result);
	}

	/** The step that ends a task that is over. */
	end(task: RunningTask): Step {
		const outcome = task.outcome as Outcome;
		// What the task has left behind, a timer perhaps, still has the task itself.
		task.outcome = ENDED;
		return "error" in outcome ? this.#fail(task, outcome.error) : this.#finish(task, outcome.value);
	}

	async #runLater(task: RunningTask, loading: Promise<ShippedFunction>): Promise<void> {
		try {
			const result = this.#call(task, await loading);
			if (result !== GOES_ON) this.#settle(task, { value: result });
		} catch (error) {
			this.#settle(task, { error });
		}
	}

	#settle(task: RunningTask, outcome: Outcome): void {
		// A promise whose `then` is the user's may call back more than once.
		if (task.outcome !== undefined) return;
		task.outcome = outcome;
		this.#over(task);
	}

	/** Calls the function: what it returns, or GOES_ON. */
	#call(task: RunningTask, shipped: ShippedFunction): unknown {
		const at = this.#engine.thread.taskAt(task.task) >> 2;
		task.name = shipped.name;
		const args = this.#arguments(at);
		// On its own, so that its `this` is none of ours.
		const { fn } = shipped;
		const result = runAs(task, () => fn(...args));
		const streams = ((this.#engine.thread.views.u32[at + (TASK_ENTRY_FLAGS >> 2)] as number) & TASK_FLAG_STREAM) !== 0;
		if (streams) {
			const items = runAs(task, () => yieldItems(this.#engine, task, result));
			this.#settleLater(task, items);
			return GOES_ON;
		}
		if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
			// A `then` of the task's own is its code too.
			this.#settleLater(
				task,
				runAs(task, () => Promise.resolve(result)),
			);
			return GOES_ON;
		}
		return result;
	}

	#settleLater(task: RunningTask, result: Promise<unknown>): void {
		result.then(
			(value) => this.#settle(task, { value }),
			(error: unknown) => this.#settle(task, { error }),
		);
	}

	#arguments(at: number): unknown[] {
		const { thread, store } = this.#engine;
		const { u32, u8 } = thread.views;
		const inline = ((u32[at + (TASK_ENTRY_FLAGS >> 2)] as number) & TASK_FLAG_INLINE_ARGS) !== 0;
		const address = inline ? (at << 2) + TASK_ENTRY_INLINED : (u32[at + (TASK_ENTRY_ARGS >> 2)] as number);
		const size = u32[at + (TASK_ENTRY_ARGS_SIZE >> 2)] as number;
		const dependencies = u32[at + (TASK_ENTRY_DEPENDENCIES >> 2)] as number;
		const kind = u8[(at << 2) + TASK_ENTRY_KIND] as number;
		const inObject = (kind & ARGS_IN_OBJECT) !== 0;
		let reference = ((address + size + 7) & ~7) >>> 2;
		const message = inObject
			? this.#dependency(reference)
			: store.readBytes(address, size, 0, true, 0, 0, dependencies, inline);
		if ((kind & ARGS_WITH_REFS) === 0) return message as unknown[];
		if (inObject) reference += 2;
		const [places, values] = message as [number[], unknown[]];
		for (const place of places) {
			values[place] = this.#dependency(reference);
			reference += 2;
		}
		return values;
	}

	/** The value of an object that the arguments refer to at this word: the task holds it, so it is there. */
	#dependency(reference: number): unknown {
		const { calls, views } = this.#engine.thread;
		const slot = views.u32[reference] as number;
		const generation = views.u32[reference + 1] as number;
		const status = calls.retain(slot, generation);
		if (status < 0) throwStatus(status, "an argument");
		try {
			return this.#engine.store.read(slot, generation, undefined);
		} finally {
			calls.release(slot, generation);
		}
	}

	#finish(task: RunningTask, value: unknown): Step {
		if (task.cancelReason !== 0) return this.#fail(task, task.cancelError());
		const { thread, store, runner } = this.#engine;
		const count = thread.views.u32[(thread.taskAt(task.task) + TASK_ENTRY_RESULTS) >> 2] as number;
		try {
			if (count > 1) return this.#finishMany(task, value, count);
			store.write(value, "result", 0);
		} catch (error) {
			this.#giveBlocksBack();
			return this.#fail(task, unsent(task.name, value, error));
		}
		return runner.steps.finish(task.task, task.generation, store.flags, store.a, store.b, store.c, store.d);
	}

	#finishMany(task: RunningTask, value: unknown, count: number): Step {
		if (!Array.isArray(value) || value.length !== count) {
			const got = Array.isArray(value) ? `an array of ${value.length}` : `no array (${typeof value})`;
			throw new RayError(`With numReturns: ${count} it must return an array of ${count} values; it returned ${got}.`);
		}
		const { thread, store, runner } = this.#engine;
		const list = store.allocate(count * VALUE_SPEC_SIZE);
		this.#blocks.push(list);
		const { u32 } = thread.views;
		for (let i = 0; i < count; i++) {
			store.write(value[i], `result[${i}]`, 0);
			if (store.ownsBlock) this.#blocks.push(store.a);
			const at = (list + i * VALUE_SPEC_SIZE) >>> 2;
			u32[at + (VALUE_SPEC_FLAGS >> 2)] = store.flags;
			u32[at + (VALUE_SPEC_A >> 2)] = store.a;
			u32[at + (VALUE_SPEC_B >> 2)] = store.b;
			u32[at + (VALUE_SPEC_C >> 2)] = store.c;
			u32[at + (VALUE_SPEC_D >> 2)] = store.d;
		}
		return runner.steps.finishMany(task.task, task.generation, list, count);
	}

	/** The step that ends the task with what it threw, or asks its submitter about it. */
	#fail(task: RunningTask, thrown: unknown): Step {
		const { store, runner } = this.#engine;
		if (task.name === "") task.name = this.#functions.nameOf(task.code, task.codeGeneration);
		const judged = task.judged && task.cancelReason === 0;
		const error = task.cancelReason === 0 ? taskError(task, thrown, judged) : task.cancelError();
		try {
			store.writeError(error, task.cancelReason === 0);
		} catch {
			return this.#failWithoutRoom(task);
		}
		const end = judged ? runner.steps.ask : runner.steps.finish;
		return end.call(runner.steps, task.task, task.generation, store.flags, store.a, store.b, store.c, store.d);
	}

	#failWithoutRoom(task: RunningTask): Step {
		const { store, runner } = this.#engine;
		store.writeNoRoom(task.task, task.generation);
		return runner.steps.finish(task.task, task.generation, store.flags, store.a, store.b, store.c, store.d);
	}

	/** The core refused the last ending of the task, and took nothing of it. */
	refused(task: RunningTask, status: number): Step {
		if (this.#blocks.length > 0) this.#giveBlocksBack();
		else this.#engine.store.discard();
		if (status === STATUS_TABLE_FULL) return this.#failWithoutRoom(task);
		return this.#fail(task, statusError(status, `the result of task ${task.id}`));
	}

	/** The core has taken what the last step gave it. */
	afterEnding(): void {
		if (this.#blocks.length === 0) return;
		this.#engine.thread.calls.dealloc(this.#blocks[0] as number);
		this.#blocks = [];
	}

	#giveBlocksBack(): void {
		for (const block of this.#blocks) this.#engine.thread.calls.dealloc(block);
		this.#blocks = [];
	}
}
