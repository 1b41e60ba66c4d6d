import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore, shipped } from "./support/fresh.ts";
import type { Ref, TaskRef, Thread } from "./support/thread.ts";

const { RESOURCE_CPU: CPU, RESOURCE_GPU: GPU, RESOURCE_MEMORY: MEMORY, RESOURCE_UNIT: unit } = layout;
const CUSTOM = 7;
const PATIENCE = 1000;

/** How much there is of what; how much a small task needs, and the large one; its kind of worker; how many small ones run. */
interface Needs {
	readonly resource?: number;
	readonly amount?: number;
	readonly part?: number;
	readonly wanted?: number;
	readonly kind?: number;
	readonly count?: number;
}

/** Small tasks run, and a large one waits for more than they leave of a resource. */
function starving(
	core: Core,
	{ resource = CPU, amount = 2 * unit, part = unit, kind = 0, count = 1, ...needs }: Needs = {},
): { thread: Thread; code: Ref; small: number; large: TaskRef; running: TaskRef[] } {
	const thread = core.start();
	thread.setResource(resource, amount);
	const code = thread.put(1);
	const small = thread.defineClass([[resource, part]]);
	const whole = thread.defineClass([[resource, needs.wanted ?? amount]], kind);
	const running = Array.from({ length: count }, () => thread.submit({ code, resourceClass: small, results: 0 }));
	for (const { task } of running) expect(thread.take()?.task).toBe(task);
	const large = thread.submit({ code, resourceClass: whole, results: 0 });
	return { thread, code, small, large, running };
}

/** Lets so many small tasks pass; as many run as before. */
function pass(times: number, { thread, code, small, running }: ReturnType<typeof starving>): void {
	for (let i = 0; i < times; i++) {
		const next = thread.submit({ code, resourceClass: small, results: 0 });
		expect(thread.take()?.task).toBe(next.task);
		running.push(next);
		thread.finish(running.shift() as TaskRef);
	}
}

const suspend = (thread: Thread, { task, generation }: TaskRef) =>
	expect(thread.calls.suspend(task, generation)).toBe(0);

describe.each(shipped)("a task that does not fit (%s)", (build) => {
	test("lets 1,000 later ones pass, then what it lacks is kept for it", () => {
		const core = newCore({ build });
		const scene = starving(core);
		const { thread, code, small, large, running } = scene;
		pass(PATIENCE, scene);
		const late = thread.submit({ code, resourceClass: small, results: 0 });
		expect(thread.take()).toBeUndefined();
		core.check();
		const [last] = running;
		expect(thread.finish(last)?.task).toBe(large.task);
		expect(thread.finish(large)?.task).toBe(late.task);
	});

	test("keeps nothing from tasks that do not need what it lacks", () => {
		const scene = starving(newCore({ build }));
		const { thread, code } = scene;
		pass(PATIENCE, scene);
		const free = thread.defineClass();
		const { task } = thread.submit({ code, resourceClass: free, results: 0 });
		expect(thread.take()?.task).toBe(task);
	});

	test("that is cancelled while things are kept for it lets the others go on", () => {
		const core = newCore({ build });
		const scene = starving(core);
		const { thread, code, small, large } = scene;
		pass(PATIENCE, scene);
		const late = thread.submit({ code, resourceClass: small, results: 0 });
		expect(thread.park()).toBeUndefined();
		const wakes = thread.wakes;
		thread.calls.cancel(large.task, large.generation, 1, 0);
		expect(thread.wakes).not.toBe(wakes);
		expect(thread.take()?.task).toBe(late.task);
	});

	describe("while tasks for another kind of worker pass", () => {
		test("has all it needs kept for an idle worker of its kind, until that has looked", () => {
			const core = newCore({ build });
			const scene = starving(core, { kind: 3 });
			const { thread, code, small, large, running } = scene;
			const other = core.start({ kind: 3 });
			expect(other.park()).toBeUndefined();
			pass(PATIENCE, scene);
			const late = thread.submit({ code, resourceClass: small, results: 0 });
			expect(thread.take()).toBeUndefined();
			const { wakes } = other;
			expect(thread.finish(running[0])).toBeUndefined();
			expect(other.wakes).not.toBe(wakes);
			expect(thread.park()).toBeUndefined();
			core.check();
			expect(other.take()?.task).toBe(large.task);
			expect(thread.take()).toBeUndefined();
			expect(other.finish(large)).toBeUndefined();
			core.check();
			expect(thread.take()?.task).toBe(late.task);
		});

		test.each([
			[
				"takes another task",
				(other: Thread, thread: Thread, code: Ref) => {
					thread.submit({ code, resourceClass: thread.defineClass([], 3) });
					expect(other.take()).toBeDefined();
				},
			],
			["wakes for something else", (other: Thread) => void other.calls.unpark()],
			["dies", (other: Thread, thread: Thread) => thread.recover(other)],
		] as const)("has nothing kept any more when that worker %s", (_, goes) => {
			const core = newCore({ build });
			const scene = starving(core, { kind: 3 });
			const { thread, code, small } = scene;
			const other = core.start({ kind: 3 });
			expect(other.park()).toBeUndefined();
			pass(PATIENCE, scene);
			const late = thread.submit({ code, resourceClass: small, results: 0 });
			expect(thread.park()).toBeUndefined();
			const { wakes } = thread;
			goes(other, core.start({ worker: false }), code);
			core.check();
			expect(thread.wakes).not.toBe(wakes);
			expect(thread.take()?.task).toBe(late.task);
		});

		test("has nothing kept while there is no idle worker of its kind", () => {
			const core = newCore({ build });
			const scene = starving(core, { kind: 3 });
			core.start({ kind: 3 }).park(true);
			pass(2 * PATIENCE, scene);
		});
	});

	describe.each([
		["GPUs", { resource: GPU, amount: 2 * unit }],
		["part of a GPU", { resource: GPU, amount: unit, part: unit / 4, wanted: (unit / 4) * 3 + 1 }],
		["memory", { resource: MEMORY, amount: 10, part: 5 }],
		["a resource of the user's", { resource: CUSTOM, amount: 2 * unit }],
	])("for lack of %s", (_, needs) => {
		test("keeps none while a suspended task has some of it: that may wait for a child", () => {
			const core = newCore({ build });
			const scene = starving(core, needs);
			const { thread, code, small, large, running } = scene;
			pass(PATIENCE, scene);
			const [parent] = running;
			const child = thread.submit({ code, resourceClass: small, results: 0 });
			expect(thread.park()).toBeUndefined();
			core.check();
			const { wakes } = thread;
			suspend(thread, parent);
			core.check();
			expect(thread.wakes).not.toBe(wakes);
			expect(thread.take()?.task).toBe(child.task);
			expect(thread.finish(child)).toBeUndefined();
			// With its answer it goes on, and from then on all is kept for the large one.
			expect(thread.calls.resume(parent.task, parent.generation)).toBe(0);
			thread.submit({ code, resourceClass: small, results: 0 });
			expect(thread.take()).toBeUndefined();
			core.check();
			expect(thread.finish(parent)?.task).toBe(large.task);
		});
	});

	test.each([
		["GPUs", { resource: GPU, amount: 3 * unit, wanted: 2 * unit, count: 2 }],
		["a resource of the user's", { resource: CUSTOM, amount: 3 * unit, wanted: 2 * unit, count: 2 }],
	])("keeps %s if it can run beside what suspended tasks have of it", (_, needs) => {
		const core = newCore({ build });
		const scene = starving(core, needs);
		const { thread, code, small, large, running } = scene;
		pass(PATIENCE, scene);
		const [parent, other] = running;
		suspend(thread, parent);
		const late = thread.submit({ code, resourceClass: small, results: 0 });
		expect(thread.take()).toBeUndefined();
		core.check();
		expect(thread.finish(other)?.task).toBe(large.task);
		expect(thread.take()).toBeUndefined();
		expect(thread.finish(large)?.task).toBe(late.task);
	});

	test("keeps nothing after its thread, with a suspended task, is recovered or that is cancelled", () => {
		const core = newCore({ build });
		const scene = starving(core, { resource: CUSTOM });
		const { thread, code, small, large, running } = scene;
		pass(PATIENCE, scene);
		const worker = core.start();
		suspend(thread, running[0]);
		core.check();
		const child = worker.submit({ code, resourceClass: small, results: 0 });
		expect(worker.take()?.task).toBe(child.task);
		worker.recover(thread);
		core.check();
		// The lost one has given back what it had.
		expect(worker.finish(child)?.task).toBe(large.task);
	});
});
