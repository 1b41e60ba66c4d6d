import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { type Core, inlineFlags, named, type Ref, type Thread } from "./support/core.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";

const { STATE_ERROR: error, STATE_ALIAS: alias } = layout;

/** A thread with a class of tasks that needs nothing, and a function. */
function ready(core: Core): { thread: Thread; code: Ref } {
	const thread = core.start();
	thread.defineClass();
	return { thread, code: thread.put(1) };
}

describe.each(shipped)("a task (%s)", (build) => {
	test("is taken, finished, and its result is there for who submitted it", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const { task, generation, results } = thread.submit({ code, token: 5 });
		thread.watch(results[0], 1);
		expect(core.phaseOf(results[0].slot)).toBe(layout.PHASE_PENDING);
		expect(thread.take()).toEqual({ task, generation });
		expect(core.taskField(task, layout.TASK_ENTRY_ATTEMPT)).toBe(1);
		expect(thread.finish({ task, generation }, 42)).toBeUndefined();
		expect(core.valueOf(results[0].slot)[0]).toBe(42);
		expect(thread.drain()).toHaveLength(1);
		thread.drain();
		thread.release(code, results[0]);
		expectNothingLeft(core, thread);
	});

	test("gives the next one when it is finished", () => {
		const { thread, code } = ready(newCore({ build }));
		const [first, second] = [thread.submit({ code }), thread.submit({ code })];
		const taken = thread.take();
		expect(taken?.task).toBe(first.task);
		expect(thread.finish(first)?.task).toBe(second.task);
		expect(thread.finish(second)).toBeUndefined();
	});

	test("gives a task that has waited for its result before others that are younger or less urgent", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const first = thread.submit({ code });
		const second = thread.submit({ code, results: 2, priority: 9, dependencies: first.results });
		const third = thread.submit({ code, priority: 9, dependencies: second.results });
		thread.take();
		const younger = thread.submit({ code });
		expect(thread.finish(first)?.task).toBe(second.task);
		core.check();
		const list = thread.alloc(2 * layout.VALUE_SPEC_SIZE);
		core.u8.fill(0, list, list + 2 * layout.VALUE_SPEC_SIZE);
		for (const at of [list, list + layout.VALUE_SPEC_SIZE]) core.write(at, inlineFlags);
		expect(thread.calls.finishMany(second.task, second.generation, list, 2)).toBe(third.task);
		expect(thread.finish(third)?.task).toBe(younger.task);
	});

	test("wakes others for what it leaves of those that have waited for its result, and nobody for what it takes", () => {
		const core = newCore({ build, threads: 60 });
		const { thread, code } = ready(core);
		const woken = (waiting: number) => {
			const first = thread.submit({ code });
			const tasks = Array.from({ length: waiting }, () => thread.submit({ code, dependencies: first.results }));
			thread.take();
			const idle = Array.from({ length: 50 }, () => core.start());
			for (const worker of idle) worker.park();
			const before = idle.map(({ wakes }) => wakes);
			expect(thread.finish(first)?.task).toBe(tasks[0].task);
			core.check();
			const count = idle.filter((worker, i) => worker.wakes !== before[i]).length;
			for (const worker of idle) thread.recover(worker);
			for (const { task, generation } of tasks.slice(1)) thread.calls.cancel(task, generation, 1, 0);
			thread.finish(tasks[0]);
			return count;
		};
		expect(woken(1)).toBe(0);
		expect(woken(6)).toBeGreaterThanOrEqual(5);
		expect(woken(40)).toBeGreaterThanOrEqual(39);
	});

	test("has its number no more when it is over", () => {
		const { thread, code } = ready(newCore({ build }));
		const { task, generation } = thread.submit({ code });
		thread.take();
		thread.finish({ task, generation });
		const answers = [
			thread.calls.finish(task, generation, inlineFlags, 0, 0, 0, 0),
			thread.calls.finishMany(task, generation, 0, 1),
			thread.calls.ask(task, generation, inlineFlags | error, 0, 0, 0, 0),
			thread.calls.retry(task, generation),
			thread.calls.fail(task, generation, inlineFlags | error, 0, 0, 0, 0),
			thread.calls.cancel(task, generation, 1, 0),
			// The number that the entry's next task will have is nobody's yet.
			thread.calls.cancel(task, generation + 1, 1, 3),
			thread.calls.suspend(task, generation),
			thread.calls.resume(task, generation),
			thread.calls.untake(task, generation),
			thread.calls.give(task, generation, inlineFlags, 0, 0, 0, 0),
		];
		expect(answers.map(named)).toEqual(answers.map(() => "stale"));
	});

	test("with no result needs none, and with several gets each its value", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const silent = thread.submit({ code, results: 0 });
		const several = thread.submit({ code, results: 3 });
		thread.take();
		const next = thread.finish(silent);
		expect(next?.task).toBe(several.task);
		const block = thread.alloc(3 * layout.VALUE_SPEC_SIZE);
		const payload = thread.block(100);
		const values = [
			[inlineFlags, 10, 0, 0],
			[0, payload, 100, 0],
			[inlineFlags | error, 30, 0, 0],
		];
		for (const [i, [flags, a, b, c]] of values.entries()) {
			const at = block + i * layout.VALUE_SPEC_SIZE;
			for (const [offset, value] of [
				[layout.VALUE_SPEC_FLAGS, flags],
				[layout.VALUE_SPEC_A, a],
				[layout.VALUE_SPEC_B, b],
				[layout.VALUE_SPEC_C, c],
			]) {
				core.write(at + offset, value);
			}
		}
		expect(named(thread.calls.finishMany(several.task, several.generation, block, 2))).toBe("invalid");
		expect(thread.calls.finishMany(several.task, several.generation, block, 3)).toBe(0);
		expect(several.results.map(({ slot }) => core.valueOf(slot)[0])).toEqual([10, payload, 30]);
		// The list of values stays in the hand.
		expect(thread.calls.dealloc(block)).toBe(0);
	});

	test("with several results fails all of them with one error, and is refused one value for all", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const { task, generation, results } = thread.submit({ code, results: 3 });
		thread.take();
		expect(named(thread.calls.finish(task, generation, inlineFlags, 1, 0, 0, 0))).toBe("invalid");
		// One that was freed cannot carry the error: the next one does.
		thread.calls.free(results[0].slot, results[0].generation);
		thread.finish({ task, generation }, 9, error);
		expect(core.phaseOf(results[0].slot)).toBe(layout.PHASE_FREED);
		expect(core.valueOf(results[1].slot)[0]).toBe(9);
		expect(core.stateOf(results[2].slot) & alias).toBe(alias);
		expect(core.valueOf(results[2].slot)[0]).toBe(results[1].slot);
	});

	test("keeps small arguments in its entry, and large ones in a block that was the submitter's", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		thread.fillSpec({ code }, 0, 36);
		for (let i = 0; i < 36; i++) core.u8[thread.address + layout.THREAD_SPEC + layout.TASK_SPEC_INLINED + i] = i + 1;
		thread.calls.submit();
		const task = thread.field(layout.THREAD_TASK);
		const at = core.taskAddress(task) + layout.TASK_ENTRY_INLINED;
		expect([...core.u8.subarray(at, at + 36)]).toEqual(Array.from({ length: 36 }, (_, i) => i + 1));
		const args = thread.block(2000, [], 7);
		thread.fillSpec({ code }, args, 2000);
		thread.calls.submit();
		expect(core.taskField(thread.field(layout.THREAD_TASK), layout.TASK_ENTRY_ARGS)).toBe(args);
		expect(named(thread.calls.dealloc(args))).toBe("invalid");
	});
});

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

describe.each(shipped)("a submission (%s)", (build) => {
	function expectRefused(core: Core, thread: Thread, wanted: string): void {
		const before = thread.stats();
		expect(named(thread.calls.submit())).toBe(wanted);
		expect(thread.stats()).toEqual(before);
		core.check();
	}

	test("with a wrong field is refused, and has changed nothing", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const list = thread.alloc(64);
		const wrong: readonly (readonly [field: number, value: number, status: string])[] = [
			[layout.TASK_SPEC_PRIORITY, 16, "invalid"],
			[layout.TASK_SPEC_KIND, 256, "invalid"],
			[layout.TASK_SPEC_FLAGS, layout.TASK_FLAG_INLINE_ARGS, "invalid"],
			[layout.TASK_SPEC_RESULTS, 2 ** 20 + 1, "invalid"],
			[layout.TASK_SPEC_RESULTS, 2, "invalid"],
			[layout.TASK_SPEC_RESOURCE_CLASS, 1, "invalid"],
			[layout.TASK_SPEC_ARGS_SIZE, 37, "invalid"],
			[layout.TASK_SPEC_ARGS, 64, "invalid"],
			[layout.TASK_SPEC_REFERENCES, 1, "invalid"],
			[layout.TASK_SPEC_DEPENDENCIES, 1, "invalid"],
			[layout.TASK_SPEC_CODE, 0, "stale"],
			[layout.TASK_SPEC_CODE_GENERATION, 7, "stale"],
		];
		for (const [field, value, status] of wrong) {
			thread.fillSpec({ code });
			thread.writeSpec(field, value);
			expectRefused(core, thread, status);
		}
		thread.fillSpec({ code, results: 2, stream: true }, 0, 0, list);
		expectRefused(core, thread, "invalid");
		thread.fillSpec({ code, results: 9 }, 0, 0, list);
		expectRefused(core, thread, "invalid");
	});

	test("whose list of results is its arguments is refused", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [one, other] = [thread.put(), thread.put()];
		const block = thread.block(0, [one, other]);
		thread.fillSpec({ code, results: 2, nested: [one, other] }, block, 0, block);
		expectRefused(core, thread, "invalid");
		expect([one, other].map(({ slot }) => core.holdersOf(slot))).toEqual([1, 1]);
	});

	test("with an argument that is gone is refused, and holds none of the others", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [alive, gone] = [thread.put(), thread.put()];
		thread.release(gone);
		const block = thread.block(8, [alive, gone]);
		thread.fillSpec({ code, nested: [alive, gone] }, block, 8);
		expectRefused(core, thread, "stale");
		expect(core.holdersOf(alive.slot)).toBe(1);
		expect(core.holdersOf(code.slot)).toBe(1);
		expect(thread.calls.dealloc(block)).toBe(0);
	});

	test("is refused where a table or the heap is full, and its block stays in the hand", () => {
		const core = newCore({ build, objects: 8, tasks: 3 });
		const { thread, code } = ready(core);
		const argument = thread.create();
		const list = thread.alloc(64);
		const block = thread.block(8, [argument]);
		thread.fillSpec({ code, results: 8, dependencies: [argument] }, block, 8, list);
		expectRefused(core, thread, "table_full");
		for (let i = 0; i < 2; i++) thread.submit({ code, results: 0 });
		thread.fillSpec({ code, results: 1, dependencies: [argument] }, block, 8);
		expectRefused(core, thread, "table_full");
		expect(core.holdersOf(argument.slot)).toBe(1);
		expect(thread.calls.dealloc(block)).toBe(0);
	});

	test("is refused when there is no room for what the core itself needs", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const argument = thread.create();
		// So many dependencies that their edges take a large block.
		const block = thread.block(8, Array(100).fill(argument));
		thread.calls.setCapacity(1);
		thread.fillSpec({ code, dependencies: Array(100).fill(argument) }, block, 8);
		expectRefused(core, thread, "full");
		expect(core.holdersOf(argument.slot)).toBe(1);
	});
});

test("a task's entry whose generations are used up is retired", () => {
	const core = newCore();
	const { thread, code } = ready(core);
	const first = thread.submit({ code });
	thread.take();
	thread.finish(first);
	core.write(core.taskAddress(first.task) + layout.TASK_ENTRY_GENERATION, 0xfffffffd);
	const last = thread.submit({ code });
	expect(last).toMatchObject({ task: first.task, generation: 0xfffffffd });
	thread.take();
	thread.finish(last);
	core.check();
	expect(thread.submit({ code }).task).not.toBe(first.task);
});

describe("a function that blocks", () => {
	test("is not taken by a thread with suspended tasks, and by others it is", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const other = core.start();
		const blocking = thread.put();
		thread.calls.markBlocking(blocking.slot, blocking.generation);
		const first = thread.submit({ code });
		thread.take();
		expect(thread.calls.suspend(first.task, first.generation)).toBe(0);
		const second = thread.submit({ code: blocking });
		expect(thread.take()).toBeUndefined();
		expect(other.take()?.task).toBe(second.task);
	});
});

test("a million queued tasks are taken in order", { timeout: 60_000 }, () => {
	const count = 1_000_000;
	const core = newCore({ size: 512 * 1024 * 1024, objects: 64, tasks: count + 64, threads: 1 });
	const { thread, code } = ready(core);
	const { calls } = thread;
	thread.fillSpec({ code, results: 0 });
	calls.submit();
	const first = thread.field(layout.THREAD_TASK);
	for (let i = 1; i < count; i++) if (calls.submit() !== 0) throw new Error(`submission ${i} was refused`);
	expect(thread.stats()).toMatchObject({ pending: count, ready: count });
	let task = calls.take();
	for (let i = 0; i < count; i++) {
		if (task !== first + i) throw new Error(`task ${i} is ${task}, not ${first + i}`);
		task = calls.finish(task, 1, inlineFlags, 0, 0, 0, 0);
	}
	expect(task).toBe(0);
	thread.release(code);
	expectNothingLeft(core, thread);
});
