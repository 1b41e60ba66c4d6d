import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";
import { named, type Ref } from "./support/thread.ts";

/** Granules that a payload costs as a large block. */
const large = (size: number) => Math.ceil((size + 32) / 64) * 64;

describe.each(shipped)("large blocks (%s)", (build) => {
	test("are 64-byte aligned, also those of an odd size", () => {
		const thread = newCore({ build }).start();
		for (const size of [1025, 1088, 2000, 65_536, 100_001]) expect(thread.alloc(size) % 64).toBe(0);
	});

	test("of a power of two cost one granule beside their payload", () => {
		const thread = newCore({ build }).start();
		const before = thread.stats().taken;
		thread.alloc(65_536);
		expect(thread.stats().taken - before).toBe(65_536 + 64);
	});

	test("become one free block again in whatever order they are given back", () => {
		const core = newCore({ build });
		const thread = core.start();
		for (const order of [
			[0, 1, 2, 3],
			[3, 2, 1, 0],
			[1, 3, 0, 2],
			[2, 0, 3, 1],
		]) {
			const blocks = [5000, 2000, 9000, 3000].map((size) => thread.alloc(size));
			for (const index of order) {
				expect(thread.calls.dealloc(blocks[index])).toBe(0);
				core.check();
			}
			expectNothingLeft(core, thread);
		}
	});

	test("leave nothing over when the gap fits exactly", () => {
		const core = newCore({ build });
		const thread = core.start();
		const [before, gap, after] = [3000, 5000, 3000].map((size) => thread.alloc(size));
		thread.calls.dealloc(gap);
		expect(thread.alloc(5000)).toBe(gap);
		core.check();
		for (const address of [before, gap, after]) thread.calls.dealloc(address);
		expectNothingLeft(core, thread);
	});

	test("do not overlap, and keep what is written into them", () => {
		const core = newCore({ build });
		const thread = core.start();
		const blocks = Array.from({ length: 60 }, (_, i) => {
			const size = 1100 + ((i * 7919) % 20_000);
			const address = thread.alloc(size);
			core.u8.fill(i + 1, address, address + size);
			return { address, size, fill: i + 1 };
		});
		for (const { address, size, fill } of blocks) {
			expect(core.u8.subarray(address, address + size).every((byte) => byte === fill)).toBe(true);
		}
	});

	test("are refused when the heap has no room, and are there again when it has", () => {
		const core = newCore({ build, size: 1024 * 1024, objects: 64, tasks: 64, threads: 2 });
		const thread = core.start();
		const blocks: number[] = [];
		for (let address = thread.calls.alloc(100_000); address > 0; address = thread.calls.alloc(100_000))
			blocks.push(address);
		expect(named(thread.calls.alloc(100_000))).toBe("full");
		core.check();
		expect(thread.calls.dealloc(blocks[0])).toBe(0);
		expect(thread.calls.alloc(90_000)).toBeGreaterThan(0);
	});

	test("of a size beyond the address space are refused", () => {
		const thread = newCore({ build }).start();
		for (const size of [2 ** 31, 2 ** 32 - 1, 2 ** 32 - 32, 2 ** 32 - 64, -1])
			expect(named(thread.calls.alloc(size))).toBe("full");
	});
});

describe.each(shipped)("the capacity (%s)", (build) => {
	test("refuses what would go beyond it to the granule, small blocks and large", () => {
		const core = newCore({ build, capacity: 10_048 + 5_056 + 128 });
		const thread = core.start();
		thread.alloc(10_000);
		expect(named(thread.calls.alloc(5_056 + 128 + 1))).toBe("full");
		thread.alloc(5_056);
		expect(named(thread.calls.alloc(129))).toBe("full");
		const small = thread.alloc(65);
		expect(named(thread.calls.alloc(1))).toBe("full");
		expect(thread.stats().granules * 64).toBe(thread.stats().capacity);
		core.check();
		thread.calls.dealloc(small);
		thread.alloc(64);
		expect(named(thread.calls.alloc(65))).toBe("full");
	});

	test("is for what hosts put in: the core's own blocks go on when it is full", () => {
		const core = newCore({ build, capacity: 64 });
		const thread = core.start();
		thread.defineClass();
		thread.alloc(1);
		const code = thread.put(1);
		const { results, task } = thread.submit({ code, stream: true });
		const [stream] = results as [Ref];
		expect(thread.take()?.task).toBe(task);
		expect(named(thread.calls.alloc(1))).toBe("full");
		expect(core.start().calls.watch(stream.slot, stream.generation, 1)).not.toBe(layout.STATUS_FULL);
		core.check();
	});

	test("leaves room for the core's own blocks, also if much is lost around the others", () => {
		const size = 1024 * 1024;
		const shape = { build, size, objects: 64, tasks: 64, threads: 4 };
		const heap = newCore(shape).start().stats().capacity;
		const core = newCore({ ...shape, capacity: heap - 160 * 1024 });
		const thread = core.start();
		while (thread.calls.alloc(1088) > 0);
		expect(thread.stats().granules * 64).toBeLessThan(thread.stats().capacity);
		expect(heap - thread.stats().taken).toBeGreaterThanOrEqual(80 * 1024);
		// The table of its handles takes 32 KiB, and small blocks a span of 64.
		core.start().put(1);
		expect(named(thread.calls.alloc(64))).toBe("full");
		core.check();
	});

	test("counts a block until it is freed, wherever it is", () => {
		const core = newCore({ build });
		const thread = core.start();
		thread.defineClass();
		const code = thread.put(1);
		for (const size of [100, 5000]) {
			const granules = Math.ceil(size / 64);
			thread.calls.dealloc(thread.alloc(size));
			expect(thread.stats().granules).toBe(0);
			const object = thread.putBlock(size);
			expect(thread.stats().granules).toBe(granules);
			thread.release(object);
			expect(thread.stats().granules).toBe(0);
		}
		const argument = thread.put(2);
		const { task, generation, results } = thread.submit({ code, dependencies: [argument] });
		expect(thread.stats().granules).toBe(1);
		thread.take();
		expect(thread.calls.finish(task, generation, layout.STATE_INLINE, 0, 0, 0, 0)).toBe(0);
		expect(thread.stats().granules).toBe(0);
		thread.release(code, argument, ...results);
		expectNothingLeft(core, thread);
	});

	test("can be lowered below what is taken, which stays", () => {
		const core = newCore({ build });
		const thread = core.start();
		const address = thread.alloc(50_000);
		expect(thread.calls.setCapacity(1000, core.size)).toBe(0);
		expect(named(thread.calls.alloc(2000))).toBe("full");
		core.check();
		expect(thread.calls.dealloc(address)).toBe(0);
		expect(named(thread.calls.alloc(2000))).toBe("full");
		expect(thread.calls.setCapacity(100_000, core.size)).toBe(0);
		expect(thread.calls.alloc(2000)).toBeGreaterThan(0);
	});

	test("has beside it a limit for all blocks, to the byte", () => {
		const thread = newCore({ build }).start();
		const most = large(10_000) + large(5_000);
		expect(thread.calls.setCapacity(2 ** 32 - 1, most)).toBe(0);
		thread.alloc(10_000);
		expect(named(thread.calls.alloc(large(5_000)))).toBe("full");
		thread.alloc(5_000);
		expect(thread.stats().taken).toBe(most);
		expect(thread.stats().granules).toBe(157 + 79);
	});

	test("of nothing is refused, and beyond the heap is the heap", () => {
		const core = newCore({ build });
		const thread = core.start();
		expect(named(thread.calls.setCapacity(0, 1))).toBe("invalid");
		expect(named(thread.calls.setCapacity(1, 0))).toBe("invalid");
		expect(thread.calls.setCapacity(2 ** 32 - 1, 2 ** 32 - 1)).toBe(0);
		expect(thread.stats().capacity).toBe(core.rootField(layout.ROOT_HEAP_END) - core.rootField(layout.ROOT_HEAP_START));
	});
});

describe.each(shipped)("the heap's figures (%s)", (build) => {
	test("count what is taken, and remember the most that was", () => {
		const thread = newCore({ build }).start();
		const first = thread.alloc(20_000);
		const peak = thread.stats().peak;
		expect(peak).toBe(large(20_000));
		thread.calls.dealloc(first);
		expect(thread.stats()).toMatchObject({ taken: 0, peak });
	});

	test("count what hosts asked for in granules", () => {
		const thread = newCore({ build }).start();
		const one = thread.putBlock(100);
		const other = thread.putBlock(10_000);
		const inline = thread.put(1);
		expect(thread.stats().granules).toBe(2 + Math.ceil(10_000 / 64));
		thread.release(one, other, inline);
		expect(thread.stats()).toMatchObject({ granules: 0, objects: 0 });
	});
});

test("a heap of nearly 4 GiB has addresses beyond 2 GiB, which are no statuses", { timeout: 60_000 }, () => {
	const core = newCore({ size: 65_535 * 65_536 - 80 * 1024 * 1024 });
	const thread = core.start();
	const blocks = [1, 1, 1].map(() => thread.alloc(2 ** 30));
	const [, , last] = blocks;
	expect(last).toBeGreaterThan(2 ** 31);
	expect(last % 64).toBe(0);
	core.u8[last + 2 ** 30 - 1] = 5;
	const object = thread.calls.put(0, last, 2 ** 30, 0, 0);
	expect(thread.calls.pin(object, 1) >>> 0).toBe(last);
	expect(thread.calls.unpin(object, 1)).toBe(0);
	expect(thread.calls.release(object, 1)).toBe(0);
	expect(named(thread.calls.alloc(2 ** 31))).toBe("full");
	for (const address of blocks.slice(0, 2)) expect(thread.calls.dealloc(address)).toBe(0);
	expectNothingLeft(core, thread);
});

test("after random allocations and frees the memory taken at the peak is at most a quarter above what is live", () => {
	const core = newCore({ size: 64 * 1024 * 1024 });
	const thread = core.start();
	const live: { address: number; size: number }[] = [];
	let total = 0;
	let peak = 0;
	let taken = 0;
	let seed = 42;
	const random = () => {
		seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
		return seed / 2 ** 32;
	};
	for (let i = 0; i < 100_000; i++) {
		const grow = live.length < 500 || (live.length < 1000 && random() < 0.5);
		if (grow) {
			// Log-uniform, 16 bytes to 1 MiB; few of the largest fit at once.
			const size = Math.floor(16 * 2 ** (random() * 12));
			live.push({ address: thread.alloc(size), size: Math.ceil(size / 64) * 64 });
			total += Math.ceil(size / 64) * 64;
		} else {
			const index = Math.floor(random() * live.length);
			const { address, size } = live[index];
			live[index] = live[live.length - 1];
			live.pop();
			thread.calls.dealloc(address);
			total -= size;
		}
		if (total > peak) {
			peak = total;
			taken = thread.stats().taken;
		}
	}
	core.check();
	expect(taken / peak).toBeLessThanOrEqual(1.25);
	for (const { address } of live) thread.calls.dealloc(address);
	expectNothingLeft(core, thread);
});
