import type { CoreExports } from "../../src/core/abi.ts";
import {
	GATE_EPOCH_SHIFT,
	GATE_OUT,
	GATE_STATE_MASK,
	MESSAGE_KIND,
	MESSAGE_SIZE,
	MESSAGE_SLOT,
	STATE_INLINE,
	STATE_LENGTH_SHIFT,
	STATS_OBJECTS,
	STATS_PENDING,
	STATS_TAKEN,
	TASK_SPEC_ARGS,
	TASK_SPEC_ARGS_SIZE,
	TASK_SPEC_CODE,
	TASK_SPEC_CODE_GENERATION,
	TASK_SPEC_DEPENDENCIES,
	TASK_SPEC_FLAGS,
	TASK_SPEC_LIMIT,
	TASK_SPEC_PARENT,
	TASK_SPEC_PARENT_GENERATION,
	TASK_SPEC_PRIORITY,
	TASK_SPEC_REFERENCES,
	TASK_SPEC_RESOURCE_CLASS,
	TASK_SPEC_RESULT_LIST,
	TASK_SPEC_RESULTS,
	TASK_SPEC_RETRIES,
	THREAD_FLAG_MAY_BLOCK,
	THREAD_FLAG_WORKER,
	THREAD_GATE,
	THREAD_GENERATION,
	THREAD_MESSAGES,
	THREAD_SCRATCH,
	THREAD_SIZE,
	THREAD_SPEC,
	THREAD_TASK,
	THREAD_TASK_GENERATION,
} from "../../src/core/layout.ts";
import { instantiateCore } from "../../src/core/load.ts";
import { createMemory, PAGE_BYTES, Views } from "../../src/core/memory.ts";
import { findFault, walkerRoom } from "../core/support/walk.ts";

export const INLINE = STATE_INLINE | (4 << STATE_LENGTH_SHIFT);

/** An object or a task: where it stands, and its generation. */
export interface Named {
	readonly at: number;
	readonly generation: number;
}

export interface Submission {
	readonly references?: readonly Named[];
	readonly dependencies?: number;
	readonly results?: number;
	readonly flags?: number;
	readonly limit?: number;
	readonly retries?: number;
	readonly parent?: Named;
	readonly resourceClass?: number;
}

const SIZE = 96 * PAGE_BYTES;
const OBJECTS = 8192;
const TASKS = 2048;
const THREADS = 4;
const CAPACITY = 4 << 20;

/** An instance on a slot of its own, with the second results of its calls. */
export class Thread {
	readonly core: CoreExports;
	readonly index: number;
	readonly epoch: number;
	readonly record: number;
	readonly #views: Views;

	constructor(core: CoreExports, views: Views) {
		this.core = core;
		this.index = this.core.reserve(0, THREAD_FLAG_MAY_BLOCK | THREAD_FLAG_WORKER);
		this.record = views.threadTable + this.index * THREAD_SIZE;
		this.#views = views;
		this.epoch = this.epochOf(this.index);
		expectStatus(this.core.attach(this.index, this.epoch), 0, "attach");
	}

	word(offset: number): number {
		return this.#views.u32[(this.record + offset) >> 2] as number;
	}

	/** The epoch of the slot's next or present thread. */
	epochOf(index: number): number {
		const gate = this.#views.u32[(this.#views.threadTable + index * THREAD_SIZE + THREAD_GATE) >> 2] as number;
		return gate >>> GATE_EPOCH_SHIFT;
	}

	get gate(): number {
		return this.word(THREAD_GATE);
	}

	/** What a call that answered `at` has made or found. */
	named(at: number): Named {
		if (at < 0) throw new Error(`a call answered ${at} where a slot was expected`);
		return { at, generation: this.word(THREAD_GENERATION) };
	}

	task(at = this.word(THREAD_TASK)): Named {
		return { at, generation: this.word(THREAD_TASK_GENERATION) };
	}

	stat(offset: number): number {
		expectStatus(this.core.stats(), 0, "stats");
		return this.word(THREAD_SCRATCH + offset);
	}

	put(flags = INLINE): Named {
		return this.named(this.core.put(flags, 1, 2, 3, 4));
	}

	create(): Named {
		return this.named(this.core.create());
	}

	release(...objects: readonly Named[]): void {
		for (const { at, generation } of objects) expectStatus(this.core.release(at, generation), 0, "release");
	}

	/** A block in hand of `size` bytes with these references behind it. */
	block(size: number, references: readonly Named[] = []): number {
		const address = this.core.alloc(size + 8 + 8 * references.length);
		if (address <= 0) throw new Error(`alloc answered ${address}`);
		this.write(address + ((size + 7) & ~7), references);
		return address;
	}

	write(address: number, references: readonly Named[]): void {
		let word = address >>> 2;
		for (const { at, generation } of references) {
			this.#views.u32[word++] = at;
			this.#views.u32[word++] = generation;
		}
	}

	load(address: number): number {
		return this.#views.u32[address >>> 2] as number;
	}

	store(address: number, value: number): void {
		this.#views.u32[address >>> 2] = value;
	}

	/** An object with a payload and references nested in it. */
	nest(...references: readonly Named[]): Named {
		return this.named(this.core.put(0, this.block(64, references), 64, references.length, 0));
	}

	/** Fills in `spec`; the block of arguments and the list of results, if there are any, are in hand until it is submitted. */
	prepare(code: Named, submission: Submission = {}): { args: number; list: number } {
		const { references = [], dependencies = 0, results = 1, flags = 0, limit = 0 } = submission;
		const spec = this.record + THREAD_SPEC;
		const args = references.length > 0 ? this.block(8, references) : 0;
		const list = results > 1 ? this.block(8 * results) : 0;
		this.store(spec + TASK_SPEC_CODE, code.at);
		this.store(spec + TASK_SPEC_CODE_GENERATION, code.generation);
		this.store(spec + TASK_SPEC_RESOURCE_CLASS, submission.resourceClass ?? 0);
		this.store(spec + TASK_SPEC_PRIORITY, 8);
		this.store(spec + TASK_SPEC_FLAGS, flags);
		this.store(spec + TASK_SPEC_RETRIES, submission.retries ?? 0);
		this.store(spec + TASK_SPEC_RESULTS, results);
		this.store(spec + TASK_SPEC_LIMIT, limit);
		this.store(spec + TASK_SPEC_PARENT, submission.parent?.at ?? 0);
		this.store(spec + TASK_SPEC_PARENT_GENERATION, submission.parent?.generation ?? 0);
		this.store(spec + TASK_SPEC_ARGS, args);
		this.store(spec + TASK_SPEC_ARGS_SIZE, args === 0 ? 0 : 8);
		this.store(spec + TASK_SPEC_REFERENCES, references.length);
		this.store(spec + TASK_SPEC_DEPENDENCIES, dependencies);
		this.store(spec + TASK_SPEC_RESULT_LIST, list);
		return { args, list };
	}

	/** A task and its result. */
	submit(code: Named, submission: Submission = {}): { task: Named; result: Named } {
		this.prepare(code, submission);
		const result = this.named(this.core.submit());
		return { task: this.task(), result };
	}

	take(): Named {
		const at = this.core.take();
		if (at <= 0) throw new Error(`take answered ${at} where a task was expected`);
		return this.task(at);
	}

	finish(task: Named): number {
		return this.core.finish(task.at, task.generation, INLINE, 0, 0, 0, 0);
	}

	/** The kinds of the messages that were in the inbox; what they handed over is given back. */
	drain(): number[] {
		const kinds: number[] = [];
		for (;;) {
			const count = this.core.drain();
			if (count < 0) throw new Error(`drain answered ${count}`);
			if (count === 0) return kinds;
			for (let i = 0; i < count; i++) kinds.push(this.message(i, MESSAGE_KIND));
		}
	}

	message(index: number, field: number = MESSAGE_SLOT): number {
		return this.word(THREAD_MESSAGES + index * MESSAGE_SIZE + field);
	}
}

export function expectStatus(status: number, wanted: number, what: string): void {
	if (status !== wanted) throw new Error(`${what} answered ${status}, not ${wanted}`);
}

/** A core with two threads on this one: `diver` makes the calls that may meet the stack's end, `other` is somebody else. */
export class World {
	readonly views: Views;
	readonly diver: Thread;
	readonly other: Thread;
	/** What tasks run: an object that the diver holds. */
	readonly code: Named;
	readonly #module: WebAssembly.Module;
	readonly #memory: WebAssembly.Memory;
	readonly #objects: number;
	readonly #taken: number;

	constructor(bytes: BufferSource) {
		this.#module = new WebAssembly.Module(bytes);
		const room = walkerRoom(SIZE, OBJECTS, TASKS, THREADS);
		this.#memory = createMemory(Math.ceil((SIZE + room) / PAGE_BYTES));
		this.views = new Views(this.#memory);
		const core = this.instantiate();
		expectStatus(core.init(SIZE, OBJECTS, TASKS, THREADS, CAPACITY), 0, "init");
		this.diver = new Thread(core, this.views);
		this.other = new Thread(this.instantiate(), this.views);
		expectStatus(this.diver.core.setResource(0, 10_000), 0, "setResource");
		expectStatus(this.diver.core.defineClass(0, 0), 0, "defineClass");
		this.diver.store(this.diver.record + THREAD_SCRATCH, 0);
		this.diver.store(this.diver.record + THREAD_SCRATCH + 4, 10_000);
		expectStatus(this.diver.core.defineClass(0, 1), 1, "defineClass");
		this.code = this.diver.put();
		// Each thread has a chunk of handles from the start, so that what is taken can be compared.
		this.other.release(this.other.put());
		this.#settle();
		this.#objects = this.diver.stat(STATS_OBJECTS);
		this.#taken = this.diver.stat(STATS_TAKEN);
	}

	/** One more instance, attached to nothing. */
	instantiate(): CoreExports {
		return instantiateCore(this.#module, this.#memory);
	}

	#settle(): void {
		for (const thread of [this.diver, this.other]) expectStatus(thread.core.flush(), 0, "flush");
	}

	/** What must not be so when no call is under way. */
	faults(walk = true): string[] {
		const faults: string[] = [];
		const state = this.diver.gate & GATE_STATE_MASK;
		if (state !== GATE_OUT) faults.push(`the gate's state is ${state}`);
		if (!walk) return faults;
		const broken = findFault(this.#memory, { inPlace: true });
		if (broken !== undefined) faults.push(broken);
		return faults;
	}

	/** What is left over of scenes that have given everything back. */
	leftOver(): string[] {
		this.#settle();
		const counts = {
			objects: this.diver.stat(STATS_OBJECTS) - this.#objects,
			tasks: this.diver.stat(STATS_PENDING),
			"bytes of blocks": this.diver.stat(STATS_TAKEN) - this.#taken,
		};
		return Object.entries(counts)
			.filter(([, count]) => count !== 0)
			.map(([what, count]) => `${count} ${what} are left over`);
	}
}
