import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Kinds } from "../../src/engine/local/plans.ts";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

const colour = ray.remote(() => process.env.COLOUR);
const paint = (name: string) => ({ runtimeEnv: { envVars: { COLOUR: name } } });
const workerId = ray.remote(() => ray.getRuntimeContext().workerId);

describe("a task's environment", () => {
	it("is the runtime's, or its own", () =>
		withRuntime({ numCpus: 1, ...paint("red") }, async () => {
			const blue = colour.options(paint("blue"));
			expect(await ray.get([colour.remote(), blue.remote(), colour.remote()])).toEqual(["red", "blue", "red"]);
			expect(process.env.COLOUR).toBeUndefined();
		}));

	it("is that of the task that submits it, or one that nobody has used before", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const outer = ray.remote(
				async () => [
					await colour.remote().get(),
					await colour
						.options({ runtimeEnv: { envVars: { COLOUR: "green" } } })
						.remote()
						.get(),
					await colour.options({ runtimeEnv: {} }).remote().get(),
				],
				paint("blue"),
			);
			expect(await outer.remote().get()).toEqual(["blue", "green", undefined]);
		}));

	it("can be new at each of several depths, and while the driver is blocked", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deeper = ray.remote(
				async (depth: number): Promise<string[]> => {
					const own = String(process.env.DEPTH);
					if (depth === 0) return [own];
					const next = deeper.options({ runtimeEnv: { envVars: { DEPTH: String(depth) } } });
					return [own, ...(await next.remote(depth - 1).get())];
				},
				{ name: "deeper" },
			);
			expect(ray.getSync(deeper.remote(3), { timeout: 20_000 })).toEqual(["undefined", "3", "2", "1"]);
		}));

	it("is one for all who name the same, driver and tasks", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const first = { runtimeEnv: { envVars: { A: "1", B: "2" }, execArgv: ["--no-warnings"] } };
			const nested = ray.remote(() =>
				workerId.options({ runtimeEnv: { execArgv: ["--no-warnings"], envVars: { B: "2", A: "1" } } }).remote(),
			);
			const inTask = await (await nested.remote().get()).get();
			expect(await workerId.options(first).remote().get()).toBe(inTask);
			const other = ray.remote(() => workerId.options({ runtimeEnv: { envVars: { A: "1" } } }).remote());
			expect(await (await other.remote().get()).get()).not.toBe(inTask);
		}));

	it("is refused in the task that asks for what no worker can be started with", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const bad = ray.remote(() => colour.options({ runtimeEnv: { execArgv: ["--no-such-flag"] } }).remote());
			expect((await failure(bad.remote().get())).message).toMatch(
				/options\(\): runtimeEnv\.execArgv must be.*--no-such-flag/,
			);
			expect(await colour.remote().get()).toBeUndefined();
		}));

	it("is named when the host starts no thread with it", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const bad = colour.options({ runtimeEnv: { resourceLimits: { stackSizeMb: 1e9 } } });
			expect(() => bad.remote()).toThrow(ray.RayError);
			expect(() => bad.remote()).toThrow(/thread cannot be started with runtimeEnv .*"stackSizeMb":1000000000/);
			expect(await colour.remote().get()).toBeUndefined();
		}));

	it("may give the least stack", () =>
		withRuntime({ numCpus: 1, runtimeEnv: { resourceLimits: { stackSizeMb: 0.5 } } }, async () => {
			const deep = (n: number): number => (n === 0 ? 0 : 1 + deep(n - 1));
			const error = await failure(
				ray
					.remote(() => deep(1e6), { closure: { deep } })
					.remote()
					.get(),
			);
			expect(error.cause).toBeInstanceOf(RangeError);
			expect(await colour.remote().get()).toBeUndefined();
		}));

	it("is had by what a task submitted that then ended its worker", async () => {
		const mark = join(await mkdtemp(join(tmpdir(), "wasmray-test-")), "mark");
		const runtime = await ray.createRuntime({ numCpus: 1, objectStoreMemory: "8MiB" });
		const writes = ray.remote(() => writeFileSync(process.env.MARK as string, ""));
		const dies = ray.remote(
			(path: string) => {
				writes.options({ runtimeEnv: { envVars: { MARK: path } } }).remote();
				process.exit(1);
			},
			{ maxRetries: 0 },
		);
		await runtime.run(() => failure(dies.remote(mark).get()));
		await runtime.shutdown({ drain: true });
		expect(existsSync(mark)).toBe(true);
	});
});

describe("an environment in which workers do not start", () => {
	const broken = { runtimeEnv: { execArgv: ["--require", "./no-such-file.cjs"] } };
	const lost = colour.options(broken);
	const why = /Task anonymous cannot run\. Workers do not start \(runtimeEnv .*no-such-file.*\): .*Cannot find module/s;

	it("fails its own tasks, then and later, with the reason, and no others", () =>
		withRuntime({ numCpus: 2, ...paint("red") }, async () => {
			const argument = ray.remote(() => new Promise<number>((resolve) => setTimeout(resolve, 1500, 1))).remote();
			const waiting = ray.remote((x: number) => x, broken).remote(argument);
			const errors = await Promise.all([lost.remote(), lost.remote()].map((ref) => failure(ref.get())));
			for (const error of errors) {
				expect(error).toBeInstanceOf(ray.TaskUnschedulableError);
				expect(error.message).toMatch(why);
				expect(error.cause).toBeInstanceOf(Error);
			}
			expect(await colour.remote().get()).toBe("red");
			const begun = performance.now();
			expect((await failure(lost.remote().get())).message).toMatch(why);
			expect(performance.now() - begun).toBeLessThan(500);
			expect((await failure(waiting.get())).message).toMatch(why);
		}));

	it("fails what tasks submit for it, whether they await it or block", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const awaits = ray.remote(() =>
				lost
					.remote()
					.get()
					.catch((error: Error) => error.message),
			);
			const blocks = ray.remote(() => {
				try {
					return ray.getSync(lost.remote());
				} catch (error) {
					return (error as Error).message;
				}
			});
			for (const outer of [awaits, blocks, awaits]) expect(await outer.remote().get()).toMatch(why);
		}));

	it("fails a task's several results and a generator, and takes no retry", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const several = ray.remote(() => [1, 2], { ...broken, numReturns: 2, retryExceptions: true });
			for (const ref of several.remote()) expect((await failure(ref.get())).message).toMatch(why);
			const items = ray.remote(function* () {
				yield 1;
			}, broken);
			const { value } = await items.remote().next();
			expect((await failure((value as ray.ObjectRef).get())).message).toMatch(why);
		}));

	it("is told to a driver that is blocked", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const shown = /Task anonymous cannot run\. Workers do not start .*no-such-file/;
			for (let i = 0; i < 2; i++) expect(() => ray.getSync(lost.remote(), { timeout: 20_000 })).toThrow(shown);
			expect(ray.getSync(colour.remote())).toBeUndefined();
		}));

	it("does not keep shutdown waiting", async () => {
		const runtime = await ray.createRuntime({ numCpus: 1, objectStoreMemory: "8MiB" });
		const failed = failure(runtime.run(() => lost.remote().get()));
		await runtime.shutdown({ drain: true });
		expect((await failed).message).toMatch(why);
	});

	it("is one in which workers failed to start three times in a row, whatever those of others do", async () => {
		const folder = await mkdtemp(join(tmpdir(), "wasmray-test-"));
		const preload = join(folder, "preload.cjs");
		// Ends the first two threads of each name.
		writeFileSync(
			preload,
			`const { appendFileSync, statSync } = require("node:fs");
			const file = ${JSON.stringify(folder)} + "/" + process.env.COLOUR;
			appendFileSync(file, ".");
			if (statSync(file).size < 3) process.exit(1);`,
		);
		await withRuntime({ numCpus: 1 }, async () => {
			const refs = ["blue", "green", "white"].map((name) => {
				const runtimeEnv = { ...paint(name).runtimeEnv, execArgv: ["--require", preload] };
				return colour.options({ runtimeEnv }).remote();
			});
			expect(await ray.get(refs)).toEqual(["blue", "green", "white"]);
		});
	});
});

describe("kinds of workers", () => {
	const environment = (a: string) => ({ envVars: { A: a } });

	it("have the same numbers in all threads, which learn of new ones as they use them", () => {
		const table = new BigInt64Array(new SharedArrayBuffer(3 * 8));
		const told: [number, unknown][] = [];
		const driver = new Kinds(table);
		const worker = new Kinds(table, (kind, environment) => told.push([kind, environment]));
		expect(driver.kindFor(undefined)).toBe(0);
		expect(driver.kindFor({})).toBe(0);
		expect(worker.kindFor(environment("x"))).toBe(1);
		expect(worker.kindFor(environment("x"))).toBe(1);
		expect(driver.kindFor(environment("y"))).toBe(2);
		expect(worker.kindFor({ resourceLimits: undefined, ...environment("y") } as never)).toBe(2);
		expect(driver.kindFor(environment("x"))).toBe(1);
		expect(told.map(([kind]) => kind)).toEqual([1, 2]);
	});

	it("are so many at most, and an error says so", () => {
		const kinds = new Kinds(new BigInt64Array(new SharedArrayBuffer(2 * 8)));
		kinds.kindFor(environment("x"));
		kinds.kindFor(environment("y"));
		expect(() => kinds.kindFor(environment("z"))).toThrow(/More than 2 different runtimeEnvs/);
		expect(kinds.kindFor(environment("y"))).toBe(1);
	});
});
