import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";
import { inlineFlags, named } from "./support/thread.ts";

const { MESSAGE_KIND_SEALED: sealed } = layout;

describe.each(shipped)("an object (%s)", (build) => {
	test("holds 16 bytes inline, with the flags that the host gave", () => {
		const core = newCore({ build });
		const thread = core.start();
		const flags = layout.STATE_INLINE | (7 << layout.STATE_KIND_SHIFT) | (16 << layout.STATE_LENGTH_SHIFT);
		const slot = thread.calls.put(flags, 1, 2 ** 32 - 1, 3, 4);
		expect(core.valueOf(slot)).toEqual([1, 2 ** 32 - 1, 3, 4]);
		expect(core.stateOf(slot)).toBe(layout.PHASE_SEALED | flags);
	});

	test("takes a block out of the hand, with its size and the references behind it", () => {
		const core = newCore({ build });
		const thread = core.start();
		const nested = thread.put();
		const address = thread.block(20, [nested]);
		const slot = thread.calls.put(0, address, 20, 1, 0);
		expect(core.valueOf(slot)).toEqual([address, 20, 1, 1]);
		expect(core.holdersOf(nested.slot)).toBe(2);
		expect(named(thread.calls.dealloc(address))).toBe("invalid");
	});

	test("is refused a block that is too small for what it shall hold", () => {
		const thread = newCore({ build }).start();
		const address = thread.alloc(64);
		for (const [size, references] of [
			[65, 0],
			[64, 1],
			[57, 1],
			[0, 9],
			[2 ** 32 - 1, 0],
			[2 ** 32 - 8, 1],
			[8, 2 ** 29],
			[0, 2 ** 32 - 1],
		]) {
			expect(named(thread.calls.put(0, address, size, references, 0))).toBe("invalid");
		}
		expect(thread.calls.dealloc(address)).toBe(0);
	});

	test("is refused flags that are the core's own, and more than 16 bytes inline", () => {
		const thread = newCore({ build }).start();
		const own = [
			layout.PHASE_SEALED,
			layout.STATE_LOCK,
			layout.STATE_WAITERS,
			layout.STATE_ALIAS,
			layout.STATE_STREAM,
			layout.STATE_READ,
			layout.STATE_BLOCKS,
			layout.STATE_SYSTEM,
			2 ** 29,
			2 ** 31,
		];
		for (const flag of own) expect(named(thread.calls.put(inlineFlags | flag, 0, 0, 0, 0))).toBe("invalid");
		const long = layout.STATE_INLINE | (17 << layout.STATE_LENGTH_SHIFT);
		expect(named(thread.calls.put(long, 0, 0, 0, 0))).toBe("invalid");
	});

	test("whose references are not all alive is refused, and holds none of them", () => {
		const core = newCore({ build });
		const thread = core.start();
		const alive = thread.put();
		const gone = thread.put();
		thread.release(gone);
		const address = thread.block(8, [alive, gone]);
		expect(named(thread.calls.put(0, address, 8, 2, 0))).toBe("stale");
		expect(core.holdersOf(alive.slot)).toBe(1);
		expect(thread.calls.dealloc(address)).toBe(0);
	});

	test("is sealed once: a second value is refused and stays in the hand", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		const nested = thread.put();
		thread.seal(object, 1);
		const address = thread.block(8, [nested]);
		expect(named(thread.calls.seal(object.slot, object.generation, 0, address, 8, 1, 0))).toBe("sealed");
		expect(core.holdersOf(nested.slot)).toBe(1);
		expect(core.valueOf(object.slot)[0]).toBe(1);
		expect(thread.calls.dealloc(address)).toBe(0);
	});

	test("that was marked while it was pending stays marked when it is sealed", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		thread.calls.markRead(object.slot, object.generation);
		thread.calls.markBlocking(object.slot, object.generation);
		thread.seal(object);
		expect(core.stateOf(object.slot) & (layout.STATE_READ | layout.STATE_BLOCKS)).toBe(
			layout.STATE_READ | layout.STATE_BLOCKS,
		);
	});
});

describe.each(shipped)("a watch (%s)", (build) => {
	test("becomes a message when the object is sealed, and wakes the thread", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		thread.watch(object, 77);
		const wakes = thread.wakes;
		expect(thread.drain()).toEqual([]);
		thread.seal(object);
		expect(thread.wakes).not.toBe(wakes);
		expect(thread.drain()).toEqual([{ kind: sealed, ...object, token: 77 }]);
		expect(thread.drain()).toEqual([]);
	});

	test("holds the object until the drain after its message", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		thread.watch(object);
		thread.seal(object, 9);
		thread.release(object);
		expect(thread.drain()).toHaveLength(1);
		expect(core.valueOf(object.slot)[0]).toBe(9);
		thread.drain();
		expectNothingLeft(core, thread);
	});

	test("keeps an object there that was released once too often", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		thread.watch(object, 5);
		thread.release(object);
		expect(named(thread.calls.release(object.slot, object.generation))).toBe("stale");
		core.check();
		thread.seal(object);
		expect(named(thread.calls.release(object.slot, object.generation))).toBe("stale");
		expect(thread.drain()).toEqual([{ kind: sealed, ...object, token: 5 }]);
		thread.drain();
		expectNothingLeft(core, thread);
	});

	test("is refused where there is nothing to wait for, or twice", () => {
		const thread = newCore({ build }).start();
		const object = thread.create();
		thread.watch(object, 1);
		expect(named(thread.calls.watch(object.slot, object.generation, 2))).toBe("wrong_state");
		thread.seal(object);
		expect(named(thread.calls.watch(object.slot, object.generation, 3))).toBe("sealed");
		expect(thread.drain().map(({ token }) => token)).toEqual([1]);
	});

	test("that is taken back sends nothing, and is too late when the object is sealed", () => {
		const thread = newCore({ build }).start();
		const one = thread.create();
		const other = thread.create();
		thread.watch(one);
		thread.watch(other);
		expect(thread.calls.unwatch(one.slot, one.generation)).toBe(0);
		thread.seal(one);
		thread.seal(other);
		expect(named(thread.calls.unwatch(other.slot, other.generation))).toBe("sealed");
		expect(thread.drain().map(({ slot }) => slot)).toEqual([other.slot]);
	});

	test("of a thousand objects gives its messages in the order of sealing, 64 at a time", () => {
		const core = newCore({ build });
		const thread = core.start();
		const objects = Array.from({ length: 1000 }, () => thread.create());
		for (const [i, object] of objects.entries()) thread.watch(object, i);
		for (const object of objects) thread.seal(object);
		const tokens: number[] = [];
		for (let messages = thread.drain(); messages.length > 0; messages = thread.drain()) {
			expect(messages.length).toBe(Math.min(64, 1000 - tokens.length));
			tokens.push(...messages.map(({ token }) => token));
			core.check();
		}
		expect(tokens).toEqual(objects.map((_, i) => i));
	});
});

describe("several threads that watch one object", () => {
	test("each get one message, with their own tokens", () => {
		const core = newCore();
		const threads = Array.from({ length: 5 }, () => core.start());
		const object = threads[0].create();
		for (const [i, thread] of threads.entries()) {
			if (i > 0) thread.retain(object);
			thread.watch(object, 100 + i);
			core.check();
		}
		threads[3].calls.unwatch(object.slot, object.generation);
		core.check();
		threads[0].seal(object);
		expect(threads.map((thread) => thread.drain().map(({ token }) => token))).toEqual([[100], [101], [102], [], [104]]);
		for (const thread of threads) {
			thread.drain();
			thread.release(object);
		}
		expectNothingLeft(core, ...threads);
	});

	test("take their watches back in any order", () => {
		const core = newCore();
		const threads = Array.from({ length: 4 }, () => core.start());
		const object = threads[0].create();
		for (const order of [
			[0, 1, 2, 3],
			[3, 2, 1, 0],
			[1, 0, 3, 2],
		]) {
			for (const [i, thread] of threads.entries()) {
				if (i > 0) thread.retain(object);
				thread.watch(object);
			}
			for (const index of order) {
				expect(threads[index].calls.unwatch(object.slot, object.generation)).toBe(0);
				core.check();
			}
			for (const thread of threads.slice(1)) thread.release(object);
		}
		threads[0].seal(object);
		expect(threads.flatMap((thread) => thread.drain())).toEqual([]);
	});

	test("are refused when the heap has no room for the second one's edge, and nothing has changed", () => {
		const core = newCore();
		const [one, other] = [core.start(), core.start()];
		const object = one.create();
		other.retain(object);
		one.watch(object, 1);
		other.calls.setCapacity(1, 1);
		expect(named(other.calls.watch(object.slot, object.generation, 2))).toBe("full");
		core.check();
		one.seal(object);
		expect(other.drain()).toEqual([]);
		expect(one.drain()).toHaveLength(1);
	});
});
