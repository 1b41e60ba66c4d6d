import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

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
