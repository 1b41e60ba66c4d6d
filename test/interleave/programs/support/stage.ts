// What the programs over the core share: a small memory laid out and a slot for each thread, and the few host's words for
// what the core's calls leave in a thread's record.
//
// Slot 0 is the driver's, which only sets up; thread i stands on slot i + 1, also the threads that recover others.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../../scripts/paths.mjs";
import * as layout from "../../../../src/core/layout.ts";
import { PAGE_BYTES } from "../../../../src/core/memory.ts";
import type { SetupContext, ThreadHandle } from "../../program.ts";
import type { Calls } from "../../world.ts";

export interface Ref {
	readonly slot: number;
	readonly generation: number;
}

export interface TaskRef {
	readonly task: number;
	readonly generation: number;
	/** Of a task with one result. */
	readonly result: Ref;
}

const build = (name: string) => join(root, "build", name);
let core: Uint8Array | undefined;
let named: Uint8Array | undefined;
/** The shipping bytes, and the same code with names. */
export const coreBytes = (): Uint8Array => (core ??= readFileSync(build("core.wasm")));
export const namedBytes = (): Uint8Array => (named ??= readFileSync(build("core.named.wasm")));

export const PAGES = 10;
export const SIZE = PAGES * PAGE_BYTES;

/** A number of 4 bytes, inline; and an error. */
export const NUMBER = layout.STATE_INLINE | (4 << layout.STATE_LENGTH_SHIFT);
export const ERROR = NUMBER | layout.STATE_ERROR;

/** Who is inside of what only one may do: a word of the programs' own, in the part of the memory that the core leaves alone. */
export const INSIDE = 8;

export interface StageOptions {
	readonly objects?: number;
	readonly tasks?: number;
	/** CPUs; and what a task of class 1 needs. Class 0 needs nothing. */
	readonly cpus?: number;
	/** False: threads have no handle tables and no blocks yet, so that they meet in making these. */
	readonly warm?: boolean;
	/** False: as in a browser's main thread, locks are spun for. */
	readonly mayBlock?: boolean;
	/** The threads' kinds of worker. Default: all 0. */
	readonly kinds?: readonly number[];
}

/** The class of tasks that need one CPU; the other needs nothing. */
export const NO_CLASS = 0;
export const CPU_CLASS = 1;

export class Stage {
	readonly context: SetupContext;
	readonly driver: Actor;
	readonly actors: readonly Actor[];
	/** Object that stands for a function. */
	readonly code: Ref;

	constructor(context: SetupContext, options: StageOptions = {}) {
		const { objects = 512, tasks = 256, cpus = 1, warm = true, mayBlock = true, kinds = [] } = options;
		this.context = context;
		const all = [context.core, ...context.threads];
		expectOk("init", context.core.init(SIZE, objects, tasks, all.length + 2, 0xffffffff));
		const flags = layout.THREAD_FLAG_WORKER | (mayBlock ? layout.THREAD_FLAG_MAY_BLOCK : 0);
		const actors = all.map((calls, index) => {
			expectOk("reserve", calls.reserve(kinds[index - 1] ?? 0, flags) - index);
			expectOk("attach", calls.attach(index, 1));
			return new Actor(context, calls, index);
		});
		[this.driver, ...this.actors] = actors as [Actor, ...Actor[]];
		if (warm) for (const actor of actors) actor.release(actor.put(0));
		this.driver.setResource(layout.RESOURCE_CPU, cpus * layout.RESOURCE_UNIT);
		expectOk("defineClass", this.driver.defineClass([]));
		expectOk("defineClass", this.driver.defineClass([[layout.RESOURCE_CPU, layout.RESOURCE_UNIT]]) - 1);
		this.code = this.driver.put(0);
	}

	objectAt(slot: number): number {
		return this.#rootField(layout.ROOT_OBJECT_TABLE) + slot * layout.OBJECT_ENTRY_SIZE;
	}

	taskAt(task: number): number {
		return this.#rootField(layout.ROOT_TASK_TABLE) + task * layout.TASK_ENTRY_SIZE;
	}

	/** For setup and check. */
	word(address: number): number {
		return this.context.words[address >>> 2] >>> 0;
	}

	phaseOf({ slot }: Ref): number {
		return this.word(this.objectAt(slot) + layout.OBJECT_ENTRY_STATE) & layout.STATE_PHASE_MASK;
	}

	isError({ slot }: Ref): boolean {
		return (this.word(this.objectAt(slot) + layout.OBJECT_ENTRY_STATE) & layout.STATE_ERROR) !== 0;
	}

	valueOf({ slot }: Ref): number {
		return this.word(this.objectAt(slot) + layout.OBJECT_ENTRY_VALUE);
	}

	valueWordsOf({ slot }: Ref): number[] {
		const at = (this.objectAt(slot) + layout.OBJECT_ENTRY_VALUE) >>> 2;
		return [...this.context.words.subarray(at, at + 4)];
	}

	/** The phase of this very task; once it is over, `vacant`. */
	taskPhaseOf({ task, generation }: TaskRef): number {
		const at = this.taskAt(task);
		const same = this.word(at + layout.TASK_ENTRY_GENERATION) === generation;
		return same ? this.word(at + layout.TASK_ENTRY_STATE) & 0xff : layout.TASK_PHASE_VACANT;
	}

	/** A thread of the program, as setup calls it. */
	actor(index: number): Actor {
		const actor = this.actors[index];
		if (actor === undefined) throw new RangeError(`the program has no thread ${index}`);
		return actor;
	}

	#rootField(offset: number): number {
		return this.word(layout.PLACE_ROOT + offset);
	}
}

function expectOk(what: string, status: number): void {
	if (status !== 0) throw new Error(`${what} answered ${status}`);
}

function expectResult(what: string, result: number): number {
	if (result < 0) throw new Error(`${what} answered ${result}`);
	return result;
}

/** A thread in setup: calls that must succeed. */
export class Actor {
	readonly calls: Calls;
	readonly index: number;
	readonly record: number;
	readonly #context: SetupContext;

	constructor(context: SetupContext, calls: Calls, index: number) {
		this.#context = context;
		this.calls = calls;
		this.index = index;
		this.record = context.words[(layout.PLACE_ROOT + layout.ROOT_THREAD_TABLE) >>> 2] + index * layout.THREAD_SIZE;
	}

	field(offset: number): number {
		return this.#context.words[(this.record + offset) >>> 2] >>> 0;
	}

	#ref(what: string, slot: number): Ref {
		return { slot: expectResult(what, slot), generation: this.field(layout.THREAD_GENERATION) };
	}

	put(value: number): Ref {
		return this.#ref("put", this.calls.put(NUMBER, value, 0, 0, 0));
	}

	/** An object with a payload of zeros, and references behind it. */
	putBlock(size: number, references: readonly Ref[] = []): Ref {
		const behind = (size + 7) & ~7;
		const address = expectResult("alloc", this.calls.alloc(behind + 8 * references.length));
		this.#context.memory.fill(0, address, address + size);
		const numbers = references.flatMap(({ slot, generation }) => [slot, generation]);
		this.#context.words.set(numbers, (address + behind) >>> 2);
		return this.#ref("put", this.calls.put(0, address, size, references.length, 0));
	}

	create(): Ref {
		return this.#ref("create", this.calls.create());
	}

	retain({ slot, generation }: Ref): void {
		expectOk("retain", this.calls.retain(slot, generation));
	}

	release({ slot, generation }: Ref): void {
		expectOk("release", this.calls.release(slot, generation));
	}

	setResource(resource: number, amount: number): void {
		expectOk("setResource", this.calls.setResource(resource, amount));
	}

	defineClass(needs: readonly (readonly [resource: number, amount: number])[], kind = 0): number {
		const scratch = (this.record + layout.THREAD_SCRATCH) >>> 2;
		this.#context.words.set(needs.flat(), scratch);
		return expectResult("defineClass", this.calls.defineClass(kind, needs.length));
	}

	submit(code: Ref, options: SpecOptions = {}): TaskRef {
		const dependencies = dependenciesOf(options);
		const args = dependencies.length === 0 ? 0 : expectResult("alloc", this.calls.alloc(8 + 8 * dependencies.length));
		const references = dependencies.flatMap(({ slot, generation }) => [slot, generation]);
		if (args !== 0) this.#context.words.set(references, (args + 8) >>> 2);
		for (const [offset, value] of specOf(code, options, args)) {
			this.#context.words[(this.record + layout.THREAD_SPEC + offset) >>> 2] = value;
		}
		const result = this.#ref("submit", this.calls.submit());
		return { task: this.field(layout.THREAD_TASK), generation: this.field(layout.THREAD_TASK_GENERATION), result };
	}

	/** Takes a task, and says that it has begun. */
	begin(stage: Stage): number {
		const task = expectResult("take", this.calls.take());
		this.#context.words[(stage.taskAt(task) + layout.TASK_ENTRY_STARTED) >>> 2] = 1;
		return task;
	}
}

export interface SpecOptions {
	readonly resourceClass?: number;
	readonly retries?: number;
	readonly dependency?: Ref;
	readonly dependencies?: readonly Ref[];
	readonly parent?: TaskRef;
	/** A generator; and unread items at which it pauses. */
	readonly stream?: boolean;
	readonly limit?: number;
}

export const dependenciesOf = ({ dependency, dependencies = [] }: SpecOptions): readonly Ref[] =>
	dependency === undefined ? dependencies : [dependency, ...dependencies];

/** What stands in the spec of a task with one result; `args`: a block with 8 bytes and behind them the dependencies. */
export function specOf(code: Ref, options: SpecOptions, args: number): [number, number][] {
	const count = dependenciesOf(options).length;
	return [
		[layout.TASK_SPEC_CODE, code.slot],
		[layout.TASK_SPEC_CODE_GENERATION, code.generation],
		[layout.TASK_SPEC_RESOURCE_CLASS, options.resourceClass ?? NO_CLASS],
		[layout.TASK_SPEC_PRIORITY, 8],
		[layout.TASK_SPEC_FLAGS, options.stream === true ? layout.TASK_FLAG_STREAM : 0],
		[layout.TASK_SPEC_LIMIT, options.limit ?? 0],
		[layout.TASK_SPEC_RETRIES, options.retries ?? 0],
		[layout.TASK_SPEC_RESULTS, 1],
		[layout.TASK_SPEC_PARENT, options.parent?.task ?? 0],
		[layout.TASK_SPEC_PARENT_GENERATION, options.parent?.generation ?? 0],
		[layout.TASK_SPEC_TOKEN, 0],
		[layout.TASK_SPEC_ARGS, args],
		[layout.TASK_SPEC_ARGS_SIZE, args === 0 ? 0 : 8],
		[layout.TASK_SPEC_KIND, 0],
		[layout.TASK_SPEC_REFERENCES, args === 0 ? 0 : count],
		[layout.TASK_SPEC_DEPENDENCIES, args === 0 ? 0 : count],
	];
}

/** A field of the thread's own record, read as its host reads it. */
export function ownField(stage: Stage, t: ThreadHandle, offset: number): number {
	return t.peek(stage.actor(t.index).record + offset);
}

/** What the last call of the thread says beside its result. */
export const generationOf = (stage: Stage, t: ThreadHandle): number => ownField(stage, t, layout.THREAD_GENERATION);
export const taskGenerationOf = (stage: Stage, t: ThreadHandle): number =>
	ownField(stage, t, layout.THREAD_TASK_GENERATION);

/** As arguments of a call. */
export const of = ({ slot, generation }: Ref) => [slot, generation] as const;
export const its = ({ task, generation }: TaskRef) => [task, generation] as const;
