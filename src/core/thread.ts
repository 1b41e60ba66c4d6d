import type { CoreExports } from "./abi.ts";
import {
	GATE_EPOCH_SHIFT,
	MESSAGE_SIZE,
	OBJECT_ENTRY_SIZE,
	OBJECT_ENTRY_STATE,
	OBJECT_ENTRY_WORD,
	TASK_ENTRY_SIZE,
	THREAD_GATE,
	THREAD_GENERATION,
	THREAD_INBOX,
	THREAD_MESSAGES,
	THREAD_PARKS,
	THREAD_SCRATCH,
	THREAD_SHORT,
	THREAD_SIZE,
	THREAD_SPEC,
	THREAD_TASK,
	THREAD_TASK_GENERATION,
	THREAD_WAKE,
	THREAD_WAKE_VALUE,
} from "./layout.ts";
import { Views } from "./memory.ts";

/** The core as one thread has it: the calls, the views, and where its own record and the tables stand. */
export class CoreThread {
	readonly calls: CoreExports;
	readonly views: Views;
	readonly index: number;
	readonly epoch: number;
	/** Indices into `views.u32` and `views.i32`. */
	readonly wakeWord: number;
	readonly inboxWord: number;
	readonly shortWord: number;
	readonly messages: number;
	readonly scratch: number;
	readonly spec: number;
	/** Addresses. */
	readonly objectTable: number;
	readonly taskTable: number;
	readonly #record: number;

	/** The instance must be attached to the slot `index`. */
	constructor(calls: CoreExports, memory: WebAssembly.Memory, index: number) {
		this.calls = calls;
		this.views = new Views(memory);
		this.index = index;
		const record = this.views.threadTable + index * THREAD_SIZE;
		this.epoch = Atomics.load(this.views.i32, (record + THREAD_GATE) >> 2) >>> GATE_EPOCH_SHIFT;
		this.wakeWord = (record + THREAD_WAKE) >> 2;
		this.inboxWord = (record + THREAD_INBOX) >> 2;
		this.shortWord = (record + THREAD_SHORT) >> 2;
		this.messages = (record + THREAD_MESSAGES) >> 2;
		this.scratch = (record + THREAD_SCRATCH) >> 2;
		this.spec = (record + THREAD_SPEC) >> 2;
		this.objectTable = this.views.objectTable;
		this.taskTable = this.views.taskTable;
		this.#record = record >> 2;
	}

	/** Second results of the last call. */
	get generation(): number {
		return this.views.u32[this.#record + (THREAD_GENERATION >> 2)] as number;
	}
	get task(): number {
		return this.views.u32[this.#record + (THREAD_TASK >> 2)] as number;
	}
	get taskGeneration(): number {
		return this.views.u32[this.#record + (THREAD_TASK_GENERATION >> 2)] as number;
	}
	/** Whether calls that end a task and give no other park the worker: `Parked`. */
	set parks(list: number) {
		this.views.u32[this.#record + (THREAD_PARKS >> 2)] = list;
	}
	get wakeValue(): number {
		return this.views.i32[this.#record + (THREAD_WAKE_VALUE >> 2)] as number;
	}

	/** Another thread's wake word, as an index into `views.i32`. */
	wakeWordOf(index: number): number {
		return (this.views.threadTable + index * THREAD_SIZE + THREAD_WAKE) >> 2;
	}

	/** Index into `views.u32` of the i-th message of the last `drain`. */
	message(i: number): number {
		return this.messages + i * (MESSAGE_SIZE >> 2);
	}

	objectAt(slot: number): number {
		return this.objectTable + slot * OBJECT_ENTRY_SIZE;
	}

	taskAt(index: number): number {
		return this.taskTable + index * TASK_ENTRY_SIZE;
	}

	/** An object's state word. The thread must hold the object, or it may be another's by now. */
	stateOf(slot: number): number {
		return Atomics.load(this.views.i32, (this.objectAt(slot) + OBJECT_ENTRY_STATE) >> 2);
	}

	/** Of the object that has the slot now. */
	generationOf(slot: number): number {
		return Atomics.load(this.views.i32, (this.objectAt(slot) + OBJECT_ENTRY_WORD + 4) >> 2);
	}

	hasMail(): boolean {
		return Atomics.load(this.views.i32, this.inboxWord) !== 0;
	}
}
