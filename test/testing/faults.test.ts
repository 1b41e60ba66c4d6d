import { describe, expect, test } from "vitest";
import * as ray from "../../src/index.ts";
import { faults, withTestRuntime } from "../../src/testing/index.ts";
import { failure } from "./support.ts";

const square = ray.remote((n: number) => n * n);
const spin = ray.remote(function spin() {
	for (;;);
});
const whoAmI = ray.remote(() => ray.getRuntimeContext().workerId);
const spinOnce = ray.remote(function spinOnce() {
	if (ray.getRuntimeContext().attempt === 1) for (;;);
	return "again";
});
const attemptOnceOpen = ray.remote(async function attemptOnceOpen() {
	await new Promise((resolve) => setTimeout(resolve, 300));
	return ray.getRuntimeContext().attempt;
});
const count = ray.remote(function* count() {
	yield 1;
	for (;;);
});
const one = { numCpus: 1 };

describe("faults", () => {
	test("kill the worker that runs a task", () =>
		withTestRuntime(async () => {
			const ref = spin.options({ maxRetries: 0 }).remote();
			await faults().killWorkerOf(ref);
			expect(await failure(ref.get())).toBeInstanceOf(ray.WorkerCrashedError);
			expect(await square.remote(3).get()).toBe(9);
		}, one));

	test("kill a worker as a crash does: its task is tried again", () =>
		withTestRuntime(async (runtime) => {
			const ref = spinOnce.options({ maxRetries: 1 }).remote();
			await faults(runtime).killWorkerOf(ref);
			expect(await ref.get()).toBe("again");
		}, one));

	test("kill the worker of a generator", () =>
		withTestRuntime(async () => {
			const items = count.options({ maxRetries: 0 }).remote();
			await items.next();
			await faults().killWorkerOf(items);
			expect(await failure(items.completed().get())).toBeInstanceOf(ray.WorkerCrashedError);
		}, one));

	test("kill a worker by its id", () =>
		withTestRuntime(async () => {
			const worker = await whoAmI.remote().get();
			await faults().killWorker(worker);
			expect(await square.remote(4).get()).toBe(16);
		}, one));

	test("kill workers before they have started, any number of times", () =>
		withTestRuntime(async () => {
			for (let i = 0; i < 6; i++) {
				const [, id] = /now: (\d+)/.exec((await failure(faults().killWorker(10_000))).message) ?? [];
				await faults().killWorker(Number(id));
			}
			expect(await square.remote(3).get()).toBe(9);
		}, one));

	test("make the store as small as is said", () =>
		withTestRuntime(async () => {
			const before = ray.put(new Uint8Array(3_000_000));
			await faults().limitStore(2_000_000);
			expect(() => ray.put(new Uint8Array(1000))).toThrow(ray.ObjectStoreFullError);
			await faults().limitStore(6_000_000);
			expect((await ray.put(new Uint8Array(1000)).get()).length).toBe(1000);
			expect(() => ray.put(new Uint8Array(4_000_000))).toThrow(ray.ObjectStoreFullError);
			expect((await before.get()).length).toBe(3_000_000);
		}, one));

	test("say that nothing is spilled, so that no spill can fail", () =>
		withTestRuntime(async () => {
			expect((await failure(faults().failSpills(1))).message).toContain("does not spill");
		}, one));

	test("refuse what is not there", () =>
		withTestRuntime(async (runtime) => {
			const { killWorker, killWorkerOf, limitStore } = faults(runtime);
			expect((await failure(killWorker(77))).message).toMatch(/There is no worker 77\. Workers just now: \d/);
			expect((await failure(killWorker("1" as never))).message).toContain("killWorker(): workerId must be");
			expect((await failure(limitStore(0))).message).toContain("limitStore(): bytes must be");
			expect((await failure(killWorkerOf({}))).message).toContain("killWorkerOf(): target must be");
			expect((await failure(killWorkerOf(ray.put(1)))).message).toContain("is not the result of a task");
			const done = square.remote(2);
			await done.get();
			expect((await failure(killWorkerOf(done))).message).toContain("is over");
		}, one));

	test("refuse what belongs to another runtime, and end no worker for it", () =>
		withTestRuntime(
			(other) =>
				withTestRuntime(async (runtime) => {
					const [elsewhere, items] = other.run(() => [attemptOnceOpen.remote(), count.remote()] as const);
					const here = attemptOnceOpen.remote();
					const refusal = /killWorkerOf\(\): object \S+ belongs to another runtime than \S+\. Call faults\(runtime\)/;
					expect((await failure(faults().killWorkerOf(elsewhere))).message).toMatch(refusal);
					expect((await failure(faults(runtime).killWorkerOf(items))).message).toMatch(refusal);
					expect((await failure(faults(other).killWorkerOf(here))).message).toMatch(refusal);
					ray.cancel(items, { force: true });
					expect(await Promise.all([here.get(), elsewhere.get()])).toEqual([1, 1]);
				}, one),
			{ numCpus: 2 },
		));

	test("need a runtime that is there", async () => {
		expect(() => faults()).toThrow(ray.RuntimeNotInitializedError);
		let over: ray.Runtime | undefined;
		await withTestRuntime((runtime) => {
			over = runtime;
		}, one);
		expect(() => faults(over)).toThrow(ray.RuntimeShutdownError);
	});
});
