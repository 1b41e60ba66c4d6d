import { describe, expect, test } from "vitest";
import { init } from "../../src/api/lifecycle.ts";
import { initSettings } from "../../src/api/options/init.ts";
import { machineMemory, parallelism } from "../../src/platform/machine.ts";
import { startFakes } from "./start.ts";
import { named, type Wrong, wrongEnvironments, wrongResources } from "./wrong-options.ts";

startFakes();

describe("init", () => {
	const wrong: Wrong[] = [
		[{ numCpus: "4" }, TypeError, 'init(): numCpus must be a whole number from 0 to 128, not "4"'],
		[{ numCpus: 1.5 }, RangeError, "init(): numCpus must be a whole number from 0 to 128, not 1.5"],
		[{ numCpus: 4000 }, RangeError, "init(): numCpus must be a whole number from 0 to 128, not 4000"],
		[{ memory: "2GiB" }, TypeError, "init(): memory must be a whole number of bytes from 0 to"],
		[{ memory: -1 }, RangeError, "init(): memory must be a whole number of bytes from 0 to"],
		[{ numGpus: true }, TypeError, "init(): numGpus must be a whole number from 0 to 32, not true"],
		[{ numGpus: 33 }, RangeError, "init(): numGpus must be a whole number from 0 to 32, not 33"],
		...wrongResources("init"),
		[
			{ resources: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`r${i}`, 1])) },
			RangeError,
			"init(): resources must be at most 29 resources, not 30",
		],
		[
			{ objectStoreMemory: true },
			TypeError,
			'init(): objectStoreMemory must be a number of bytes, or a text such as "512MB"',
		],
		[{ objectStoreMemory: "lots" }, RangeError, 'or a text such as "512MB" or "2GiB", not "lots"'],
		[{ objectStoreMemory: "2 GiB left" }, RangeError, 'not "2 GiB left"'],
		[{ objectStoreMemory: "5 apples" }, RangeError, 'not "5 apples"'],
		[{ objectStoreMemory: 100 }, RangeError, '"2GiB", from 1MiB to 3500MiB, not 100'],
		[{ objectStoreMemory: "8GiB" }, RangeError, 'from 1MiB to 3500MiB, not "8GiB"'],
		[{ objectStoreMemory: Number.NaN }, RangeError, "from 1MiB to 3500MiB, not NaN"],
		[{ spillDirectory: 5 }, TypeError, "init(): spillDirectory must be a folder's path, or false, not 5"],
		[
			{ spillDirectory: "/tmp/x" },
			TypeError,
			'init(): spillDirectory is "/tmp/x", but this version of wasmray does not spill',
		],
		[{ dashboard: true }, TypeError, "init(): dashboard is true, but this version of wasmray has none"],
		[{ dashboard: { port: 1 } }, TypeError, "init(): dashboard is { port }, but this version"],
		[
			{ address: "auto" },
			TypeError,
			'init(): address is "auto", but this version of wasmray runs on this machine alone',
		],
		[{ maxPendingTasks: 0 }, RangeError, "init(): maxPendingTasks must be a whole number from 1 to 2147483647, not 0"],
		[
			{ maxPendingTasks: null },
			TypeError,
			"init(): maxPendingTasks must be a whole number from 1 to 2147483647, not null",
		],
		[{ namespace: 5 }, TypeError, "init(): namespace must be a string, not 5"],
		[{ namespace: "" }, RangeError, 'init(): namespace must be a string that is not empty, not ""'],
		...wrongEnvironments("init"),
		[{ zeroCopyMinBytes: -1 }, RangeError, "init(): zeroCopyMinBytes must be a whole number from 0 to"],
		[{ zeroCopyMinBytes: "1MB" }, TypeError, "init(): zeroCopyMinBytes must be a whole number from 0 to"],
		[{ logToDriver: 0 }, TypeError, "init(): logToDriver must be true or false, not 0"],
		[{ numCpu: 4 }, TypeError, 'init(): unknown option "numCpu"; did you mean "numCpus"?'],
		[{ num_cpus: 4 }, TypeError, 'init(): unknown option "num_cpus"; did you mean "numCpus"?'],
		[{ nubmerOfThings: 4 }, TypeError, 'init(): unknown option "nubmerOfThings"; known are numCpus, memory'],
		[{ constructor: 4 }, TypeError, 'init(): unknown option "constructor"'],
		[JSON.parse('{"__proto__": 4}'), TypeError, 'init(): unknown option "__proto__"'],
	];

	test.each(wrong.map(named))("refuses what is wrong: $message", async ({ options, type, message }) => {
		const refusal = await init(options).catch((error: unknown) => error);
		expect(refusal).toBeInstanceOf(type);
		expect((refusal as Error).message).toContain(message);
	});

	test.each([[5], ["auto"], [null], [[]]])("refuses options that are %j", async (options) => {
		await expect(init(options as never)).rejects.toThrow("init(): the options must be an object, not ");
	});

	test("fills in what is not given", () => {
		const settings = initSettings("init", { numCpus: undefined });
		expect(settings).toMatchObject({
			namespace: "default",
			maxPendingTasks: undefined,
			runtimeEnv: undefined,
			zeroCopyMinBytes: 65_536,
			logToDriver: true,
			checkImmutability: false,
		});
		expect(settings.numCpus).toBe(Math.min(parallelism(), 128));
		const store = settings.objectStoreMemory;
		expect(store).toBeGreaterThanOrEqual(64 * 2 ** 20);
		expect(store).toBeLessThanOrEqual(3500 * 2 ** 20);
		expect(settings.resources).toEqual({
			CPU: settings.numCpus * 10_000,
			GPU: 0,
			memory: Math.floor((machineMemory() - store) / 2 ** 20),
		});
	});

	test("counts resources in the engine's units", () => {
		const options = { numCpus: 3, numGpus: 2, memory: 5 * 2 ** 20 + 1, resources: { license: 0.0003, disk: 2 } };
		expect(initSettings("init", options).resources).toEqual({
			CPU: 30_000,
			GPU: 20_000,
			memory: 5,
			license: 3,
			disk: 20_000,
		});
	});

	test.each([
		["512MB", 512e6],
		["2GiB", 2 ** 31],
		["1.5gib", 1.5 * 2 ** 30],
		[" 2048 KiB ", 2 ** 21],
		["2000000", 2e6],
		["2000000B", 2e6],
		[5e6, 5e6],
	])("reads the size %j", (given, bytes) => {
		expect(initSettings("init", { objectStoreMemory: given }).objectStoreMemory).toBe(bytes);
	});

	test("accepts what a later version has, where it is switched off", () => {
		expect(() => initSettings("init", { spillDirectory: false, dashboard: false, address: undefined })).not.toThrow();
	});

	test("keeps what it was given, whatever happens to the object afterwards", () => {
		const runtimeEnv = { envVars: { A: "1" }, execArgv: ["--no-warnings"], resourceLimits: { stackSizeMb: 8 } };
		const settings = initSettings("init", { runtimeEnv });
		runtimeEnv.envVars.A = "2";
		runtimeEnv.execArgv.push("--inspect");
		expect(settings.runtimeEnv).toEqual({
			envVars: { A: "1" },
			execArgv: ["--no-warnings"],
			resourceLimits: { stackSizeMb: 8 },
		});
	});
});
