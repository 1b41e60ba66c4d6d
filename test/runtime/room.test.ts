import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

const soon = ray.remote(async (n: number) => {
	await new Promise((resolve) => setTimeout(resolve, 1));
	return n;
});
const limited = { numCpus: 1, maxPendingTasks: 20 };
const all = (count: number, body: (i: number) => Promise<unknown>) =>
	Promise.all(Array.from({ length: count }, (_, i) => body(i)));
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("capacity", () => {
	it("gives each place once: many callers at the same time never come to the limit, and go on in their order", () =>
		withRuntime(limited, async () => {
			const order: number[] = [];
			const values = await all(60, async (i) => {
				await ray.capacity();
				order.push(i);
				return soon.remote(i).get();
			});
			expect(values).toEqual(range(60));
			expect(order).toEqual(range(60));
		}));

	it("keeps a place no longer than its holder may submit", () =>
		withRuntime(limited, async () => {
			const kept = range(20).map(() => ray.capacity());
			const later = ray.capacity(20).then(() => "later");
			expect(await Promise.race([Promise.all(kept).then(() => "kept"), later])).toBe("kept");
			expect(await later).toBe("later");
			await all(50, () => ray.capacity());
			await all(30, async (i) => {
				await ray.capacity();
				if (i % 2 === 0) await soon.remote(i).get();
			});
		}));

	it("gives several places at once, none of them twice, and lets nobody pass who asked for many", () =>
		withRuntime(limited, async () => {
			const order: number[] = [];
			await all(40, async (i) => {
				const count = [1, 7, 20, 3][i % 4] as number;
				await ray.capacity(count);
				order.push(i);
				await ray.get(range(count).map((n) => soon.remote(n)));
			});
			expect(order).toEqual(range(40));
		}));

	it("does the same for callers inside a task", () =>
		withRuntime(limited, async () => {
			const outer = ray.remote(async () => {
				const results = await Promise.allSettled(
					Array.from({ length: 60 }, async (_, i) => {
						await ray.capacity();
						return soon.options({ numCpus: 0 }).remote(i).get();
					}),
				);
				return results.filter(({ status }) => status === "rejected").length;
			});
			expect(await outer.remote().get()).toBe(0);
		}));

	it("lasts through a drain, and ends with the runtime", async () => {
		const { capacity } = ray;
		const runtime = await ray.createRuntime({ numCpus: 1, maxPendingTasks: 2 });
		const [fits, waits] = runtime.run(() => {
			void soon.remote(1);
			void soon.remote(2);
			return [capacity(2), failure(capacity(2).then(() => runtime.run(() => soon.remote(1))))];
		});
		await runtime.shutdown({ drain: true });
		await fits;
		expect(await waits).toBeInstanceOf(ray.RuntimeShutdownError);
	});
});
