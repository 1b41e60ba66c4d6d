// Any export with any numbers, without a model: no call may trap, every answer must be one the ABI knows, every invariant must
// hold, and when all threads are recovered nothing may be left.
//
// What a host must not do in a release build is left out: name an address inside the heap that is no block's (the debug
// builds refuse it), and make objects refer to each other in a circle (nobody would free them).
import * as layout from "../../../src/core/layout.ts";
import { type Build, Core } from "../support/core.ts";
import { statusNames, type Thread } from "../support/thread.ts";
import { Mismatch } from "./object-model.ts";
import { Dice } from "./run.ts";

type Calls = Readonly<Record<string, (...numbers: number[]) => number>>;

/** How many numbers each export takes. */
const exports: Readonly<Record<string, number>> = {
	init: 5,
	setCapacity: 2,
	stats: 0,
	reserve: 2,
	attach: 2,
	end: 2,
	recover: 2,
	drain: 0,
	flush: 0,
	alloc: 1,
	dealloc: 1,
	put: 5,
	create: 0,
	seal: 7,
	retain: 2,
	release: 2,
	pin: 2,
	unpin: 2,
	free: 2,
	watch: 3,
	unwatch: 2,
	markRead: 2,
	markBlocking: 2,
	takeUnread: 0,
	setResource: 2,
	available: 1,
	defineClass: 2,
	setLimit: 1,
	awaitRoom: 1,
	submit: 0,
	take: 0,
	park: 1,
	unpark: 0,
	spin: 2,
	untake: 2,
	finish: 7,
	finishMany: 4,
	ask: 7,
	retry: 2,
	fail: 7,
	cancel: 4,
	suspend: 2,
	resume: 2,
	give: 7,
	next: 2,
};

export const names: readonly string[] = Object.keys(exports);

/** Calls with a value, by where its flags stand. */
const valueAt: Readonly<Record<string, number>> = { put: 0, seal: 2, finish: 2, ask: 2, fail: 2, give: 2 };
const takesObject = new Set([
	"seal",
	"retain",
	"release",
	"pin",
	"unpin",
	"free",
	"watch",
	"unwatch",
	"markRead",
	"markBlocking",
	"next",
]);
const takesTask = new Set([
	"untake",
	"finish",
	"finishMany",
	"ask",
	"retry",
	"fail",
	"cancel",
	"suspend",
	"resume",
	"give",
]);
const takesThread = new Set(["attach", "end", "recover"]);

const strange: readonly number[] = [
	0,
	1,
	2,
	3,
	7,
	63,
	64,
	65,
	4096,
	65_536,
	-1,
	-64,
	2 ** 31,
	2 ** 32 - 1,
	2 ** 32 - 64,
	2 ** 32 + 1,
	2 ** 53,
	1.5,
	Number.NaN,
	Number.POSITIVE_INFINITY,
	Number.MAX_VALUE,
	Number.MIN_VALUE,
];

const inline = layout.STATE_INLINE | (4 << layout.STATE_LENGTH_SHIFT);
const flagSets: readonly number[] = [
	inline,
	inline,
	inline | layout.STATE_ERROR,
	inline | layout.STATE_ERROR | layout.STATE_REPORT,
	0,
	0,
	layout.STATE_ERROR,
	layout.STATE_ALIAS,
	layout.STATE_STREAM | inline,
	0xffffffff,
];

export class Wild {
	readonly core: Core;
	readonly #debug: boolean;
	readonly #instances: Calls[] = [];
	/** Blocks in a thread's hand, whose bytes are the host's, and some that were. */
	#blocks: number[] = [];
	#oldBlocks: number[] = [];

	constructor(build: Build) {
		this.core = new Core({ build, size: 1024 * 1024, objects: 200, tasks: 100, threads: 12 });
		this.#debug = build.endsWith(".debug");
		for (let i = 0; i < 3; i++) this.#instances.push(this.core.start({ kind: i >> 1 }).calls as unknown as Calls);
		// And one that stands on no slot.
		this.#instances.push(this.core.instance() as unknown as Calls);
	}

	#number(dice: Dice): number {
		return dice.pick(strange) as number;
	}

	#object(dice: Dice): [number, number] {
		const fresh = this.core.rootField(layout.ROOT_OBJECT_FRESH);
		const slot = dice.rarely(12) ? this.#number(dice) : 1 + dice.roll(Math.max(1, Math.min(fresh, 60) - 1));
		return [slot, this.#generation(dice, slot < fresh ? this.core.objectAddress(slot) + 4 : 0)];
	}

	#task(dice: Dice): [number, number] {
		const fresh = this.core.rootField(layout.ROOT_TASK_FRESH);
		const task = dice.rarely(12) ? this.#number(dice) : 1 + dice.roll(Math.max(1, Math.min(fresh, 40) - 1));
		return [
			task,
			this.#generation(dice, task < fresh ? this.core.taskAddress(task) + layout.TASK_ENTRY_GENERATION : 0),
		];
	}

	#generation(dice: Dice, address: number): number {
		const actual = Number.isInteger(address) && address > 0 ? this.core.read(address) : 1;
		if (dice.rarely(12)) return this.#number(dice);
		return dice.rarely(8) ? actual + (dice.roll(2) === 0 ? 1 : -1) : actual;
	}

	#thread(dice: Dice): [number, number] {
		const index = dice.rarely(10) ? this.#number(dice) : dice.roll(this.core.threadCount);
		const epoch = this.core.epochOf(dice.roll(this.core.threadCount));
		const own =
			Number.isInteger(index) && index >= 0 && index < this.core.threadCount ? this.core.epochOf(index) : epoch;
		return [index, dice.rarely(8) ? (dice.roll(2) === 0 ? epoch : own + 2 ** 29) : own];
	}

	/** A block's address, or a wrong one: inside the heap only where the core must notice. */
	#address(dice: Dice): number {
		const block = dice.pick(this.#blocks);
		if (block !== undefined && !dice.rarely(8)) return block;
		const end = this.core.rootField(layout.ROOT_HEAP_END);
		const inside = this.core.rootField(layout.ROOT_HEAP_START) + dice.roll(10_000) * 64;
		const outside = [0, 64, 1024, end, end + 64, this.core.size + 64, 2 ** 32 - 64, Number.NaN];
		return dice.pick(
			this.#debug ? [...outside, ...this.#oldBlocks, inside, inside + 32, (block ?? 0) + 64] : outside,
		) as number;
	}

	/** What a block holds is what a host wrote there; only `put` gets references, so that there are no circles. */
	#prepareBlock(dice: Dice, address: number, references: boolean): [size: number, count: number] {
		if (!this.#blocks.includes(address)) return [this.#number(dice), dice.roll(3)];
		this.core.u8.fill(0, address, address + 64);
		const count = references ? dice.roll(4) : 0;
		for (let i = 0; i < count; i++) {
			const [slot, generation] = this.#object(dice);
			this.core.write(address + 16 + i * 8, dice.rarely(3) ? slot | layout.NESTED_PIN : slot);
			this.core.write(address + 16 + i * 8 + 4, generation);
		}
		return dice.rarely(10) ? [this.#number(dice), this.#number(dice)] : [16, count];
	}

	#value(dice: Dice, references: boolean): number[] {
		const flags = dice.pick(flagSets) as number;
		if ((flags & layout.STATE_INLINE) !== 0)
			return [flags, this.#number(dice), this.#number(dice), this.#number(dice), 0];
		const address = this.#address(dice);
		const [size, count] = this.#prepareBlock(dice, address, references);
		return [flags, address, size, count, this.#number(dice)];
	}

	#writeSpec(dice: Dice, thread: number): void {
		const write = (field: number, value: number) => this.core.write(thread + layout.THREAD_SPEC + field, value);
		const [code, generation] = this.#object(dice);
		const [parent, parentGeneration] = this.#task(dice);
		const withArgs = dice.roll(2) === 0;
		const args = withArgs ? this.#address(dice) : 0;
		const [size, count] = withArgs ? this.#prepareBlock(dice, args, true) : [dice.roll(37), 0];
		const list = this.#address(dice);
		const results = dice.roll(4);
		const fields: readonly (readonly [number, number])[] = [
			[layout.TASK_SPEC_CODE, code],
			[layout.TASK_SPEC_CODE_GENERATION, generation],
			[layout.TASK_SPEC_RESOURCE_CLASS, dice.roll(4)],
			[layout.TASK_SPEC_PRIORITY, dice.roll(16)],
			[layout.TASK_SPEC_FLAGS, results === 1 ? dice.roll(2) : 0],
			[layout.TASK_SPEC_RETRIES, dice.roll(3) - 1],
			[layout.TASK_SPEC_RESULTS, results],
			[layout.TASK_SPEC_LIMIT, dice.roll(4)],
			[layout.TASK_SPEC_PARENT, parent],
			[layout.TASK_SPEC_PARENT_GENERATION, parentGeneration],
			[layout.TASK_SPEC_TOKEN, dice.roll(100)],
			[layout.TASK_SPEC_ARGS, args],
			[layout.TASK_SPEC_ARGS_SIZE, size],
			[layout.TASK_SPEC_KIND, 0],
			[layout.TASK_SPEC_REFERENCES, count],
			[layout.TASK_SPEC_DEPENDENCIES, dice.roll(count + 1)],
			[layout.TASK_SPEC_RESULT_LIST, list],
		];
		for (const [field, value] of fields) write(field, value);
		if (dice.rarely(6)) write((dice.pick(fields) as readonly [number, number])[0], this.#number(dice));
	}

	#arguments(dice: Dice, name: string, thread: number): number[] {
		const count = exports[name];
		if (dice.rarely(20)) return Array.from({ length: count }, () => this.#number(dice));
		if (name === "submit") this.#writeSpec(dice, thread);
		if (name === "defineClass") this.#writeNeeds(dice, thread);
		if (name === "setResource") return [dice.roll(4), dice.rarely(6) ? this.#number(dice) : dice.roll(4) * 10_000];
		if (name === "defineClass") return [dice.roll(2), dice.roll(3)];
		if (name === "alloc") return [dice.rarely(8) ? this.#number(dice) : dice.roll(3000)];
		if (name === "dealloc") return [this.#address(dice)];
		if (name === "finishMany") return [...this.#task(dice), this.#writeValues(dice), dice.roll(4)];
		const first: number[] = takesObject.has(name) ? this.#object(dice) : takesTask.has(name) ? this.#task(dice) : [];
		if (takesThread.has(name)) first.push(...this.#thread(dice));
		if (valueAt[name] !== undefined) first.push(...this.#value(dice, name === "put"));
		while (first.length < count) first.push(dice.rarely(3) ? this.#number(dice) : dice.roll(4));
		return first;
	}

	#writeNeeds(dice: Dice, thread: number): void {
		for (let i = 0; i < 4; i++)
			this.core.write(thread + layout.THREAD_SCRATCH + i * 4, dice.rarely(6) ? this.#number(dice) : dice.roll(4));
	}

	#writeValues(dice: Dice): number {
		const address = this.#address(dice);
		if (!this.#blocks.includes(address)) return address;
		const [flags, ...numbers] = this.#value(dice, false);
		this.core.write(address + layout.VALUE_SPEC_FLAGS, flags);
		for (const [i, number] of numbers.entries()) this.core.write(address + layout.VALUE_SPEC_A + i * 4, number);
		return address;
	}

	step(name: string, seed: number): void {
		const dice = new Dice(seed);
		const index = dice.roll(this.#instances.length);
		// Slots are few, and one must be left for the end.
		if (name === "reserve" && this.#freeSlots() < 3) return;
		const thread = this.core.threadAddress(dice.roll(4));
		const numbers = this.#arguments(dice, name, thread);
		const calls = this.#instances[index];
		const result = calls[name](...numbers);
		const legal =
			result >= 0 || statusNames.has(result) || ((name === "alloc" || name === "pin") && (result & 63) === 0);
		if (!legal) throw new Mismatch(`${name}(${numbers.join(", ")}) answered ${result}`);
		if (name === "alloc" && result > 0) {
			if (result >= this.core.size) throw new Mismatch(`alloc answered ${result}, which is outside of the memory`);
			this.#blocks.push(result);
			this.core.u8.fill(0, result, result + 64);
		}
		this.#forgetBlocks();
		// A slot that was reserved gets an instance sooner or later; one that was ended is recovered.
		if (name === "reserve" && result >= 0) this.#instances.push(this.#attached(result));
		this.core.check();
	}

	#forgetBlocks(): void {
		const large = new Set<number>();
		for (let index = 0; index < this.core.threadCount; index++) {
			let block = this.core.read(this.core.threadAddress(index) + layout.THREAD_BLOCKS);
			for (; block !== 0; block = this.core.read(block + layout.BLOCK_NEXT)) large.add(block + layout.BLOCK_SIZE);
		}
		const isInHand = (address: number) =>
			this.#isSmall(address) ? this.#smallOwner(address) - 1 < 250 : large.has(address);
		const gone = this.#blocks.filter((address) => !isInHand(address));
		this.#blocks = this.#blocks.filter(isInHand).slice(-12);
		this.#oldBlocks = [...this.#oldBlocks, ...gone].slice(-6);
	}

	#isSmall(address: number): boolean {
		return this.core.u8[this.core.rootField(layout.ROOT_PAGE_MAP) + (address >>> 16)] !== 0;
	}

	/** 250 and more: nobody's or the core's. */
	#smallOwner(address: number): number {
		const span = address & ~0xffff;
		const size = this.core.read(span + layout.SPAN_GRANULES) * 64;
		const owner =
			this.core.u8[span + layout.SPAN_SIZE + (address - span - this.core.read(span + layout.SPAN_FIRST)) / size];
		return owner === 0 ? 255 : owner;
	}

	#attached(index: number): Calls {
		const calls = this.core.instance() as unknown as Calls;
		calls.attach(index, this.core.epochOf(index));
		return calls;
	}

	#stateOf(index: number): number {
		return this.core.read(this.core.threadAddress(index)) & layout.GATE_STATE_MASK;
	}

	#freeSlots(): number {
		return Array.from({ length: this.core.threadCount }, (_, i) => this.#stateOf(i)).filter(
			(state) => state === layout.GATE_VACANT,
		).length;
	}

	/** Ends and recovers every thread, cancels every task, and takes what nobody looked at. */
	finish(): void {
		const last = this.core.start();
		last.calls.setCapacity(this.core.size, this.core.size);
		for (let index = 0; index < this.core.threadCount; index++) {
			if (index === last.index || this.#stateOf(index) === layout.GATE_VACANT) continue;
			const epoch = this.core.epochOf(index);
			last.calls.end(index, epoch);
			const status = last.calls.recover(index, epoch);
			if (status !== layout.STATUS_OK) throw new Mismatch(`thread ${index} cannot be recovered: ${status}`);
			this.core.check();
		}
		this.#endTasks(last);
		for (let slot = last.calls.takeUnread(); slot > 0; slot = last.calls.takeUnread()) {
			last.calls.release(slot, last.field(layout.THREAD_GENERATION));
		}
		last.calls.flush();
		this.core.check({ over: true });
	}

	#endTasks(last: Thread): void {
		for (let task = 1; task < this.core.rootField(layout.ROOT_TASK_FRESH); task++) {
			const generation = this.core.taskField(task, layout.TASK_ENTRY_GENERATION);
			last.calls.cancel(task, generation, layout.REASON_SHUTDOWN, 0);
		}
		do this.core.check();
		while (last.calls.drain() > 0);
	}
}
