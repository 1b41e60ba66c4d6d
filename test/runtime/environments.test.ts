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
			expect((await failure(bad.remote().get())).message).toMatch(/Task anonymous: no worker.*--no-such-flag/);
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
