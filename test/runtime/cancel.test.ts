import { getEventListeners } from "node:events";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineOf } from "../../src/api/runtime.ts";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

/** Says that it runs by its first item, and then holds its thread until it is cancelled. */
const polls = ray.remote(function* () {
	yield "running";
	while (!ray.getRuntimeContext().signal.aborted);
	yield "never seen";
});
const pollsByThrowing = ray.remote(function* () {
	yield "running";
	for (;;) ray.getRuntimeContext().signal.throwIfAborted();
});
const quick = ray.remote((n: number) => n);

describe("cancel", () => {
	it("drops queued work, and stops synchronous work that polls its signal", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const running = polls.remote();
			await running.next();
			const queued = quick.remote(1);
			expect(ray.cancel(queued)).toBe(true);
			expect(await failure(queued.get())).toBeInstanceOf(ray.TaskCancelledError);
			expect(ray.cancel(running)).toBe(true);
			expect(await failure(running.completed().get())).toBeInstanceOf(ray.TaskCancelledError);
			expect(await quick.remote(2).get()).toBe(2);
			const throwing = pollsByThrowing.remote();
			await throwing.next();
			ray.cancel(throwing);
			expect(await quick.remote(3).get()).toBe(3);
		}));

	it("aborts the signal of running asynchronous work, whose finally blocks run", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const note = ray.remote(async function* () {
				const { signal } = ray.getRuntimeContext();
				yield "running";
				signal.throwIfAborted();
				await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
			});
			const items = note.remote();
			await items.next();
			ray.cancel(items);
			const error = await failure(items.completed().get());
			expect(error).toBeInstanceOf(ray.TaskCancelledError);
			expect(error.taskId).toMatch(/-t/);
		}));

	it("says false when the task had finished, and for what is no task's", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = quick.remote(3);
			await ref.get();
			expect(ray.cancel(ref)).toBe(false);
			expect(await ref.get()).toBe(3);
			expect(ray.cancel(ray.put(1))).toBe(false);
		}));

	it("by force ends the worker, without a retry, and another takes its place", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const stuck = ray.remote(function* () {
				yield ray.getRuntimeContext().workerId;
				for (;;);
			});
			const items = stuck.remote();
			await items.next();
			expect(ray.cancel(items, { force: true })).toBe(true);
			expect(await failure(items.completed().get())).toBeInstanceOf(ray.TaskCancelledError);
			expect(await quick.remote(5).get()).toBe(5);
		}));

	it("by force from inside another task works too", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const folder = await mkdtemp(join(tmpdir(), "wasmray-test-"));
			const stuck = ray.remote(
				(mark: string) => {
					writeFileSync(mark, "");
					for (;;);
				},
				{ maxRetries: 5 },
			);
			const outer = ray.remote((mark: string) => {
				const ref = stuck.remote(mark);
				while (!existsSync(mark));
				ray.cancel(ref, { force: true });
				try {
					return ray.getSync(ref);
				} catch (error) {
					return (error as Error).name;
				}
			});
			expect(await outer.remote(join(folder, "mark")).get()).toBe("TaskCancelledError");
			// Both CPUs are free again: these two run at the same time.
			const both = [polls.remote(), polls.remote()];
			for (const items of both) await items.next();
			for (const items of both) ray.cancel(items);
		}));

	it("reaches what the task submitted, unless it shall not", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const parent = ray.remote(async function* () {
				const child = ray
					.remote(async () => {
						await new Promise(() => {});
					})
					.remote();
				yield child;
				await child.get();
			});
			const fates = [];
			for (const recursive of [true, false]) {
				const items = parent.remote();
				const { value } = await items.next();
				const child = await value?.get();
				ray.cancel(items, { recursive });
				expect(await failure(items.completed().get())).toBeInstanceOf(ray.TaskCancelledError);
				const [ready] = await ray.wait([child as never], { timeout: recursive ? 10_000 : 0 });
				fates.push(ready.length);
				if (!recursive) ray.cancel(child as never);
			}
			expect(fates).toEqual([1, 0]);
		}));
});

describe("cancel by force of a task with children", () => {
	/** Notes each start in a file of its own, and holds its thread for ever. */
	const spin = ray.remote(
		(mark: string) => {
			appendFileSync(mark, "x");
			for (;;);
		},
		{ maxRetries: 5 },
	);
	const middle = ray.remote(async (mark: string, depth: number): Promise<void> => {
		await (depth === 0 ? spin.remote(mark) : middle.remote(mark, depth - 1)).get();
	});
	const ways = ["awaits", "blocks in getSync", "sleeps"] as const;
	const parent = ray.remote(async (mark: string, way: string, depth: number) => {
		const child = depth === 0 ? spin.remote(mark) : middle.remote(mark, depth);
		// Until then it holds its thread, so that the child runs on another.
		while (!existsSync(mark));
		if (way === "awaits") await child.get();
		if (way === "blocks in getSync") ray.getSync(child);
		if (way === "sleeps") await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
	});
	const quits = ray.remote(async (mark: string) => {
		const { signal } = ray.getRuntimeContext();
		spin.remote(mark);
		while (!existsSync(mark));
		await new Promise((resolve) => signal.addEventListener("abort", resolve));
	});
	const marks = async () => join(await mkdtemp(join(tmpdir(), "wasmray-")), "mark");
	const started = async (mark: string) => {
		while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 2));
	};
	const tasks = () => engineOf(ray.runtime()).inspection?.unfinishedTasks() ?? [];
	const untilIdle = async () => {
		while (tasks().length > 0) await new Promise((resolve) => setTimeout(resolve, 2));
	};

	for (const way of ways) {
		it(`ends the workers of all that it submitted, when it ${way}`, () =>
			withRuntime({ numCpus: 2 }, async () => {
				for (const depth of [0, 2]) {
					const mark = await marks();
					const ref = parent.remote(mark, way, depth);
					await started(mark);
					expect(ray.cancel(ref, { force: true })).toBe(true);
					expect(await failure(ref.get())).toBeInstanceOf(ray.TaskCancelledError);
					await untilIdle();
					expect(await ray.get([quick.remote(1), quick.remote(2)])).toEqual([1, 2]);
					expect(readFileSync(mark, "utf8")).toBe("x");
				}
			}));
	}

	it("does so from inside a task, and for a parent that ends at the first sign", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const stop = ray.remote(({ ref }: { ref: ray.ObjectRef<unknown> }) => ray.cancel(ref, { force: true }), {
				numCpus: 0,
			});
			for (const submit of [(mark: string) => parent.remote(mark, "awaits", 1), quits.remote]) {
				const mark = await marks();
				const ref = submit(mark);
				await started(mark);
				// It may share the parent's worker, and is tried again then.
				await stop.remote({ ref }).get();
				await untilIdle();
				expect(readFileSync(mark, "utf8")).toBe("x");
			}
		}));

	it("leaves them alone if it shall not be recursive", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const gives = ray.remote(async function* (mark: string) {
				const child = spin.remote(mark);
				while (!existsSync(mark));
				yield child;
				await child.get();
			});
			const mark = await marks();
			const items = gives.remote(mark);
			const child = (await (await items.next()).value?.get()) as ray.ObjectRef<never>;
			await started(mark);
			expect(ray.cancel(items, { force: true, recursive: false })).toBe(true);
			await failure(items.completed().get());
			while (tasks().length > 1) await new Promise((resolve) => setTimeout(resolve, 2));
			expect(await ray.wait([child], { timeout: 0 })).toEqual([[], [child]]);
			expect(ray.cancel(child, { force: true })).toBe(true);
			await untilIdle();
			expect(readFileSync(mark, "utf8")).toBe("x");
		}));
});

describe("cancel of a ref that came from elsewhere", () => {
	const forever = ray.remote(
		async () => {
			const { signal } = ray.getRuntimeContext();
			signal.throwIfAborted();
			await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
		},
		{ numCpus: 0 },
	);
	/** A handle of its own, which names no task. */
	const received = async <T>(ref: ray.ObjectRef<T>) => {
		using box = ray.put([ref]);
		return (await box.get())[0] as ray.ObjectRef<T>;
	};
	const cancelled = async (ref: ray.ObjectRef<unknown>) =>
		expect(await failure(ref.get())).toBeInstanceOf(ray.TaskCancelledError);

	it("cancels the task whose result it is: alone, of several, or a stream's end", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const others = Array.from({ length: 20 }, () => forever.remote());
			const single = forever.remote();
			const several = forever.options({ numReturns: 3 }).remote() as ray.ObjectRef<unknown>[];
			const items = polls.remote();
			await items.next();
			for (const ref of [single, several[1], items.completed()]) {
				const again = await received(ref as ray.ObjectRef<unknown>);
				expect(ray.cancel(again)).toBe(true);
				await cancelled(again);
			}
			for (const ref of several) await cancelled(ref);
			expect(await ray.wait(others, { timeout: 0 })).toEqual([[], others]);
			for (const ref of others) expect(ray.cancel(await received(ref))).toBe(true);
		}));

	it("works in tasks, for what they were given and for what a result holds", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const stop = ray.remote(({ refs }: { refs: ray.ObjectRef<unknown>[] }) => refs.map((ref) => ray.cancel(ref)));
			const start = ray.remote(() => ({ child: forever.remote() }));
			const mine = forever.remote();
			const { child } = await start.remote().get();
			expect(await stop.remote({ refs: [mine, child, ray.put(1)] }).get()).toEqual([true, true, false]);
			await cancelled(mine);
			await cancelled(child);
		}));

	it("ends the worker by force, also when its results have failed before", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const stuck = ray.remote(function* () {
				yield 1;
				for (;;);
			});
			const items = stuck.remote();
			await items.next();
			const end = await received(items.completed());
			expect(ray.cancel(end)).toBe(true);
			await cancelled(end);
			expect(ray.cancel(end, { force: true })).toBe(true);
			expect(await quick.remote(5).get()).toBe(5);
		}));

	it("says false when the task had finished, and for values, failed or not", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const done = quick.remote(1);
			const thrown = ray.remote(() => {
				throw new Error("no");
			});
			const failed = thrown.remote();
			await ray.wait([done, failed], { numReturns: 2 });
			await failure(failed.get());
			for (const ref of [done, failed, ray.put(1)]) expect(ray.cancel(await received(ref as never))).toBe(false);
		}));

	it("never hits another task, however fast tasks come and go", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const storm = ray.remote(async (n: number) => {
				let sum = 0;
				for (let i = 0; i < n; i++) sum += (await ray.get(quick.options({ numCpus: 0 }).remote(i))) - i;
				return sum;
			});
			const storms = [storm.remote(1500), storm.remote(1500)];
			let stopped = false;
			const over = ray.get(storms).finally(() => {
				stopped = true;
			});
			while (!stopped) {
				const ref = quick.remote(7);
				const again = await received(ref);
				const hit = ray.cancel(again, { recursive: false });
				const value = await again.get().catch((error: unknown) => error);
				if (hit) expect(value).toSatisfy((got) => got === 7 || got instanceof ray.TaskCancelledError);
				else expect(value).toBe(7);
			}
			expect(await over).toEqual([0, 0]);
		}));
});

describe("a timeout", () => {
	it("cancels queued and running tasks alike", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const running = polls.options({ timeout: 50 }).remote();
			await running.next();
			const queued = quick.options({ timeout: 1 }).remote(1);
			expect(await failure(queued.get())).toBeInstanceOf(ray.TaskTimeoutError);
			expect(await failure(running.completed().get())).toBeInstanceOf(ray.TaskTimeoutError);
		}));

	it("is kept while the driver blocks in getSync", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const ref = ray.remote(async () => new Promise<never>(() => {}), { timeout: 5 }).remote();
			expect(() => ray.getSync(ref)).toThrow(ray.TaskTimeoutError);
		}));
});

describe("a signal", () => {
	it("cancels the task when it aborts", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const controller = new AbortController();
			const running = polls.options({ signal: controller.signal }).remote();
			await running.next();
			controller.abort();
			expect(await failure(running.completed().get())).toBeInstanceOf(ray.TaskCancelledError);
		}));

	it("may be one for many tasks and gets, without a warning, and nothing listens to it afterwards", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const warnings: Error[] = [];
			const note = (warning: Error) => warnings.push(warning);
			process.on("warning", note);
			const controller = new AbortController();
			const { signal } = controller;
			const wait = ray.remote(() => new Promise<void>(() => {}), { numCpus: 0, signal });
			await ray.get(Array.from({ length: 100 }, (_, i) => quick.options({ signal }).remote(i)));
			const left = wait.options({ signal: new AbortController().signal }).remote();
			const gets = Array.from({ length: 20 }, () => failure(left.get({ signal })));
			const tasks = Array.from({ length: 20 }, () => wait.remote());
			expect(getEventListeners(signal, "abort")).toHaveLength(1);
			controller.abort(new Error("enough"));
			for (const error of await Promise.all(gets)) expect(error).toBe(signal.reason);
			for (const ref of tasks) expect(await failure(ref.get())).toBeInstanceOf(ray.TaskCancelledError);
			expect(getEventListeners(signal, "abort")).toHaveLength(0);
			const unused = new AbortController().signal;
			await quick.options({ signal: unused }).remote(1).get();
			await new Promise((resolve) => setImmediate(resolve));
			expect(getEventListeners(unused, "abort")).toHaveLength(0);
			ray.cancel(left);
			process.off("warning", note);
			expect(warnings).toEqual([]);
		}));

	it("that is aborted already, and a timeout of 0, let nothing of it run", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const folder = await mkdtemp(join(tmpdir(), "wasmray-"));
			const ran = join(folder, "ran");
			const mark = ray.remote(() => writeFileSync(ran, "it ran"));
			const items = ray.remote(function* () {
				writeFileSync(ran, "it ran");
				yield 1;
			});
			const reason = new Error("before");
			const signal = AbortSignal.abort(reason);
			for (let i = 0; i < 50; i++) {
				expect(await failure(mark.options({ signal }).remote().get())).toMatchObject({
					name: "TaskCancelledError",
					cause: { message: "before" },
				});
				expect(await failure(mark.options({ timeout: 0 }).remote().get())).toBeInstanceOf(ray.TaskTimeoutError);
			}
			const two = mark.options({ signal, numReturns: 2 }).remote() as unknown as ray.ObjectRef[];
			for (const ref of two) expect(await failure(ref.get())).toBeInstanceOf(ray.TaskCancelledError);
			const generator = items.options({ signal }).remote();
			const steps = [await generator.next(), await generator.next()];
			expect(steps.map(({ done }) => done)).toEqual([false, true]);
			expect(await failure(steps[0]?.value?.get() as Promise<unknown>)).toBeInstanceOf(ray.TaskCancelledError);
			expect(await failure(generator.completed().get())).toBeInstanceOf(ray.TaskCancelledError);
			await quick.remote(1).get();
			expect(existsSync(ran)).toBe(false);
		}));
});
