import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

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

	it("has place for any number of combinations of resources, one after another, in tasks too", () =>
		withRuntime({ numCpus: 2, resources: { unit: 1000 } }, async () => {
			const add = ray.remote((value: number) => value + 1, { numCpus: 0 });
			const kept = add.options({ resources: { unit: 1 } });
			const inTask = ray.remote(async () => {
				let sum = 0;
				for (let amount = 1; amount <= 300; amount++) {
					sum += await add
						.options({ resources: { unit: amount / 2 } })
						.remote(amount)
						.get();
				}
				return sum;
			});
			const inner = inTask.remote();
			for (let amount = 2; amount <= 600; amount++) {
				expect(
					await add
						.options({ resources: { unit: amount } })
						.remote(amount)
						.get(),
				).toBe(amount + 1);
				if (amount % 100 === 0) expect(await kept.remote(amount).get()).toBe(amount + 1);
			}
			expect(await inner.get()).toBe(300 * 151.5);
		}));

	it("refuses a combination of resources while 256 others have unfinished tasks, and says so", () =>
		withRuntime({ numCpus: 1, resources: { unit: 1000 } }, async () => {
			const holds = ray.remote(async () => {
				await new Promise(() => {});
			});
			const of = (amount: number) => holds.options({ numCpus: 0, resources: { unit: amount } });
			const known = of(1);
			const refs = Array.from({ length: 256 }, (_, i) => (i === 0 ? known : of(i + 1)).remote());
			const { message } = await failure((async () => of(300).remote())());
			expect(message).toMatch(/^Task \w+ needs a combination .* 256 different ones, which is the most/);
			const again = known.remote();
			ray.cancel(refs[100] as ray.ObjectRef, { force: true });
			await failure((refs[100] as ray.ObjectRef).get());
			const late = of(300).remote();
			// Its plan is of before: the core refuses that, and there is no place.
			expect(() => of(101).remote()).toThrow(ray.RayError);
			for (const ref of [...refs, again, late]) ray.cancel(ref, { force: true });
			await failure(late.get());
		}));
});
