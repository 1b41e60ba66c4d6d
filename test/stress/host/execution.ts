// One task on a worker, from its first instruction to the step that ends it.
import {
	REASON_CANCELLED,
	TASK_ENTRY_ATTEMPT,
	TASK_ENTRY_CANCEL,
	TASK_ENTRY_GPUS,
	TASK_ENTRY_RESULTS,
	TASK_ENTRY_RETRIES,
	TASK_ENTRY_STATE,
	VALUE_SPEC_A,
	VALUE_SPEC_FLAGS,
	VALUE_SPEC_SIZE,
} from "../../../src/core/layout.ts";
import { type CpuHost, TaskCpu } from "../../../src/engine/local/protocol/cpu.ts";
import type { Step } from "../../../src/engine/local/protocol/steps.ts";
import type { Context } from "./context.ts";
import { named, refuse } from "./status.ts";
import type { SubmitOptions, Submitted } from "./thread.ts";
import { type Ref, TaskFailure, TryAgain, type Value } from "./values.ts";
import type { WorkerThread } from "./worker.ts";

export class Execution implements Context, CpuHost {
	readonly task: number;
	readonly generation: number;
	readonly #worker: WorkerThread;
	readonly #held: Ref[] = [];
	readonly cpu = new TaskCpu(this);
	/** What goes on when the task is cancelled instead of what it waits for. */
	readonly #onCancel = new Set<() => void>();
	#items: Generator<Value, Value, void> | undefined;
	/** Set while it has given as many items as may be unread. */
	#onCredit: (() => void) | undefined;
	/** How an asynchronous task ended. */
	#outcome: { readonly value: Value } | { readonly error: unknown } | undefined;

	constructor(worker: WorkerThread, task: number, generation: number) {
		this.#worker = worker;
		this.task = task;
		this.generation = generation;
	}

	#field(offset: number): number {
		return this.#worker.core.views.i32[(this.#worker.core.taskAt(this.task) + offset) >> 2] as number;
	}

	// ── what its code uses ──

	get attempt(): number {
		return this.#field(TASK_ENTRY_ATTEMPT);
	}

	get thread(): number {
		return this.#worker.core.index;
	}

	get gpus(): number {
		return this.#field(TASK_ENTRY_GPUS);
	}

	cancelled(): boolean {
		return (
			Atomics.load(this.#worker.core.views.i32, (this.#worker.core.taskAt(this.task) + TASK_ENTRY_CANCEL) >> 2) !== 0
		);
	}

	put(value: Value): Ref {
		const ref = this.#worker.put(value);
		this.#held.push(ref);
		return ref;
	}

	release(...refs: readonly Ref[]): void {
		for (const ref of refs) this.#held.splice(this.#held.lastIndexOf(ref), 1);
		this.#worker.release(...refs);
	}

	submit(name: string, args: readonly Value[], options: SubmitOptions = {}): Submitted {
		const code = this.#worker.codeNamed(name);
		const submitted = this.#worker.submit(code, args, options, this.task, this.generation);
		this.#held.push(...submitted.refs);
		return submitted;
	}

	/** Refs that come out of it are this execution's. */
	#read<T>(read: () => T): T {
		const { values } = this.#worker;
		values.acquired = this.#held;
		try {
			return read();
		} finally {
			values.acquired = undefined;
		}
	}

	/** Handles that its code has got and not released. */
	get held(): readonly Ref[] {
		return this.#held;
	}

	turn(): Promise<void> {
		return new Promise((resolve) => setImmediate(resolve));
	}

	getSync(ref: Ref, timeout?: number): Value {
		const worker = this.#worker;
		if (!worker.isSettled(ref)) {
			worker.tellBlocked(true);
			try {
				worker.block(ref, timeout, this.task, this.generation);
			} finally {
				worker.tellBlocked(false);
			}
		}
		return this.#read(() => worker.read(ref));
	}

	get(ref: Ref): Promise<Value> {
		const worker = this.#worker;
		if (worker.isSettled(ref)) return new Promise((resolve) => resolve(this.#read(() => worker.read(ref))));
		return new Promise((resolve, reject) => {
			let forget = () => {};
			const cancel = () => {
				forget();
				this.cpu.leaveWait(() => {});
				reject(new TaskFailure("Cancelled", "its task was cancelled", REASON_CANCELLED));
			};
			this.#onCancel.add(cancel);
			this.cpu.enterWait();
			forget = worker.onSettled(ref, () => {
				this.#onCancel.delete(cancel);
				const outcome = outcomeOf(() => this.#read(() => worker.read(ref)));
				this.cpu.leaveWait(() => ("error" in outcome ? reject(outcome.error) : resolve(outcome.value)));
			});
		});
	}

	// ── its CPU ──

	suspend(): number {
		return this.#worker.core.calls.suspend(this.task, this.generation);
	}

	resume(): number {
		return this.#worker.core.calls.resume(this.task, this.generation);
	}

	phase(): number {
		return this.#field(TASK_ENTRY_STATE) & 0xff;
	}

	soon(then: () => void): void {
		queueMicrotask(then);
	}

	later(then: () => void): void {
		setImmediate(then);
	}

	#pause(): void {
		this.cpu.enterWait();
		this.#onCredit = () => {
			this.#onCredit = undefined;
			this.cpu.leaveWait(() => this.#worker.queue(this));
		};
	}

	onCredit(): void {
		this.#onCredit?.();
	}

	onCancel(): void {
		for (const cancel of [...this.#onCancel]) cancel();
		this.#onCancel.clear();
		this.onCredit();
	}

	// ── running it ──

	/** Runs its code: the step that ends the task, or undefined: it goes on. */
	start(): Step | undefined {
		const outcome = outcomeOf(() => {
			const { code, args } = this.#read(() => this.#worker.callOf(this.task));
			return code(this, ...(args as never[])) as Value;
		});
		if ("error" in outcome) return this.#fail(outcome.error);
		const value = outcome.value as unknown;
		if (value instanceof Promise) {
			value.then(
				(result: Value) => this.#over({ value: result }),
				(error: unknown) => this.#over({ error }),
			);
			return undefined;
		}
		if (isGenerator(value)) {
			this.#items = value;
			return this.#produce(value);
		}
		return this.#finish(value as Value);
	}

	#over(outcome: { readonly value: Value } | { readonly error: unknown }): void {
		this.#outcome = outcome;
		this.#worker.queue(this);
	}

	/** Goes on with a task that was queued: the step that ends it, or undefined. */
	proceed(): Step | undefined {
		if (this.#items !== undefined) return this.#produce(this.#items);
		const outcome = this.#outcome;
		if (outcome === undefined) return undefined;
		return "error" in outcome ? this.#fail(outcome.error) : this.#finish(outcome.value);
	}

	/** Gives items until it shall pause. */
	#produce(items: Generator<Value, Value, void>): Step | undefined {
		const { values, core } = this.#worker;
		while (true) {
			const outcome = outcomeOf(() => {
				if (this.cancelled()) throw new TaskFailure("Cancelled", "its task was cancelled", REASON_CANCELLED);
				return items.next() as unknown as Value;
			});
			if ("error" in outcome) return this.#fail(outcome.error);
			const { done, value } = outcome.value as unknown as IteratorResult<Value, Value>;
			if (done) return this.#finish(undefined);
			values.write(value);
			const { calls } = core;
			const status = calls.give(this.task, this.generation, values.flags, values.a, values.b, values.c, values.d);
			if (named(status) === "sealed") {
				items.return(undefined);
				return this.#finish(undefined);
			}
			if (refuse(status, "giving an item") === 1) {
				this.#pause();
				return undefined;
			}
		}
	}

	#finish(value: Value): Step {
		const { values, steps } = this.#worker;
		const { task, generation } = this;
		const results = this.#field(TASK_ENTRY_RESULTS);
		if (results > 1) return this.#finishMany(value as Value[], results);
		values.write(value);
		return steps.finish(task, generation, values.flags, values.a, values.b, values.c, values.d);
	}

	#finishMany(list: readonly Value[], results: number): Step {
		const { values, steps, core } = this.#worker;
		const { calls, views } = core;
		const block = refuse(calls.alloc(results * VALUE_SPEC_SIZE), "a block of results") >>> 0;
		for (let i = 0; i < results; i++) {
			values.write(list[i]);
			const at = (block + i * VALUE_SPEC_SIZE) >>> 2;
			views.u32[at + (VALUE_SPEC_FLAGS >> 2)] = values.flags;
			views.u32.set([values.a, values.b, values.c, values.d], at + (VALUE_SPEC_A >> 2));
		}
		this.#worker.leaveInHand(block);
		return steps.finishMany(this.task, this.generation, block, results);
	}

	#fail(error: unknown): Step {
		const { values, steps } = this.#worker;
		const { task, generation } = this;
		values.writeError(error);
		const asks = error instanceof TryAgain && this.#field(TASK_ENTRY_RETRIES) !== 0;
		const end = asks ? steps.ask : steps.finish;
		return end.call(steps, task, generation, values.flags, values.a, values.b, values.c, values.d);
	}
}

function outcomeOf(run: () => Value): { readonly value: Value } | { readonly error: unknown } {
	try {
		return { value: run() };
	} catch (error) {
		return { error };
	}
}

function isGenerator(value: unknown): value is Generator<Value, Value, void> {
	return typeof value === "object" && value !== null && Symbol.iterator in value && "throw" in value;
}
