import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { expectNothingLeft, newCore } from "./support/fresh.ts";
import { inlineFlags, named, type Ref, type Thread } from "./support/thread.ts";

const CPU = layout.RESOURCE_CPU;
const GPU = layout.RESOURCE_GPU;
const unit = layout.RESOURCE_UNIT;

interface Scene {
	readonly core: Core;
	/** Stays, and recovers. */
	readonly supervisor: Thread;
	/** Dies. */
	readonly dying: Thread;
	readonly code: Ref;
}

function scene(): Scene {
	const core = newCore();
	const supervisor = core.start();
	supervisor.setResource(CPU, 4 * unit);
	supervisor.defineClass();
	return { core, supervisor, dying: core.start(), code: supervisor.put(1) };
}

/** Ends and recovers the thread; then nothing but the function may be left. */
function expectAllGivenBack({ core, supervisor, dying, code }: Scene): void {
	supervisor.recover(dying);
	supervisor.drain();
	supervisor.drain();
	supervisor.release(code);
	expectNothingLeft(core, supervisor);
}

describe("what a dead thread owned is given back:", () => {
	test("handles, with what only it held", () => {
		const all = scene();
		const nested = all.dying.put();
		all.dying.putBlock(3000, [nested]);
		all.dying.retain(all.code);
		all.dying.retain(all.code);
		all.dying.create();
		expectAllGivenBack(all);
	});

	test("pins, and payloads that were freed while it had them pinned", () => {
		const all = scene();
		const object = all.dying.putBlock(3000);
		all.dying.pin(object);
		all.dying.release(object);
		const shared = all.supervisor.putBlock(3000);
		all.dying.retain(shared);
		all.dying.pin(shared);
		all.supervisor.calls.free(shared.slot, shared.generation);
		expect(all.supervisor.stats().granules).toBeGreaterThan(0);
		all.supervisor.recover(all.dying);
		expect(all.supervisor.stats().granules).toBe(0);
		all.supervisor.release(shared, all.code);
		expectNothingLeft(all.core, all.supervisor);
	});

	test("blocks in its hand, large and small, and its caches", () => {
		const all = scene();
		for (const size of [0, 64, 500, 1024, 1025, 70_000]) all.dying.alloc(size);
		for (let i = 0; i < 200; i++) all.dying.alloc(128);
		all.dying.release(...Array.from({ length: 70 }, () => all.dying.putBlock(100)));
		expectAllGivenBack(all);
	});

	test("free entries that it kept, and ranges of entries never used", () => {
		const all = scene();
		all.dying.release(...Array.from({ length: 100 }, () => all.dying.put()));
		all.dying.create();
		expectAllGivenBack(all);
		const more = Array.from({ length: all.core.objects - 1 }, () => all.supervisor.put());
		expect(named(all.supervisor.calls.create())).toBe("table_full");
		all.supervisor.release(...more);
	});

	test("watches of pending objects, also one behind another thread's", () => {
		const all = scene();
		const { core, supervisor, dying } = all;
		const [first, second, streamed] = [supervisor.create(), supervisor.create(), supervisor.create()];
		supervisor.watch(first, 1);
		for (const object of [first, second, streamed]) {
			dying.retain(object);
			dying.watch(object);
			dying.release(object);
		}
		supervisor.recover(dying);
		core.check();
		for (const object of [first, second, streamed]) supervisor.seal(object);
		expect(supervisor.drain()).toHaveLength(1);
	});

	test("messages that it had not read, or had read in part", () => {
		const all = scene();
		const objects = Array.from({ length: 100 }, () => all.dying.create());
		for (const object of objects) all.dying.watch(object);
		for (const object of objects) all.dying.seal(object);
		expect(all.dying.drain()).toHaveLength(64);
		all.dying.release(...objects);
		expectAllGivenBack(all);
	});

	test("its place among the parked, and its wish for room", () => {
		const all = scene();
		const { core, supervisor, dying, code } = all;
		dying.park();
		supervisor.calls.setLimit(1);
		supervisor.submit({ code, priority: 1, resourceClass: supervisor.defineClass([], 5) });
		dying.calls.awaitRoom(1);
		supervisor.recover(dying);
		core.check();
	});

	test("submitted tasks stay, and their results go if only it held them", () => {
		const all = scene();
		const { supervisor, dying, code } = all;
		const submitted = dying.submit({ code });
		supervisor.recover(dying);
		expect(supervisor.take()?.task).toBe(submitted.task);
		supervisor.finish(submitted);
		supervisor.release(code);
		expectNothingLeft(all.core, supervisor);
	});
});

describe("the tasks of a dead thread", () => {
	test("that it had begun come to who recovers it, to retry or to fail", () => {
		const { core, supervisor, dying, code } = scene();
		const tasks = [1, 2].map((token) => supervisor.submit({ code, token, retries: 2 }));
		for (const task of tasks) {
			dying.take();
			dying.begin(task);
		}
		supervisor.recover(dying);
		const messages = supervisor.drain();
		expect(messages.map(({ kind }) => kind)).toEqual([layout.MESSAGE_KIND_LOST, layout.MESSAGE_KIND_LOST]);
		expect(messages.map(({ token }) => token).sort()).toEqual([1, 2]);
		const [retried, failed] = tasks;
		expect(supervisor.calls.retry(retried.task, retried.generation)).toBe(0);
		expect(core.taskField(retried.task, layout.TASK_ENTRY_RETRIES)).toBe(1);
		// There is no error that was asked about.
		expect(named(supervisor.calls.fail(failed.task, failed.generation, 0, 0, 0, 0, 0))).toBe("invalid");
		const crashed = inlineFlags | layout.STATE_ERROR;
		expect(supervisor.calls.fail(failed.task, failed.generation, crashed, 8, 0, 0, 0)).toBe(0);
		expect(core.valueOf(failed.results[0].slot)[0]).toBe(8);
		expect(supervisor.take()?.task).toBe(retried.task);
	});

	test("that it had not begun go back to their place, the attempt unused", () => {
		const { core, supervisor, dying, code } = scene();
		const tasks = [0, 1, 2].map(() => supervisor.submit({ code }));
		dying.take();
		dying.take();
		supervisor.recover(dying);
		expect(supervisor.drain()).toEqual([]);
		expect(tasks.map(() => supervisor.take()?.task)).toEqual(tasks.map(({ task }) => task));
		expect(core.taskField(tasks[0].task, layout.TASK_ENTRY_ATTEMPT)).toBe(1);
	});

	test("give their resources back, GPUs too, those that were suspended all but the CPU", () => {
		const { supervisor, dying, code } = scene();
		supervisor.setResource(GPU, unit);
		const resourceClass = supervisor.defineClass([
			[CPU, unit],
			[GPU, 5000],
		]);
		for (let i = 0; i < 2; i++) {
			const task = supervisor.submit({ code, resourceClass });
			dying.take();
			dying.begin(task);
			if (i === 0) dying.calls.suspend(task.task, task.generation);
		}
		expect([CPU, GPU].map((resource) => supervisor.calls.available(resource))).toEqual([3 * unit, 0]);
		supervisor.recover(dying);
		expect([CPU, GPU].map((resource) => supervisor.calls.available(resource))).toEqual([4 * unit, unit]);
	});

	test("that wanted their CPU again do not get it, nor a message to the slot's next thread", () => {
		const core = newCore();
		const supervisor = core.start();
		supervisor.setResource(CPU, unit);
		const cpu = supervisor.defineClass([[CPU, unit]]);
		const code = supervisor.put();
		const dying = core.start();
		const tasks = [0, 1, 2].map(() => supervisor.submit({ code, resourceClass: cpu }));
		for (const [i, task] of tasks.entries()) {
			dying.take();
			dying.begin(task);
			if (i < 2) dying.calls.suspend(task.task, task.generation);
		}
		for (const { task, generation } of tasks.slice(0, 2)) dying.calls.resume(task, generation);
		supervisor.recover(dying);
		core.check();
		const next = core.start();
		expect(next.index).toBe(dying.index);
		expect(next.drain()).toEqual([]);
		expect(supervisor.drain()).toHaveLength(3);
	});

	test("that were cancelled end", () => {
		const { core, supervisor, dying, code } = scene();
		const task = supervisor.submit({ code });
		dying.take();
		dying.begin(task);
		supervisor.calls.cancel(task.task, task.generation, layout.REASON_TIMEOUT, 0);
		supervisor.recover(dying);
		expect(supervisor.drain()).toEqual([]);
		expect(core.valueOf(task.results[0].slot)[0]).toBe(layout.REASON_TIMEOUT);
	});

	test("that it had to decide about, being lost themselves, go to the next who recovers", () => {
		const { core, supervisor, dying, code } = scene();
		const worker = core.start();
		const task = supervisor.submit({ code });
		worker.take();
		worker.begin(task);
		dying.recover(worker);
		supervisor.recover(dying);
		expect(supervisor.drain().map(({ kind, slot }) => [kind, slot])).toEqual([[layout.MESSAGE_KIND_LOST, task.task]]);
		expect(supervisor.calls.retry(task.task, task.generation)).toBe(0);
	});

	test("that generate keep the items they gave", () => {
		const { core, supervisor, dying, code } = scene();
		const task = supervisor.submit({ code, stream: true });
		const [stream] = task.results;
		dying.take();
		dying.begin(task);
		dying.give(task, 1);
		dying.give(task, 2);
		supervisor.recover(dying);
		supervisor.drain();
		supervisor.calls.retry(task.task, task.generation);
		supervisor.take();
		for (const value of [1, 2, 3]) supervisor.give(task, value);
		expect([0, 0, 0].map(() => core.valueOf(supervisor.next(stream).slot)[0])).toEqual([1, 2, 3]);
	});
});

test("while a thread is dead and not recovered the others go on, and what is meant for it waits", () => {
	const { core, supervisor, dying, code } = scene();
	const watched = supervisor.create();
	dying.retain(watched);
	dying.watch(watched);
	const asked = dying.submit({ code });
	supervisor.take();
	supervisor.calls.end(dying.index, dying.epoch);
	core.check();
	supervisor.seal(watched);
	supervisor.ask(asked);
	core.check();
	expect(core.taskPhaseOf(asked.task)).toBe(layout.TASK_PHASE_DECIDING);
	supervisor.calls.recover(dying.index, dying.epoch);
	expect(supervisor.stats().pending).toBe(0);
	supervisor.release(watched, code);
	expectNothingLeft(core, supervisor);
});

test("nothing that was meant for a dead thread reaches the next one on its slot", () => {
	const { core, supervisor, dying, code } = scene();
	const watched = supervisor.create();
	dying.retain(watched);
	dying.watch(watched);
	const submitted = dying.submit({ code });
	supervisor.take();
	supervisor.recover(dying);
	const next = core.start();
	expect(next.index).toBe(dying.index);
	supervisor.seal(watched);
	supervisor.ask(submitted);
	expect(next.drain()).toEqual([]);
	for (const { slot, generation } of [watched, ...submitted.results]) {
		expect(named(next.calls.release(slot, generation))).toBe("stale");
	}
});

test("a thousand threads, one after another, leave nothing", () => {
	const { core, supervisor, code } = scene();
	for (let i = 0; i < 1000; i++) {
		const thread = core.start();
		const object = thread.putBlock(200, [code]);
		thread.pin(object);
		thread.watch(thread.create());
		thread.alloc(i % 2 === 0 ? 100 : 3000);
		const task = thread.submit({ code, dependencies: [object] });
		if (thread.take()?.task === task.task && i % 3 === 0) thread.begin(task);
		supervisor.recover(thread);
		for (const { slot, generation } of supervisor.drain()) supervisor.calls.cancel(slot, generation, 1, 0);
		const left = supervisor.take();
		if (left !== undefined) supervisor.finish(left);
	}
	supervisor.drain();
	supervisor.release(code);
	expectNothingLeft(core, supervisor);
});
