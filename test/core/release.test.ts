import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";
import { named, type Ref } from "./support/thread.ts";

describe.each(shipped)("letting go (%s)", (build) => {
	test("of an object lets go of what is nested in it, and of that what nobody else holds", () => {
		const core = newCore({ build });
		const thread = core.start();
		const shared = thread.put(1);
		const inner = thread.putBlock(8, [shared]);
		const outer = thread.putBlock(8, [inner, shared, shared]);
		expect(core.holdersOf(shared.slot)).toBe(4);
		thread.release(inner);
		expect(core.phaseOf(inner.slot)).toBe(layout.PHASE_SEALED);
		thread.release(outer);
		expect(core.phaseOf(inner.slot)).toBe(layout.PHASE_VACANT);
		expect(core.holdersOf(shared.slot)).toBe(1);
		thread.release(shared);
		expectNothingLeft(core, thread);
	});

	test("of a chain of 1,000,000 nested objects works", { timeout: 60_000 }, () => {
		const length = 1_000_000;
		const core = newCore({ build, size: 448 * 1024 * 1024, objects: length + 2, tasks: 2, threads: 1 });
		const thread = core.start();
		let last: Ref = thread.put();
		for (let i = 0; i < length; i++) {
			const next = thread.putBlock(8, [last]);
			thread.release(last);
			last = next;
		}
		expect(thread.stats().objects).toBe(length + 1);
		thread.release(last);
		expect(thread.stats()).toMatchObject({ objects: 0, granules: 0 });
		expectNothingLeft(core, thread);
	});

	test("of an object with 10,000 references works", () => {
		const core = newCore({ build, objects: 20_000, size: 8 * 1024 * 1024 });
		const thread = core.start();
		const nested = Array.from({ length: 10_000 }, () => thread.put());
		const object = thread.putBlock(0, nested);
		thread.release(...nested);
		expect(thread.stats().objects).toBe(10_001);
		thread.release(object);
		expectNothingLeft(core, thread);
	});
});

describe.each(shipped)("a forced free (%s)", (build) => {
	test("deletes the payload for all holders, and what is nested in it", () => {
		const core = newCore({ build });
		const thread = core.start();
		const nested = thread.put();
		const object = thread.putBlock(5000, [nested]);
		thread.release(nested);
		expect(thread.calls.free(object.slot, object.generation)).toBe(0);
		expect(core.phaseOf(object.slot)).toBe(layout.PHASE_FREED);
		expect(core.phaseOf(nested.slot)).toBe(layout.PHASE_VACANT);
		expect(thread.stats().granules).toBe(0);
		thread.release(object);
		expectNothingLeft(core, thread);
	});

	test("leaves a pinned payload where it is until the last pin is gone", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.putBlock(5000);
		const address = thread.pin(object);
		core.u8.fill(7, address, address + 5000);
		thread.calls.free(object.slot, object.generation);
		thread.pin(object);
		const other = thread.alloc(5000);
		core.u8.fill(9, other, other + 5000);
		expect(core.u8[address + 4999]).toBe(7);
		thread.unpin(object);
		core.check();
		thread.calls.dealloc(other);
		thread.unpin(object);
		expect(thread.stats().granules).toBe(0);
		expect(named(thread.calls.pin(object.slot, object.generation))).toBe("freed");
	});

	test("of a pending object fails it for all who wait, with the reason in its value", () => {
		const core = newCore({ build });
		const thread = core.start();
		const code = thread.put();
		thread.defineClass();
		// The entry's former value must not show.
		thread.release(thread.put(12_345));
		const object = thread.create();
		thread.watch(object, 3);
		const task = thread.submit({ code, dependencies: [object] });
		expect(thread.calls.free(object.slot, object.generation)).toBe(0);
		expect(core.valueOf(object.slot)[0]).toBe(layout.REASON_FREED);
		expect(core.phaseOf(object.slot)).toBe(layout.PHASE_FREED);
		expect(thread.drain().map(({ token }) => token)).toEqual([3]);
		const [result] = task.results;
		expect(core.stateOf(result.slot) & (layout.STATE_ERROR | layout.STATE_ALIAS)).toBe(
			layout.STATE_ERROR | layout.STATE_ALIAS,
		);
		expect(core.valueOf(result.slot).slice(0, 2)).toEqual([object.slot, object.generation]);
		expect(named(thread.calls.seal(object.slot, object.generation, layout.STATE_INLINE, 1, 0, 0, 0))).toBe("sealed");
	});

	test("twice is as good as once, and an inline value goes too", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.put(4);
		for (let i = 0; i < 2; i++) expect(thread.calls.free(object.slot, object.generation)).toBe(0);
		expect(core.phaseOf(object.slot)).toBe(layout.PHASE_FREED);
		expect(named(thread.calls.watch(object.slot, object.generation, 0))).toBe("sealed");
	});

	test("fails a task that is submitted with it as an argument", () => {
		const core = newCore({ build });
		const thread = core.start();
		const code = thread.put();
		thread.defineClass();
		const object = thread.put(4);
		thread.calls.free(object.slot, object.generation);
		const { results } = thread.submit({ code, dependencies: [object] });
		expect(core.stateOf(results[0].slot) & layout.STATE_ERROR).not.toBe(0);
		expect(thread.take()).toBeUndefined();
	});
});

describe.each(shipped)("an error that nobody looked at (%s)", (build) => {
	const report = layout.STATE_ERROR | layout.STATE_REPORT;

	test("is kept when its last holder goes, in order, and can be taken once", () => {
		const core = newCore({ build });
		const thread = core.start();
		const errors = [1, 2, 3].map((value) => thread.put(value, report));
		thread.release(errors[1], errors[0], errors[2]);
		expect(thread.stats().unread).toBe(3);
		core.check();
		expect([0, 1, 2].map(() => core.valueOf(thread.takeUnread().slot)[0])).toEqual([2, 1, 3]);
		expect(named(thread.calls.takeUnread())).toBe("empty");
		thread.release(...errors);
		expect(thread.stats().unread).toBe(0);
		expectNothingLeft(core, thread);
	});

	test("cannot be held again by its number", () => {
		const core = newCore({ build });
		const thread = core.start();
		const error = thread.put(1, report);
		thread.release(error);
		expect(named(thread.calls.retain(error.slot, error.generation))).toBe("stale");
		const address = thread.block(8, [error]);
		expect(named(thread.calls.put(0, address, 8, 1, 0))).toBe("stale");
	});

	test("is not kept if somebody looked, or freed it, or nobody asked for a report", () => {
		const core = newCore({ build });
		const thread = core.start();
		const read = thread.put(1, report);
		thread.calls.markRead(read.slot, read.generation);
		const freed = thread.putBlock(8, [], report);
		thread.calls.free(freed.slot, freed.generation);
		const silent = thread.put(3, layout.STATE_ERROR);
		thread.release(read, freed, silent);
		expect(named(thread.calls.takeUnread())).toBe("empty");
		expectNothingLeft(core, thread);
	});

	test("keeps what is nested in it", () => {
		const core = newCore({ build });
		const thread = core.start();
		const nested = thread.put(6);
		const error = thread.putBlock(8, [nested], report);
		thread.release(nested, error);
		expect(core.holdersOf(nested.slot)).toBe(1);
		thread.release(thread.takeUnread());
		expectNothingLeft(core, thread);
	});

	test("is only counted when 1,000 are kept", () => {
		const core = newCore({ build });
		const thread = core.start();
		for (let i = 0; i < 1003; i++) thread.release(thread.put(i, report));
		expect(thread.stats()).toMatchObject({ unread: 1000, unreadDropped: 3, objects: 1000 });
		core.check();
	});

	test("keeps its place when there is no room for the handle", () => {
		const core = newCore({ build });
		const thread = core.start();
		for (const value of [1, 2]) thread.release(thread.put(value, report));
		thread.calls.flush();
		thread.calls.setCapacity(1, 1);
		expect(named(thread.calls.takeUnread())).toBe("full");
		core.check();
		thread.calls.setCapacity(core.size, core.size);
		expect(core.valueOf(thread.takeUnread().slot)[0]).toBe(1);
	});
});
