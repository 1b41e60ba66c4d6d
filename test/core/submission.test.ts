import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore, ready, shipped } from "./support/fresh.ts";
import { named, type Thread } from "./support/thread.ts";

describe.each(shipped)("a submission (%s)", (build) => {
	function expectRefused(core: Core, thread: Thread, wanted: string): void {
		const before = thread.stats();
		expect(named(thread.calls.submit())).toBe(wanted);
		expect(thread.stats()).toEqual(before);
		core.check();
	}

	test("with a wrong field is refused, and has changed nothing", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const list = thread.alloc(64);
		const wrong: readonly (readonly [field: number, value: number, status: string])[] = [
			[layout.TASK_SPEC_PRIORITY, 16, "invalid"],
			[layout.TASK_SPEC_KIND, 256, "invalid"],
			[layout.TASK_SPEC_FLAGS, layout.TASK_FLAG_INLINE_ARGS, "invalid"],
			[layout.TASK_SPEC_RESULTS, 2 ** 20 + 1, "invalid"],
			[layout.TASK_SPEC_RESULTS, 2, "invalid"],
			[layout.TASK_SPEC_RESOURCE_CLASS, 1, "invalid"],
			[layout.TASK_SPEC_ARGS_SIZE, 37, "invalid"],
			[layout.TASK_SPEC_ARGS, 64, "invalid"],
			[layout.TASK_SPEC_REFERENCES, 1, "invalid"],
			[layout.TASK_SPEC_DEPENDENCIES, 1, "invalid"],
			[layout.TASK_SPEC_CODE, 0, "stale"],
			[layout.TASK_SPEC_CODE_GENERATION, 7, "stale"],
		];
		for (const [field, value, status] of wrong) {
			thread.fillSpec({ code });
			thread.writeSpec(field, value);
			expectRefused(core, thread, status);
		}
		thread.fillSpec({ code, results: 2, stream: true }, 0, 0, list);
		expectRefused(core, thread, "invalid");
		thread.fillSpec({ code, results: 9 }, 0, 0, list);
		expectRefused(core, thread, "invalid");
	});

	test("whose list of results is its arguments is refused", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [one, other] = [thread.put(), thread.put()];
		const block = thread.block(0, [one, other]);
		thread.fillSpec({ code, results: 2, nested: [one, other] }, block, 0, block);
		expectRefused(core, thread, "invalid");
		expect([one, other].map(({ slot }) => core.holdersOf(slot))).toEqual([1, 1]);
	});

	test("with an argument that is gone is refused, and holds none of the others", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const [alive, gone] = [thread.put(), thread.put()];
		thread.release(gone);
		const block = thread.block(8, [alive, gone]);
		thread.fillSpec({ code, nested: [alive, gone] }, block, 8);
		expectRefused(core, thread, "stale");
		expect(core.holdersOf(alive.slot)).toBe(1);
		expect(core.holdersOf(code.slot)).toBe(1);
		expect(thread.calls.dealloc(block)).toBe(0);
	});

	test("is refused where a table or the heap is full, and its block stays in the hand", () => {
		const core = newCore({ build, objects: 8, tasks: 3 });
		const { thread, code } = ready(core);
		const argument = thread.create();
		const list = thread.alloc(64);
		const block = thread.block(8, [argument]);
		thread.fillSpec({ code, results: 8, dependencies: [argument] }, block, 8, list);
		expectRefused(core, thread, "table_full");
		for (let i = 0; i < 2; i++) thread.submit({ code, results: 0 });
		thread.fillSpec({ code, results: 1, dependencies: [argument] }, block, 8);
		expectRefused(core, thread, "table_full");
		expect(core.holdersOf(argument.slot)).toBe(1);
		expect(thread.calls.dealloc(block)).toBe(0);
	});

	test("is refused when there is no room for what the core itself needs", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const argument = thread.create();
		// So many dependencies that their edges take a large block.
		const block = thread.block(8, Array(100).fill(argument));
		thread.calls.setCapacity(1, 1);
		thread.fillSpec({ code, dependencies: Array(100).fill(argument) }, block, 8);
		expectRefused(core, thread, "full");
		expect(core.holdersOf(argument.slot)).toBe(1);
	});
});
