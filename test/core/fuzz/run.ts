// One run of the model beside the core: the threads, the numbers that decide what happens, and the comparison after each step.
import * as layout from "../../../src/core/layout.ts";
import { type Build, Core } from "../support/core.ts";
import { type Thread as CoreThread, named, type Ref } from "../support/thread.ts";
import { Model } from "./model.ts";
import { INLINE, Mismatch, pinning, type Value } from "./object-model.ts";
import type { Block, Obj, Task, Thread } from "./records.ts";

export interface Settings {
	readonly build: Build;
	/** How many threads there may be at once. */
	readonly threads: number;
	/** Tables and heap are so small that calls may find them full: then nothing may have changed. */
	readonly tight: boolean;
}

const phases: Readonly<Record<number, Task["phase"]>> = {
	[layout.TASK_PHASE_WAITING]: "waiting",
	[layout.TASK_PHASE_READY]: "ready",
	[layout.TASK_PHASE_RUNNING]: "running",
	[layout.TASK_PHASE_SUSPENDED]: "suspended",
	[layout.TASK_PHASE_RESUMING]: "resuming",
	[layout.TASK_PHASE_DECIDING]: "deciding",
	[layout.TASK_PHASE_LOST]: "lost",
	[layout.TASK_PHASE_ENDED]: "ended",
};

const objectPhases: Readonly<Record<number, Obj["phase"]>> = {
	[layout.PHASE_PENDING]: "pending",
	[layout.PHASE_SEALED]: "sealed",
	[layout.PHASE_FREED]: "freed",
};

/** Numbers that decide what a command does, from a seed (mulberry32); with seed 0 all are 0. */
export class Dice {
	#state: number;

	constructor(seed: number) {
		this.#state = seed | 0;
	}

	roll(sides: number): number {
		if (this.#state === 0) return 0;
		this.#state = (this.#state + 0x6d2b79f5) | 0 || 1;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
	}

	/** True once in so many times; never when the numbers are 0. */
	rarely(times: number): boolean {
		return this.roll(times) === times - 1;
	}

	pick<T>(list: readonly T[]): T | undefined {
		return list.length === 0 ? undefined : list[this.roll(list.length)];
	}
}

export class Run {
	readonly core: Core;
	readonly model: Model;
	readonly tight: boolean;
	readonly most: number;
	/** Numbers of objects and tasks that are gone. */
	readonly old: Ref[] = [];
	readonly oldTasks: Ref[] = [];
	/** What the bytes of a payload or of a block in hand are. */
	readonly #fills = new Map<number, { readonly size: number; readonly fill: number }>();
	readonly #calls = new Map<Thread, CoreThread>();
	readonly #stray: CoreThread[] = [];
	#fill = 1;

	constructor({ build, threads, tight }: Settings) {
		this.tight = tight;
		this.most = threads;
		const sizes = tight
			? { size: 800 * 1024, objects: 48, tasks: 40, threads: 6, capacity: 300 * 1024 }
			: { size: 2 * 1024 * 1024, objects: 2048, tasks: 512, threads: 8 };
		this.core = new Core({ build, ...sizes });
		this.model = new Model({
			aliasOf: ({ slot, generation }) => {
				if (this.core.read(this.core.objectAddress(slot) + 4) !== generation) return undefined;
				const [target, of] = this.core.valueOf(slot);
				return { slot: target, generation: of };
			},
			sequenceOf: (task) => this.core.taskField(task, layout.TASK_ENTRY_SEQUENCE),
		});
		this.start(0, true);
		const first = this.of(this.model.threads[0]);
		first.setResource(layout.RESOURCE_CPU, 2 * layout.RESOURCE_UNIT);
		this.model.total[layout.RESOURCE_CPU] = this.model.available[layout.RESOURCE_CPU] = 2 * layout.RESOURCE_UNIT;
		for (const needs of [[], [[layout.RESOURCE_CPU, layout.RESOURCE_UNIT]]] as const) {
			first.defineClass(needs);
			this.model.classes.push({ kind: 0, needs });
		}
	}

	// ── Threads ──

	start(kind: number, worker: boolean): void {
		const thread = this.core.start({ kind, worker });
		const { index, epoch } = thread;
		const record: Thread = {
			index,
			epoch,
			kind,
			worker,
			state: "out",
			words: new Map(),
			blocks: [],
			inbox: [],
			delivered: [],
			hand: new Set(),
			roomWanted: 0,
			roomQueued: false,
		};
		this.model.threads.push(record);
		this.#calls.set(record, thread);
	}

	of(thread: Thread): CoreThread {
		return this.#calls.get(thread) as CoreThread;
	}

	/** An instance whose thread was ended. */
	forget(thread: Thread): void {
		this.#stray.push(this.of(thread));
	}

	/** Instances that stand on no slot any more. */
	get stray(): readonly CoreThread[] {
		return this.#stray;
	}

	living(): Thread[] {
		return this.model.threads.filter(({ state }) => state === "out");
	}

	// ── Calls ──

	/** In a small memory any call may say that there is no room; it must have changed nothing. */
	isFull(result: number): boolean {
		return this.tight && (result === layout.STATUS_FULL || result === layout.STATUS_TABLE_FULL);
	}

	/** Whether the call answered what it should have; `full` ends the comparison. False: it was refused. */
	answered(what: string, result: number, wanted: number): boolean {
		if (this.isFull(result)) return false;
		this.model.expect(what, result, wanted);
		return wanted >= 0;
	}

	// ── Blocks ──

	writeFill(address: number, size: number): void {
		this.#fill = (this.#fill % 250) + 1;
		this.core.u8.fill(this.#fill, address, address + size);
		this.#fills.set(address, { size, fill: this.#fill });
	}

	writeReferences(address: number, size: number, references: readonly Ref[]): void {
		const behind = address + Math.ceil(size / 8) * 8;
		for (const [i, { slot, generation }] of references.entries()) {
			this.core.write(behind + i * 8, slot);
			this.core.write(behind + i * 8 + 4, generation);
		}
	}

	/** Allocates; undefined: there is no room. */
	alloc(thread: Thread, size: number): Block | undefined {
		const address = this.of(thread).calls.alloc(size);
		if (this.isFull(address)) return undefined;
		if (address < 0 && (address & 63) !== 0) throw new Mismatch(`alloc(${size}) answered ${named(address)}`);
		const room = size <= 1024 ? Math.max(1, Math.ceil(size / 64)) * 64 : Math.ceil((size + 32) / 64) * 64 - 32;
		const block = { address: address >>> 0, room };
		thread.blocks.push(block);
		this.writeFill(block.address, room);
		return block;
	}

	// ── Comparing ──

	/** After a call: what it made due, and then the model and the walker have their say. */
	settle(): void {
		const { model } = this;
		const objects = [...model.objects.values()];
		const tasks = [...model.tasks];
		model.settleDue();
		for (const object of objects) if (model.objects.get(object.slot) !== object) this.old.push(object);
		for (const task of tasks)
			if (!model.tasks.has(task)) this.oldTasks.push({ slot: task.task, generation: task.generation });
		this.compare();
		this.core.check();
	}

	#expectBytes(what: string, address: number): void {
		const known = this.#fills.get(address);
		if (known === undefined || known.size === 0) return;
		const { size, fill } = known;
		for (const at of [address, address + (size >> 1), address + size - 1]) {
			if (this.core.u8[at] !== fill) throw new Mismatch(`${what}: somebody else wrote into its block at ${address}`);
		}
	}

	compare(): void {
		for (const object of this.model.objects.values()) this.#compareObject(object);
		for (const task of this.model.tasks) this.#compareTask(task);
		for (const thread of this.model.threads) this.#compareThread(thread);
		const { expect, available, tasks } = this.model;
		const scheduler = layout.PLACE_ROOT + layout.ROOT_SIZE;
		expect("unfinished tasks", this.core.read(scheduler + layout.SCHEDULER_PENDING), tasks.size);
		for (const [resource, amount] of available.entries()) {
			const free = this.core.read(scheduler + layout.SCHEDULER_AVAILABLE + resource * 4);
			expect(`what is free of resource ${resource}`, free, amount);
		}
		expect("unread errors", this.core.rootField(layout.ROOT_UNREAD_COUNT), this.model.unread.length);
		let objects = 0;
		for (let i = 0; i < this.core.threadCount; i++) {
			objects = (objects + this.core.read(this.core.threadAddress(i) + layout.THREAD_OBJECTS)) | 0;
		}
		expect("live objects", objects, this.model.objects.size);
	}

	#compareObject(object: Obj): void {
		const { expect } = this.model;
		const name = `object ${object.slot}`;
		const state = this.core.stateOf(object.slot);
		expect(`${name}'s generation`, this.core.read(this.core.objectAddress(object.slot) + 4), object.generation);
		expect(`${name}'s phase`, objectPhases[state & layout.STATE_PHASE_MASK], object.phase);
		expect(`${name}'s flags`, state & ~layout.STATE_PHASE_MASK, object.flags);
		const value = this.core.valueOf(object.slot);
		if (object.alias !== undefined) {
			expect(`${name}'s alias`, value[0], object.alias.slot);
		} else if (object.payload) {
			expect(`${name}'s payload`, value[0], object.value);
			this.#expectBytes(name, object.value);
		} else if (object.phase !== "pending" && (object.flags & INLINE) !== 0) {
			expect(`${name}'s value`, value[0], object.value);
		}
	}

	#compareTask(task: Task): void {
		const { expect } = this.model;
		const name = `task ${task.task}`;
		const field = (offset: number) => this.core.taskField(task.task, offset);
		const state = field(layout.TASK_ENTRY_STATE);
		expect(`${name}'s generation`, field(layout.TASK_ENTRY_GENERATION), task.generation);
		expect(`${name}'s phase`, phases[state & 0xff], task.phase);
		expect(`${name}'s owner`, (state >>> 8) - 1, task.owner?.index ?? -1);
		expect(`${name}'s cancel word`, field(layout.TASK_ENTRY_CANCEL), task.cancel);
		expect(`${name}'s attempt`, field(layout.TASK_ENTRY_ATTEMPT), task.attempt);
		expect(`${name}'s retries`, field(layout.TASK_ENTRY_RETRIES) | 0, task.retries);
	}

	#compareThread(thread: Thread): void {
		const { expect } = this.model;
		for (const [object, word] of thread.words) {
			const chunk = this.of(thread).field(layout.THREAD_CHUNKS + (object.slot >> 13) * 4);
			const packed =
				(word.count | (word.watch ? layout.HANDLE_WATCH : 0) | (word.pins << layout.HANDLE_PIN_SHIFT)) >>> 0;
			const actual = this.core.read(chunk + (object.slot & 8191) * 4);
			expect(`thread ${thread.index}'s handles of object ${object.slot}`, actual, packed);
		}
		for (const { address } of thread.blocks) this.#expectBytes(`thread ${thread.index}'s block`, address);
	}

	// ── Choosing ──

	/** Any object's number, mostly one that the thread holds; sometimes one that is wrong. */
	ref(dice: Dice, thread: Thread): Ref {
		if (dice.rarely(12)) return this.#wrongRef(dice);
		const all = [...this.model.objects.values()];
		const own = dice.rarely(5) ? all : [...thread.words.keys()];
		const { slot, generation } = dice.pick(own) ?? dice.pick(all) ?? { slot: 1, generation: 1 };
		return { slot, generation };
	}

	#wrongRef(dice: Dice): Ref {
		const { slot, generation } = dice.pick([...this.model.objects.values()]) ?? { slot: 1, generation: 1 };
		const wrong: readonly Ref[] = [
			{ slot, generation: generation + 1 },
			{ slot, generation: generation - 1 },
			{ slot, generation: 0 },
			{ slot: 0, generation },
			{ slot: this.core.objects, generation },
			{ slot: this.core.objects - 1, generation },
			{ slot: -1, generation: -1 },
			{ slot: Number.NaN, generation: Number.NaN },
			{ slot: slot + 2 ** 22, generation },
			{ slot: 2 ** 31, generation: 2 ** 31 },
		];
		return dice.pick([...wrong, ...this.old.slice(-4)]) as Ref;
	}

	/** A task's number, mostly one in the thread's hand that will do; sometimes one that is wrong. */
	task(dice: Dice, thread: Thread, wanted: (task: Task) => boolean = () => true): Ref {
		const all = [...this.model.tasks];
		if (!dice.rarely(10)) {
			const own = [...thread.hand];
			const found = dice.pick(own.filter(wanted)) ?? dice.pick(own) ?? dice.pick(all);
			if (found !== undefined) return { slot: found.task, generation: found.generation };
		}
		const { task, generation } = dice.pick(all) ?? { task: 1, generation: 1 };
		const wrong: readonly Ref[] = [
			{ slot: task, generation },
			{ slot: task, generation: generation + 1 },
			{ slot: task, generation: generation - 1 },
			{ slot: task, generation: 0 },
			{ slot: 0, generation },
			{ slot: this.core.tasks, generation },
			{ slot: -1, generation },
			{ slot: Number.NaN, generation },
		];
		const ended = [...this.model.ended].map((one) => ({ slot: one.task, generation: one.generation + 1 }));
		return dice.pick([...wrong, ...ended, ...this.oldTasks.slice(-4)]) as Ref;
	}

	/** A value for these objects: inline, or a block in hand with references behind it; sometimes a wrong one. */
	value(dice: Dice, thread: Thread, targets: readonly Obj[], flags = 0, used: ReadonlySet<number> = new Set()): Value {
		const error = dice.rarely(6) ? layout.STATE_ERROR | (dice.rarely(2) ? layout.STATE_REPORT : 0) : 0;
		const all = flags | error;
		if (dice.rarely(15)) return this.#wrongValue(dice, thread, all);
		const blocks = thread.blocks.filter(({ address }) => !used.has(address));
		const block = dice.roll(3) === 0 ? dice.pick(blocks) : undefined;
		if (block === undefined) {
			const inline = all | INLINE | (dice.roll(17) << layout.STATE_LENGTH_SHIFT);
			return { flags: inline, a: dice.roll(65536), size: 0, references: [] };
		}
		const chosen = Array.from({ length: Math.min(dice.roll(4), block.room >> 3) }, () => this.ref(dice, thread));
		const references = chosen
			.filter((ref) => {
				const object = this.model.find(ref);
				return object === undefined || !this.model.leadsTo(object, targets);
			})
			.map((ref) => (dice.rarely(this.model.find(ref)?.payload ? 2 : 8) ? pinning(ref) : ref));
		const size = Math.floor((dice.roll(9) / 8) * (block.room - references.length * 8));
		this.writeFill(block.address, size);
		this.writeReferences(block.address, size, references);
		return { flags: all, a: block.address, size, references };
	}

	#wrongValue(dice: Dice, thread: Thread, flags: number): Value {
		const other = dice.pick(this.model.threads.flatMap((one) => (one === thread ? [] : one.blocks)));
		const own = dice.pick(thread.blocks);
		const wrong: Value[] = [
			{ flags: flags | INLINE | (17 << layout.STATE_LENGTH_SHIFT), a: 1, size: 0, references: [] },
			{ flags: flags | INLINE | layout.STATE_ALIAS, a: 1, size: 0, references: [] },
			{ flags: flags | layout.STATE_LOCK | INLINE, a: 1, size: 0, references: [] },
			{ flags, a: 0, size: 0, references: [] },
			{ flags, a: 64, size: 16, references: [] },
			{ flags, a: this.core.size, size: 16, references: [] },
			{ flags, a: 2 ** 32 - 64, size: 16, references: [] },
			{ flags, a: Number.NaN, size: -1, references: [] },
		];
		if (other !== undefined) wrong.push({ flags, a: other.address, size: 0, references: [] });
		if (own !== undefined) {
			wrong.push({ flags, a: own.address, size: own.room + 1, references: [] });
			wrong.push({ flags, a: own.address, size: 2 ** 32 - 1, references: [] });
			wrong.push({ flags, a: own.address + 8, size: 0, references: [] });
		}
		return dice.pick(wrong) as Value;
	}

	/** The four numbers of a value, as calls take them. */
	static numbers({ flags, a, size, references }: Value): [number, number, number, number, number] {
		return [flags, a, size, references.length, 0];
	}
}
