// References that pin: an object that holds a part of another's payload in place.
import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { expectNothingLeft, newCore, ready, shipped } from "./support/fresh.ts";
import { named, type Ref, type Thread } from "./support/thread.ts";

/** The reference that also pins. */
const pinning = ({ slot, generation }: Ref): Ref => ({ slot: (slot | layout.NESTED_PIN) >>> 0, generation });

const pinsOf = (core: Core, { slot }: Ref) => core.objectField(slot, layout.OBJECT_ENTRY_PINS);

function free(thread: Thread, { slot, generation }: Ref): void {
	expect(named(thread.calls.free(slot, generation))).toBe(layout.STATUS_OK);
}

/** What `put` of a block with these references answers; the block is back in the hand, and goes. */
function putAnswers(thread: Thread, references: readonly Ref[]): number | string {
	const address = thread.block(8, references);
	const status = named(thread.calls.put(0, address, 8, references.length, 0));
	if (typeof status === "string") expect(thread.calls.dealloc(address)).toBe(layout.STATUS_OK);
	return status;
}

/** Payloads are overwritten by whoever gets their memory next. */
function overwrite(thread: Thread, size: number): void {
	const address = thread.alloc(size);
	thread.core.u8.fill(9, address, address + size);
	thread.calls.dealloc(address);
}

describe.each(shipped)("a reference that pins (%s)", (build) => {
	test("keeps the payload where it is when the whole is freed and let go of, until the part goes", () => {
		const core = newCore({ build });
		const thread = core.start();
		const whole = thread.putBlock(5000);
		const [address] = core.valueOf(whole.slot);
		core.u8.fill(7, address, address + 5000);
		const part = thread.putBlock(8, [pinning(whole)]);
		expect(pinsOf(core, whole)).toBe(1);
		expect(core.holdersOf(whole.slot)).toBe(2);
		free(thread, whole);
		thread.release(whole);
		overwrite(thread, 5000);
		expect(core.u8.subarray(address, address + 5000).every((byte) => byte === 7)).toBe(true);
		core.check();
		thread.release(part);
		expect(core.phaseOf(whole.slot)).toBe(layout.PHASE_VACANT);
		expect(thread.stats()).toMatchObject({ objects: 0, granules: 0 });
		expectNothingLeft(core, thread);
	});

	test("lets the payload of what was freed go though others still hold the object", () => {
		const core = newCore({ build });
		const thread = core.start();
		const nested = thread.put();
		const whole = thread.putBlock(5000, [nested]);
		thread.release(nested);
		const part = thread.putBlock(8, [pinning(whole)]);
		free(thread, whole);
		expect(core.phaseOf(nested.slot)).toBe(layout.PHASE_SEALED);
		thread.release(part);
		expect(core.phaseOf(nested.slot)).toBe(layout.PHASE_VACANT);
		expect(core.phaseOf(whole.slot)).toBe(layout.PHASE_FREED);
		expect(thread.stats()).toMatchObject({ objects: 1, granules: 0 });
		thread.release(whole);
		expectNothingLeft(core, thread);
	});

	test("is one of several: two parts, two references of one part, and a thread's own pin", () => {
		const core = newCore({ build });
		const thread = core.start();
		const whole = thread.putBlock(5000);
		const parts = [thread.putBlock(8, [pinning(whole), whole, pinning(whole)]), thread.putBlock(8, [pinning(whole)])];
		thread.pin(whole);
		expect(pinsOf(core, whole)).toBe(4);
		expect(core.holdersOf(whole.slot)).toBe(5);
		free(thread, whole);
		thread.release(parts[0]);
		thread.unpin(whole);
		expect(pinsOf(core, whole)).toBe(1);
		core.check();
		expect(thread.stats().granules).not.toBe(0);
		free(thread, parts[1]);
		expect(thread.stats().granules).toBe(0);
		expect(named(thread.calls.pin(whole.slot, whole.generation))).toBe("freed");
		thread.release(whole, parts[1]);
		expectNothingLeft(core, thread);
	});

	test("may name what was freed while it is pinned, and keeps it", () => {
		const core = newCore({ build });
		const thread = core.start();
		const whole = thread.putBlock(5000);
		thread.pin(whole);
		free(thread, whole);
		const part = thread.putBlock(8, [pinning(whole)]);
		thread.unpin(whole);
		thread.release(whole);
		expect(core.phaseOf(whole.slot)).toBe(layout.PHASE_FREED);
		expect(thread.stats().granules).toBeGreaterThan(5000 / 64);
		thread.release(part);
		expectNothingLeft(core, thread);
	});

	test("stands behind every value: sealed, the end of a task, an item, an error that is kept", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const whole = thread.putBlock(100);
		const block = () => thread.block(8, [pinning(whole)]);
		const object = thread.create();
		expect(thread.calls.seal(object.slot, object.generation, 0, block(), 8, 1, 0)).toBe(layout.STATUS_OK);
		const { results } = thread.submit({ code });
		const task = thread.take();
		expect(thread.calls.finish(task?.task ?? 0, task?.generation ?? 0, 0, block(), 8, 1, 0)).toBe(0);
		const stream = thread.submit({ code, stream: true });
		thread.take();
		expect(thread.calls.give(stream.task, stream.generation, 0, block(), 8, 1, 0)).toBe(0);
		const error = thread.putBlock(8, [pinning(whole)], layout.STATE_ERROR | layout.STATE_REPORT);
		expect(pinsOf(core, whole)).toBe(4);
		core.check();
		thread.release(object, ...results, error);
		expect(pinsOf(core, whole)).toBe(2);
		free(thread, whole);
		thread.release(thread.takeUnread());
		expect(pinsOf(core, whole)).toBe(1);
		thread.finish(stream);
		thread.release(...stream.results);
		expect(pinsOf(core, whole)).toBe(0);
		thread.release(whole, code);
		expectNothingLeft(core, thread);
	});

	test("goes with a value that nobody gets", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const whole = thread.putBlock(100);
		const { task, generation, results } = thread.submit({ code });
		thread.take();
		free(thread, results[0]);
		const address = thread.block(8, [pinning(whole)]);
		expect(thread.calls.finish(task, generation, 0, address, 8, 1, 0)).toBe(0);
		expect(pinsOf(core, whole)).toBe(0);
		const sealed = thread.put();
		const other = thread.block(8, [pinning(whole)]);
		expect(named(thread.calls.seal(sealed.slot, sealed.generation, 0, other, 8, 1, 0))).toBe("sealed");
		expect(pinsOf(core, whole)).toBe(0);
		thread.calls.dealloc(other);
		thread.release(whole, code, sealed, ...results);
		expectNothingLeft(core, thread);
	});

	test("is refused for what has no payload, with nothing held", () => {
		const core = newCore({ build });
		const thread = core.start();
		const whole = thread.putBlock(100);
		const freed = thread.putBlock(100);
		free(thread, freed);
		const failed = thread.create();
		free(thread, failed);
		const refused: readonly (readonly [Ref, string])[] = [
			[thread.put(1), "wrong_state"],
			[thread.create(), "pending"],
			[freed, "freed"],
			[failed, "freed"],
		];
		for (const [object, status] of refused) {
			expect(putAnswers(thread, [pinning(whole), whole, pinning(object)])).toBe(status);
			expect(core.holdersOf(object.slot)).toBe(1);
			expect(pinsOf(core, object)).toBe(0);
		}
		expect(pinsOf(core, whole)).toBe(0);
		expect(core.holdersOf(whole.slot)).toBe(1);
		thread.release(whole, ...refused.map(([object]) => object));
		expectNothingLeft(core, thread);
	});

	test("with a number of no object is refused", () => {
		const core = newCore({ build });
		const thread = core.start();
		const { slot, generation } = thread.putBlock(100);
		for (const [number, of] of [
			[slot, generation + 1],
			[slot, 0],
			[0, generation],
			[slot + 1, generation],
			[core.objects, generation],
			[0x7fffffff, generation],
		] as const) {
			const wrong = { slot: number, generation: of };
			expect(putAnswers(thread, [pinning({ slot, generation }), pinning(wrong)])).toBe("stale");
		}
		expect(pinsOf(core, { slot, generation })).toBe(0);
		thread.release({ slot, generation });
		expectNothingLeft(core, thread);
	});

	test("in a task's arguments is refused", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const whole = thread.putBlock(100);
		for (const place of ["dependencies", "nested"] as const) {
			expect(() => thread.submit({ code, [place]: [pinning(whole)] })).toThrow("submit answered stale");
		}
		expect(pinsOf(core, whole)).toBe(0);
		expect(core.holdersOf(whole.slot)).toBe(1);
		expect(core.holdersOf(code.slot)).toBe(1);
	});

	test("in a chain of 100,000 objects, each of them freed, goes with the last", { timeout: 60_000 }, () => {
		const length = 100_000;
		const core = newCore({ build, size: 64 * 1024 * 1024, objects: length + 2, tasks: 2, threads: 1 });
		const thread = core.start();
		let last = thread.putBlock(8);
		for (let i = 0; i < length; i++) {
			const next = thread.putBlock(8, [pinning(last)]);
			thread.calls.free(last.slot, last.generation);
			thread.release(last);
			last = next;
		}
		expect(thread.stats().granules).toBeGreaterThan(length);
		free(thread, last);
		expect(thread.stats()).toMatchObject({ objects: 1, granules: 0 });
		thread.release(last);
		expectNothingLeft(core, thread);
	});
});

describe("a thread that dies", () => {
	test("takes its values along, and what only they pinned", () => {
		const core = newCore();
		const thread = core.start();
		const dead = core.start();
		const whole = dead.putBlock(5000);
		const part = dead.putBlock(8, [pinning(whole)]);
		dead.putBlock(8, [pinning(whole)]);
		dead.pin(whole);
		dead.block(8, [pinning(whole)]);
		thread.retain(part);
		free(dead, whole);
		thread.recover(dead);
		expect(pinsOf(core, whole)).toBe(1);
		core.check();
		thread.release(part);
		expect(thread.stats()).toMatchObject({ objects: 0, granules: 0 });
		expectNothingLeft(core, thread);
	});
});
