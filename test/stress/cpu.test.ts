// The CPU of a waiting task on the real core: two tasks on one thread, one CPU, and another thread that takes what is free.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	MESSAGE_KIND_RUNNER,
	RUNNER_BIT_RESUME,
	STATUS_OK,
	TASK_ENTRY_STATE,
	TASK_PHASE_RUNNING,
} from "../../src/core/layout.ts";
import { CoreThread } from "../../src/core/thread.ts";
import { TaskCpu } from "../../src/engine/local/protocol/cpu.ts";
import { Core } from "../core/support/core.ts";
import type { TaskRef, Thread } from "../core/support/thread.ts";

const UNIT = 10_000;

/** A thread with `tasks` running tasks that need a CPU each; there is one CPU, once they have begun. */
class World {
	readonly core = new Core();
	readonly driver = this.core.start({ worker: false });
	readonly worker = this.core.start();
	readonly other = this.core.start();
	readonly own = new CoreThread(this.worker.calls, this.core.memory, this.worker.index);
	readonly cpus: TaskCpu[] = [];
	readonly tasks: TaskRef[] = [];
	/** Checks that are due, in order. */
	due: (() => void)[] = [];
	readonly #code = this.driver.put(1);
	readonly #class: number;

	constructor(tasks: number) {
		this.driver.setResource(0, UNIT);
		this.driver.writeNeeds([[0, UNIT]]);
		this.#class = this.driver.defineClass([[0, UNIT]]);
		for (let i = 0; i < tasks; i++) this.#begin();
	}

	/** Takes a task; the one before has given its CPU back, since its code waits. */
	#begin(): void {
		this.driver.submit({ code: this.#code, resourceClass: this.#class });
		const { task, generation } = this.worker.take() as TaskRef;
		const cpu = new TaskCpu({
			suspend: () => this.worker.calls.suspend(task, generation),
			resume: () => this.worker.calls.resume(task, generation),
			phase: () => this.phase(task),
			soon: (then) => this.due.push(then),
			later: (then) => this.due.push(then),
		});
		this.tasks.push({ task, generation });
		this.cpus.push(cpu);
		cpu.enterWait();
		this.check();
	}

	phase(task: number): number {
		return (this.own.views.i32[(this.own.taskAt(task) + TASK_ENTRY_STATE) >> 2] as number) & 0xff;
	}

	get running(): number {
		return this.tasks.filter(({ task }) => this.phase(task) === TASK_PHASE_RUNNING).length;
	}

	check(): void {
		for (const then of this.due.splice(0)) then();
	}

	read(): void {
		for (let count = this.worker.calls.drain(); count > 0; count = this.worker.calls.drain()) {
			for (let i = 0; i < count; i++) {
				const at = this.own.message(i);
				const [kind, task, , bits] = this.own.views.u32.subarray(at, at + 4);
				if (kind !== MESSAGE_KIND_RUNNER || !((bits as number) & RUNNER_BIT_RESUME)) continue;
				this.cpus[this.tasks.findIndex((each) => each.task === task)]?.granted();
			}
		}
	}

	take(thread: Thread): TaskRef | undefined {
		this.driver.submit({ code: this.#code, resourceClass: this.#class });
		return thread.take();
	}
}

describe("the CPU of a task that waits", () => {
	test("is free while it waits, and its code goes on when it has it again", () => {
		const world = new World(1);
		const [cpu] = world.cpus as [TaskCpu];
		const theirs = world.take(world.other) as TaskRef;
		expect(theirs).toBeDefined();
		const went: string[] = [];
		cpu.leaveWait(() => went.push("on"));
		expect(went).toEqual([]);
		expect(world.other.finish(theirs)).toBeUndefined();
		world.read();
		expect(went).toEqual(["on"]);
		expect(world.running).toBe(1);
		world.core.check();
	});

	test("is free again when the task waits for something else besides", () => {
		const world = new World(1);
		const [cpu] = world.cpus as [TaskCpu];
		cpu.enterWait();
		cpu.leaveWait(() => undefined);
		expect(world.running).toBe(1);
		world.check();
		expect(world.running).toBe(0);
		expect(world.take(world.other)).toBeDefined();
	});

	test("is not taken again on the word of a message that an earlier wait has left", () => {
		const world = new World(1);
		const [cpu] = world.cpus as [TaskCpu];
		const theirs = world.take(world.other) as TaskRef;
		const went: number[] = [];
		cpu.leaveWait(() => went.push(1));
		world.other.finish(theirs);
		world.read();
		cpu.enterWait();
		world.check();
		expect(world.take(world.other)).toBeDefined();
		cpu.leaveWait(() => went.push(2));
		cpu.granted();
		expect(went).toEqual([1]);
	});

	test("is held by who blocks and takes it again, though the message that it has it came while it blocked", () => {
		const world = new World(1);
		const [cpu] = world.cpus as [TaskCpu];
		const [{ task, generation }] = world.tasks as [TaskRef];
		const theirs = world.take(world.other) as TaskRef;
		const went: string[] = [];
		cpu.leaveWait(() => went.push("on"));
		world.other.finish(theirs);
		// Granted, and not read yet: other code of the task blocks.
		expect(world.worker.calls.suspend(task, generation)).toBe(STATUS_OK);
		cpu.threadBlocks(true);
		world.read();
		expect(world.worker.calls.resume(task, generation)).toBe(STATUS_OK);
		cpu.threadGoesOn();
		expect(went).toEqual(["on"]);
		expect(world.running).toBe(1);
		world.core.check();
	});

	test("never has two holders, and everything that was waited for is told, in any order of events", () => {
		const event = fc.record({
			what: fc.constantFrom("wait", "come", "check", "read", "block", "blockOwn", "goOn", "take", "end"),
			which: fc.nat(2),
		});
		fc.assert(
			fc.property(fc.integer({ min: 1, max: 3 }), fc.array(event, { maxLength: 60 }), (count, events) => {
				const world = new World(count);
				const waits = world.cpus.map(() => 1);
				const untold = world.cpus.map(() => 0);
				const over = world.cpus.map(() => false);
				let blocks = false;
				let owner = -1;
				let theirs: TaskRef | undefined;
				const come = (i: number) => {
					waits[i]--;
					untold[i]++;
					world.cpus[i]?.leaveWait(() => untold[i]--);
				};
				const endTheirs = () => {
					if (theirs !== undefined) theirs = world.other.finish(theirs);
				};
				const goOn = () => {
					if (owner >= 0) {
						// As `getSync` does: it has its CPU before it returns.
						const { task, generation } = world.tasks[owner] as TaskRef;
						world.worker.calls.resume(task, generation);
						while (world.phase(task) !== TASK_PHASE_RUNNING) {
							endTheirs();
							world.read();
						}
					}
					owner = -1;
					blocks = false;
					for (const cpu of world.cpus) cpu.threadGoesOn();
				};
				for (const { what, which } of events) {
					const i = which % count;
					if (what === "wait" && !blocks) {
						waits[i]++;
						world.cpus[i]?.enterWait();
					} else if (what === "come" && (waits[i] as number) > 0) come(i);
					else if (what === "check" && !blocks) world.check();
					else if (what === "read") world.read();
					else if ((what === "block" || what === "blockOwn") && !blocks) {
						blocks = true;
						const { task, generation } = world.tasks[i] as TaskRef;
						if (what === "blockOwn" && world.worker.calls.suspend(task, generation) === STATUS_OK) owner = i;
						for (const [j, cpu] of world.cpus.entries()) cpu.threadBlocks(j === owner);
					} else if (what === "goOn" && blocks) goOn();
					else if (what === "take") theirs ??= world.take(world.other);
					else if (what === "end") endTheirs();
					expect(world.running + (theirs === undefined ? 0 : 1)).toBeLessThanOrEqual(1);
					if (blocks) {
						world.read();
						expect(world.running).toBe(0);
					}
				}
				if (blocks) goOn();
				while (theirs !== undefined) endTheirs();
				waits.forEach((left, i) => {
					for (let n = left; n > 0; n--) come(i);
				});
				// A task that has been told everything ends, and with it the others have the CPU in turn.
				for (let round = 0; round < count; round++) {
					world.read();
					world.check();
					const i = untold.findIndex((left, j) => left === 0 && !over[j]);
					expect(i).toBeGreaterThanOrEqual(0);
					over[i] = true;
					world.worker.finish(world.tasks[i] as TaskRef);
				}
				world.core.check();
			}),
			{ numRuns: 300 },
		);
	});
});
