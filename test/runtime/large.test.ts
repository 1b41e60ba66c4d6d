// Large arrays: as arguments, and what becomes of the store when nobody lets go of them by name.
import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { faults, withTestRuntime } from "../../src/testing/index.ts";
import { withRuntime } from "./with-runtime.ts";

const LARGE = 2 ** 20;
const kinds = ray.remote((...values: unknown[]) => {
	const shared = (value: unknown): unknown => {
		if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer;
		if (typeof value !== "object" || value === null) return value;
		return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, shared(each)]));
	};
	return values.map(shared);
});
const sum = ray.remote((numbers: Float64Array) => numbers.reduce((a, b) => a + b, 0));
const echo = ray.remote((bytes: Uint8Array) => bytes);
const fill = ray.remote((size: number) => new Uint8Array(size).fill(7));

describe("large typed arrays among a task's arguments", () => {
	it("are views as those of refs are, wherever they stand, and small ones are private", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = ray.put("a ref's value");
			expect(
				await kinds.remote(1, new Float64Array(10_000), ref, { deep: Buffer.alloc(LARGE) }, new Uint8Array(10)).get(),
			).toEqual([1, true, "a ref's value", { deep: true }, false]);
			expect(await kinds.remote(new Uint8Array(LARGE)).get()).toEqual([true]);
			expect(await kinds.remote({ text: "x".repeat(LARGE) }).get()).toEqual([{ text: "x".repeat(LARGE) }]);
		}));

	it("may stand beside nested refs, and several tasks may have the same", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const nested = ray.remote(
				async ([ref]: [ray.ObjectRef<number>], numbers: Float64Array, later: number) =>
					(await ref.get()) + (numbers[9_999] as number) + later,
			);
			const numbers = new Float64Array(10_000).fill(2);
			const refs = Array.from({ length: 20 }, (_, i) =>
				nested.remote([ray.put(i)], numbers, ray.put(i * 100) as unknown as number),
			);
			expect(await ray.get(refs)).toEqual(refs.map((_, i) => i + 2 + i * 100));
		}));

	it("are there again when the task is run again", () =>
		withTestRuntime(
			async (runtime) => {
				const blocks = ray.remote(
					async (numbers: Float64Array) => {
						const { attempt } = ray.getRuntimeContext();
						if (attempt === 1) await new Promise(() => {});
						return numbers[5];
					},
					{ maxRetries: 1 },
				);
				const ref = blocks.remote(new Float64Array(20_000).fill(3));
				await faults(runtime).killWorkerOf(ref);
				expect(await ref.get()).toBe(3);
			},
			{ numCpus: 1 },
		));

	it("leave nothing behind", () =>
		withTestRuntime(
			async () => {
				for (let i = 0; i < 20; i++)
					expect(await sum.remote(new Float64Array(LARGE / 8).fill(1)).get()).toBe(LARGE / 8);
				const view = await echo.remote(new Uint8Array(LARGE).fill(5)).get();
				expect([view.length, view[0], view[LARGE - 1]]).toEqual([LARGE, 5, 5]);
			},
			{ numCpus: 1 },
		));

	it("are refused where they would not fit, and nothing is lost by that", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: 8 * LARGE }, async () => {
			await echo.remote(new Uint8Array(1)).get();
			const before = ray.storeStats().used;
			expect(() => echo.remote(new Uint8Array(16 * LARGE))).toThrow(ray.ObjectStoreFullError);
			expect(ray.storeStats().used).toBe(before);
			expect((await echo.remote(new Uint8Array(LARGE)).get()).length).toBe(LARGE);
		}));
});

describe("a store that is full of what nobody can reach", () => {
	it("is emptied in time, so that a loop goes on for ever", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: 32 * LARGE }, async () => {
			const bytes = new Uint8Array(LARGE).fill(1);
			for (let i = 0; i < 300; i++) {
				bytes[0] = i;
				const back = await echo.remote(bytes).get();
				expect(back[0]).toBe(i & 0xff);
			}
		}));

	it("is emptied by the driver when a worker finds it full", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: 64 * LARGE }, async () => {
			// Below what makes the driver collect by itself.
			for (let i = 0; i < 14; i++) await fill.remote(LARGE).get();
			expect((await fill.remote(55 * LARGE).get()).length).toBe(55 * LARGE);
		}));

	it("is emptied by a worker when the driver finds it full", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: 64 * LARGE }, async () => {
			for (let i = 0; i < 14; i++) await sum.remote(new Float64Array(LARGE / 8)).get();
			expect(ray.put(new Uint8Array(55 * LARGE)).id).toMatch(/-o/);
		}));
});
