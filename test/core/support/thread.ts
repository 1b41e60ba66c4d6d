// A "thread" of a core: an instance on a slot of its own, with the helpers that a host would have.
import type { CoreExports } from "../../../src/core/abi.ts";
import * as layout from "../../../src/core/layout.ts";
import type { Core } from "./core.ts";

/** A number of 4 bytes, inline. */
export const inlineFlags = layout.STATE_INLINE | (4 << layout.STATE_LENGTH_SHIFT);

export const statusNames: ReadonlyMap<number, string> = new Map(
	Object.entries(layout)
		.filter(([name, value]) => name.startsWith("STATUS_") && typeof value === "number")
		.map(([name, value]) => [value as number, name.slice("STATUS_".length).toLowerCase()]),
);

/** A status as a word: `stale`, `full` …; what is not negative stays a number. */
export const named = (result: number): number | string => (result < 0 ? (statusNames.get(result) ?? result) : result);

export interface Ref {
	readonly slot: number;
	readonly generation: number;
}

export interface TaskRef {
	readonly task: number;
	readonly generation: number;
}

export interface Submitted extends TaskRef {
	readonly results: readonly Ref[];
}

export interface Message {
	readonly kind: number;
	readonly slot: number;
	readonly generation: number;
	readonly token: number;
}

export interface TaskOptions {
	readonly code: Ref;
	readonly resourceClass?: number;
	readonly priority?: number;
	readonly retries?: number;
	readonly results?: number;
	readonly stream?: boolean;
	readonly limit?: number;
	readonly parent?: TaskRef;
	readonly token?: number;
	readonly dependencies?: readonly Ref[];
	/** References that are not waited for. */
	readonly nested?: readonly Ref[];
}

/** One instance on its slot, with the helpers that a host would have. Calls that fail throw, those of `calls` answer. */
export class Thread {
	readonly core: Core;
	readonly calls: CoreExports;
	readonly index: number;
	readonly epoch: number;
	readonly address: number;

	constructor(core: Core, calls: CoreExports, index: number, epoch: number) {
		this.core = core;
		this.calls = calls;
		this.index = index;
		this.epoch = epoch;
		this.address = core.threadAddress(index);
	}

	field(offset: number): number {
		return this.core.read(this.address + offset);
	}

	#result(what: string, result: number): number {
		if (result < 0 && statusNames.has(result)) throw new Error(`${what} answered ${named(result)}`);
		return result;
	}

	#ref(slot: number): Ref {
		return { slot, generation: this.field(layout.THREAD_GENERATION) };
	}

	#taken(task: number): TaskRef | undefined {
		return task === 0 ? undefined : { task, generation: this.field(layout.THREAD_TASK_GENERATION) };
	}

	stats(): Readonly<
		Record<
			"capacity" | "taken" | "peak" | "granules" | "objects" | "pending" | "ready" | "unread" | "unreadDropped",
			number
		>
	> {
		this.#result("stats", this.calls.stats());
		const at = (offset: number) => this.field(layout.THREAD_SCRATCH + offset);
		return {
			capacity: at(layout.STATS_CAPACITY),
			taken: at(layout.STATS_TAKEN),
			peak: at(layout.STATS_PEAK),
			granules: at(layout.STATS_GRANULES),
			objects: at(layout.STATS_OBJECTS),
			pending: at(layout.STATS_PENDING),
			ready: at(layout.STATS_READY),
			unread: at(layout.STATS_UNREAD),
			unreadDropped: at(layout.STATS_UNREAD_DROPPED),
		};
	}

	alloc(size: number): number {
		return this.#result("alloc", this.calls.alloc(size)) >>> 0;
	}

	/** A block in hand with so many bytes, all of `fill`, and references behind them. */
	block(size: number, references: readonly Ref[] = [], fill = 0): number {
		const behind = (size + 7) & ~7;
		const address = this.alloc(behind + references.length * 8);
		this.core.u8.fill(fill, address, address + size);
		for (const [i, { slot, generation }] of references.entries()) {
			this.core.write(address + behind + i * 8, slot);
			this.core.write(address + behind + i * 8 + 4, generation);
		}
		return address;
	}

	create(): Ref {
		return this.#ref(this.#result("create", this.calls.create()));
	}

	/** An object with a number inline. */
	put(value = 0, flags = 0): Ref {
		return this.#ref(this.#result("put", this.calls.put(inlineFlags | flags, value, 0, 0, 0)));
	}

	putBlock(size: number, references: readonly Ref[] = [], flags = 0): Ref {
		const address = this.block(size, references);
		return this.#ref(this.#result("put", this.calls.put(flags, address, size, references.length, 0)));
	}

	seal({ slot, generation }: Ref, value = 0, flags = 0): void {
		this.#result("seal", this.calls.seal(slot, generation, inlineFlags | flags, value, 0, 0, 0));
	}

	retain({ slot, generation }: Ref): void {
		this.#result("retain", this.calls.retain(slot, generation));
	}

	release(...refs: readonly Ref[]): void {
		for (const { slot, generation } of refs) this.#result("release", this.calls.release(slot, generation));
	}

	pin({ slot, generation }: Ref): number {
		return this.#result("pin", this.calls.pin(slot, generation)) >>> 0;
	}

	unpin({ slot, generation }: Ref): void {
		this.#result("unpin", this.calls.unpin(slot, generation));
	}

	watch({ slot, generation }: Ref, token = 0): void {
		this.#result("watch", this.calls.watch(slot, generation, token));
	}

	takeUnread(): Ref {
		return this.#ref(this.#result("takeUnread", this.calls.takeUnread()));
	}

	next({ slot, generation }: Ref): Ref {
		return this.#ref(this.#result("next", this.calls.next(slot, generation)));
	}

	setResource(resource: number, amount: number): void {
		this.#result("setResource", this.calls.setResource(resource, amount));
	}

	writeNeeds(needs: readonly (readonly [resource: number, amount: number])[]): void {
		for (const [i, [resource, amount]] of needs.entries()) {
			this.core.write(this.address + layout.THREAD_SCRATCH + i * 8, resource);
			this.core.write(this.address + layout.THREAD_SCRATCH + i * 8 + 4, amount);
		}
	}

	defineClass(needs: readonly (readonly [resource: number, amount: number])[] = [], kind = 0): number {
		this.writeNeeds(needs);
		return this.#result("defineClass", this.calls.defineClass(kind, needs.length));
	}

	writeSpec(field: number, value: number): void {
		this.core.write(this.address + layout.THREAD_SPEC + field, value);
	}

	/** Fills the whole spec; `args` and `resultList` are blocks in hand, or 0. */
	fillSpec(options: TaskOptions, args = 0, argsSize = 0, resultList = 0): void {
		const { code, parent, dependencies = [], nested = [] } = options;
		const spec: readonly (readonly [number, number])[] = [
			[layout.TASK_SPEC_CODE, code.slot],
			[layout.TASK_SPEC_CODE_GENERATION, code.generation],
			[layout.TASK_SPEC_RESOURCE_CLASS, options.resourceClass ?? 0],
			[layout.TASK_SPEC_PRIORITY, options.priority ?? 8],
			[layout.TASK_SPEC_FLAGS, options.stream ? layout.TASK_FLAG_STREAM : 0],
			[layout.TASK_SPEC_RETRIES, options.retries ?? 0],
			[layout.TASK_SPEC_RESULTS, options.results ?? 1],
			[layout.TASK_SPEC_LIMIT, options.limit ?? 0],
			[layout.TASK_SPEC_PARENT, parent?.task ?? 0],
			[layout.TASK_SPEC_PARENT_GENERATION, parent?.generation ?? 0],
			[layout.TASK_SPEC_TOKEN, options.token ?? 0],
			[layout.TASK_SPEC_ARGS, args],
			[layout.TASK_SPEC_ARGS_SIZE, argsSize],
			[layout.TASK_SPEC_KIND, 0],
			[layout.TASK_SPEC_REFERENCES, dependencies.length + nested.length],
			[layout.TASK_SPEC_DEPENDENCIES, dependencies.length],
			[layout.TASK_SPEC_RESULT_LIST, resultList],
		];
		for (const [field, value] of spec) this.writeSpec(field, value);
	}

	/** The result list's block, if one was needed, is given back. */
	submit(options: TaskOptions): Submitted {
		const references = [...(options.dependencies ?? []), ...(options.nested ?? [])];
		const results = options.results ?? 1;
		const args = references.length > 0 ? this.block(8, references) : 0;
		const list = results > 1 ? this.alloc(results * 8) : 0;
		this.fillSpec(options, args, 8, list);
		const slot = this.#result("submit", this.calls.submit());
		const at = (i: number): Ref => ({
			slot: this.core.read(list + i * 8),
			generation: this.core.read(list + i * 8 + 4),
		});
		const refs =
			results > 1 ? Array.from({ length: results }, (_, i) => at(i)) : results === 1 ? [this.#ref(slot)] : [];
		if (list !== 0) this.#result("dealloc", this.calls.dealloc(list));
		const task = this.field(layout.THREAD_TASK);
		return { task, generation: this.field(layout.THREAD_TASK_GENERATION), results: refs };
	}

	take(): TaskRef | undefined {
		return this.#taken(this.#result("take", this.calls.take()));
	}

	park(busy = false): TaskRef | undefined {
		return this.#taken(this.#result("park", this.calls.park(busy ? 1 : 0)));
	}

	/** Says that code of the task has begun to run. */
	begin({ task }: TaskRef): void {
		this.core.write(this.core.taskAddress(task) + layout.TASK_ENTRY_STARTED, 1);
	}

	/** Ends a task with a number; gives the next one. */
	finish({ task, generation }: TaskRef, value = 0, flags = 0): TaskRef | undefined {
		const next = this.calls.finish(task, generation, inlineFlags | flags, value, 0, 0, 0);
		return this.#taken(this.#result("finish", next));
	}

	give({ task, generation }: TaskRef, value = 0): number {
		return this.#result("give", this.calls.give(task, generation, inlineFlags, value, 0, 0, 0));
	}

	ask({ task, generation }: TaskRef, value = 0, flags = 0): TaskRef | undefined {
		const error = inlineFlags | layout.STATE_ERROR | flags;
		return this.#taken(this.#result("ask", this.calls.ask(task, generation, error, value, 0, 0, 0)));
	}

	drain(): Message[] {
		const count = this.#result("drain", this.calls.drain());
		return Array.from({ length: count }, (_, i) => {
			const at = (this.address + layout.THREAD_MESSAGES + i * layout.MESSAGE_SIZE) >> 2;
			const [kind, slot, generation, token] = this.core.u32.subarray(at, at + 4);
			return { kind, slot, generation, token };
		});
	}

	/** How often it was woken. */
	get wakes(): number {
		return this.field(layout.THREAD_WAKE);
	}

	/** Ends another thread and gives back what it owned. */
	recover(other: Thread): void {
		this.#result("end", this.calls.end(other.index, other.epoch));
		this.#result("recover", this.calls.recover(other.index, other.epoch));
	}
}
