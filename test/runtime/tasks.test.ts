import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { faults } from "../../src/testing/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

describe("a function", () => {
	it("has no `this` of the runtime's", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const own = ray.remote(function (this: unknown) {
				return typeof this;
			});
			expect(await own.remote().get()).toBe("undefined");
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
