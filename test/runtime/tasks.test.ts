import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const count = ray.remote(function* (n: number) {
	for (let i = 0; i < n; i++) yield i;
});

async function all<T>(items: AsyncIterable<ray.ObjectRef<T>>): Promise<T[]> {
	const values: T[] = [];
	for await (const ref of items) values.push(await ref.get());
	return values;
}

describe("generators", () => {
	it("give their items as they come, synchronous and asynchronous ones", () =>
		withRuntime({}, async () => {
			expect(await all(count.remote(100))).toEqual(Array.from({ length: 100 }, (_, i) => i));
			const slow = ray.remote(async function* (n: number) {
				for (let i = 0; i < n; i++) {
					await new Promise((resolve) => setImmediate(resolve));
					yield `${i}`;
				}
			});
			expect(await all(slow.remote(3))).toEqual(["0", "1", "2"]);
		}));

	it("complete when they have ended, though nobody took their items", () =>
		withRuntime({}, async () => {
			const items = count.remote(5);
			expect(await items.completed().get()).toBeUndefined();
			expect(await all(items)).toEqual([0, 1, 2, 3, 4]);
			expect(ray.getSync(count.remote(3).completed())).toBeUndefined();
			const third = count.remote(2).completed();
			expect(await ray.wait([third])).toEqual([[third], []]);
		}));

	it("give what they throw as the last item", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const breaks = ray.remote(function* () {
				yield 1;
				throw new TypeError("in the middle");
			});
			const items = breaks.remote();
			const seen: unknown[] = [];
			for await (const ref of items) seen.push(await ref.get().catch((error: Error) => error.cause));
			expect(seen).toEqual([1, expect.objectContaining({ name: "TypeError", message: "in the middle" })]);
			expect(await failure(items.completed().get())).toBeInstanceOf(ray.TaskError);
		}));

	it("pause at their limit of unread items, and leave their CPU to others meanwhile", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const made = ray.remote(
				function* () {
					const holder = globalThis as { made?: number };
					for (holder.made = 1; ; holder.made++) yield holder.made;
				},
				{ generatorBackpressure: 3 },
			);
			const soFar = ray.remote(() => (globalThis as { made?: number }).made);
			const items = made.remote();
			await items.next();
			// With one CPU this runs only when the generator has paused.
			expect(await soFar.remote().get()).toBeLessThanOrEqual(5);
			expect(await (await items.next()).value?.get()).toBe(2);
			await items.return?.();
		}));

	it("run their finally blocks when the loop is left early, and leave nothing behind", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const endless = ray.remote(
				function* () {
					try {
						for (let i = 0; ; i++) yield i;
					} finally {
						(globalThis as { finals?: number }).finals = ((globalThis as { finals?: number }).finals ?? 0) + 1;
					}
				},
				{ generatorBackpressure: 2 },
			);
			const finals = ray.remote(() => (globalThis as { finals?: number }).finals ?? 0);
			const leave = async () => {
				for await (const ref of endless.remote()) if ((await ref.get()) === 3) break;
			};
			await leave();
			await finals.remote().get();
			const before = await settledObjects();
			await leave();
			await leave();
			expect(await settledObjects()).toBeLessThanOrEqual(before);
			expect(await finals.remote().get()).toBe(3);
		}));
});

describe("nested tasks", () => {
	it("by await go deeper than there are workers", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deep = ray.remote(
				async (n: number): Promise<number> => (n === 0 ? 0 : 1 + (await deep.remote(n - 1).get())),
			);
			expect(await deep.remote(50).get()).toBe(50);
		}));

	it("by getSync go deeper than there are workers, and past the cap say so", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deep = ray.remote((n: number): number => (n === 0 ? 0 : 1 + ray.getSync(deep.remote(n - 1))));
			expect(await deep.remote(6).get()).toBe(6);
			const tooDeep = await failure(deep.remote(80).get());
			expect(tooDeep.message).toMatch(/64 tasks already block their threads.*Await get\(\)/);
			expect(await deep.remote(2).get()).toBe(2);
		}));

	it("call a function that captures itself, made inside a function", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const fib = ray.remote(async (n: number): Promise<number> => {
				if (n < 2) return n;
				const [a, b] = await ray.get([fib.remote(n - 1), fib.remote(n - 2)]);
				return a + b;
			});
			expect(await fib.remote(10).get()).toBe(55);
		}));

	it("that capture each other are refused with what to do", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const even: ray.RemoteFunction<(n: number) => unknown> = ray.remote((n: number) => n === 0 || odd.remote(n - 1));
			const odd: typeof even = ray.remote((n: number) => n !== 0 && even.remote(n - 1));
			expect(() => even.remote(3)).toThrow(ray.FunctionNotShippableError);
		}));

	it("take remote functions as arguments, sent for the first time", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const factor = 3;
			const times = ray.remote((n: number) => n * factor);
			const apply = ray.remote(async (fn: typeof times, n: number) => fn.remote(n).get());
			expect(await apply.remote(times as never, 5).get()).toBe(15);
		}));
});

describe("the context", () => {
	it("names the task also after an await, of functions that only return a promise too", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const named = ray.remote(
				() => new Promise((resolve) => setImmediate(() => resolve(ray.getRuntimeContext().taskName))),
				{ name: "promiser" },
			);
			expect(await named.remote().get()).toBe("promiser");
			expect(await named.remote().get()).toBe("promiser");
			expect(ray.getRuntimeContext().taskName).toBeUndefined();
		}));

	it("shows the resources and the GPUs that the task was given", () =>
		withRuntime({ numCpus: 2, numGpus: 2, resources: { license: 1 } }, async () => {
			const shows = ray.remote(
				() => {
					const { assignedResources, assignedGpuIds } = ray.getRuntimeContext();
					return { assignedResources, assignedGpuIds };
				},
				{ numCpus: 0.5, numGpus: 2, resources: { license: 0.25 } },
			);
			expect(await shows.remote().get()).toEqual({
				assignedResources: { CPU: 0.5, GPU: 2, license: 0.25 },
				assignedGpuIds: [0, 1],
			});
			const free = ray.remote(() => ray.getRuntimeContext().assignedResources, { numCpus: 0 });
			expect(await free.remote().get()).toEqual({});
		}));
});

describe("scheduling", () => {
	it("runs the highest priority first", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const gate = ray.remote(function* () {
				yield 0;
				while (!ray.getRuntimeContext().signal.aborted);
			});
			const note = ray.remote((n: number) => {
				const holder = globalThis as { order?: number[] };
				holder.order ??= [];
				holder.order.push(n);
				return [...holder.order];
			});
			const holding = gate.remote();
			await holding.next();
			const refs = [-8, 0, 7, 3].map((priority) => note.options({ priority }).remote(priority));
			ray.cancel(holding);
			const orders = await ray.get(refs);
			expect(orders[0]).toEqual([7, 3, 0, -8]);
		}));

	it("refuses at once what could never run", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const greedy = ray.remote(() => 1, { numCpus: 4 });
			expect(() => greedy.remote()).toThrow(ray.TaskUnschedulableError);
			expect(() => ray.remote(() => 1, { resources: { magic: 1 } }).remote()).toThrow(/magic/);
		}));

	it("refuses more pending tasks than allowed, until there is capacity", () =>
		withRuntime({ numCpus: 1, maxPendingTasks: 3 }, async () => {
			const holds = ray.remote(async () => {
				await new Promise(() => {});
			});
			const refs = [holds.remote(), holds.remote(), holds.remote()];
			expect(() => holds.remote()).toThrow(ray.PendingCallsLimitExceededError);
			await expect(ray.capacity(4)).rejects.toThrow(RangeError);
			const room = ray.capacity(2);
			for (const ref of refs) ray.cancel(ref, { force: true });
			await room;
			expect(
				await ray
					.remote(() => "in")
					.remote()
					.get(),
			).toBe("in");
		}));
});
