import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { expectNothingLeft, newCore, ready, shipped } from "./support/fresh.ts";
import { named, type TaskRef, type Thread } from "./support/thread.ts";

const { CANCEL_RECURSIVE: RECURSIVE, CANCEL_SETTLE: SETTLE } = layout;

const cancel = (thread: Thread, { task, generation }: TaskRef, options = 0, reason: number = layout.REASON_CANCELLED) =>
	named(thread.calls.cancel(task, generation, reason, options));

const cancelWord = (core: Core, { task }: TaskRef) => core.taskField(task, layout.TASK_ENTRY_CANCEL);
const isOver = (core: Core, { task, generation }: TaskRef) =>
	core.taskField(task, layout.TASK_ENTRY_GENERATION) !== generation;

describe.each(shipped)("cancelling (%s)", (build) => {
	test("ends a task that is ready, and its results say why and which task", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code, results: 2 });
		expect(cancel(thread, submitted, 0, layout.REASON_TIMEOUT)).toBe(0);
		for (const { slot } of submitted.results) {
			expect(core.stateOf(slot) & (layout.STATE_SYSTEM | layout.STATE_ERROR)).toBe(
				layout.STATE_SYSTEM | layout.STATE_ERROR,
			);
			expect(core.valueOf(slot).slice(0, 3)).toEqual([layout.REASON_TIMEOUT, submitted.task, submitted.generation]);
		}
		expect(thread.take()).toBeUndefined();
		thread.release(code, ...submitted.results);
		expectNothingLeft(core, thread);
	});

	test("ends a task that waits, and takes its edges out of all arguments", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const args = [thread.create(), thread.create()];
		const first = thread.submit({ code, dependencies: args });
		const second = thread.submit({ code, dependencies: args });
		const third = thread.submit({ code, dependencies: args });
		expect(cancel(thread, second)).toBe(0);
		core.check();
		for (const object of args) thread.seal(object);
		expect([thread.take()?.task, thread.take()?.task, thread.take()]).toEqual([first.task, third.task, undefined]);
	});

	test("tells the runner of a task that runs, by a word and by a message, and leaves its results open", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code });
		const { task, generation, results } = submitted;
		thread.take();
		expect(cancel(thread, submitted)).toBe(0);
		expect(cancel(thread, submitted)).toBe(0);
		expect(cancelWord(core, submitted)).toBe(layout.REASON_CANCELLED);
		expect(thread.drain()).toEqual([
			{ kind: layout.MESSAGE_KIND_RUNNER, slot: task, generation, token: layout.RUNNER_BIT_CANCEL },
		]);
		expect(core.phaseOf(results[0].slot)).toBe(layout.PHASE_PENDING);
		thread.finish(submitted, 3);
		expect(core.valueOf(results[0].slot)[0]).toBe(3);
	});

	test("can settle the results of a running task at once; what it gives later is for nobody", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code });
		thread.take();
		expect(cancel(thread, submitted, SETTLE)).toBe(0);
		expect(core.valueOf(submitted.results[0].slot)[0]).toBe(layout.REASON_CANCELLED);
		const nested = thread.put();
		const address = thread.block(8, [nested]);
		expect(thread.calls.finish(submitted.task, submitted.generation, 0, address, 8, 1, 0)).toBe(0);
		expect(core.holdersOf(nested.slot)).toBe(1);
		thread.drain();
		thread.release(nested, code, ...submitted.results);
		expectNothingLeft(core, thread);
	});

	test("ends a task that is being decided about", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code });
		thread.take();
		thread.ask(submitted, 9);
		expect(cancel(thread, submitted)).toBe(0);
		expect(core.valueOf(submitted.results[0].slot)[0]).toBe(layout.REASON_CANCELLED);
		expect(thread.drain()).toEqual([]);
		thread.release(code, ...submitted.results);
		expectNothingLeft(core, thread);
	});

	test("makes a task that fails fail for its reason instead of being asked about", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code });
		thread.take();
		cancel(thread, submitted, 0, layout.REASON_SHUTDOWN);
		thread.ask(submitted, 9);
		expect(core.valueOf(submitted.results[0].slot)[0]).toBe(layout.REASON_SHUTDOWN);
	});

	test("ends a task that was taken, cancelled and put back unstarted", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const { task, generation, results } = thread.submit({ code });
		thread.take();
		cancel(thread, { task, generation });
		expect(thread.calls.untake(task, generation)).toBe(0);
		expect(thread.take()).toBeUndefined();
		expect(core.valueOf(results[0].slot)[0]).toBe(layout.REASON_CANCELLED);
		expect(thread.drain()).toEqual([]);
	});

	test("for no reason, or with options that there are not, is refused", () => {
		const { thread, code } = ready(newCore({ build }));
		const submitted = thread.submit({ code });
		expect(cancel(thread, submitted, 0, 0)).toBe("invalid");
		expect(cancel(thread, submitted, 4)).toBe("invalid");
		expect(thread.take()?.task).toBe(submitted.task);
	});

	test("what is cancelled already when it is submitted ends at once: the child of a cancelled task", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const parent = thread.submit({ code });
		thread.take();
		cancel(thread, parent);
		for (const dependencies of [[], [thread.create()], [thread.put(1, layout.STATE_ERROR)]]) {
			const child = thread.submit({ code, parent, dependencies });
			expect(isOver(core, child)).toBe(true);
			expect(core.valueOf(child.results[0].slot)[0]).toBe(layout.REASON_CANCELLED);
		}
	});
});

describe.each(shipped)("cancelling with all that a task has submitted (%s)", (build) => {
	test("ends descendants of any generation, and tells those that run", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const parent = thread.submit({ code });
		thread.take();
		const running = thread.submit({ code, parent });
		thread.take();
		const waiting = thread.submit({ code, parent, dependencies: [thread.create()] });
		const grandchild = thread.submit({ code, parent: running });
		const other = thread.submit({ code });
		expect(cancel(thread, parent, RECURSIVE)).toBe(0);
		expect([parent, running, waiting, grandchild, other].map((task) => isOver(core, task))).toEqual([
			false,
			false,
			true,
			true,
			false,
		]);
		expect(
			thread
				.drain()
				.map(({ slot }) => slot)
				.sort(),
		).toEqual([parent.task, running.task].sort());
		expect(cancelWord(core, other)).toBe(0);
	});

	test("leaves the children alone of a task that was cancelled without them", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [alone, withChild] = [thread.submit({ code }), thread.submit({ code })];
		thread.take();
		thread.take();
		const spared = thread.submit({ code, parent: alone });
		const taken = thread.submit({ code, parent: withChild });
		expect(cancel(thread, alone)).toBe(0);
		expect(isOver(core, spared)).toBe(false);
		expect(cancel(thread, withChild, RECURSIVE)).toBe(0);
		expect([isOver(core, spared), isOver(core, taken)]).toEqual([false, true]);
		expect(cancelWord(core, spared)).toBe(0);
		// Asked for later, it still works.
		expect(cancel(thread, alone, RECURSIVE)).toBe(0);
		expect(isOver(core, spared)).toBe(true);
	});

	test("goes through a child that was cancelled before", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const parent = thread.submit({ code });
		thread.take();
		const child = thread.submit({ code, parent });
		thread.take();
		const grandchild = thread.submit({ code, parent: child });
		cancel(thread, child);
		expect(isOver(core, grandchild)).toBe(false);
		cancel(thread, parent, RECURSIVE);
		expect(isOver(core, grandchild)).toBe(true);
	});

	test("does not take the children of a later task that has the same entry", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const first = thread.submit({ code });
		thread.take();
		const child = thread.submit({ code, parent: first });
		thread.finish(first);
		const second = thread.submit({ code });
		expect(second.task).toBe(first.task);
		cancel(thread, second, RECURSIVE);
		expect(isOver(core, child)).toBe(false);
	});

	test("finds 2,000 descendants in a line", () => {
		const core = newCore({ build, tasks: 2100, size: 8 * 1024 * 1024 });
		const { thread, code } = ready(core);
		let parent = thread.submit({ code, results: 0 });
		const oldest = parent;
		thread.take();
		for (let i = 0; i < 2000; i++) {
			parent = thread.submit({ code, results: 0, parent });
			thread.take();
		}
		expect(cancel(thread, oldest, RECURSIVE)).toBe(0);
		expect(cancelWord(core, parent)).toBe(layout.REASON_CANCELLED);
	});
});

test("a cancelled task's dependents fail with it", () => {
	const core = newCore();
	const { thread, code } = ready(core);
	const first = thread.submit({ code });
	const second = thread.submit({ code, dependencies: first.results });
	thread.calls.cancel(first.task, first.generation, layout.REASON_CANCELLED, 0);
	expect(core.valueOf(second.results[0].slot)[0]).toBe(first.results[0].slot);
	expect(thread.stats().pending).toBe(0);
});
