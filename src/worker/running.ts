/** A task in this worker's hands: what its code may ask about it, and its waits. */

import {
	PLACE_CLASSES,
	REASON_TIMEOUT,
	RESOURCE_CLASS_AMOUNTS,
	RESOURCE_CLASS_NEEDS,
	RESOURCE_CLASS_RESOURCES,
	RESOURCE_CLASS_SIZE,
	STATUS_BUSY,
	STATUS_OK,
	TASK_ENTRY_ATTEMPT,
	TASK_ENTRY_CANCEL,
	TASK_ENTRY_GPUS,
	TASK_ENTRY_RESOURCE_CLASS,
	TASK_ENTRY_STARTED,
	TASK_ENTRY_TOKEN,
} from "../core/layout.ts";
import type { CoreThread } from "../core/thread.ts";
import { idOf } from "../engine/local/ids.ts";
import { TaskCancelledError, TaskTimeoutError } from "../errors.ts";

export class RunningTask {
	readonly index: number;
	readonly generation: number;
	readonly #engine: string;
	name = "";
	readonly #thread: CoreThread;
	readonly #at: number;
	#signal: CancelSignal | undefined;
	/** Waits that are under way, and what goes on when the CPU is back. */
	#waits = 0;
	#suspended = false;
	#checking = false;
	#held: (() => void)[] = [];
	/** Called when the consumer has room for items again. */
	onCredit: (() => void) | undefined;

	constructor(thread: CoreThread, engine: string, index: number, generation: number) {
		this.index = index;
		this.generation = generation;
		this.#engine = engine;
		this.#thread = thread;
		this.#at = thread.taskAt(index) >> 2;
	}

	get id(): string {
		return idOf(this.#engine, "t", this.index, this.generation);
	}

	/** The worker it runs on. */
	get worker(): number {
		return this.#thread.index;
	}

	/** Its code begins: if the thread dies now, the attempt counts. */
	start(): void {
		Atomics.store(this.#thread.views.i32, this.#at + (TASK_ENTRY_STARTED >> 2), 1);
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
		const { id: taskId } = this;
		return this.cancelReason === REASON_TIMEOUT
			? new TaskTimeoutError(`Task ${taskId} was not done within its timeout.`, { taskId })
			: new TaskCancelledError(`Task ${taskId} was cancelled.`, { taskId });
	}

	// ── waiting ──

	/** Its code waits for something. When control is back in the loop, its CPU is given back. */
	enterWait(): void {
		this.#waits++;
		if (this.#checking) return;
		this.#checking = true;
		queueMicrotask(() => {
			this.#checking = false;
			if (this.#waits > 0) this.#suspend();
		});
	}

	leaveWait(go: () => void): void {
		this.#waits--;
		if (!this.#suspended) {
			go();
			return;
		}
		this.#held.push(go);
		if (this.#held.length === 1) this.#resume();
	}

	#suspend(): void {
		if (this.#suspended) return;
		this.#suspended = this.#thread.calls.suspend(this.index, this.generation) === STATUS_OK;
	}

	#resume(): void {
		if (this.#thread.calls.resume(this.index, this.generation) !== STATUS_BUSY) this.resumed();
	}

	/** It has its CPU again. */
	resumed(): void {
		this.#suspended = false;
		const held = this.#held;
		this.#held = [];
		for (const go of held) go();
	}

	/** This thread blocks in the task: its CPU goes to others meanwhile. False: it had none to give. */
	block(): boolean {
		if (this.#suspended) return false;
		return this.#thread.calls.suspend(this.index, this.generation) === STATUS_OK;
	}

	/** True: it has its CPU again at once; else a message will come. */
	unblock(): boolean {
		return this.#thread.calls.resume(this.index, this.generation) !== STATUS_BUSY;
	}
}

/** An AbortSignal whose `aborted` also reads the cancel word, so that a synchronous loop may poll it. */
class CancelSignal {
	readonly signal: AbortSignal;
	readonly #controller = new AbortController();
	readonly #task: RunningTask;

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
		if (task.cancelReason !== 0) this.abort();
	}

	abort(): void {
		if (!this.#controller.signal.reason) this.#controller.abort(this.#task.cancelError());
	}
}
