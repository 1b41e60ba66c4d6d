import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import * as ray from "../../src/index.ts";
import { WorkerThread } from "../../src/platform/threads.ts";
import { failure, withRuntime } from "./with-runtime.ts";

const small = { numCpus: 1, objectStoreMemory: "8MiB" } as const;
const spin = ray.remote(() => {
	while (!ray.getRuntimeContext().signal.aborted);
});
const forever = ray.remote(async () => {
	await new Promise(() => {});
});
const double = ray.remote((n: number) => n * 2);

afterEach(() => ray.shutdown());

describe("the default runtime", () => {
	it("can be started and shut down many times, and computes each time", async () => {
		for (let i = 0; i < 5; i++) {
			await ray.init(small);
			expect(await double.remote(i).get()).toBe(2 * i);
			await ray.shutdown();
			expect(ray.isInitialized()).toBe(false);
		}
	});

	it("is refused a second time, and its calls before and after have errors of their own", async () => {
		await ray.init(small);
		await expect(ray.init(small)).rejects.toThrow(ray.RuntimeAlreadyInitializedError);
		await ray.shutdown();
		expect(() => ray.put(1)).toThrow(ray.RuntimeShutdownError);
		expect(() => ray.runtime()).toThrow(ray.RuntimeNotInitializedError);
	});

	it("is not left behind by an init that fails", async () => {
		const before = process.listenerCount("beforeExit");
		await expect(ray.init({ ...small, runtimeEnv: { execArgv: ["--no-such-flag-at-all"] } })).rejects.toThrow();
		expect(ray.isInitialized()).toBe(false);
		expect(process.listenerCount("beforeExit")).toBe(before);
		await ray.init(small);
		expect(await double.remote(4).get()).toBe(8);
	});

	it("ends the threads that it had started early when its engine cannot be", async () => {
		const ended = vi.spyOn(WorkerThread.prototype, "terminate");
		const noMemory = vi.spyOn(WebAssembly, "Memory").mockImplementation(
			class {
				constructor() {
					throw new RangeError("no memory today");
				}
			} as never,
		);
		try {
			await expect(ray.init(small)).rejects.toThrow("no memory today");
			expect(ended).toHaveBeenCalledTimes(1);
			expect(ray.isInitialized()).toBe(false);
		} finally {
			noMemory.mockRestore();
			ended.mockRestore();
		}
	});

	it("leaves no worker behind when it is ended while it starts", async () => {
		const opened = vi.spyOn(WorkerThread.prototype, "run");
		const ended = vi.spyOn(WorkerThread.prototype, "terminate");
		const starting = failure(ray.init({ ...small, numCpus: 3 }));
		ray.shutdownNow();
		expect(await starting).toBeInstanceOf(ray.RuntimeShutdownError);
		// In later turns no others are started for it.
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(new Set(ended.mock.contexts)).toEqual(new Set(opened.mock.contexts));
		opened.mockRestore();
		ended.mockRestore();
	});

	it("has all of its workers soon, though it starts with fewer, also when the program blocks at once", async () => {
		await ray.init({ ...small, numCpus: 3 });
		const folder = mkdtempSync(join(tmpdir(), "wasmray-meet-"));
		onTestFinished(() => rmSync(folder, { recursive: true }));
		const meets = ray.remote((place: string, name: string) => {
			writeFileSync(join(place, name), "");
			const clock = new Int32Array(new SharedArrayBuffer(4));
			while (readdirSync(place).length < 3) Atomics.wait(clock, 0, 0, 5);
			return name;
		});
		const names = ["a", "b", "c"];
		expect(ray.getSync(names.map((name) => meets.remote(folder, name)))).toEqual(names);
	});
});

describe("several runtimes", () => {
	it("live side by side, each with the calls inside its run", async () => {
		const [a, b] = await Promise.all([ray.createRuntime(small), ray.createRuntime(small)]);
		const ids = await Promise.all(
			[a, b].map((runtime) =>
				runtime.run(() =>
					ray
						.remote(() => ray.getRuntimeContext().runtimeId)
						.remote()
						.get(),
				),
			),
		);
		expect(ids).toEqual([a.id, b.id]);
		await Promise.all([a.shutdown(), b.shutdown()]);
	});

	it("refuse each other's refs", async () => {
		const other = await ray.createRuntime(small);
		const foreign = other.put({ here: true });
		await withRuntime(small, async () => {
			expect(() => double.remote(foreign as never)).toThrow(/another runtime/);
		});
		await other.shutdown();
	});
});

describe("a shutdown", () => {
	it("lets queued and running work finish when it drains", async () => {
		const runtime = await ray.createRuntime(small);
		const results = runtime.run(() => Array.from({ length: 20 }, (_, i) => double.remote(i).get()));
		await runtime.shutdown({ drain: true });
		expect(await Promise.all(results)).toEqual(Array.from({ length: 20 }, (_, i) => i * 2));
	});

	it("without draining cancels what is queued and running, and tells whoever waits", async () => {
		const runtime = await ray.createRuntime(small);
		const pending = runtime.run(() => [spin.remote().get(), spin.remote().get(), forever.remote().get()]);
		const settled = Promise.allSettled(pending);
		await runtime.shutdown();
		for (const result of await settled) {
			expect(result).toMatchObject({ status: "rejected", reason: expect.any(ray.RuntimeShutdownError) });
		}
	});

	it("lets what runs deliver within its time, with its retries and what it submits, and cancels what is queued", async () => {
		const runtime = await ray.createRuntime({ ...small, resources: { gate: 1 } });
		const gated = { numCpus: 0, resources: { gate: 1 } };
		const holds = ray.remote(async function* () {
			yield 1;
			await new Promise((resolve) => setTimeout(resolve, 200));
			yield 2;
		}, gated);
		const submits = ray.remote(
			async function* () {
				const queued = double.options(gated).remote(1).get();
				const fate = queued.catch((error: Error) => error.name);
				yield "";
				yield `${await fate}, ${await double.remote(21).get()}`;
			},
			{ numCpus: 0 },
		);
		const tries = ray.remote(
			async (mark: string) => {
				const { attempt } = ray.getRuntimeContext();
				writeFileSync(mark, "");
				await new Promise((resolve) => setTimeout(resolve, 100));
				if (attempt === 1) throw new Error("not yet");
				return attempt;
			},
			{ numCpus: 0, maxRetries: 1, retryExceptions: true },
		);
		const mark = join(mkdtempSync(join(tmpdir(), "wasmray-")), "mark");
		const [held, submitted, tried, queued] = runtime.run(() => [
			holds.remote(),
			submits.remote(),
			tries.remote(mark),
			double.options(gated).remote(2),
		]);
		await held.next();
		await submitted.next();
		while (!existsSync(mark)) await new Promise((resolve) => setTimeout(resolve, 2));
		const ending = runtime.shutdown({ timeout: 20_000 });
		expect(() => runtime.put(1)).toThrow(/put\(\): the runtime is being shut down/);
		expect(await failure(queued.get())).toBeInstanceOf(ray.RuntimeShutdownError);
		const items = [await (await held.next()).value?.get(), await (await submitted.next()).value?.get()];
		expect(items).toEqual([2, "RuntimeShutdownError, 42"]);
		expect(await tried.get()).toBe(2);
		await ending;
	});

	it("cancels what still runs when its time is over, whatever the task makes of its signal", async () => {
		const runtime = await ray.createRuntime(small);
		const throws = ray.remote(async function* () {
			const { signal } = ray.getRuntimeContext();
			yield "started";
			await new Promise((resolve) => signal.addEventListener("abort", resolve));
			signal.throwIfAborted();
		});
		const items = runtime.run(() => throws.remote())[Symbol.asyncIterator]();
		await items.next();
		const running = failure(items.next().then(({ value }) => value.get()));
		const began = performance.now();
		await runtime.shutdown({ timeout: 100 });
		expect(performance.now() - began).toBeGreaterThan(95);
		expect(await running).toBeInstanceOf(ray.RuntimeShutdownError);
	});

	it("terminates what still runs when its time is over", async () => {
		const runtime = await ray.createRuntime(small);
		const stuck = runtime.run(() =>
			failure(
				ray
					.remote(() => {
						for (;;);
					})
					.remote()
					.get(),
			),
		);
		const began = performance.now();
		await runtime.shutdown({ timeout: 0 });
		expect(performance.now() - began).toBeLessThan(4000);
		expect(await stuck).toBeInstanceOf(ray.RuntimeShutdownError);
	});

	it("at once rejects everything pending, also in the middle of a drain", async () => {
		const runtime = await ray.createRuntime(small);
		const stuck = runtime.run(() => failure(forever.remote().get()));
		const draining = runtime.shutdown({ drain: true, timeout: 2 ** 30 });
		runtime.shutdownNow();
		await draining;
		expect(await stuck).toBeInstanceOf(ray.RuntimeShutdownError);
	});

	it("takes no new tasks from the program from its call on, but those of the tasks that it waits for", async () => {
		const runtime = await ray.createRuntime(small);
		const nested = runtime.run(() =>
			ray
				.remote(async (depth: number): Promise<number> => {
					const below = ray.remote((depth: number) => depth * 10);
					await new Promise((resolve) => setTimeout(resolve, 30));
					return below.remote(depth).get();
				})
				.remote(4)
				.get(),
		);
		const ending = runtime.shutdown({ drain: true });
		expect(() => runtime.run(() => double.remote(1))).toThrow(/is being shut down, and takes no new tasks/);
		expect(await nested).toBe(40);
		await ending;
	});

	it("makes every later call a RuntimeShutdownError", async () => {
		const runtime = await ray.createRuntime(small);
		const ref = runtime.put([1]);
		await runtime.shutdown();
		await expect(runtime.get(ref)).rejects.toThrow(ray.RuntimeShutdownError);
		expect(() => runtime.getSync(ref)).toThrow(ray.RuntimeShutdownError);
		expect(() => runtime.put(1)).toThrow(ray.RuntimeShutdownError);
		await expect(runtime.wait([ref])).rejects.toThrow(ray.RuntimeShutdownError);
	});

	it("ends waits for capacity, for streams, and for some of many", async () => {
		const runtime = await ray.createRuntime({ ...small, maxPendingTasks: 2 });
		const waits = runtime.run(() => {
			const ref = forever.remote();
			const items = ray
				.remote(async function* () {
					await new Promise(() => {});
					yield 1;
				})
				.remote();
			return [ray.capacity(), ray.wait([ref]), items.next()].map(failure);
		});
		runtime.shutdownNow();
		for (const error of await Promise.all(waits)) expect(error).toBeInstanceOf(ray.RuntimeShutdownError);
	});
});

describe("inside a task", () => {
	it("lifecycle calls throw and say so", async () => {
		await withRuntime(small, async () => {
			const error = await failure(
				ray
					.remote(() => ray.init())
					.remote()
					.get(),
			);
			expect(error.message).toMatch(/init\(\) inside a task/);
			const shut = await failure(
				ray
					.remote(() => ray.shutdown())
					.remote()
					.get(),
			);
			expect(shut.message).toMatch(/shutdown\(\) inside a task/);
		});
	});
});

describe("workers that cannot start", () => {
	it("end the runtime with the reason", async () => {
		const runtime = await ray.createRuntime({
			...small,
			runtimeEnv: { execArgv: ["--require", "./no-such-file.cjs"] },
		});
		const error = await runtime.run(() => failure(double.remote(1).get()));
		expect(error.message).toMatch(/Workers do not start.*no-such-file/);
		expect(() => runtime.put(1)).toThrow(/has ended by itself.*Workers do not start.*no-such-file/);
		await runtime.shutdown();
	});
});
