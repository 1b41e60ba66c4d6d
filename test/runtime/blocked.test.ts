/** A driver blocked in getSync goes on with its duties: workers that end meanwhile are noticed, recovered and replaced. */
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { withRuntime } from "./with-runtime.ts";

/** What a blocking get throws. Nothing here takes nearly as long. */
const thrown = (ref: ray.ObjectRef): ray.RayError => {
	try {
		ray.getSync(ref, { timeout: 20_000 });
	} catch (error) {
		return error as ray.RayError;
	}
	throw new Error("It was to fail, and did not.");
};
const small = { resourceLimits: { maxOldGenerationSizeMb: 24 } };

/** Ends of a worker in a first attempt; a second one succeeds. */
const ends = {
	"by process.exit": ray.remote(() => {
		if (ray.getRuntimeContext().attempt === 1) process.exit(7);
		return "second";
	}),
	"by what nobody catches": ray.remote(() => {
		if (ray.getRuntimeContext().attempt !== 1) return "second";
		setImmediate(() => {
			throw Object.assign(new RangeError("nobody catches this"), { self: () => 1 });
		});
		return new Promise<string>(() => {});
	}),
	"by its heap's end": ray.remote(
		() => {
			const kept: unknown[] = [];
			while (ray.getRuntimeContext().attempt === 1) kept.push(new Array(1000).fill(kept.length));
			return "second";
		},
		{ runtimeEnv: small },
	),
	"by process.exit with exit handlers that run on": ray.remote(() => {
		if (ray.getRuntimeContext().attempt !== 1) return "second";
		process.on("exit", () => {
			const until = Date.now() + 100;
			while (Date.now() < until) ray.put(new Array(50).fill("written while it ends"));
		});
		process.exit(1);
	}),
};
const errors: Record<keyof typeof ends, object> = {
	"by process.exit": { name: "WorkerCrashedError", message: expect.stringMatching(/attempt 1.*code 7/) },
	"by what nobody catches": {
		name: "WorkerCrashedError",
		message: expect.stringContaining("RangeError: nobody catches this"),
		cause: expect.objectContaining({ name: "RangeError", stack: expect.stringContaining("blocked.test") }),
	},
	"by its heap's end": { name: "OutOfMemoryError", message: expect.stringMatching(/attempt 1.*resourceLimits/) },
	"by process.exit with exit handlers that run on": { name: "WorkerCrashedError" },
};
const add = ray.remote((a: number, b: number) => a + b);
const spin = ray.remote((mark: string) => {
	writeFileSync(mark, "");
	for (;;);
});

describe.each(Object.keys(ends) as (keyof typeof ends)[])("a task that ends its worker %s, blocked on", (how) => {
	it("fails, its worker is replaced, and nothing is left", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const dies = ends[how].options({ maxRetries: 0 });
			const round = () => {
				using ref = dies.remote();
				expect(thrown(ref)).toMatchObject(errors[how]);
			};
			round();
			expect(ray.getSync(add.remote(1, 2), { timeout: 20_000 })).toBe(3);
			const { objects, used } = ray.storeStats();
			round();
			expect(ray.getSync(add.remote(3, 4), { timeout: 20_000 })).toBe(7);
			expect(ray.storeStats().objects).toBeLessThanOrEqual(objects + 2);
			expect(ray.storeStats().used).toBeLessThanOrEqual(used + 256);
		}));

	it("is retried, while others go on", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const others = Array.from({ length: 50 }, (_, i) => add.remote(i, i));
			const ref = ends[how].options({ maxRetries: 1, retryDelay: 20 }).remote();
			const more = Array.from({ length: 50 }, (_, i) => add.remote(i, 1));
			expect(ray.getSync(ref, { timeout: 20_000 })).toBe("second");
			expect(ray.getSync(others, { timeout: 20_000 })).toEqual(others.map((_, i) => 2 * i));
			expect(await ray.get(more)).toEqual(more.map((_, i) => i + 1));
		}));
});

describe("a blocked driver", () => {
	it("hears of every attempt, however many there are, and of the last", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const exits = ray.remote(() => process.exit(3), { maxRetries: 5 });
			expect(thrown(exits.remote())).toMatchObject({
				name: "WorkerCrashedError",
				message: expect.stringContaining("attempt 6"),
			});
		}));

	it("ends the worker of a task that another task cancels by force, and starts another", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const folder = await mkdtemp(join(tmpdir(), "wasmray-test-"));
			// Without a pause, or its own worker might take what it submits.
			const killer = ray.remote(
				(mark: string) => {
					const ref = spin.remote(mark);
					while (!existsSync(mark));
					ray.cancel(ref, { force: true });
					try {
						return ray.getSync(ref);
					} catch (error) {
						return (error as Error).name;
					}
				},
				{ numCpus: 0 },
			);
			// More often than there are CPUs: unless they are recovered, nothing runs any more.
			for (const mark of ["a", "b", "c"]) {
				expect(ray.getSync(killer.remote(join(folder, mark)), { timeout: 20_000 })).toBe("TaskCancelledError");
			}
			const both = ray.remote(() => "all CPUs", { numCpus: 2 });
			expect(ray.getSync(both.remote(), { timeout: 20_000 })).toBe("all CPUs");
		}));

	it("notices workers that end all at once", () =>
		withRuntime({ numCpus: 4 }, async () => {
			const exits = ray.remote(async () => process.exit(9), { maxRetries: 0 });
			const refs = Array.from({ length: 8 }, () => exits.remote());
			for (const ref of refs) expect(thrown(ref).message).toContain("code 9");
			expect(ray.getSync(add.remote(1, 1), { timeout: 20_000 })).toBe(2);
		}));

	it("sees a worker that ended before the driver blocked, and one that ends after it did", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const exits = ray.remote(() => process.exit(1), { maxRetries: 0 });
			const before = exits.remote();
			const until = Date.now() + 300;
			while (Date.now() < until);
			expect(thrown(before)).toBeInstanceOf(ray.WorkerCrashedError);
			const after = exits.remote();
			expect(await after.get().catch((error: Error) => error.name)).toBe("WorkerCrashedError");
			expect(thrown(exits.remote())).toBeInstanceOf(ray.WorkerCrashedError);
		}));

	it("is told that workers do not start", () =>
		withRuntime({ numCpus: 1, runtimeEnv: { execArgv: ["--require", "./no-such-file.cjs"] } }, async () => {
			expect(thrown(add.remote(1, 2)).message).toMatch(/Workers do not start.*no-such-file/);
		}));
});
