import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, ready, shipped } from "./support/fresh.ts";
import { inlineFlags, named } from "./support/thread.ts";

const { STATE_ERROR: error, STATE_ALIAS: alias } = layout;

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
