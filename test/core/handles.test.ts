import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";
import { named, type Ref, type Thread } from "./support/thread.ts";

/** The address of a thread's word for an object. */
function wordAt(core: Core, thread: Thread, { slot }: Ref): number {
	return core.read(thread.address + layout.THREAD_CHUNKS + (slot >> 13) * 4) + (slot & 8191) * 4;
}

describe.each(shipped)("handles (%s)", (build) => {
	test("of one thread are one holder, whatever number it has", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.put(5);
		thread.retain(object);
		thread.retain(object);
		expect(core.holdersOf(object.slot)).toBe(1);
		thread.release(object, object);
		expect(core.valueOf(object.slot)[0]).toBe(5);
		thread.release(object);
		expect(core.phaseOf(object.slot)).toBe(layout.PHASE_VACANT);
		expectNothingLeft(core, thread);
	});

	test("that were given back once too often are stale", () => {
		const thread = newCore({ build }).start();
		const object = thread.put();
		thread.release(object);
		expect(named(thread.calls.release(object.slot, object.generation))).toBe("stale");
	});

	test("name a slot and a generation: the slot's next object is another one", () => {
		const core = newCore({ build });
		const thread = core.start();
		const first = thread.put(1);
		thread.release(first);
		const second = thread.put(2);
		expect(second).toEqual({ slot: first.slot, generation: first.generation + 1 });
		for (const call of ["retain", "release", "pin", "unpin", "free", "unwatch", "markRead", "next"] as const) {
			expect(named(thread.calls[call](first.slot, first.generation))).toBe("stale");
		}
		expect(core.holdersOf(second.slot)).toBe(1);
	});

	test("cannot be had of an object that nobody holds, in any slot", () => {
		const core = newCore({ build });
		const thread = core.start();
		const before = thread.stats().taken;
		for (const slot of [0, 1, core.objects - 1, core.objects, -1, 2 ** 31, Number.NaN]) {
			for (const generation of [0, 1, -1]) expect(named(thread.calls.retain(slot, generation))).toBe("stale");
		}
		expect(thread.stats().taken).toBe(before);
	});

	test("are counted up to 2^19 - 1 an object", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.put();
		const word = wordAt(core, thread, object);
		core.write(word, layout.HANDLE_COUNT_MASK - 1);
		thread.retain(object);
		expect(named(thread.calls.retain(object.slot, object.generation))).toBe("overflow");
		expect(core.read(word)).toBe(layout.HANDLE_COUNT_MASK);
		core.write(word, 1);
		thread.release(object);
	});

	test("leave room for the one that a watch becomes", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.create();
		const word = wordAt(core, thread, object);
		core.write(word, layout.HANDLE_COUNT_MASK);
		expect(named(thread.calls.watch(object.slot, object.generation, 0))).toBe("overflow");
		core.write(word, layout.HANDLE_COUNT_MASK - 1);
		thread.watch(object);
		expect(named(thread.calls.retain(object.slot, object.generation))).toBe("overflow");
		thread.seal(object);
		thread.drain();
		expect(core.read(word)).toBe(layout.HANDLE_COUNT_MASK);
		core.write(word, 1);
	});
});

describe.each(shipped)("pins (%s)", (build) => {
	test("give the payload's address, and hold the object without a handle", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.putBlock(100);
		const address = thread.pin(object);
		expect(address).toBe(core.valueOf(object.slot)[0]);
		thread.release(object);
		expect(core.phaseOf(object.slot)).toBe(layout.PHASE_SEALED);
		thread.unpin(object);
		expectNothingLeft(core, thread);
	});

	test("of one thread are one of the object's", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.putBlock(100);
		thread.pin(object);
		thread.pin(object);
		expect(core.objectField(object.slot, layout.OBJECT_ENTRY_PINS)).toBe(1);
		thread.unpin(object);
		expect(core.objectField(object.slot, layout.OBJECT_ENTRY_PINS)).toBe(1);
		thread.unpin(object);
		expect(named(thread.calls.unpin(object.slot, object.generation))).toBe("stale");
	});

	test("are refused where there is no payload", () => {
		const thread = newCore({ build }).start();
		const answer = ({ slot, generation }: Ref) => named(thread.calls.pin(slot, generation));
		expect(answer(thread.put(1))).toBe("wrong_state");
		expect(answer(thread.create())).toBe("pending");
		const freed = thread.putBlock(8);
		thread.calls.free(freed.slot, freed.generation);
		expect(answer(freed)).toBe("freed");
	});

	test("are counted up to 4095 an object", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.putBlock(100);
		for (let i = 0; i < 4095; i++) thread.pin(object);
		expect(named(thread.calls.pin(object.slot, object.generation))).toBe("overflow");
		core.check();
		for (let i = 0; i < 4095; i++) thread.unpin(object);
		thread.release(object);
		expectNothingLeft(core, thread);
	});
});

describe("between threads", () => {
	test("handles of two threads are two holders, and the last to let go frees the object", () => {
		const core = newCore();
		const [one, other] = [core.start(), core.start()];
		const object = one.putBlock(5000);
		other.retain(object);
		expect(core.holdersOf(object.slot)).toBe(2);
		one.release(object);
		expect(named(one.calls.pin(object.slot, object.generation))).toBe("stale");
		expect(other.pin(object)).toBeGreaterThan(0);
		other.unpin(object);
		other.release(object);
		expectNothingLeft(core, one, other);
	});

	test("a handle may be had of what somebody else holds, and not used without one", () => {
		const core = newCore();
		const [one, other] = [core.start(), core.start()];
		const object = one.create();
		const { slot, generation } = object;
		for (const call of ["release", "pin", "unpin", "free", "unwatch", "markRead", "next"] as const) {
			expect(named(other.calls[call](slot, generation))).toBe("stale");
		}
		expect(named(other.calls.seal(slot, generation, layout.STATE_INLINE, 1, 0, 0, 0))).toBe("stale");
		expect(named(other.calls.watch(slot, generation, 1))).toBe("stale");
		expect(core.phaseOf(slot)).toBe(layout.PHASE_PENDING);
	});
});

describe("a table of handles", () => {
	test("costs a chunk only for the parts of the object table that a thread touches", () => {
		const core = newCore({ size: 8 * 1024 * 1024, objects: 20_000 });
		const [one, other] = [core.start(), core.start()];
		const objects = Array.from({ length: 17_000 }, () => one.put());
		const before = other.stats().taken;
		const last = objects[objects.length - 1];
		other.retain(last);
		expect(other.stats().taken - before).toBe(32_768 + 64);
		expect(other.field(layout.THREAD_CHUNKS)).toBe(0);
		other.release(last);
		one.release(...objects);
		expectNothingLeft(core, one, other);
	});

	test("that cannot grow refuses the object, and nothing has changed", () => {
		const core = newCore();
		const thread = core.start();
		expect(thread.calls.setCapacity(core.size, 32_768)).toBe(0);
		expect(named(thread.calls.put(layout.STATE_INLINE, 1, 0, 0, 0))).toBe("full");
		expect(named(thread.calls.create())).toBe("full");
		expectNothingLeft(core, thread);
	});
});

describe("a slot's generations", () => {
	test("end before they wrap: the slot is retired", () => {
		const core = newCore();
		const thread = core.start();
		const first = thread.put();
		thread.release(first);
		core.write(core.objectAddress(first.slot) + 4, 0xfffffffd);
		const last = thread.put();
		expect(last).toEqual({ slot: first.slot, generation: 0xfffffffd });
		thread.release(last);
		core.check();
		expect(thread.put().slot).not.toBe(first.slot);
		expect(named(thread.calls.retain(last.slot, 0xfffffffe))).toBe("stale");
		expect(named(thread.calls.retain(last.slot, 0))).toBe("stale");
	});

	test("of objects are all usable: a table can be filled, emptied, and filled again", () => {
		const core = newCore({ objects: 100 });
		const thread = core.start();
		for (let round = 0; round < 3; round++) {
			const objects = Array.from({ length: 99 }, () => thread.put());
			expect(named(thread.calls.create())).toBe("table_full");
			core.check();
			thread.release(...objects);
		}
		expectNothingLeft(core, thread);
	});
});
