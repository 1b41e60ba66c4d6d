// One thread of the thin host, driver or worker: handles, waits, submitting, and what its inbox says.
import { instantiateCore } from "../../../src/core/instantiate.ts";
import {
	MESSAGE_KIND_DECIDE,
	MESSAGE_KIND_ITEM,
	MESSAGE_KIND_LOST,
	MESSAGE_KIND_ROOM,
	MESSAGE_KIND_RUNNER,
	MESSAGE_KIND_SEALED,
	PHASE_PENDING,
	STATE_ERROR,
	STATE_PHASE_MASK,
	STATS_GRANULES,
	STATS_OBJECTS,
	STATS_PENDING,
	STATS_READY,
	STATS_TAKEN,
	STATS_UNREAD,
	STATS_UNREAD_DROPPED,
	TASK_ENTRY_RETRIES,
	TASK_FLAG_STREAM,
	TASK_SPEC_ARGS,
	TASK_SPEC_ARGS_SIZE,
	TASK_SPEC_CODE,
	TASK_SPEC_CODE_GENERATION,
	TASK_SPEC_DEPENDENCIES,
	TASK_SPEC_FLAGS,
	TASK_SPEC_INLINED,
	TASK_SPEC_INLINED_LENGTH,
	TASK_SPEC_LIMIT,
	TASK_SPEC_PARENT,
	TASK_SPEC_PARENT_GENERATION,
	TASK_SPEC_PRIORITY,
	TASK_SPEC_REFERENCES,
	TASK_SPEC_RESOURCE_CLASS,
	TASK_SPEC_RESULT_LIST,
	TASK_SPEC_RESULTS,
	TASK_SPEC_RETRIES,
	TASK_SPEC_SIZE,
	THREAD_CHUNKS,
	THREAD_SIZE,
} from "../../../src/core/layout.ts";
import { CoreThread } from "../../../src/core/thread.ts";
import {
	type BlockingHost,
	getSync,
	NO_TOKEN,
	OUT_OF_TIME,
	type Wait,
} from "../../../src/engine/local/protocol/getSync.ts";
import { Runner } from "../../../src/engine/local/protocol/run.ts";
import type { Steps } from "../../../src/engine/local/protocol/steps.ts";
import { named, refuse } from "./status.ts";
import { encodeArguments, Ref, TaskFailure, type Value, Values } from "./values.ts";

export interface SubmitOptions {
	readonly results?: number;
	readonly retries?: number;
	readonly priority?: number;
	readonly resourceClass?: number;
	/** A generator, and how many unread items it may have; 0: any number. */
	readonly stream?: number;
}

export interface Submitted {
	readonly task: number;
	readonly generation: number;
	readonly refs: readonly Ref[];
}

type StatName = "taken" | "granules" | "objects" | "pending" | "ready" | "unread" | "unreadDropped";

/** Called when the object is sealed, or the stream has an item, while the object is held. */
type Waiter = () => void;

const WATCH_TOKEN = 1;
const FOR_EVER = Number.POSITIVE_INFINITY;

export abstract class HostThread implements BlockingHost {
	readonly core: CoreThread;
	readonly values: Values;
	readonly runner: Runner;
	readonly steps: Steps;
	ticket = -1;
	parked = false;
	/** What this thread waits for: one watch for each object, however many wait. */
	readonly #waiters = new Map<number, Waiter[]>();
	/** Messages still to come for watches that were given up too late. */
	#late = 0;
	readonly #room: (() => void)[] = [];
	readonly problems: string[] = [];
	decisions = 0;

	constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, index: number, epoch: number) {
		const calls = instantiateCore(module, memory);
		refuse(calls.attach(index, epoch), `attaching to thread slot ${index}`);
		this.core = new CoreThread(calls, memory, index);
		this.values = new Values(this.core);
		this.runner = new Runner(calls, this.core.views.i32, setImmediate, (then) => setTimeout(then, 1));
		this.steps = this.runner.steps;
	}

	// ── objects ──

	put(value: Value): Ref {
		const { values, core } = this;
		values.write(value);
		const slot = refuse(core.calls.put(values.flags, values.a, values.b, values.c, values.d), "put");
		return new Ref(slot, core.generation);
	}

	/** An object that is sealed later. */
	create(): Ref {
		const slot = refuse(this.core.calls.create(), "create");
		return new Ref(slot, this.core.generation);
	}

	seal({ slot, generation }: Ref, value: Value): void {
		const { values } = this;
		values.write(value);
		const { flags, a, b, c, d } = values;
		refuse(this.core.calls.seal(slot, generation, flags, a, b, c, d), "sealing an object");
	}

	free({ slot, generation }: Ref): void {
		refuse(this.core.calls.free(slot, generation), "free");
	}

	retain(ref: Ref): void {
		refuse(this.core.calls.retain(ref.slot, ref.generation), "retaining a ref");
	}

	release(...refs: readonly Ref[]): void {
		for (const { slot, generation } of refs) refuse(this.core.calls.release(slot, generation), "releasing a ref");
	}

	isSettled({ slot }: Ref): boolean {
		return (this.core.stateOf(slot) & STATE_PHASE_MASK) !== PHASE_PENDING;
	}

	read({ slot, generation }: Ref): Value {
		return this.values.read(slot, generation);
	}

	/** Calls back when the object is sealed; at once, if it is. The answer: to call if it shall not any more. */
	onSettled(ref: Ref, then: Waiter): () => void {
		const { key, slot, generation } = ref;
		const waiting = this.#waiters.get(key);
		if (waiting !== undefined) {
			waiting.push(then);
		} else {
			const status = this.core.calls.watch(slot, generation, WATCH_TOKEN);
			if (named(status) === "sealed") {
				then();
				return () => undefined;
			}
			if (status < 0) refuse(status, `watching ${this.#describe(ref)}`);
			this.#waiters.set(key, [then]);
		}
		return () => this.#forget(ref, then);
	}

	#forget({ key, slot, generation }: Ref, waiter: Waiter): void {
		const waiting = this.#waiters.get(key)?.filter((other) => other !== waiter);
		if (waiting === undefined) return;
		if (waiting.length > 0) {
			this.#waiters.set(key, waiting);
			return;
		}
		this.#waiters.delete(key);
		const status = this.core.calls.unwatch(slot, generation);
		if (named(status) === "sealed") this.#late++;
		else refuse(status, "unwatching");
	}

	/** What the memory says of an object and of this thread's hold on it. */
	#describe({ slot, generation }: Ref): string {
		const { u32, threadTable } = this.core.views;
		const thread = threadTable + this.core.index * THREAD_SIZE;
		const chunk = u32[(thread + THREAD_CHUNKS + (slot >> 13) * 4) >>> 2] as number;
		const handle = chunk === 0 ? 0 : (u32[(chunk >>> 2) + (slot & 8191)] as number);
		const [holders, present, state] = u32.subarray(this.core.objectAt(slot) >>> 2);
		return `object ${slot}.${generation} (now .${present}, ${holders} holders, state 0x${state?.toString(16)}, handle 0x${handle.toString(16)})`;
	}

	get waiting(): number {
		return this.#waiters.size;
	}

	/** The task that blocks this thread, if one does; 0 if none. */
	protected blockingTask = 0;

	/** Blocks until the object is sealed. */
	block(ref: Ref, timeout = FOR_EVER, task = 0, taskGeneration = 0): void {
		this.blockingTask = task;
		const deadline = performance.now() + timeout;
		const wait: Wait = {
			objects: [ref],
			task,
			taskGeneration,
			timeLeft: () => deadline - performance.now(),
		};
		const answer = this.runner.runSync(getSync(this.steps, this.core, this, wait));
		if (answer === OUT_OF_TIME) throw new TaskFailure("OutOfTime", `not ready after ${timeout} ms`);
		refuse(answer, "waiting in getSync");
	}

	getSync(ref: Ref, timeout?: number): Value {
		this.block(ref, timeout);
		return this.read(ref);
	}

	/** The next item of a stream; undefined: there is none now; null: there are no more. */
	nextItem({ slot, generation }: Ref): Ref | undefined | null {
		const item = this.core.calls.next(slot, generation);
		if (named(item) === "empty") return undefined;
		if (named(item) === "ended") return null;
		return new Ref(refuse(item, "taking a stream's next item"), this.core.generation);
	}

	// ── tasks ──

	submit(code: Ref, args: readonly Value[], options: SubmitOptions, parent = 0, parentGeneration = 0): Submitted {
		const { core, values } = this;
		const { views, calls, spec } = core;
		const { results = 1, retries = 0, priority = 8, resourceClass = 0, stream } = options;
		views.u32.fill(0, spec, spec + (TASK_SPEC_SIZE >> 2));
		let block = 0;
		if (args.length > 0) {
			const { bytes, refs, dependencies } = encodeArguments(args);
			views.u32[spec + (TASK_SPEC_ARGS_SIZE >> 2)] = bytes.length;
			views.u32[spec + (TASK_SPEC_REFERENCES >> 2)] = refs.length;
			views.u32[spec + (TASK_SPEC_DEPENDENCIES >> 2)] = dependencies;
			if (refs.length === 0 && bytes.length <= TASK_SPEC_INLINED_LENGTH) {
				views.u8.set(bytes, (spec << 2) + TASK_SPEC_INLINED);
			} else {
				block = values.block(bytes, refs);
			}
		}
		const list = results > 1 ? refuse(calls.alloc(results * 8), "a list of results") >>> 0 : 0;
		views.u32[spec + (TASK_SPEC_CODE >> 2)] = code.slot;
		views.u32[spec + (TASK_SPEC_CODE_GENERATION >> 2)] = code.generation;
		views.u32[spec + (TASK_SPEC_RESOURCE_CLASS >> 2)] = resourceClass;
		views.u32[spec + (TASK_SPEC_PRIORITY >> 2)] = priority;
		views.u32[spec + (TASK_SPEC_FLAGS >> 2)] = stream === undefined ? 0 : TASK_FLAG_STREAM;
		views.u32[spec + (TASK_SPEC_RETRIES >> 2)] = retries;
		views.u32[spec + (TASK_SPEC_RESULTS >> 2)] = results;
		views.u32[spec + (TASK_SPEC_LIMIT >> 2)] = stream ?? 0;
		views.u32[spec + (TASK_SPEC_PARENT >> 2)] = parent;
		views.u32[spec + (TASK_SPEC_PARENT_GENERATION >> 2)] = parentGeneration;
		views.u32[spec + (TASK_SPEC_ARGS >> 2)] = block;
		views.u32[spec + (TASK_SPEC_RESULT_LIST >> 2)] = list;
		const slot = calls.submit();
		if (slot < 0) {
			if (block) refuse(calls.dealloc(block), "giving a refused task's arguments back");
			if (list) refuse(calls.dealloc(list), "giving a refused task's list back");
			refuse(slot, "submit");
		}
		const task = core.task;
		const generation = core.taskGeneration;
		if (results === 1) return { task, generation, refs: [new Ref(slot, core.generation)] };
		const refs: Ref[] = [];
		for (let i = 0, at = list >>> 2; i < results; i++, at += 2) {
			refs.push(new Ref(views.u32[at] as number, views.u32[at + 1] as number));
		}
		if (list) refuse(calls.dealloc(list), "giving a list of results back");
		return { task, generation, refs };
	}

	cancel(task: number, generation: number, options: number): boolean {
		const status = this.core.calls.cancel(task, generation, 1, options);
		if (named(status) !== "stale") refuse(status, "cancelling");
		return status === 0;
	}

	/** Resolves when so many more tasks may be submitted. */
	async room(count: number): Promise<void> {
		while (true) {
			const status = this.core.calls.awaitRoom(count);
			if (named(status) !== "limit") {
				refuse(status, "waiting for room");
				return;
			}
			await new Promise<void>((resolve) => this.#room.push(resolve));
		}
	}

	// ── the inbox ──

	dispatch(count: number): undefined {
		const { views } = this.core;
		for (let i = 0; i < count; i++) {
			const at = this.core.message(i);
			const kind = views.u32[at] as number;
			const [slot, generation, token] = [
				views.u32[at + 1] as number,
				views.u32[at + 2] as number,
				views.u32[at + 3] as number,
			];
			if (kind === MESSAGE_KIND_SEALED || kind === MESSAGE_KIND_ITEM) this.#tell(slot, generation, token);
			else if (kind === MESSAGE_KIND_RUNNER) this.onRunner(slot, generation, token);
			else if (kind === MESSAGE_KIND_DECIDE) this.#decide(slot, generation, false);
			else if (kind === MESSAGE_KIND_LOST) this.#decide(slot, generation, true);
			else if (kind === MESSAGE_KIND_ROOM) for (const resolve of this.#room.splice(0)) resolve();
			else this.problems.push(`thread ${this.core.index} got a message of kind ${kind}`);
		}
	}

	#tell(slot: number, generation: number, token: number): void {
		if (token === NO_TOKEN) return;
		const key = new Ref(slot, generation).key;
		const waiting = this.#waiters.get(key);
		if (waiting === undefined) {
			if (this.#late-- === 0) this.problems.push(`thread ${this.core.index} heard twice of object ${slot}`);
			return;
		}
		this.#waiters.delete(key);
		for (const waiter of waiting) waiter();
	}

	/** A task that failed, or whose thread died: another attempt, if it has one left. */
	#decide(task: number, generation: number, lost: boolean): void {
		const { calls, views } = this.core;
		this.decisions++;
		const retries = views.i32[(this.core.taskAt(task) + TASK_ENTRY_RETRIES) >> 2] as number;
		let status: number;
		if (retries !== 0) {
			status = calls.retry(task, generation);
		} else if (lost) {
			const { values } = this;
			values.writeError(new TaskFailure("Crashed", "its thread died", 4));
			status = calls.fail(task, generation, values.flags | STATE_ERROR, values.a, values.b, values.c, values.d);
			if (status < 0) refuse(calls.dealloc(values.a), "giving an error back");
		} else {
			status = calls.fail(task, generation, 0, 0, 0, 0, 0);
		}
		// Stale: it was cancelled meanwhile.
		if (named(status) !== "stale") refuse(status, "deciding about a task");
	}

	stats(): { readonly [name in StatName]: number } {
		refuse(this.core.calls.stats(), "asking for figures");
		const at = (offset: number) => this.core.views.u32[this.core.scratch + (offset >> 2)] as number;
		return {
			taken: at(STATS_TAKEN),
			granules: at(STATS_GRANULES),
			objects: at(STATS_OBJECTS),
			pending: at(STATS_PENDING),
			ready: at(STATS_READY),
			unread: at(STATS_UNREAD),
			unreadDropped: at(STATS_UNREAD_DROPPED),
		};
	}

	protected abstract onRunner(task: number, generation: number, bits: number): void;

	isAwaited(slot: number, generation: number): boolean {
		return this.#waiters.has(new Ref(slot, generation).key);
	}

	beforeBlocking(_suspended: boolean): void {}

	afterBlocking(): void {}

	nudge(): void {
		this.runner.nudge();
	}

	objectAt(slot: number): number {
		return this.core.objectAt(slot);
	}

	/** Looks up now and then, in case the memory was poisoned. */
	duties(): number {
		return 500;
	}
}
