/** One task: its arguments are decoded, its function is called, and what comes of it is given to the core. */
import {
	STATE_ERROR,
	TASK_ENTRY_ARGS,
	TASK_ENTRY_ARGS_SIZE,
	TASK_ENTRY_CODE,
	TASK_ENTRY_CODE_GENERATION,
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
import { throwStatus } from "../engine/local/status.ts";
import { ARGS_WITH_REFS } from "../engine/local/submit.ts";
import { RayError } from "../errors.ts";
import type { ShippedFunction, ShippedFunctions } from "./functions.ts";
import { yieldItems } from "./generate.ts";
import type { RunningTask } from "./running.ts";
import { runAs } from "./scope.ts";
import { taskError } from "./task-error.ts";

export class Executor {
	readonly #engine: LocalEngine;
	readonly #functions: ShippedFunctions;
	/** Called with the next task, when an asynchronous one has ended: a number from the core, or a status. */
	readonly #go: (next: number, ended: RunningTask) => void;

	constructor(engine: LocalEngine, functions: ShippedFunctions, go: (next: number, ended: RunningTask) => void) {
		this.#engine = engine;
		this.#functions = functions;
		this.#go = go;
	}

	/** Runs a task: the next one if it ended, undefined if it goes on asynchronously. */
	run(task: RunningTask): number | undefined {
		const { thread } = this.#engine;
		const { u32 } = thread.views;
		const at = thread.taskAt(task.index) >> 2;
		const slot = u32[at + (TASK_ENTRY_CODE >> 2)] as number;
		const generation = u32[at + (TASK_ENTRY_CODE_GENERATION >> 2)] as number;
		let shipped: ShippedFunction | Promise<ShippedFunction>;
		try {
			shipped = this.#functions.get(slot, generation);
		} catch (error) {
			task.name = this.#functions.nameOf(slot, generation);
			return this.#fail(task, error);
		}
		if (shipped instanceof Promise) {
			shipped.then(
				(loaded) => this.#continue(task, this.#call(task, at, loaded)),
				(error: unknown) => {
					task.name = this.#functions.nameOf(slot, generation);
					this.#continue(task, this.#fail(task, error));
				},
			);
			return undefined;
		}
		return this.#call(task, at, shipped);
	}

	#continue(task: RunningTask, next: number | undefined): void {
		if (next !== undefined) this.#go(next, task);
	}

	#call(task: RunningTask, at: number, shipped: ShippedFunction): number | undefined {
		let result: unknown;
		task.name = shipped.name;
		try {
			const args = this.#arguments(at);
			task.start();
			result = runAs(task, shipped.asynchronous !== false, () => shipped.fn(...args));
		} catch (error) {
			return this.#fail(task, error);
		}
		const streams = ((this.#engine.thread.views.u32[at + (TASK_ENTRY_FLAGS >> 2)] as number) & TASK_FLAG_STREAM) !== 0;
		if (streams) {
			const items = runAs(task, true, () => yieldItems(this.#engine, task, result));
			this.#settleLater(task, items);
			return undefined;
		}
		if (typeof (result as PromiseLike<unknown> | undefined)?.then === "function") {
			shipped.asynchronous = true;
			this.#settleLater(task, result as PromiseLike<unknown>);
			return undefined;
		}
		// From its next call on, nothing is carried past awaits, unless it gives a promise some time.
		shipped.asynchronous ??= false;
		return this.#finish(task, result);
	}

	#settleLater(task: RunningTask, result: PromiseLike<unknown>): void {
		result.then(
			(value) => this.#continue(task, this.#finish(task, value)),
			(error: unknown) => this.#continue(task, this.#fail(task, error)),
		);
	}

	#arguments(at: number): unknown[] {
		const { thread, store } = this.#engine;
		const { u32, u8 } = thread.views;
		const inline = ((u32[at + (TASK_ENTRY_FLAGS >> 2)] as number) & TASK_FLAG_INLINE_ARGS) !== 0;
		const address = inline ? (at << 2) + TASK_ENTRY_INLINED : (u32[at + (TASK_ENTRY_ARGS >> 2)] as number);
		const size = u32[at + (TASK_ENTRY_ARGS_SIZE >> 2)] as number;
		const dependencies = u32[at + (TASK_ENTRY_DEPENDENCIES >> 2)] as number;
		const message = store.readBytes(address, size, 0, true, 0, 0, dependencies, inline);
		if (u8[(at << 2) + TASK_ENTRY_KIND] !== ARGS_WITH_REFS) return message as unknown[];
		const [places, values] = message as [number[], unknown[]];
		const references = ((address + size + 7) & ~7) >>> 2;
		for (let i = 0; i < places.length; i++) {
			const slot = u32[references + 2 * i] as number;
			values[places[i] as number] = this.#dependency(slot, u32[references + 2 * i + 1] as number);
		}
		return values;
	}

	/** The value of a ref among the arguments: the task holds it, so it is there. */
	#dependency(slot: number, generation: number): unknown {
		const { calls } = this.#engine.thread;
		const status = calls.retain(slot, generation);
		if (status < 0) throwStatus(status, "an argument");
		try {
			return this.#engine.store.read(slot, generation, undefined);
		} finally {
			calls.release(slot, generation);
		}
	}

	#finish(task: RunningTask, value: unknown): number {
		if (task.cancelReason !== 0) return this.#fail(task, task.cancelError());
		const { thread, store } = this.#engine;
		const count = thread.views.u32[(thread.taskAt(task.index) + TASK_ENTRY_RESULTS) >> 2] as number;
		if (count > 1) return this.#finishMany(task, value, count);
		try {
			store.write(value, "result", 0);
		} catch (error) {
			return this.#fail(task, error);
		}
		const next = thread.calls.finish(task.index, task.generation, store.flags, store.a, store.b, store.c, store.d);
		if (next < 0) store.discard();
		return next;
	}

	#finishMany(task: RunningTask, value: unknown, count: number): number {
		const { thread, store } = this.#engine;
		if (!Array.isArray(value) || value.length !== count) {
			const got = Array.isArray(value) ? `an array of ${value.length}` : `no array (${typeof value})`;
			return this.#fail(
				task,
				new RayError(`With numReturns: ${count} it must return an array of ${count} values; it returned ${got}.`),
			);
		}
		const blocks: number[] = [];
		try {
			const list = store.allocate(count * VALUE_SPEC_SIZE);
			blocks.push(list);
			const { u32 } = thread.views;
			for (let i = 0; i < count; i++) {
				store.write(value[i], `result[${i}]`, 0);
				const at = (list + i * VALUE_SPEC_SIZE) >>> 2;
				u32[at + (VALUE_SPEC_FLAGS >> 2)] = store.flags;
				u32[at + (VALUE_SPEC_A >> 2)] = store.a;
				u32[at + (VALUE_SPEC_B >> 2)] = store.b;
				u32[at + (VALUE_SPEC_C >> 2)] = store.c;
				u32[at + (VALUE_SPEC_D >> 2)] = store.d;
				if (store.ownsBlock) blocks.push(store.a);
			}
			const next = thread.calls.finishMany(task.index, task.generation, list, count);
			if (next < 0) throwStatus(next, `the results of task ${task.id}`);
			thread.calls.dealloc(list);
			return next;
		} catch (error) {
			for (const block of blocks) thread.calls.dealloc(block);
			return this.#fail(task, error);
		}
	}

	/** Ends the task with what it threw, or asks its submitter about it. */
	#fail(task: RunningTask, thrown: unknown): number {
		const { thread, store } = this.#engine;
		const judged = task.judged && task.cancelReason === 0;
		const error = task.cancelReason === 0 ? taskError(task, thrown, judged) : task.cancelError();
		store.writeError(error, task.cancelReason === 0);
		const end = judged ? thread.calls.ask : thread.calls.finish;
		const next = end(task.index, task.generation, store.flags | STATE_ERROR, store.a, store.b, store.c, store.d);
		if (next < 0) store.discard();
		return next;
	}
}
