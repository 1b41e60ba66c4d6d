import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { builds, type Core } from "./support/core.ts";
import { newCore } from "./support/fresh.ts";
import { inlineFlags, named, statusNames, type Thread } from "./support/thread.ts";

type Calls = Readonly<Record<string, (...numbers: number[]) => number>>;

const strange = [
	0,
	1,
	2,
	-1,
	63,
	64,
	2 ** 20,
	2 ** 31,
	2 ** 32 - 1,
	2 ** 32 - 64,
	2 ** 53,
	0.5,
	Number.NaN,
	Number.POSITIVE_INFINITY,
];

/** Calls that name an object by slot and generation. */
const objectCalls = [
	"retain",
	"release",
	"pin",
	"unpin",
	"free",
	"watch",
	"unwatch",
	"markRead",
	"markBlocking",
	"seal",
	"next",
];
/** Calls that name a task by index and generation. */
const taskCalls = ["untake", "finish", "finishMany", "ask", "retry", "fail", "cancel", "suspend", "resume", "give"];

interface Scene {
	readonly core: Core;
	readonly thread: Thread;
	readonly calls: Calls;
	/** A task that the thread runs, and an object that it holds. */
	readonly task: readonly [number, number];
	readonly object: readonly [number, number];
	/** The memory before a call that is refused. */
	readonly before: Buffer;
}

function scene(build: (typeof builds)[number]): Scene {
	const core = newCore({ build, size: 512 * 1024, objects: 100, tasks: 50 });
	const thread = core.start();
	thread.defineClass();
	const { slot, generation } = thread.put(1);
	const submitted = thread.submit({ code: { slot, generation }, stream: true });
	thread.take();
	return {
		core,
		thread,
		calls: thread.calls as unknown as Calls,
		task: [submitted.task, submitted.generation],
		object: [slot, generation],
		before: Buffer.alloc(core.size),
	};
}

/** The call is refused, and every byte is as it was. */
function expectRefused({ core, calls, before }: Scene, name: string, numbers: readonly number[], wanted: RegExp): void {
	const now = Buffer.from(core.memory.buffer, 0, before.length);
	if (!now.equals(before)) now.copy(before);
	const call = `${name}(${numbers.join(", ")})`;
	const answer = named(calls[name](...numbers));
	if (!wanted.test(String(answer))) expect.fail(`${call} answered ${answer}, not ${wanted}`);
	if (!now.equals(before)) expect.fail(`${call} changed byte ${now.findIndex((byte, i) => byte !== before[i])}`);
}

describe.each(builds)("%s", (build) => {
	test("a number that names no object is refused by every call that takes one, and nothing at all has changed", () => {
		const all = scene(build);
		const { core, object } = all;
		const wrong: (readonly [number, number])[] = strange.flatMap((slot) => [[slot, 0] as const, [slot, 7] as const]);
		for (const number of strange) if (number !== object[1]) wrong.push([object[0], number]);
		wrong.push([object[0] + 2 ** 22, object[1]], [core.objects, 1], [core.objects - 1, 0], [core.objects - 1, 1]);
		for (const name of objectCalls) {
			for (const ref of wrong) expectRefused(all, name, [...ref, inlineFlags, 1, 2, 3, 4], /stale$/);
		}
	});

	test("a number that names no task of the thread's is refused by every call that takes one, and nothing at all has changed", () => {
		const all = scene(build);
		const { core, task } = all;
		const wrong: (readonly [number, number])[] = strange.flatMap((index) => [[index, 0] as const, [index, 7] as const]);
		for (const number of strange) if (number !== task[1]) wrong.push([task[0], number]);
		wrong.push([core.tasks, 1], [core.tasks - 1, 0], [core.tasks - 1, 1], [task[0] + 1, 0]);
		for (const name of taskCalls) {
			const rest = name === "cancel" ? [1, 0] : [inlineFlags | layout.STATE_ERROR, 1, 2, 3, 4];
			for (const ref of wrong) expectRefused(all, name, [...ref, ...rest], /stale$/);
		}
	});

	test("a value that cannot be is refused by every call that takes one", () => {
		const all = scene(build);
		const { core, thread, task, object } = all;
		const end = core.rootField(layout.ROOT_HEAP_END);
		const outside = [0, 1, 63, 64, 4096, end, end + 32, core.size, 2 ** 31, 2 ** 32 - 64, -64, Number.NaN, 2 ** 53];
		const foreign = build.startsWith("core.single") ? [] : [core.start().alloc(100), core.start().alloc(5000)];
		const pinned = thread.pin(thread.putBlock(100));
		const pending = thread.create();
		const values: number[][] = [...outside, ...foreign, pinned].map((address) => [0, address, 16, 0, 0]);
		const block = thread.alloc(100);
		values.push(
			[0, block, 129, 0, 0],
			[0, block, 16, 15, 0],
			[0, block, 16, 2 ** 32 - 1, 0],
			[0, block, 2 ** 32 - 1, 1, 0],
		);
		for (const flag of [1, 8, 16, 0x80, 0x100, 0x200, 0x800, 0x1000, 2 ** 29, 2 ** 31])
			values.push([inlineFlags | flag, 0, 0, 0, 0]);
		values.push([layout.STATE_INLINE | (31 << layout.STATE_LENGTH_SHIFT), 0, 0, 0, 0]);
		for (const [flags, ...rest] of values) {
			const error = flags | layout.STATE_ERROR;
			expectRefused(all, "put", [flags, ...rest], /invalid$/);
			expectRefused(all, "seal", [pending.slot, pending.generation, flags, ...rest], /invalid$/);
			for (const name of ["finish", "give"]) expectRefused(all, name, [...task, flags, ...rest], /invalid$/);
			expectRefused(all, "ask", [...task, error, ...rest], /invalid$/);
		}
		expect(core.phaseOf(object[0])).toBe(layout.PHASE_SEALED);
	});

	test("a block that is not the thread's is not given back", () => {
		const all = scene(build);
		const { core, thread } = all;
		const object = thread.putBlock(5000);
		const addresses = [0, 64, 65, core.size, 2 ** 32 - 64, Number.NaN, -1, thread.pin(object)];
		for (const address of addresses) expectRefused(all, "dealloc", [address], /invalid$/);
		const block = thread.alloc(64);
		expect(thread.calls.dealloc(block)).toBe(0);
		expectRefused(all, "dealloc", [block], /invalid$/);
	});

	test("any number for any argument is answered, and every invariant holds", () => {
		const { core, calls } = scene(build);
		const plain: Readonly<Record<string, number>> = {
			setCapacity: 2,
			reserve: 2,
			attach: 2,
			end: 2,
			recover: 2,
			alloc: 1,
			dealloc: 1,
			setResource: 2,
			available: 1,
			defineClass: 2,
			setLimit: 1,
			awaitRoom: 1,
			park: 1,
			init: 5,
		};
		for (const [name, count] of Object.entries(plain)) {
			for (const first of strange) {
				for (const second of count > 1 ? strange : [0]) {
					// The thread itself must go on.
					if (name === "end" && first >>> 0 === 0) continue;
					const answer = calls[name](first, second, 5, 5, 5);
					const known = answer >= 0 || statusNames.has(answer) || (name === "alloc" && answer % 64 === 0);
					expect(known, `${name}(${first}, ${second}) answered ${answer}`).toBe(true);
				}
			}
			core.check();
		}
	});
});

describe.each(["core.debug", "core.single.debug"] as const)("%s", (build) => {
	test("notices an address inside the heap that is no block's, whatever is written there", () => {
		const all = scene(build);
		const { core, thread, task } = all;
		const large = thread.alloc(5000);
		// What a block's header would say, if one were there.
		core.u32.fill(thread.index + 1, large >> 2, (large + 4992) >> 2);
		for (let address = large + 64; address < large + 4992; address += 64) {
			expectRefused(all, "dealloc", [address], /invalid$/);
			expectRefused(all, "put", [0, address, 16, 0, 0], /invalid$/);
			expectRefused(all, "finish", [...task, 0, address, 16, 0, 0], /invalid$/);
		}
		const freed = thread.alloc(3000);
		thread.calls.dealloc(freed);
		expectRefused(all, "dealloc", [freed], /invalid$/);
		expect(thread.calls.dealloc(large)).toBe(0);
	});
});
