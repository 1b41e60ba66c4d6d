import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, ready, shipped } from "./support/fresh.ts";
import type { Ref } from "./support/thread.ts";

const { STATE_ERROR: error, STATE_ALIAS: alias } = layout;

describe.each(shipped)("arguments (%s)", (build) => {
	test("that are not sealed keep a task from being taken until the last of them is", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const args = [thread.create(), thread.put(), thread.create(), thread.create()];
		const { task } = thread.submit({ code, dependencies: args });
		expect(core.taskField(task, layout.TASK_ENTRY_MISSING)).toBe(3);
		for (const object of [args[2], args[0]]) {
			thread.seal(object);
			expect(thread.take()).toBeUndefined();
		}
		thread.seal(args[3]);
		expect(thread.take()?.task).toBe(task);
	});

	test("that are the same object twice are two arguments", () => {
		const { thread, code } = ready(newCore({ build }));
		const object = thread.create();
		const { task } = thread.submit({ code, dependencies: [object, object] });
		thread.seal(object);
		expect(thread.take()?.task).toBe(task);
	});

	test("are held, and so is what is nested in them, until the task is over", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [waited, nested] = [thread.put(), thread.create()];
		const submitted = thread.submit({ code, dependencies: [waited], nested: [nested, nested] });
		thread.release(waited, nested, code);
		expect([waited, nested, code].map(({ slot }) => core.holdersOf(slot))).toEqual([1, 2, 1]);
		thread.take();
		thread.finish(submitted);
		expect([waited, nested, code].map(({ slot }) => core.phaseOf(slot))).toEqual([0, 0, 0]);
		thread.release(submitted.results[0]);
		expectNothingLeft(core, thread);
	});

	test("that are errors fail the task without running it, and its dependents, with the first error itself", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const bad = thread.create();
		const first = thread.submit({ code, dependencies: [bad, thread.create()] });
		const second = thread.submit({ code, dependencies: [first.results[0]] });
		const third = thread.submit({ code, dependencies: [second.results[0], first.results[0]], results: 2 });
		thread.watch(third.results[1], 6);
		thread.seal(bad, 13, error);
		expect(thread.take()).toBeUndefined();
		for (const { slot } of [...first.results, ...second.results, ...third.results]) {
			expect(core.stateOf(slot) & (alias | error)).toBe(alias | error);
			expect(core.valueOf(slot)[0]).toBe(bad.slot);
		}
		expect(thread.drain()).toHaveLength(1);
		expect(thread.stats().pending).toBe(0);
	});

	test("that are errors already fail the task when it is submitted", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const { results } = thread.submit({ code, dependencies: [thread.create(), thread.put(1, error)] });
		expect(core.stateOf(results[0].slot) & alias).toBe(alias);
		expect(thread.stats().pending).toBe(0);
	});

	test("in a chain of 100,000 failing tasks cost no stack", () => {
		const length = 100_000;
		const core = newCore({ build, size: 96 * 1024 * 1024, objects: length + 200, tasks: length + 200, threads: 1 });
		const { thread, code } = ready(core);
		const first = thread.create();
		let last: Ref = first;
		for (let i = 0; i < length; i++) {
			const { results } = thread.submit({ code, dependencies: [last] });
			if (last !== first) thread.release(last);
			last = results[0];
		}
		thread.seal(first, 1, error);
		expect(thread.stats().pending).toBe(0);
		expect(core.valueOf(last.slot)[0]).toBe(first.slot);
		thread.release(first, last, code);
		expectNothingLeft(core, thread);
	});

	test("10,000 of one task work", () => {
		const core = newCore({ build, size: 16 * 1024 * 1024, objects: 12_000 });
		const { thread, code } = ready(core);
		const args = Array.from({ length: 10_000 }, () => thread.create());
		const { task, results } = thread.submit({ code, dependencies: args });
		for (const object of args) {
			expect(core.taskPhaseOf(task)).toBe(layout.TASK_PHASE_WAITING);
			thread.seal(object);
		}
		thread.release(...args, code);
		const taken = thread.take();
		expect(taken?.task).toBe(task);
		if (taken !== undefined) thread.finish(taken);
		thread.release(results[0]);
		expectNothingLeft(core, thread);
	});

	test("make the tasks that wait for one object ready in the order of their submission", () => {
		const { thread, code } = ready(newCore({ build }));
		const object = thread.create();
		const submitted = Array.from({ length: 100 }, () => thread.submit({ code, dependencies: [object] }).task);
		thread.seal(object);
		expect(submitted.map(() => thread.take()?.task)).toEqual(submitted);
	});
});
