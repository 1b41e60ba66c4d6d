// An array that came out of the store goes back into it without a copy: what is made of it keeps the object with the bytes.
import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import { faults, withTestRuntime } from "../../src/testing/index.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const LARGE = 2 ** 20;
const ramp = (length: number) => {
	const bytes = new Uint8Array(length);
	for (let i = 0; i < length; i++) bytes[i] = i * 7;
	return bytes;
};
/** Whether they have the same bytes: comparing large arrays element by element takes seconds. */
const bytesOf = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
const same = (a: ArrayBufferView, b: ArrayBufferView) => bytesOf(a).equals(bytesOf(b));
const place = (view: ArrayBufferView) => [view.byteOffset, view.byteLength];

/** A view of its own on an object of its own. */
async function viewOf<T extends ArrayBufferView>(array: T): Promise<{ ref: ray.ObjectRef<T>; view: T }> {
	const ref = ray.put(array);
	return { ref, view: await ref.get() };
}

const identity = ray.remote((value: unknown) => value);
const echo = { remote: <T>(value: T) => identity.remote(value) as ray.ObjectRef<T> };
const placeAnd = ray.remote((bytes: Uint8Array) => [bytes.byteOffset, bytes.byteLength, bytes] as const);
const half = ray.remote((bytes: Uint8Array) => bytes.subarray(bytes.length / 2));
const sumOf = ray.remote((bytes: Uint8Array) => bytes.reduce((a, b) => a + b, 0));

describe("an array out of the store that goes back into it", () => {
	it("stays where it is: put, returned, passed on, and through many hands", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(ramp(LARGE));
			expect(place(await ray.put(view).get())).toEqual(place(view));
			expect(
				place(
					await ray
						.put({ deep: [view] })
						.get()
						.then(({ deep }) => deep[0] as Uint8Array),
				),
			).toEqual(place(view));

			const [offset, length, back] = await placeAnd.remote(view).get();
			expect([offset, length]).toEqual(place(view));
			expect(place(back)).toEqual(place(view));

			// A private array is copied once, into the task's arguments.
			const [at, , returned] = await placeAnd.remote(ramp(LARGE)).get();
			expect(returned.byteOffset).toBe(at);
			expect(same(returned, ramp(LARGE))).toBe(true);

			let last = view;
			for (let i = 0; i < 5; i++) last = await echo.remote(await ray.put(last).get()).get();
			expect(place(last)).toEqual(place(view));
			expect(same(last, ramp(LARGE))).toBe(true);
		}));

	it("may be of every type, and any part of it", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(new Float64Array(LARGE / 8).map((_, i) => i / 3));
			const { buffer, byteOffset } = view;
			const others = [
				view.subarray(1000, -8),
				new DataView(buffer, byteOffset + 3, LARGE - 9),
				Buffer.from(buffer, byteOffset + 1, LARGE - 1),
				new BigInt64Array(buffer, byteOffset + 64, LARGE / 8 - 8),
			];
			const back = await ray.put(others).get();
			expect(back.map(place)).toEqual(others.map(place));
			expect(back.map((each) => each.constructor)).toEqual(others.map((each) => each.constructor));
		}));

	it("is copied where little of its object is put, but not on its way to a task", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(ramp(LARGE));
			const small = view.subarray(0, LARGE / 4);
			const copy = await ray.put(small).get();
			expect(same(copy, small)).toBe(true);
			expect(copy.byteOffset).not.toBe(small.byteOffset);
			const [offset] = await placeAnd.remote(small).get();
			expect(offset).toBe(small.byteOffset);
			expect(await sumOf.remote(small).get()).toBe(small.reduce((a, b) => a + b, 0));
		}));

	it("stands beside other arrays, refs, and other parts", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const [one, two] = [await viewOf(ramp(LARGE)), await viewOf(new Float32Array(LARGE / 4).fill(0.5))];
			const own = ramp(LARGE / 2).reverse();
			const value = { one: one.view, ref: two.ref, own, two: two.view, again: one.view, rest: one.view.subarray(8) };
			const back = await echo.remote(value).get();
			expect(back.again).toBe(back.one);
			expect(back.rest.buffer).toBe(back.one.buffer);
			expect([back.one, back.two, back.rest].map(place)).toEqual([value.one, value.two, value.rest].map(place));
			expect(same(back.own, own)).toBe(true);
			expect(same(await back.ref.get(), two.view)).toBe(true);
		}));

	it("is a private array where that is asked for", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(ramp(LARGE));
			const copy = await ray.put([view]).get({ copy: true });
			expect(copy[0].buffer).toBeInstanceOf(ArrayBuffer);
			expect(same(copy[0] as Uint8Array, view)).toBe(true);
			(copy[0] as Uint8Array)[0] = 99;
			expect(view[0]).toBe(0);
		}));

	it("of another runtime is copied", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(ramp(LARGE));
			await withRuntime({ numCpus: 1 }, async () => {
				const [, , back] = await placeAnd.remote(view).get();
				expect(back.buffer).not.toBe(view.buffer);
				expect(same(back, ramp(LARGE))).toBe(true);
			});
		}));

	it("is told apart from other bytes of its buffer, which is the whole store's", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const { view } = await viewOf(ramp(LARGE));
			const beyond = new Uint8Array(view.buffer, view.byteOffset + LARGE / 2, LARGE);
			const copy = await ray.put(beyond).get();
			expect(copy.byteOffset).not.toBe(beyond.byteOffset);
			expect(copy.length).toBe(LARGE);
		}));
});

describe("the object with the bytes", () => {
	it("keeps them when it is freed, for as long as something is made of them", () =>
		withRuntime({ numCpus: 1 }, async () => {
			await echo.remote(0).get();
			const before = ray.storeStats().used;
			const made = await (async () => {
				const { ref, view } = await viewOf(ramp(LARGE));
				const put = ray.put(view);
				ray.free([ref]);
				expect((await failure(ref.get())).name).toBe("ObjectFreedError");
				return put;
			})();
			await settledObjects();
			// Would be written to if it were free.
			const others = Array.from({ length: 8 }, () => ray.put(new Uint8Array(LARGE).fill(255)));
			expect(same(await made.get({ copy: true }), ramp(LARGE))).toBe(true);
			expect(same(await half.remote(made as never).get({ copy: true }), ramp(LARGE).subarray(LARGE / 2))).toBe(true);
			for (const each of [...others, made]) each[Symbol.dispose]();
			await settledObjects();
			expect(ray.storeStats().used).toBeLessThan(before + LARGE / 2);
		}));

	it("goes when all that is made of it goes, in whatever order", () =>
		withTestRuntime(
			async () => {
				for (const order of [
					[0, 1, 2],
					[2, 1, 0],
					[1, 2, 0],
				]) {
					const first = ray.put(ramp(LARGE));
					const second = ray.put(await first.get());
					const third = ray.put([await second.get(), await first.get()]);
					const refs = [first, second, third];
					for (const i of order) (refs[i] as ray.ObjectRef<unknown>)[Symbol.dispose]();
					collectGarbage();
				}
			},
			{ numCpus: 1 },
		));

	it("is the one that is named when somebody writes through a part", async () => {
		let id = "";
		const found = await failure(
			withTestRuntime(
				async () => {
					const ref = ray.put(new Uint8Array(LARGE));
					id = ref.id;
					const part = await ray.put([await ref.get()]).get();
					(part[0] as Uint8Array)[5] = 1;
				},
				{ numCpus: 1 },
			),
		);
		expect(found.message).toContain(id);
		expect(found.message).toMatch(/chang/);
	});

	it("outlives the worker that made something of it, and that something's worker", () =>
		withTestRuntime(
			async (runtime) => {
				const keeps = ray.remote(
					async (bytes: Uint8Array) => {
						if (ray.getRuntimeContext().attempt === 1) await new Promise(() => {});
						return bytes.subarray(1);
					},
					{ maxRetries: 1 },
				);
				const { view } = await viewOf(ramp(LARGE));
				const ref = keeps.remote(view);
				await faults(runtime).killWorkerOf(ref);
				expect(place(await ref.get())).toEqual([view.byteOffset + 1, LARGE - 1]);
			},
			{ numCpus: 1 },
		));

	it("is not copied in a loop over a store that two copies would fill", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: 24 * LARGE }, async () => {
			const { view } = await viewOf(ramp(16 * LARGE));
			for (let i = 0; i < 20; i++) {
				const back = await echo.remote(view).get();
				expect([back[1], back.length]).toEqual([7, 16 * LARGE]);
			}
		}));
});
