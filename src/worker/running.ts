/** A task in this worker's hands: what its code may ask about it, and its waits. */

import {
	PLACE_CLASSES,
	RESOURCE_CLASS_AMOUNTS,
	RESOURCE_CLASS_NEEDS,
	RESOURCE_CLASS_RESOURCES,
	RESOURCE_CLASS_SIZE,
	TASK_ENTRY_ATTEMPT,
	TASK_ENTRY_CANCEL,
	TASK_ENTRY_CODE,
	TASK_ENTRY_CODE_GENERATION,
	TASK_ENTRY_GPUS,
	TASK_ENTRY_RESOURCE_CLASS,
	TASK_ENTRY_STATE,
	TASK_ENTRY_TOKEN,
} from "../core/layout.ts";
import type { CoreThread } from "../core/thread.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { idOf } from "../engine/local/ids.ts";
import { type CpuHost, TaskCpu } from "../engine/local/protocol/cpu.ts";
import { nextTurn } from "../platform/yield.ts";

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

export class RunningTask implements CpuHost {
	readonly task: number;
	readonly generation: number;
	readonly #engine: LocalEngine;
	name = "";
	readonly #thread: CoreThread;
	readonly #at: number;
	#signal: CancelSignal | undefined;
	#cpu: TaskCpu | undefined;
	/** What came of it, if it went on asynchronously and is over. */
	outcome: Outcome | undefined;
	/** Called when the consumer has room for items again. */
	onCredit: (() => void) | undefined;

	constructor(engine: LocalEngine, index: number, generation: number) {
		this.task = index;
		this.generation = generation;
		this.#engine = engine;
		this.#thread = engine.thread;
		this.#at = engine.thread.taskAt(index) >> 2;
	}

	get id(): string {
		return idOf(this.#engine.id, "t", this.task, this.generation);
	}

	/** The object that describes its function. */
	get code(): number {
		return this.#thread.views.u32[this.#at + (TASK_ENTRY_CODE >> 2)] as number;
	}

	get codeGeneration(): number {
		return this.#thread.views.u32[this.#at + (TASK_ENTRY_CODE_GENERATION >> 2)] as number;
	}

	/** The worker it runs on. */
	get worker(): number {
		return this.#thread.index;
	}

	get attempt(): number {
		return this.#thread.views.u32[this.#at + (TASK_ENTRY_ATTEMPT >> 2)] as number;
	}

	/** Whether what it throws is judged by its submitter. */
	get judged(): boolean {
		return ((this.#thread.views.u32[this.#at + (TASK_ENTRY_TOKEN >> 2)] as number) & 1) !== 0;
	}

	get gpus(): number[] {
		const mask = this.#thread.views.u32[this.#at + (TASK_ENTRY_GPUS >> 2)] as number;
		return Array.from({ length: 32 }, (_, i) => i).filter((i) => (mask >>> i) & 1);
	}

	/** What it has, in 1/10,000 (memory: MiB), by the resource's number. */
	get resources(): [resource: number, amount: number][] {
		const { u8, u16, u32 } = this.#thread.views;
		const cls =
			PLACE_CLASSES + (u16[(this.#at << 1) + (TASK_ENTRY_RESOURCE_CLASS >> 1)] as number) * RESOURCE_CLASS_SIZE;
		const needs = u32[(cls + RESOURCE_CLASS_NEEDS) >> 2] as number;
		return Array.from({ length: needs }, (_, i) => [
			u8[cls + RESOURCE_CLASS_RESOURCES + i] as number,
			u32[((cls + RESOURCE_CLASS_AMOUNTS) >> 2) + i] as number,
		]);
	}

	// ── cancelling ──

	/** The reason, or 0. Readable in the middle of synchronous code. */
	get cancelReason(): number {
		return Atomics.load(this.#thread.views.i32, this.#at + (TASK_ENTRY_CANCEL >> 2));
	}

	get signal(): AbortSignal {
		this.#signal ??= new CancelSignal(this);
		return this.#signal.signal;
	}

	cancelled(): void {
		this.#signal?.abort();
	}

	cancelError(): Error {
		return this.#engine.cancelling.errorOf(this, this.cancelReason, this);
	}

	// ── waiting ──

	/** Made for tasks that wait, and for those that block beside others. */
	get cpu(): TaskCpu {
		this.#cpu ??= new TaskCpu(this);
		return this.#cpu;
	}

	suspend(): number {
		return this.#thread.calls.suspend(this.task, this.generation);
	}

	resume(): number {
		return this.#thread.calls.resume(this.task, this.generation);
	}

	phase(): number {
		return Atomics.load(this.#thread.views.i32, this.#at + (TASK_ENTRY_STATE >> 2)) & 0xff;
	}

	soon(then: () => void): void {
		queueMicrotask(then);
	}

	later(then: () => void): void {
		nextTurn(then);
	}
}

/** An AbortSignal that also reads the cancel word when it is asked, so that a synchronous loop may poll it. */
class CancelSignal {
	readonly signal: AbortSignal;
	readonly #controller = new AbortController();
	readonly #task: RunningTask;
	#aborting = false;

	constructor(task: RunningTask) {
		this.#task = task;
		this.signal = this.#controller.signal;
		const native = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")?.get;
		Object.defineProperty(this.signal, "aborted", {
			configurable: true,
			get: () => {
				if (task.cancelReason !== 0) this.abort();
				return native?.call(this.signal) as boolean;
			},
		});
		this.signal.throwIfAborted = () => {
			if (this.signal.aborted) throw this.signal.reason;
		};
		if (task.cancelReason !== 0) this.abort();
	}

	abort(): void {
		// Deno asks `aborted` meanwhile, which comes here.
		if (this.#aborting) return;
		this.#aborting = true;
		this.#controller.abort(this.#task.cancelError());
	}
}
