import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";

const headOf = (granules: number) => layout.THREAD_SMALL_HEADS + (granules - 1) * 4;
const countOf = (granules: number) => layout.THREAD_SMALL_COUNTS + (granules - 1) * 4;

describe.each(shipped)("small blocks (%s)", (build) => {
	test("of each size are aligned, apart, and keep what is written into them", () => {
		const core = newCore({ build });
		const thread = core.start();
		const blocks = Array.from({ length: 16 * 5 }, (_, i) => {
			const size = 64 * ((i % 16) + 1);
			const address = thread.alloc(size);
			expect(address % 64).toBe(0);
			core.u8.fill(i + 1, address, address + size);
			return { address, size, fill: i + 1 };
		});
		core.check();
		for (const { address, size, fill } of blocks) {
			expect(core.u8.subarray(address, address + size).every((byte) => byte === fill)).toBe(true);
			expect(thread.calls.dealloc(address)).toBe(0);
		}
		expectNothingLeft(core, thread);
	});

	test("of no bytes are blocks too", () => {
		const core = newCore({ build });
		const thread = core.start();
		const [one, other] = [thread.alloc(0), thread.alloc(0)];
		expect(one).not.toBe(other);
		expect(thread.calls.dealloc(one)).toBe(0);
		expect(thread.calls.dealloc(other)).toBe(0);
	});

	test("are fetched and kept in batches, and the last one given back comes first again", () => {
		const thread = newCore({ build }).start();
		const address = thread.alloc(64);
		expect(thread.field(countOf(1))).toBe(31);
		thread.calls.dealloc(address);
		expect(thread.field(headOf(1))).toBe(address);
		expect(thread.field(countOf(1))).toBe(32);
		expect(thread.alloc(64)).toBe(address);
	});

	test("go back to their spans when a thread keeps too many", () => {
		const core = newCore({ build });
		const thread = core.start();
		const blocks = Array.from({ length: 100 }, () => thread.alloc(64));
		for (const address of blocks) {
			thread.calls.dealloc(address);
			expect(thread.field(countOf(1))).toBeLessThan(64);
		}
		core.check();
	});

	test("make a new span when one is full, and spans become large blocks again when they are empty", () => {
		const core = newCore({ build });
		const thread = core.start();
		const blocks = Array.from({ length: 200 }, () => thread.alloc(1024));
		core.check();
		// 63 blocks of 1 KiB go into 64 KiB with their owner bytes.
		expect(thread.stats().taken).toBe(4 * 65_536);
		for (const address of blocks) thread.calls.dealloc(address);
		expectNothingLeft(core, thread);
		expect(thread.stats().taken).toBe(0);
	});

	test("are refused where there is no room for a span, and nothing has changed", () => {
		const core = newCore({ build });
		const thread = core.start();
		expect(thread.calls.setCapacity(core.size, 60_000)).toBe(0);
		expect(thread.calls.alloc(64)).toBe(layout.STATUS_FULL);
		expect(thread.stats().taken).toBe(0);
		expect(thread.calls.alloc(2048)).toBeGreaterThan(0);
	});
});

test("a span is refused where the heap has no room for an aligned one, though it has for its size", () => {
	const core = newCore({ size: 512 * 1024, objects: 64, tasks: 64, threads: 1 });
	const thread = core.start();
	const blocks: number[] = [];
	for (let size = 2 ** 19; size > 1024; size >>= 1) {
		for (let address = thread.calls.alloc(size); address > 0; address = thread.calls.alloc(size)) blocks.push(address);
	}
	expect(thread.calls.alloc(64)).toBe(layout.STATUS_FULL);
	core.check();
	for (const address of blocks) thread.calls.dealloc(address);
	const half = thread.alloc(80 * 1024);
	const rest = thread.alloc(thread.stats().capacity - thread.stats().taken - 70 * 1024);
	expect(thread.calls.alloc(64)).toBe(layout.STATUS_FULL);
	core.check();
	for (const address of [half, rest]) thread.calls.dealloc(address);
	expect(thread.calls.alloc(64)).toBeGreaterThan(0);
});

test("a small block may be freed by another thread than the one that allocated it", () => {
	const core = newCore();
	const [one, other] = [core.start(), core.start()];
	const object = one.putBlock(100);
	other.retain(object);
	one.release(object);
	core.check();
	other.release(object);
	expect(other.field(countOf(2))).toBe(1);
	expectNothingLeft(core, one, other);
});
