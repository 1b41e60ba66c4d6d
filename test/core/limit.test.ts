import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore, ready, shipped } from "./support/fresh.ts";
import { named, type Ref, type TaskRef, type Thread } from "./support/thread.ts";

describe.each(shipped)("the limit on unfinished tasks (%s)", (build) => {
	function scene(): { core: Core; thread: Thread; code: Ref } {
		const core = newCore({ build });
		const thread = core.start();
		thread.defineClass();
		return { core, thread, code: thread.put() };
	}
	const room = [{ kind: layout.MESSAGE_KIND_ROOM, slot: 0, generation: 0, token: 0 }];

	test("refuses a task beyond it, and has changed nothing", () => {
		const { core, thread, code } = scene();
		expect(thread.calls.setLimit(2)).toBe(0);
		const [first] = [thread.submit({ code }), thread.submit({ code, dependencies: [thread.create()] })];
		const before = thread.stats();
		thread.fillSpec({ code });
		expect(named(thread.calls.submit())).toBe("limit");
		expect(thread.stats()).toEqual(before);
		core.check();
		thread.take();
		thread.finish(first);
		thread.submit({ code });
	});

	test("tells who waits when there is room for as many as it wants", () => {
		const { thread, code } = scene();
		thread.calls.setLimit(3);
		const tasks = [0, 1, 2].map(() => thread.submit({ code }));
		expect(named(thread.calls.awaitRoom(2))).toBe("limit");
		thread.take();
		thread.finish(tasks[0]);
		expect(thread.drain()).toEqual([]);
		thread.finish(tasks[1]);
		expect(thread.drain()).toEqual(room);
		expect(thread.calls.awaitRoom(2)).toBe(0);
		expect(named(thread.calls.awaitRoom(3))).toBe("limit");
		expect(named(thread.calls.awaitRoom(0))).toBe("invalid");
		expect(named(thread.calls.awaitRoom(4))).toBe("invalid");
		expect(named(thread.calls.setLimit(0))).toBe("invalid");
	});

	test("that is raised makes room, and one that is lowered below a wish meets it when no task is left", () => {
		const { core, thread, code } = scene();
		thread.calls.setLimit(2);
		const [first] = [thread.submit({ code }), thread.submit({ code })];
		thread.calls.awaitRoom(1);
		thread.calls.setLimit(3);
		expect(thread.drain()).toEqual(room);
		thread.calls.awaitRoom(3);
		thread.calls.setLimit(1);
		core.check();
		thread.take();
		const next = thread.finish(first) as TaskRef;
		expect(thread.drain()).toEqual([]);
		thread.finish(next);
		expect(thread.drain()).toEqual(room);
	});
});

test("every thread that waits for room is told", () => {
	const core = newCore();
	const { thread, code } = ready(core);
	const worker = core.start();
	thread.calls.setLimit(1);
	const task = thread.submit({ code });
	worker.take();
	expect([thread, worker].map(({ calls }) => named(calls.awaitRoom(1)))).toEqual(["limit", "limit"]);
	worker.finish(task);
	expect([thread, worker].map((one) => one.drain().length)).toEqual([1, 1]);
});
