import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore, shipped } from "./support/fresh.ts";
import { named, type Ref, type TaskRef, type Thread } from "./support/thread.ts";

const CPU = layout.RESOURCE_CPU;
const GPU = layout.RESOURCE_GPU;
const unit = layout.RESOURCE_UNIT;

function ready(core: Core, cpus = 1): { thread: Thread; code: Ref } {
	const thread = core.start();
	thread.setResource(CPU, cpus * unit);
	return { thread, code: thread.put(1) };
}

const gpusOf = (core: Core, { task }: TaskRef) => core.taskField(task, layout.TASK_ENTRY_GPUS);

describe.each(shipped)("ready tasks (%s)", (build) => {
	test("are taken by priority, and within one in the order of submission, over all classes", () => {
		const { thread, code } = ready(newCore({ build }), 100);
		const classes = [thread.defineClass(), thread.defineClass([[CPU, unit]]), thread.defineClass([[CPU, 1]])];
		const submitted = Array.from({ length: 60 }, (_, i) => {
			const priority = (i * 7) % 16;
			const { task } = thread.submit({ code, priority, resourceClass: classes[(i * 5) % 3] });
			return { task, priority, i };
		});
		const wanted = submitted.sort((one, other) => other.priority - one.priority || one.i - other.i);
		expect(submitted.map(() => thread.take()?.task)).toEqual(wanted.map(({ task }) => task));
	});

	test("are taken by workers of their kind alone", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const resourceClass = thread.defineClass([], 3);
		const { task } = thread.submit({ code, resourceClass });
		expect(thread.take()).toBeUndefined();
		expect(core.start({ kind: 3, worker: false }).take()).toBeUndefined();
		expect(core.start({ kind: 3 }).take()?.task).toBe(task);
	});

	test("that were taken and not started go back to their place, whoever puts them back first, and the attempt is not counted", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		thread.defineClass();
		const tasks = Array.from({ length: 5 }, () => thread.submit({ code }));
		const taken = tasks.map(() => thread.take() as TaskRef);
		for (const index of [3, 1, 4, 0, 2]) {
			expect(thread.calls.untake(taken[index].task, taken[index].generation)).toBe(0);
			core.check();
		}
		expect(tasks.map(() => thread.take()?.task)).toEqual(tasks.map(({ task }) => task));
		expect(core.taskField(tasks[0].task, layout.TASK_ENTRY_ATTEMPT)).toBe(1);
		thread.begin(tasks[0]);
		expect(named(thread.calls.untake(tasks[0].task, tasks[0].generation))).toBe("wrong_state");
	});
});

describe.each(shipped)("resources (%s)", (build) => {
	test("are taken with a task and given back when it is over, in ten-thousandths", () => {
		const { thread, code } = ready(newCore({ build }));
		const third = thread.defineClass([[CPU, 3333]]);
		const tasks = Array.from({ length: 4 }, () => thread.submit({ code, resourceClass: third }));
		for (let i = 0; i < 3; i++) thread.take();
		expect(thread.take()).toBeUndefined();
		expect(thread.calls.available(CPU)).toBe(1);
		expect(thread.finish(tasks[1])?.task).toBe(tasks[3].task);
	});

	test("of several kinds are needed at once", () => {
		const { thread, code } = ready(newCore({ build }));
		thread.setResource(layout.RESOURCE_MEMORY, 100);
		thread.setResource(31, 5);
		const resourceClass = thread.defineClass([
			[CPU, 1000],
			[layout.RESOURCE_MEMORY, 60],
			[31, 1],
		]);
		const tasks = [0, 0].map(() => thread.submit({ code, resourceClass }));
		expect(thread.take()?.task).toBe(tasks[0].task);
		expect(thread.take()).toBeUndefined();
		expect([CPU, layout.RESOURCE_MEMORY, 31].map((resource) => thread.calls.available(resource))).toEqual([
			9000, 40, 4,
		]);
	});

	test("may grow, which lets waiting tasks run, and not shrink", () => {
		const { thread, code } = ready(newCore({ build }), 2);
		const resourceClass = thread.defineClass([[CPU, 2 * unit]]);
		thread.submit({ code, resourceClass });
		const second = thread.submit({ code, resourceClass });
		thread.take();
		expect(thread.park()).toBeUndefined();
		const wakes = thread.wakes;
		expect(named(thread.calls.setResource(CPU, unit))).toBe("invalid");
		expect(thread.calls.setResource(CPU, 4 * unit)).toBe(0);
		expect(thread.wakes).not.toBe(wakes);
		expect(thread.take()?.task).toBe(second.task);
	});

	test("that a class needs beyond all there is, twice, none of, or unknown ones, are refused", () => {
		const { thread } = ready(newCore({ build }));
		const define = (needs: readonly (readonly [number, number])[], kind = 0) => {
			thread.writeNeeds(needs);
			return named(thread.calls.defineClass(kind, needs.length));
		};
		expect(define([[CPU, unit + 1]])).toBe("unschedulable");
		expect(define([[5, 1]])).toBe("unschedulable");
		expect(
			define([
				[CPU, 1],
				[CPU, 1],
			]),
		).toBe("invalid");
		expect(define([[CPU, 0]])).toBe("invalid");
		expect(define([[32, 1]])).toBe("invalid");
		expect(define([], 64)).toBe("invalid");
		expect(named(thread.calls.defineClass(0, 17))).toBe("invalid");
		expect(named(thread.calls.setResource(32, 1))).toBe("invalid");
		expect(named(thread.calls.setResource(4, 2 ** 31))).toBe("invalid");
		expect(named(thread.calls.available(32))).toBe("invalid");
	});

	test("that are the same are one class", () => {
		const { thread } = ready(newCore({ build }), 2);
		const first = thread.defineClass([[CPU, 1]]);
		expect(thread.defineClass([[CPU, 1]])).toBe(first);
		expect(thread.defineClass([[CPU, 1]], 1)).not.toBe(first);
		expect(thread.defineClass([[CPU, 1]])).toBe(first);
	});
});

describe.each(shipped)("places for classes (%s)", (build) => {
	const PLACES = 256;
	const placeOf = (number: number) => number % PLACES;
	const classAt = (place: number) => layout.PLACE_CLASSES + place * layout.RESOURCE_CLASS_SIZE;

	/** All places taken, by classes of kinds 0 and 1 in turn, which need 1, 2, … of the CPU. */
	function full(): { core: Core; thread: Thread; code: Ref; classes: number[] } {
		const core = newCore({ build, tasks: 512 });
		const { thread, code } = ready(core, 2);
		const classes = Array.from({ length: PLACES }, (_, i) => thread.defineClass([[CPU, i + 1]], i % 2));
		return { core, thread, code, classes };
	}

	function define(thread: Thread, amount: number): string | number {
		thread.writeNeeds([[CPU, amount]]);
		return named(thread.calls.defineClass(0, 1));
	}

	function refusal(thread: Thread, code: Ref, resourceClass: number): string | number {
		thread.fillSpec({ code, resourceClass });
		return named(thread.calls.submit());
	}

	test("are given again, in turn, when no task needs what had them", () => {
		const { core, thread, classes } = full();
		for (let i = 0; i < 3 * PLACES; i++) {
			const number = thread.defineClass([[CPU, 1000 + i]], i % 3);
			expect(placeOf(number)).toBe(i % PLACES);
			expect(classes).not.toContain(number);
			core.check();
		}
	});

	test("stay with classes that have unfinished tasks; if all have, there is none", () => {
		const { core, thread, code, classes } = full();
		const tasks = classes.map((resourceClass) => thread.submit({ code, resourceClass }));
		expect(define(thread, 1000)).toBe("table_full");
		expect(define(thread, 3)).toBe(classes[2]);
		core.check();
		const { task, generation } = tasks[100];
		thread.calls.cancel(task, generation, layout.REASON_CANCELLED, 0);
		expect(placeOf(thread.defineClass([[CPU, 1000]]))).toBe(100);
		core.check();
	});

	test("that a class has lost make its number outdated: submitting with it is refused, and changes nothing", () => {
		const { core, thread, code, classes } = full();
		const number = thread.defineClass([[CPU, 1000]]);
		const before = thread.stats();
		expect(refusal(thread, code, classes[0])).toBe("outdated");
		expect(refusal(thread, code, number + PLACES)).toBe("invalid");
		expect(thread.stats()).toEqual(before);
		const again = thread.defineClass([[CPU, 1]]);
		expect(again).not.toBe(classes[0]);
		const { task } = thread.submit({ code, resourceClass: again });
		expect(thread.take()?.task).toBe(task);
		expect(thread.calls.available(CPU)).toBe(2 * unit - 1);
		core.check();
	});

	test("give their next class no task, need or kind of the last", () => {
		const { core, thread, code, classes } = full();
		const { task, generation } = thread.submit({ code, resourceClass: classes[0] });
		thread.take();
		expect(thread.calls.finish(task, generation, layout.STATE_INLINE, 0, 0, 0, 0)).toBe(0);
		const number = thread.defineClass([], 5);
		expect(placeOf(number)).toBe(0);
		thread.submit({ code, resourceClass: number });
		expect(thread.take()).toBeUndefined();
		expect(core.start({ kind: 5 }).take()).toBeDefined();
		expect(thread.calls.available(CPU)).toBe(2 * unit);
		core.check();
	});

	test("whose generations are used up are not given again", () => {
		const { core, thread } = full();
		const last = 2 ** 23 - 1;
		for (const place of [0, 1]) core.write(classAt(place) + layout.RESOURCE_CLASS_GENERATION, last - 1);
		core.write(classAt(2) + layout.RESOURCE_CLASS_GENERATION, last);
		expect([1000, 1001, 1002].map((amount) => placeOf(thread.defineClass([[CPU, amount]])))).toEqual([0, 1, 3]);
		for (let amount = 2000; amount < 2000 + PLACES; amount++) {
			expect([0, 1, 2]).not.toContain(placeOf(thread.defineClass([[CPU, amount]])));
		}
		expect(thread.defineClass([[CPU, 1000]])).toBe(last * PLACES);
	});
});

describe.each(shipped)("GPUs (%s)", (build) => {
	test("have ids: whole ones are free ones, a fraction is of the fullest that has room", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		thread.setResource(GPU, 3 * unit);
		const [half, quarter, two] = [5000, 2500, 2 * unit].map((amount) => thread.defineClass([[GPU, amount]]));
		const take = (resourceClass: number) => {
			const submitted = thread.submit({ code, resourceClass });
			return thread.take()?.task === submitted.task ? submitted : undefined;
		};
		const first = take(half) as TaskRef;
		const second = take(quarter) as TaskRef;
		expect([first, second].map((task) => gpusOf(core, task))).toEqual([0b001, 0b001]);
		const third = take(two) as TaskRef;
		expect(gpusOf(core, third)).toBe(0b110);
		// A quarter is left of one, which is not a half.
		const fourth = thread.submit({ code, resourceClass: half });
		expect(thread.take()).toBeUndefined();
		expect(thread.finish(third)?.task).toBe(fourth.task);
		expect(gpusOf(core, fourth)).toBe(0b010);
	});

	test("are not lent in fractions that no single one has", () => {
		const { thread, code } = ready(newCore({ build }));
		thread.setResource(GPU, 2 * unit);
		const resourceClass = thread.defineClass([[GPU, 6000]]);
		for (let i = 0; i < 3; i++) thread.submit({ code, resourceClass });
		expect([thread.take(), thread.take()].every((task) => task !== undefined)).toBe(true);
		expect(thread.calls.available(GPU)).toBe(8000);
		expect(thread.take()).toBeUndefined();
	});

	test("come whole, at most 32, and more than one only whole", () => {
		const { thread } = ready(newCore({ build }));
		expect(named(thread.calls.setResource(GPU, 15_000))).toBe("invalid");
		expect(named(thread.calls.setResource(GPU, 33 * unit))).toBe("invalid");
		expect(thread.calls.setResource(GPU, 32 * unit)).toBe(0);
		thread.writeNeeds([[GPU, 15_000]]);
		expect(named(thread.calls.defineClass(0, 1))).toBe("invalid");
	});
});

describe.each(shipped)("tasks of a function that blocks (%s)", (build) => {
	/** A worker with a suspended task, and a function that is known to block. */
	function scene(tasks = 1024): { core: Core; worker: Thread; code: Ref; blocking: Ref; suspended: TaskRef } {
		const core = newCore({ build, tasks });
		const { thread: worker, code } = ready(core);
		worker.defineClass();
		const blocking = worker.put();
		worker.calls.markBlocking(blocking.slot, blocking.generation);
		const suspended = worker.submit({ code });
		worker.take();
		worker.calls.suspend(suspended.task, suspended.generation);
		return { core, worker, code, blocking, suspended };
	}

	test("are not taken by a thread with suspended tasks, but what stands behind them is", () => {
		const { core, worker, code, blocking, suspended } = scene();
		const before = [0, 1, 2].map(() => worker.submit({ code: blocking }));
		const behind = worker.submit({ code });
		expect(worker.take()?.task).toBe(behind.task);
		core.check();
		expect(worker.take()).toBeUndefined();
		worker.finish(behind);
		// With nothing suspended it takes them, in their order.
		expect(worker.finish(suspended)?.task).toBe(before[0].task);
		expect([worker.take()?.task, worker.take()?.task]).toEqual([before[1].task, before[2].task]);
	});

	test("keep their order among each other and with others, also when one is taken and put back", () => {
		const { core, worker, code, blocking, suspended } = scene();
		const tasks = [blocking, code, blocking, code].map((function_) => worker.submit({ code: function_ }));
		expect(worker.take()?.task).toBe(tasks[1].task);
		worker.calls.untake(tasks[1].task, tasks[1].generation);
		worker.calls.resume(suspended.task, suspended.generation);
		for (let round = 0; round < 2; round++) {
			const taken = tasks.map(() => worker.take() as TaskRef);
			expect(taken.map(({ task }) => task)).toEqual(tasks.map(({ task }) => task));
			for (const { task, generation } of taken.reverse()) worker.calls.untake(task, generation);
			core.check();
			worker.calls.suspend(suspended.task, suspended.generation);
			const other = worker.take() as TaskRef;
			expect(other.task).toBe(tasks[1].task);
			worker.calls.untake(other.task, other.generation);
			worker.calls.resume(suspended.task, suspended.generation);
		}
	});

	test("are set aside some at a time, and the worker is woken until it has seen what stands behind them", () => {
		const { core, worker, code, blocking } = scene(2048);
		for (let i = 0; i < 1000; i++) worker.submit({ code: blocking, results: 0 });
		const behind = worker.submit({ code });
		let looks = 0;
		for (let found: TaskRef | undefined; found?.task !== behind.task; looks++) {
			found = worker.park();
			if (found === undefined) expect(worker.wakes).not.toBe(worker.field(layout.THREAD_WAKE_VALUE));
			core.check();
		}
		expect(looks).toBe(Math.ceil(1001 / 64));
		expect(worker.park()).toBeUndefined();
		expect(worker.wakes).toBe(worker.field(layout.THREAD_WAKE_VALUE));
	});

	test("that stand before what a parked worker may take do not keep it asleep", () => {
		const { core, worker, code } = scene(2048);
		const [unknown, cpu] = [worker.put(1), worker.defineClass([[CPU, unit]])];
		const other = core.start();
		const running = other.submit({ code, resourceClass: cpu });
		expect(other.take()?.task).toBe(running.task);
		for (let i = 0; i < 1000; i++) other.submit({ code: unknown, resourceClass: cpu, results: 0 });
		const behind = other.submit({ code, resourceClass: cpu });
		expect(worker.park()).toBeUndefined();
		expect(worker.calls.markBlocking(unknown.slot, unknown.generation)).toBe(0);
		core.check();
		// The CPU comes back, and the parked worker alone may use it.
		const { wakes } = worker;
		other.calls.suspend(running.task, running.generation);
		expect(worker.wakes).not.toBe(wakes);
		let found = worker.park();
		while (found === undefined && worker.wakes !== worker.field(layout.THREAD_WAKE_VALUE)) found = worker.park();
		expect(found?.task).toBe(behind.task);
	});

	test("that were set aside can be cancelled", () => {
		const { core, worker, code, blocking } = scene();
		const tasks = [0, 1, 2].map(() => worker.submit({ code: blocking }));
		const behind = worker.submit({ code });
		worker.take();
		for (const index of [1, 0, 2]) {
			worker.calls.cancel(tasks[index].task, tasks[index].generation, 1, 0);
			core.check();
		}
		worker.finish(behind);
		expect(worker.stats().ready).toBe(0);
	});

	test("are not passed over by others for lack of resources", () => {
		const { core, worker, code, blocking, suspended } = scene();
		worker.submit({ code: blocking });
		for (let i = 0; i < 1001; i++) {
			const next = worker.submit({ code, results: 0 });
			expect(worker.take()?.task).toBe(next.task);
			worker.finish(next);
		}
		expect(core.read(layout.PLACE_ROOT + layout.ROOT_SIZE + layout.SCHEDULER_STARVING)).toBe(0);
		expect(worker.finish(suspended)).toBeDefined();
	});
});
