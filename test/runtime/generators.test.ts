import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import type { ObjectRefGenerator } from "../../src/types.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const count = ray.remote(function* (n: number) {
	for (let i = 0; i < n; i++) yield i;
});

async function all<T>(items: AsyncIterable<ray.ObjectRef<T>>): Promise<T[]> {
	const values: T[] = [];
	for await (const ref of items) values.push(await ref.get());
	return values;
}

const talker = ray.remote(
	async function* (end: "exit" | "throw" | "wait") {
		yield "first";
		if (end === "exit") process.exit(1);
		if (end === "throw") throw new RangeError("no more");
		await new Promise(() => {});
	},
	{ name: "talker", numCpus: 0, maxRetries: 0 },
);

/** What a reader sees: values, and names of errors. */
async function read(items: ObjectRefGenerator<unknown>): Promise<unknown[]> {
	const seen: unknown[] = [];
	for await (const ref of items) seen.push(await ref.get().catch((error: Error) => error.name));
	return seen;
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

	it("are to be given to remote() themselves: a plain function that returns one is told so", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const returns = ray.remote(
				(kind: string) => {
					if (kind === "generator") return (function* () {})();
					if (kind === "async generator") return (async function* () {})();
					if (kind === "entries") return new Map().entries();
					// As compilers make them.
					return { next() {}, throw() {}, return() {}, [Symbol.iterator]() {} };
				},
				{ name: "returns" },
			);
			for (const kind of ["generator", "async generator", "entries", "compiled"]) {
				expect((await failure(returns.remote(kind).get())).cause).toMatchObject({
					name: "SerializationError",
					path: "result",
					message: expect.stringMatching(
						/^Task returns returned a generator.*remote\(function\* \(n\).*async function\*/,
					),
				});
			}
			const refused = ray.remote(() => ({ next: () => 1 }));
			expect((await failure(refused.remote().get())).message).toContain("result.next is the function next");
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

	it("stay generators with other options, also in a task that was given them", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const counts = ray.remote(async (given: { count: typeof count }) => {
				const items = given.count.options({ name: "other", generatorBackpressure: 1 }).remote(3);
				const values: number[] = [];
				for await (const ref of items) values.push(await ref.get());
				return values;
			});
			expect(await counts.remote({ count }).get()).toEqual([0, 1, 2]);
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

describe("the reader of a generator that fails", () => {
	it("gets the error as one last item, whatever the failure", () =>
		withRuntime({ numCpus: 1 }, async () => {
			expect(await read(talker.remote("throw"))).toEqual(["first", "TaskError"]);
			expect(await read(talker.remote("exit"))).toEqual(["first", "WorkerCrashedError"]);
			expect((await read(talker.options({ timeout: 100 }).remote("wait"))).at(-1)).toBe("TaskTimeoutError");
			for (const force of [false, true]) {
				const items = talker.remote("wait");
				expect(await (await items.next()).value?.get()).toBe("first");
				ray.cancel(items, { force });
				expect(await read(items)).toEqual(["TaskCancelledError"]);
			}
			const bad = ray.remote((): "wait" => {
				throw new Error("no argument");
			});
			expect(await read(talker.remote(bad.remote()))).toEqual(["TaskError"]);
		}));

	it("hears of it also after completed() told it, and once, though it asks for several items at a time", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const items = talker.remote("throw");
			expect(await failure(items.completed().get())).toMatchObject({ name: "TaskError" });
			const steps = await Promise.all([1, 2, 3, 4].map(() => items.next()));
			expect(steps.map(({ done }) => done)).toEqual([false, false, true, true]);
			expect(await steps[0]?.value?.get()).toBe("first");
			expect(await failure(steps[1]?.value?.get() as Promise<unknown>)).toMatchObject({ name: "TaskError" });
		}));

	it("sees the items of the attempt that succeeds, if it is retried", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const flaky = ray.remote(
				function* () {
					for (let i = 0; i < 3; i++) {
						if (i === 1 && (ray.getRuntimeContext().attempt ?? 0) < 3) throw new Error("again");
						yield i;
					}
				},
				{ retryExceptions: true },
			);
			expect(await read(flaky.remote())).toEqual([0, 1, 2]);
		}));
});

describe("a generator that is left", () => {
	it("makes no further item: its finally blocks run", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const log = ray.remote(
				async function* () {
					const made: number[] = [];
					try {
						for (let i = 0; ; i++) {
							made.push(i);
							yield i;
						}
					} finally {
						(globalThis as { made?: number[] }).made = made;
					}
				},
				{ generatorBackpressure: 2 },
			);
			const whatWasMade = ray.remote(() => (globalThis as { made?: number[] }).made);
			for await (const ref of log.remote()) if ((await ref.get()) === 1) break;
			// If it had paused, its CPU is free before its code has ended.
			let made: number[] | undefined;
			while (made === undefined) made = await whatWasMade.remote().get();
			expect(made.length).toBeLessThanOrEqual(4);
			expect(made).toEqual([...made.keys()]);
		}));

	const endless = ray.remote(
		function* (at: number) {
			const log = globalThis as { endings?: number[] };
			try {
				for (;;) yield "item";
			} finally {
				log.endings = [...(log.endings ?? []), at];
			}
		},
		{ generatorBackpressure: 1, numCpus: 0 },
	);
	const endings = ray.remote(() => (globalThis as { endings?: number[] }).endings ?? []);
	const collected = async () => {
		collectGarbage();
		// Finalizers run in a macrotask of their own.
		await new Promise((resolve) => setTimeout(resolve, 1));
	};

	it("is dropped when nobody can reach it any more, but not for as long as somebody holds completed()", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const begin = async (at: number) => {
				const items = endless.remote(at);
				await items.next();
				return items.completed();
			};
			let held: ray.ObjectRef<void> | undefined = await begin(1);
			await begin(2);
			while (!(await endings.remote().get()).includes(2)) await collected();
			expect(await endings.remote().get()).toEqual([2]);
			expect(ray.cancel(held)).toBe(true);
			held = undefined;
			while (!(await endings.remote().get()).includes(1)) await collected();
		}));

	it("stays when its reader is slow, though garbage is collected meanwhile", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const items = endless.remote(1);
			await items.next();
			let collections = 0;
			const registry = new FinalizationRegistry(() => collections++);
			registry.register({}, undefined);
			while (collections === 0) await new Promise((resolve) => setTimeout(resolve, 20));
			expect(await (await items.next()).value?.get()).toBe("item");
			expect(ray.cancel(items)).toBe(true);
		}));
});
