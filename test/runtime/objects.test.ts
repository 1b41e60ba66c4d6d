import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const identity = ray.remote((value: unknown) => value);
const nap = ray.remote(async () => {
	await new Promise(() => {});
});

const kinds: [string, unknown][] = [
	["undefined", undefined],
	["null", null],
	["minus zero", -0],
	["NaN", Number.NaN],
	["a short string", "héllo"],
	["a long string", "wasm".repeat(10_000)],
	["a lone surrogate", "\ud800x"],
	["a large bigint", -(2n ** 200n)],
	["a date", new Date(12345)],
	["a regular expression", /a+b/giu],
	[
		"a map",
		new Map<unknown, unknown>([
			[{ key: 1 }, [2]],
			["a", new Map()],
		]),
	],
	["a set", new Set([1, "two", Number.NaN])],
	["nested objects", { a: [{ b: { c: [1, 3] } }], __proto__x: 1 }],
	["a buffer", Buffer.from("bytes")],
	["an array buffer", new Uint8Array([1, 2, 3]).buffer],
	["a data view", new DataView(new Uint8Array([9, 8, 7]).buffer, 1)],
	["small floats", new Float32Array([1.5, -2.5])],
	["large integers", new Int32Array(100_000).map((_, i) => i)],
	["big integers", new BigInt64Array([1n, -1n])],
];

describe("values", () => {
	it("come back as they were, put and through a task", () =>
		withRuntime({ numCpus: 1 }, async () => {
			for (const [name, value] of kinds) {
				expect(await ray.put(value).get(), name).toEqual(value);
				expect(await identity.remote(value).get(), name).toEqual(value);
				expect(await identity.remote(ray.put(value)).get(), name).toEqual(value);
			}
		}));

	it("keep cycles, shared identity and errors", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const node: Record<string, unknown> = { name: "ring" };
			node.self = node;
			const [back, twice] = (await identity.remote([node, node]).get()) as Record<string, unknown>[];
			expect(back).toBe(twice);
			expect(back?.self).toBe(back);
			const error = (await identity.remote(new RangeError("far", { cause: new TypeError("near") })).get()) as Error;
			expect(error).toBeInstanceOf(RangeError);
			expect(error.cause).toMatchObject({ name: "TypeError", message: "near" });
		}));

	it("that cannot be sent are refused with the path to them", () =>
		withRuntime({ numCpus: 1 }, async () => {
			expect(() => ray.put({ user: { callback: () => 1 } })).toThrow(/user\.callback/);
			expect(() => identity.remote({ list: [Symbol("s")] })).toThrow(/args\[0\]\.list\[0\]/);
			const error = await failure(
				ray
					.remote(() => ({ inner: () => 1 }))
					.remote()
					.get(),
			);
			expect(error.message).toMatch(/result\.inner/);
		}));

	it("of registered classes keep their class, in workers too", () =>
		withRuntime({ numCpus: 1 }, async () => {
			class Point {
				x: number;
				constructor(x: number) {
					this.x = x;
				}
				double() {
					return new Point(this.x * 2);
				}
			}
			ray.registerSerializer(Point, { name: "Point", serialize: ({ x }) => x, deserialize: (x) => new Point(x) });
			const back = await ray
				.remote((point: Point) => point.double())
				.remote(new Point(4))
				.get();
			expect(back).toBeInstanceOf(Point);
			expect(back.x).toBe(8);
		}));
});

describe("get", () => {
	it("gives a tuple's values in order, a ref twice too", () =>
		withRuntime({}, async () => {
			const a = identity.remote(1);
			const b = ray.put("two");
			expect(await ray.get([a, b, a])).toEqual([1, "two", 1]);
		}));

	it("gives the values of 10,000 refs", () =>
		withRuntime({}, async () => {
			const refs = Array.from({ length: 10_000 }, (_, i) => (i % 2 ? ray.put(i) : identity.remote(i)));
			expect(await ray.get(refs)).toEqual(refs.map((_, i) => i));
		}));

	it("synchronously gives what workers make meanwhile", () =>
		withRuntime({}, async () => {
			const refs = Array.from({ length: 50 }, (_, i) => identity.remote(i));
			expect(ray.getSync(refs)).toEqual(refs.map((_, i) => i));
			expect(ray.getSync(identity.remote("one"))).toBe("one");
		}));

	it("waits for ever with a timeout of Infinity, and so do the other waits", () =>
		withRuntime({}, async () => {
			const timeout = Number.POSITIVE_INFINITY;
			const later = ray.remote((ms: number) => new Promise<number>((resolve) => setTimeout(resolve, ms, ms)));
			expect(await later.remote(20).get({ timeout })).toBe(20);
			expect(await ray.get([later.remote(20)], { timeout })).toEqual([20]);
			expect(ray.getSync(later.remote(20), { timeout })).toBe(20);
			expect((await ray.wait([later.remote(20)], { timeout }))[0]).toHaveLength(1);
			for await (const ref of ray.asCompleted([later.remote(20)], { timeout })) expect(await ref.get()).toBe(20);
			const limited = later.options({ timeout: 10 });
			expect(await failure(limited.remote(200).get())).toBeInstanceOf(ray.TaskTimeoutError);
			expect(await limited.options({ timeout }).remote(20).get()).toBe(20);
			const last = later.remote(20);
			await ray.shutdown({ drain: true, timeout });
			expect(await failure(last.get())).toBeInstanceOf(ray.RuntimeShutdownError);
		}));

	it("ends at its timeout and at its signal, and the task goes on", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = nap.remote();
			await expect(ref.get({ timeout: 0 })).rejects.toThrow(ray.GetTimeoutError);
			await expect(ref.get({ timeout: 1 })).rejects.toThrow(ray.GetTimeoutError);
			expect(() => ray.getSync(ref, { timeout: 1 })).toThrow(ray.GetTimeoutError);
			await expect(ray.get([ref, ray.put(1)], { timeout: 1 })).rejects.toThrow(/1 of 2 objects/);
			const both: ray.ObjectRef<unknown>[] = [ref, ray.put(1)];
			for (const timeout of [0, 1]) expect(() => ray.getSync(both, { timeout })).toThrow(/1 of 2 objects/);
			expect(() => ray.getSync(ref, { timeout: 1 })).toThrow(`Object ${ref.id} was not ready`);
			await expect(ref.get({ signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
			const controller = new AbortController();
			const got = failure(ref.get({ signal: controller.signal }));
			controller.abort(new Error("enough"));
			expect((await got).message).toBe("enough");
			expect(ray.cancel(ref)).toBe(true);
		}));
});

describe("wait and asCompleted", () => {
	it("split refs into the ready and the others, in input order", () =>
		withRuntime({}, async () => {
			const never = nap.remote();
			const [a, b] = [ray.put(1), ray.put(2)];
			expect(await ray.wait([a, never, b], { numReturns: 2 })).toEqual([[a, b], [never]]);
			expect(await ray.wait([never], { timeout: 0 })).toEqual([[], [never]]);
			await expect(ray.wait([a, a])).rejects.toThrow(RangeError);
			await expect(ray.wait([a], { numReturns: 2 })).rejects.toThrow(RangeError);
		}));

	it("give refs as they become ready", () =>
		withRuntime({}, async () => {
			const refs = Array.from({ length: 30 }, (_, i) => identity.remote(i));
			const seen: unknown[] = [];
			for await (const ref of ray.asCompleted(refs)) seen.push(await ref.get());
			expect(seen.sort((x, y) => Number(x) - Number(y))).toEqual(refs.map((_, i) => i));
		}));
});

describe("loops over what is ready", () => {
	it("let timers run, whether they get, wait or fail", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = ray.put(1);
			const freed = ray.put(2);
			ray.free(freed);
			const small = ray.remote(() => 3);
			for (const look of [
				() => ref.get(),
				() => ray.get([ref, ref]),
				() => ray.wait([ref]),
				() => freed.get().catch(() => undefined),
				() => small.remote().get(),
				() => ray.wait([small.remote(), small.remote()], { numReturns: 2 }),
			]) {
				let fired = false;
				setTimeout(() => {
					fired = true;
				}, 1);
				while (!fired) await look();
			}
		}));

	it("in a task hear that it is cancelled", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const loop = ray.remote(async function* () {
				const ref = ray.put(1);
				let aborted = false;
				ray.getRuntimeContext().signal.addEventListener("abort", () => {
					aborted = true;
				});
				yield "running";
				while (!aborted) await ref.get();
			});
			const items = loop.remote();
			await items.next();
			ray.cancel(items);
			expect(
				await ray
					.remote(() => "free again")
					.remote()
					.get(),
			).toBe("free again");
		}));
});

describe("views", () => {
	it("stay as they were through subarray, after the handle is gone and the memory is used anew", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: "16MiB" }, async () => {
			const ref = ray.put(new Float64Array(200_000).fill(7));
			let view: Float64Array | undefined = await ref.get();
			expect(view.buffer).toBeInstanceOf(SharedArrayBuffer);
			const part = view.subarray(1000, 2000);
			view = undefined;
			ref[Symbol.dispose]();
			for (let i = 0; i < 20; i++) {
				collectGarbage();
				ray.put(new Float64Array(200_000).fill(i))[Symbol.dispose]();
			}
			expect(part.every((x) => x === 7)).toBe(true);
		}));

	it("are private copies when asked, or when small", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const large = ray.put(new Uint8Array(100_000));
			expect((await large.get({ copy: true })).buffer).toBeInstanceOf(ArrayBuffer);
			const little = ray.put(new Uint8Array(100));
			expect((await little.get()).buffer).toBeInstanceOf(ArrayBuffer);
			expect((await little.get({ copy: false })).buffer).toBeInstanceOf(SharedArrayBuffer);
		}));
});

describe("handles", () => {
	it("that were disposed are refused, and free leaves an error for the others", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = ray.put({ a: 1 });
			const holder = (await ray.put([ref]).get()) as unknown as [typeof ref];
			ref[Symbol.dispose]();
			ref[Symbol.dispose]();
			await expect(ref.get()).rejects.toThrow(ray.RefDisposedError);
			expect(await holder[0].get()).toEqual({ a: 1 });
			ray.free(holder[0]);
			await expect(holder[0].get()).rejects.toThrow(ray.ObjectFreedError);
		}));

	it("nested in values, arguments and results are counted, and all objects go with the last of them", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const wrap = ray.remote((value: unknown) => ({ made: ray.put("inner"), value }));
			const unwrap = ray.remote(async (box: { ref: ReturnType<typeof ray.put<unknown>> }) => box.ref.get());
			const round = async () => {
				using inner = ray.put({ text: "deep" });
				using boxed = ray.put({ ref: inner });
				using again = unwrap.remote(boxed);
				expect(await again.get()).toEqual({ text: "deep" });
				using result = wrap.remote({ list: [inner] });
				const { made, value } = (await result.get()) as {
					made: ray.ObjectRef<string>;
					value: { list: (typeof inner)[] };
				};
				expect(await made.get()).toBe("inner");
				expect(await value.list[0]?.get()).toEqual({ text: "deep" });
				for (const ref of [made, value.list[0]]) ref?.[Symbol.dispose]();
			};
			await round();
			const before = await settledObjects();
			for (let i = 0; i < 20; i++) await round();
			expect(await settledObjects()).toBeLessThanOrEqual(before);
		}));
});

describe("what was sent last", () => {
	it("is not kept: neither the refs in it, nor its buffers", () =>
		withRuntime({ numCpus: 1 }, async () => {
			await identity.remote(0).get();
			const before = await settledObjects();
			const leave = async () => {
				let ref = ray.put<unknown>("first");
				for (let i = 0; i < 10; i++) ref = ray.put({ ref });
				await identity.remote({ ref }).get();
				expect(() => ray.put([ray.put(1), () => {}])).toThrow(ray.SerializationError);
			};
			await leave();
			expect(await settledObjects()).toBeLessThanOrEqual(before);
			let array: Uint8Array | undefined = new Uint8Array(200_000);
			const watched = new WeakRef(array);
			ray.put(array);
			array = undefined;
			await settledObjects();
			expect(watched.deref()).toBeUndefined();
		}));
});

describe("a full store", () => {
	it.each(["1MiB", "16MiB"])("has as many bytes as were asked for, and no more: %s", (objectStoreMemory) =>
		withRuntime({ numCpus: 1, objectStoreMemory }, async () => {
			const { capacity } = ray.storeStats();
			const more = ray.remote((value: number) => value + 1);
			expect(await more.remote(1).get()).toBe(2);
			expect(capacity).toBe(Number.parseInt(objectStoreMemory, 10) * 2 ** 20);
			const held: Disposable[] = [];
			for (const size of [2 ** 16, 1000, 64]) {
				expect(() => {
					for (;;) held.push(ray.put(new Uint8Array(size)));
				}).toThrow(ray.ObjectStoreFullError);
				expect(ray.storeStats().used).toBeLessThanOrEqual(capacity);
			}
			expect(ray.storeStats().used).toBeGreaterThan(capacity - 256);
			// What is no payload goes on: handles, edges, tasks and results that stand in their records.
			const refs = Array.from({ length: 2000 }, (_, i) => more.remote(i));
			expect((await ray.get(refs)).at(-1)).toBe(2000);
			expect(ray.storeStats().used).toBeLessThanOrEqual(capacity);
		}),
	);

	it("refuses at once what can never fit, and says so", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: "1MiB" }, async () => {
			const began = performance.now();
			expect(() => ray.put(new Uint8Array(2 ** 20 + 1))).toThrow(
				/^A value of \d+ bytes can never fit into the object store, which has 1048576/,
			);
			expect(() => ray.put("x".repeat(2 ** 20))).toThrow(ray.ObjectStoreFullError);
			expect(performance.now() - began).toBeLessThan(400);
			expect(ray.put(new Uint8Array(1_000_000))).toBeDefined();
		}));

	it("is an ObjectStoreFullError, and goes on when there is room again", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: "1MiB" }, async () => {
			const held: Disposable[] = [];
			expect(() => {
				for (let i = 0; i < 1000; i++) held.push(ray.put(new Uint8Array(1_000_000)));
			}).toThrow(ray.ObjectStoreFullError);
			for (const ref of held) ref[Symbol.dispose]();
			expect((await ray.put(new Uint8Array(500_000)).get()).length).toBe(500_000);
		}));

	it("fails what does not fit, with an error that does, and the workers go on", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: "1MiB" }, async () => {
			const thrower = ray.remote(() => {
				throw new Error("a long story".repeat(10_000));
			});
			const maker = ray.remote((size: number) => new Uint8Array(size));
			const many = ray.remote(
				(_: unknown): unknown[] => Array.from({ length: 100 }, () => ({ a: "many".repeat(10) })),
				{
					numReturns: 100,
				},
			);
			// So that the worker has the functions already.
			const begun = [...many.remote(0), maker.remote(1)];
			await ray.get(begun);
			for (const ref of begun) ref[Symbol.dispose]();
			const first = thrower.remote();
			await failure(first.get());
			first[Symbol.dispose]();
			const held: Disposable[] = [];
			for (let size = 2 ** 20; size >= 32; size /= 2) {
				try {
					for (;;) held.push(ray.put(new Uint8Array(size)));
				} catch (error) {
					expect(error).toBeInstanceOf(ray.ObjectStoreFullError);
				}
			}
			expect(await failure(thrower.remote().get())).toBeInstanceOf(ray.ObjectStoreFullError);
			expect(String(await failure(maker.remote(1_000_000).get()))).toMatch(/object store (has|had) no room/);
			expect(() => many.remote("an argument".repeat(10))).toThrow(ray.ObjectStoreFullError);
			for (const ref of held) ref[Symbol.dispose]();
			expect(await failure(thrower.remote().get())).toBeInstanceOf(ray.TaskError);
			expect((await maker.remote(10_000).get()).length).toBe(10_000);
		}));
});
