import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { faults } from "../../src/testing/index.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const count = ray.remote(function* (n: number) {
	for (let i = 0; i < n; i++) yield i;
});

async function all<T>(items: AsyncIterable<ray.ObjectRef<T>>): Promise<T[]> {
	const values: T[] = [];
	for await (const ref of items) values.push(await ref.get());
	return values;
}

describe("a function", () => {
	it("has no `this` of the runtime's", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const own = ray.remote(function (this: unknown) {
				return typeof this;
			});
			expect(await own.remote().get()).toBe("undefined");
		}));
});

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

	it("tell by one more item what ended them from outside: a lost worker, a cancel, a failed argument", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const dies = ray.remote(
				function* (_: unknown) {
					yield 1;
					yield 2;
					process.exit(3);
				},
				{ maxRetries: 0 },
			);
			const told = async (items: ray.ObjectRefGenerator<number>) => {
				const seen: unknown[] = [];
				for await (const ref of items) seen.push(await ref.get().catch((error: Error) => error.name));
				expect(await items.next()).toEqual({ done: true, value: undefined });
				return seen;
			};
			expect(await told(dies.remote(0))).toEqual([1, 2, "WorkerCrashedError"]);
			const failed = ray.remote(() => {
				throw new Error("no argument");
			});
			expect(await told(dies.remote(failed.remote()))).toEqual(["TaskError"]);
			const cancelled = ray
				.remote(async function* () {
					yield 7;
					await new Promise((_, reject) => {
						const { signal } = ray.getRuntimeContext();
						signal.throwIfAborted();
						signal.addEventListener("abort", () => reject(signal.reason));
					});
				})
				.remote();
			const { value } = await cancelled.next();
			expect(await value?.get()).toBe(7);
			ray.cancel(cancelled);
			expect(await told(cancelled as never)).toEqual(["TaskCancelledError"]);
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

	it("may capture each other, in circles of any length, and leave nothing behind", () =>
		withRuntime({ numCpus: 1 }, async () => {
			type Step = ray.RemoteFunction<(n: number) => Promise<string>>;
			const round = async () => {
				const even: Step = ray.remote(async (n) => (n === 0 ? "even" : odd.remote(n - 1).get()));
				const odd: Step = ray.remote(async (n) => (n === 0 ? "odd" : even.remote(n - 1).get()), { name: "odd" });
				const a: Step = ray.remote(async (n) => (n === 0 ? "a" : b.remote(n - 1).get()));
				const b: Step = ray.remote(async (n) => (n === 0 ? "b" : c.remote(n - 1).get()));
				const c: Step = ray.remote(async (n) =>
					n === 0 ? `c ${ray.getRuntimeContext().taskName}` : n % 2 ? even.remote(n).get() : a.remote(n - 1).get(),
				);
				const refs = [
					even.remote(5),
					odd.remote(4),
					a.remote(2),
					a.remote(6),
					a.remote(4),
					c.options({ name: "see" }).remote(0),
				];
				expect(await ray.get(refs)).toEqual(["odd", "odd", "c anonymous", "odd", "b", "c see"]);
				for (const ref of refs) ref[Symbol.dispose]();
			};
			await round();
			const before = await settledObjects();
			for (let i = 0; i < 4; i++) await round();
			// What holds what is let go of one after the other, by a collection each.
			while ((await settledObjects()) > before);
		}));

	it("hold what they captured no longer than they can be called", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const round = async () => {
				const refs = [ray.put({ n: 1 }), ray.put({ n: 2 })];
				const other = ray.remote(async () => (await ray.get(refs)).length);
				const uses = ray.remote(() => other.remote().get());
				using result = uses.remote();
				expect(await result.get()).toBe(2);
			};
			await round();
			const before = await settledObjects();
			for (let i = 0; i < 8; i++) await round();
			expect(await settledObjects()).toBeLessThanOrEqual(before);
		}));

	it("may be made in a task, with what they capture there", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const outer = ray.remote(async (k: number) => {
				const plus = (x: number) => x + k;
				const inner = ray.remote((x: number) => plus(x) * k);
				return Promise.all([1, 2].map((x) => inner.remote(x).get()));
			});
			expect(await outer.remote(10).get()).toEqual([110, 120]);
		}));

	it("may stand in objects that they use, but not when they are given by closure", () =>
		withRuntime({ numCpus: 1 }, async () => {
			type Some = ray.RemoteFunction<(n: number) => Promise<string>>;
			const [f, g]: Record<"fn", Some>[] = [{}, {}] as never;
			f.fn = ray.remote(async (n) => (n === 0 ? "f" : g.fn.remote(n - 1).get()));
			g.fn = ray.remote(async (n) => (n === 0 ? "g" : f.fn.remote(n - 1).get()));
			expect(await ray.get([f.fn.remote(3), g.fn.remote(3), f.fn.remote(4)])).toEqual(["g", "f", "f"]);
			const box: { h?: Some } = {};
			const given: Some = ray.remote(async (n) => box.h?.remote(n).get() ?? "", { closure: { box } });
			box.h = ray.remote(async (n) => given.remote(n).get());
			expect(() => given.remote(1)).toThrow(/part of a value that it uses itself.*a variable of its own/s);
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

	it("names the task as its options say, whatever it was called before", () =>
		withRuntime({ numCpus: 1 }, async () => {
			let runs = 0;
			const named = ray.remote(() => `${ray.getRuntimeContext().taskName} ${++runs}`, { name: "first" });
			const refs = ["", "second", "", "third"].map((name) => (name ? named.options({ name }) : named).remote());
			expect(await ray.get(refs)).toEqual(["first 1", "second 2", "first 3", "third 4"]);
			const fails = ray.remote(() => {
				throw new Error("on purpose");
			});
			await failure(fails.remote().get());
			for (let i = 0; i < 20; i++) {
				const error = await failure(
					fails
						.options({ name: `job ${i}` })
						.remote()
						.get(),
				);
				expect(error).toMatchObject({
					taskName: `job ${i}`,
					message: expect.stringMatching(/^Task job \d+ \(.*\) failed: Error: on purpose$/),
				});
			}
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

describe("tasks that wait, with one CPU", () => {
	it("leave it to what they still wait for when one of several things has come", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const one = ray.remote(() => 1);
			const both = ray.remote(async () => {
				const [a, b] = await Promise.all([one.remote().get(), one.remote().get()]);
				return (a as number) + (b as number);
			});
			expect(await both.remote().get()).toBe(2);
		}));

	it("may block after an await, beside others that wait on the same thread", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const one = ray.remote(() => 1);
			const mixed = ray.remote(async (n: number) => {
				const first = (await one.remote().get()) as number;
				await new Promise((resolve) => setImmediate(resolve));
				return first + ray.getSync(one.remote()) + n;
			});
			expect(await ray.get([1, 2, 3, 4].map((n) => mixed.remote(n)))).toEqual([3, 4, 5, 6]);
		}));

	it("give it back to those who wait when their thread blocks", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const one = ray.remote(() => 1);
			// Has its CPU and waits for a timer only when its thread is blocked by another task.
			const idles = ray.remote(async () => {
				await one.remote().get();
				await new Promise((resolve) => setTimeout(resolve, 20));
				return one.remote().get();
			});
			const blocks = ray.remote(async () => {
				await one.remote().get();
				return ray.getSync(one.remote());
			});
			const refs = Array.from({ length: 6 }, (_, i) => (i % 2 ? blocks : idles).remote());
			expect(await ray.get(refs)).toEqual([1, 1, 1, 1, 1, 1]);
		}));
});

describe("tasks of one function that waits in both ways", () => {
	it.each([1, 2, 3])(
		"end, with %i CPUs: another thread takes what none may take beside its suspended tasks",
		(numCpus) =>
			withRuntime({ numCpus }, async () => {
				const tree = ray.remote(async function tree(n: number, sync: boolean): Promise<number> {
					if (n === 0) return 1;
					const children = [again.remote(n - 1, sync), again.remote(n - 1, sync)];
					const counts = sync ? ray.getSync(children) : await ray.get(children);
					return (counts[0] as number) + (counts[1] as number);
				});
				const again: ray.RemoteFunction<(n: number, sync: boolean) => Promise<number>> = tree;
				for (let round = 0; round < 5; round++) {
					const calls = [tree.remote(2, true), tree.remote(3, false), tree.remote(1, true), tree.remote(2, false)];
					expect(await ray.get(calls)).toEqual([4, 8, 2, 4]);
				}
			}),
	);
});

describe("getSync for what its own thread would have to do", () => {
	it("throws and names both tasks, also behind arguments; awaiting it works", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const pause = ray.remote(async () => {
				await new Promise((resolve) => setTimeout(resolve, 200));
				return 1;
			});
			const waits = ray.remote(async function waits(first: number) {
				return first + ((await pause.options({ numCpus: 0 }).remote().get()) as number);
			});
			const same = ray.remote((value: number) => value);
			const blocks = ray.remote(async function blocks({ ref }: { ref: ray.ObjectRef<number> }, sync: boolean) {
				return sync ? ray.getSync(ref) : await ref.get();
			});
			const first = waits.remote(1);
			const behind = same.options({ numCpus: 0 }).remote(same.options({ numCpus: 0 }).remote(first));
			for (const ref of [first, behind]) {
				const { message } = await failure(blocks.options({ numCpus: 0 }).remote({ ref }, true).get());
				expect(message).toMatch(/getSync\(\) in task blocks would never end: it waits for task waits \(/);
			}
			expect(await ray.get([blocks.remote({ ref: first }, false), blocks.remote({ ref: behind }, false)])).toEqual([
				2, 2,
			]);
		}));
});

describe("a task whose result has no room", () => {
	it("fails and says so, also when there is none for the error, and the worker goes on", () =>
		withRuntime({ numCpus: 1, objectStoreMemory: "16MiB" }, async (runtime) => {
			const big = ray.remote((size: number) => new Uint8Array(size));
			expect((await big.remote(4).get()).length).toBe(4);
			await faults(runtime).limitStore(ray.storeStats().used + 2 ** 18);
			const { message, taskName } = await failure(big.remote(2 ** 20).get());
			expect([message, taskName]).toEqual([expect.stringContaining("no room for 1048576 bytes"), "anonymous"]);
			await faults(runtime).limitStore(1);
			expect(await failure(big.remote(2 ** 20).get())).toBeInstanceOf(ray.ObjectStoreFullError);
			await faults(runtime).limitStore(2 ** 24);
			expect((await big.remote(2 ** 20).get()).length).toBe(2 ** 20);
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

	it("reject at once what could never run, whatever it gives, and name what is missing", () =>
		withRuntime({ numCpus: 1, maxPendingTasks: 2 }, async () => {
			const greedy = ray.remote(() => 1, { numCpus: 4, name: "greedy" });
			const magic = { resources: { magic: 1 }, name: "greedy" };
			const [a, b] = ray.remote(() => [1, 2], { ...magic, numReturns: 2 }).remote() as ray.ObjectRef<unknown>[];
			const items = ray
				.remote(function* () {
					yield 1;
				}, magic)
				.remote();
			const after = ray.remote((x: number) => x).remote(greedy.remote());
			for (let i = 0; i < 10; i++) await failure(greedy.remote().get());
			const { value: item } = await items.next();
			for (const ref of [greedy.remote(), after, a, b, item, items.completed()]) {
				const error = await failure((ref as ray.ObjectRef).get());
				expect(error).toBeInstanceOf(ray.TaskUnschedulableError);
				expect(error.message).toMatch(
					/^Task greedy asks for (4 of CPU, and the runtime has 1|1 of magic, and .* 0) in all/,
				);
			}
			expect((await items.next()).done).toBe(true);
			expect(() => greedy.options({ numCpus: -1 })).toThrow(RangeError);
			expect(() => greedy.options({ numCpus: Number.NaN })).toThrow();
			expect(() => greedy.options({ numCpu: 1 } as never)).toThrow(TypeError);
		}));

	it("reject what could never run in tasks too, with timeouts and retries set", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const greedy = ray.remote(() => 1, { numGpus: 1, timeout: 10_000, retryExceptions: true, maxRetries: 5 });
			const outer = ray.remote(async () => {
				try {
					return await greedy.remote().get();
				} catch (error) {
					return (error as Error).name;
				}
			});
			expect(await outer.remote().get()).toBe("TaskUnschedulableError");
			expect(await failure(greedy.remote().get())).toBeInstanceOf(ray.TaskUnschedulableError);
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
