import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { Core } from "./support/core.ts";
import { newCore, shipped } from "./support/fresh.ts";
import { inlineFlags, named } from "./support/thread.ts";
import { findFault } from "./support/walk.ts";

describe.each(shipped)("a memory (%s)", (build) => {
	test("that is not initialised answers so, and stays as it is", () => {
		const core = new Core({ build, initialise: false });
		const calls = core.instance();
		const answers = [calls.reserve(0, 0), calls.attach(0, 1), calls.end(0, 1), calls.poison()];
		expect(answers.map(named)).toEqual(answers.map(() => "not_initialised"));
		for (const call of ["put", "create", "take", "submit", "drain", "recover", "alloc", "stats", "flush"] as const) {
			expect(named((calls[call] as (...numbers: number[]) => number)(0, 0, 0, 0, 0))).toBe("not_attached");
		}
		expect(core.u8.every((byte) => byte === 0)).toBe(true);
		expect(findFault(core.memory)).toContain("NOT_INITIALISED");
	});

	test("is initialised once", () => {
		const core = newCore({ build });
		const { size, objects, tasks, threadCount } = core;
		expect(named(core.instance().init(size, objects, tasks, threadCount, size))).toBe("initialised");
		core.start().put();
		expect(named(core.instance().init(size, objects, tasks, threadCount, size))).toBe("initialised");
	});

	test("is not initialised with sizes that cannot be", () => {
		const core = new Core({ build, initialise: false });
		const calls = core.instance();
		const bytes = core.u8.length;
		const wrong: readonly (readonly [number, number, number, number, number])[] = [
			[bytes + 1, 100, 100, 2, bytes],
			[2 ** 32 - 1, 100, 100, 2, bytes],
			[0, 100, 100, 2, bytes],
			[-1, 100, 100, 2, bytes],
			[core.size, 1, 100, 2, bytes],
			[core.size, 2 ** 22 + 1, 100, 2, bytes],
			[core.size, 2 ** 22, 100, 2, bytes],
			[core.size, 100, 1, 2, bytes],
			[core.size, 100, 2 ** 32 - 1, 2, bytes],
			[core.size, 100, 100, 0, bytes],
			[core.size, 100, 100, 251, bytes],
			[core.size, 100, 100, 2, 0],
			[Number.NaN, Number.NaN, Number.NaN, Number.NaN, Number.NaN],
			[400_000, 100, 100, 60, bytes],
		];
		for (const numbers of wrong) expect(named(calls.init(...numbers)), numbers.join()).toBe("invalid");
		expect(core.u8.every((byte) => byte === 0)).toBe(true);
		expect(calls.init(core.size - 13, 100, 100, 2, bytes)).toBe(0);
	});

	test("of another layout is refused", () => {
		const core = newCore({ build });
		const at = layout.PLACE_ROOT + layout.ROOT_LAYOUT;
		core.write(at, core.read(at) + 1);
		expect(named(core.instance().reserve(0, 0))).toBe("not_initialised");
		core.write(at, core.read(at) - 1);
		expect(core.instance().reserve(0, 0)).toBe(0);
	});

	test("that is poisoned says so in every call, of every thread", () => {
		const core = newCore({ build });
		const thread = core.start();
		const object = thread.put();
		expect(core.instance().poison()).toBe(0);
		const { calls } = thread;
		const answers = [
			calls.put(inlineFlags, 1, 0, 0, 0),
			calls.release(object.slot, object.generation),
			calls.take(),
			calls.park(0),
			calls.submit(),
			calls.drain(),
			calls.alloc(64),
			calls.recover(0, 1),
			core.instance().reserve(0, 0),
			core.instance().attach(1, 1),
		];
		expect(answers.map(named)).toEqual(answers.map(() => "poisoned"));
	});
});

describe("a thread's slot", () => {
	test("is reserved, attached to, ended, recovered, and reserved again under the next epoch", () => {
		const core = newCore();
		const supervisor = core.start();
		const thread = core.start();
		const { index, epoch, calls } = thread;
		expect(calls.end(index, epoch)).toBe(0);
		expect(calls.end(index, epoch)).toBe(0);
		expect(named(calls.create())).toBe("not_attached");
		expect(supervisor.calls.recover(index, epoch)).toBe(0);
		const next = core.start();
		expect([next.index, next.epoch]).toEqual([index, epoch + 1]);
		expect(named(calls.create())).toBe("not_attached");
		expect(named(calls.end(index, epoch))).toBe("stale");
		expect(named(supervisor.calls.recover(index, epoch))).toBe("wrong_state");
		next.put();
	});

	test("that was reserved and never attached to can be ended and recovered", () => {
		const core = newCore();
		const supervisor = core.start();
		const index = supervisor.calls.reserve(1, layout.THREAD_FLAG_WORKER);
		const epoch = core.epochOf(index);
		expect(supervisor.calls.end(index, epoch)).toBe(0);
		expect(named(core.instance().attach(index, epoch))).toBe("stale");
		expect(supervisor.calls.recover(index, epoch)).toBe(0);
	});

	test("is one instance's: a second one is refused, and so is a second slot", () => {
		const core = newCore();
		const thread = core.start();
		expect(named(core.instance().attach(thread.index, thread.epoch))).toBe("stale");
		const index = thread.calls.reserve(0, 0);
		expect(named(thread.calls.attach(index, core.epochOf(index)))).toBe("busy");
		expect(thread.put().slot).toBeGreaterThan(0);
	});

	test("is not entered by an instance that was refused by another one under its next epoch", () => {
		const core = newCore();
		const [supervisor, old] = [core.start(), core.start()];
		supervisor.recover(old);
		const next = core.start();
		expect(next.index).toBe(old.index);
		expect(named(old.calls.attach(5, next.epoch))).toBe("stale");
		expect(named(old.calls.put(inlineFlags, 1, 0, 0, 0))).toBe("not_attached");
	});

	test("may be taken again by an instance whose thread is gone", () => {
		const core = newCore();
		const [supervisor, old] = [core.start(), core.start()];
		const { calls, index, epoch } = old;
		calls.end(index, epoch);
		expect(named(calls.attach(index, epoch))).toBe("busy");
		supervisor.calls.recover(index, epoch);
		expect(calls.reserve(0, layout.THREAD_FLAG_WORKER)).toBe(index);
		expect(calls.attach(index, epoch + 1)).toBe(0);
		expect(calls.create()).toBeGreaterThan(0);
	});

	test("has no epoch beyond the gate's bits: such numbers name nobody", () => {
		const core = newCore();
		const [supervisor, thread] = [core.start(), core.start()];
		const { index, epoch } = thread;
		for (const far of [epoch + 2 ** 29, epoch + 2 ** 30, epoch + 2 ** 31]) {
			expect(named(supervisor.calls.end(index, far))).toBe("invalid");
			expect(named(core.instance().attach(index, far))).toBe("invalid");
			expect(named(supervisor.calls.recover(index, far))).toBe("wrong_state");
		}
		supervisor.calls.end(index, epoch);
		expect(named(supervisor.calls.recover(index, epoch + 2 ** 29))).toBe("wrong_state");
		expect(supervisor.calls.recover(index, epoch)).toBe(0);
	});

	test("is not used again when its epochs are used up", () => {
		const core = newCore();
		const [supervisor, thread] = [core.start(), core.start()];
		supervisor.recover(thread);
		const last = 2 ** 29 - 2;
		const { address, index } = thread;
		core.write(address + layout.THREAD_GATE, (last << layout.GATE_EPOCH_SHIFT) >>> 0);
		core.write(address + layout.THREAD_EPOCH, last);
		core.write(address + layout.THREAD_INBOX + 4, last);
		const next = core.start();
		expect([next.index, next.epoch]).toEqual([index, last]);
		supervisor.recover(next);
		core.check();
		expect(core.start().index).not.toBe(index);
	});

	test("does not exist beyond as many as there are", () => {
		const core = newCore({ threads: 3 });
		const thread = core.start();
		core.start();
		core.start();
		expect(named(thread.calls.reserve(0, 0))).toBe("table_full");
		expect(named(thread.calls.reserve(64, 0))).toBe("invalid");
		for (const index of [3, 4, -1, 2 ** 31, Number.NaN + 7]) {
			expect(named(thread.calls.end(index, 9))).toMatch(/invalid|stale/);
			expect(named(thread.calls.recover(index, 9))).toMatch(/invalid|wrong_state/);
		}
	});

	test("is never its own to recover", () => {
		const core = newCore();
		const thread = core.start();
		expect(named(thread.calls.recover(thread.index, thread.epoch))).toBe("wrong_state");
	});
});
