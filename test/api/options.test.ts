import { describe, expect, test } from "vitest";
import { init } from "../../src/api/lifecycle.ts";
import { get, getSync, put } from "../../src/api/objects.ts";
import { initSettings } from "../../src/api/options/init.ts";
import { listObjects } from "../../src/api/state.ts";
import { cancel, capacity, remote } from "../../src/api/tasks.ts";
import { asCompleted, wait } from "../../src/api/wait.ts";
import { machineMemory, parallelism } from "../../src/platform/machine.ts";
import { startFakes } from "./start.ts";

startFakes();

type Wrong = readonly [options: Record<string, unknown>, type: ErrorConstructor, message: string];

const named = ([options, type, message]: Wrong) => ({ options, type, message });

const wrongEnvironments = (call: string): Wrong[] => [
	[{ runtimeEnv: "prod" }, TypeError, `${call}(): runtimeEnv must be an object, not "prod"`],
	[{ runtimeEnv: { env: {} } }, TypeError, `${call}(): runtimeEnv: unknown option "env"; known are envVars, execArgv`],
	[{ runtimeEnv: { envvars: {} } }, TypeError, 'unknown option "envvars"; did you mean "envVars"?'],
	[
		{ runtimeEnv: { envVars: ["A=1"] } },
		TypeError,
		`${call}(): runtimeEnv.envVars must be an object with a string for each`,
	],
	[{ runtimeEnv: { envVars: { A: 1 } } }, TypeError, `${call}(): runtimeEnv.envVars.A must be a string, not 1`],
	[{ runtimeEnv: { envVars: { "A=B": "1" } } }, RangeError, 'runtimeEnv.envVars: a name must be a string without "="'],
	[{ runtimeEnv: { execArgv: "--no-warnings" } }, TypeError, "runtimeEnv.execArgv must be an array of strings"],
	[{ runtimeEnv: { execArgv: [1] } }, TypeError, "runtimeEnv.execArgv[0] must be a string, not 1"],
	[{ runtimeEnv: { resourceLimits: 5 } }, TypeError, "runtimeEnv.resourceLimits must be an object, not 5"],
	[{ runtimeEnv: { resourceLimits: { heap: 5 } } }, TypeError, 'resourceLimits: unknown option "heap"; known are'],
	[
		{ runtimeEnv: { resourceLimits: { stackSizeMb: "4" } } },
		TypeError,
		"resourceLimits.stackSizeMb must be a number of mega",
	],
	[
		{ runtimeEnv: { resourceLimits: { stackSizeMb: 0 } } },
		RangeError,
		"resourceLimits.stackSizeMb must be a number of mega",
	],
	[
		{ runtimeEnv: { workingDir: "/tmp" } },
		TypeError,
		'runtimeEnv.workingDir is "/tmp", and the embedded runtime has none',
	],
];

const wrongResources = (call: string): Wrong[] => [
	[
		{ resources: [1] },
		TypeError,
		`${call}(): resources must be an object with an amount for each name, not an array of 1`,
	],
	[
		{ resources: { disk: "2" } },
		TypeError,
		`${call}(): resources.disk must be a number from 0 to 200000, to 0.0001, not "2"`,
	],
	[{ resources: { disk: -1 } }, RangeError, `${call}(): resources.disk must be a number from 0 to 200000`],
	[
		{ resources: { disk: 0.00001 } },
		RangeError,
		"resources.disk must be a number from 0 to 200000, to 0.0001, not 0.00001",
	],
	[
		{ resources: { disk: Number.NaN } },
		RangeError,
		"resources.disk must be a number from 0 to 200000, to 0.0001, not NaN",
	],
	[{ resources: { disk: 2 ** 40 } }, RangeError, "resources.disk must be a number from 0 to 200000"],
	[{ resources: { "": 1 } }, RangeError, "resources must have names that are not empty"],
	[{ resources: { CPU: 1 } }, TypeError, 'resources must not have "CPU"; that is the option "numCpus"'],
	[{ resources: { num_gpus: 1 } }, TypeError, 'resources must not have "num_gpus"; that is the option "numGpus"'],
];

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

describe("remote and options", () => {
	class Mine extends Error {}
	const wrong: Wrong[] = [
		[{ name: 5 }, TypeError, "remote(): name must be a string, not 5"],
		[{ name: "" }, RangeError, "remote(): name must be a string that is not empty"],
		[{ numCpus: "1" }, TypeError, 'remote(): numCpus must be a number from 0 to 200000, to 0.0001, not "1"'],
		[{ numCpus: -0.5 }, RangeError, "remote(): numCpus must be a number from 0 to 200000, to 0.0001, not -0.5"],
		[{ numCpus: 0.12345 }, RangeError, "remote(): numCpus must be a number from 0 to 200000, to 0.0001, not 0.12345"],
		[
			{ numGpus: 1.5 },
			RangeError,
			"remote(): numGpus must be a fraction of one GPU, or a whole number up to 32, not 1.5",
		],
		[
			{ numGpus: 64 },
			RangeError,
			"remote(): numGpus must be a fraction of one GPU, or a whole number up to 32, not 64",
		],
		[{ numGpus: null }, TypeError, "remote(): numGpus must be a number from 0 to 200000"],
		...wrongResources("remote"),
		[
			{ resources: Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`r${i}`, 1])) },
			RangeError,
			"remote(): resources must be at most 13 resources, not 14",
		],
		[{ memory: "1GiB" }, TypeError, "remote(): memory must be a whole number of bytes from 0 to"],
		[{ memory: 1.5 }, RangeError, "remote(): memory must be a whole number of bytes from 0 to"],
		...wrongEnvironments("remote"),
		[{ schedulingStrategy: "PACK" }, RangeError, 'schedulingStrategy must be "DEFAULT" or "SPREAD", not "PACK"'],
		[{ schedulingStrategy: 1 }, TypeError, 'schedulingStrategy must be "DEFAULT" or "SPREAD", not 1'],
		[
			{ schedulingStrategy: { nodeId: "a" } },
			TypeError,
			'schedulingStrategy must be "DEFAULT" or "SPREAD" in this version of wasmray, not { nodeId }',
		],
		[{ numReturns: -1 }, RangeError, "remote(): numReturns must be a whole number from 0 to 1048576, not -1"],
		[
			{ numReturns: "dynamic" },
			TypeError,
			'remote(): numReturns must be a whole number from 0 to 1048576, not "dynamic"',
		],
		[{ maxRetries: -2 }, RangeError, "remote(): maxRetries must be a whole number from -1 to 2147483647, not -2"],
		[{ maxRetries: Number.POSITIVE_INFINITY }, RangeError, "to 2147483647, not Infinity"],
		[
			{ retryExceptions: "always" },
			TypeError,
			"remote(): retryExceptions must be true, false, an array of error classes",
		],
		[
			{ retryExceptions: [String] },
			TypeError,
			"remote(): retryExceptions[0] must be an error class, not the function String",
		],
		[{ retryExceptions: [TypeError, "x"] }, TypeError, 'remote(): retryExceptions[1] must be an error class, not "x"'],
		[{ retryExceptions: TypeError }, TypeError, "give a class in an array, not the function TypeError"],
		[{ retryExceptions: Mine }, TypeError, "give a class in an array, not the class Mine"],
		[
			{ retryDelay: -1 },
			RangeError,
			"remote(): retryDelay must be a number of milliseconds from 0 to 2147483647, not -1",
		],
		[{ retryDelay: Number.POSITIVE_INFINITY }, RangeError, "from 0 to 2147483647, not Infinity"],
		[{ retryDelay: "1s" }, TypeError, "remote(): retryDelay must be a number of milliseconds, or a function (attempt)"],
		[
			{ timeout: -1 },
			RangeError,
			"remote(): timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not -1",
		],
		[{ timeout: Number.NaN }, RangeError, "from 0 to 2147483647, or Infinity, not NaN"],
		[{ timeout: 2 ** 31 }, RangeError, "from 0 to 2147483647, or Infinity, not 2147483648"],
		[
			{ timeout: "5s" },
			TypeError,
			'remote(): timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not "5s"',
		],
		[{ signal: new AbortController() }, TypeError, "remote(): signal must be an AbortSignal, not an AbortController"],
		[{ priority: 8 }, RangeError, "remote(): priority must be a whole number from -8 to 7, not 8"],
		[{ priority: "high" }, TypeError, 'remote(): priority must be a whole number from -8 to 7, not "high"'],
		[{ generatorBackpressure: 0 }, RangeError, "remote(): generatorBackpressure must be a whole number from 1 to"],
		[
			{ generatorBackpressure: 5n },
			TypeError,
			"remote(): generatorBackpressure must be a whole number from 1 to 2147483647, not 5n",
		],
		[
			{ closure: new Map() },
			TypeError,
			"remote(): closure must be an object with a value for each variable, not a Map",
		],
		[
			{ closure: ["x"] },
			TypeError,
			"remote(): closure must be an object with a value for each variable, not an array of 1",
		],
		[
			{ closure: { "my-var": 1 } },
			RangeError,
			'remote(): closure: a name must be the name of a variable, not "my-var"',
		],
		[{ numCpu: 1 }, TypeError, 'remote(): unknown option "numCpu"; did you mean "numCpus"?'],
		[{ max_retries: 1 }, TypeError, 'remote(): unknown option "max_retries"; did you mean "maxRetries"?'],
		[{ priorty: 1 }, TypeError, 'remote(): unknown option "priorty"; did you mean "priority"?'],
		[{ maxConcurrency: 1 }, TypeError, 'remote(): unknown option "maxConcurrency"; known are name, numCpus'],
	];

	test.each(wrong.map(named))("refuse what is wrong: $message", ({ options, type, message }) => {
		expect(() => remote(() => 1, options as never)).toThrow(type);
		expect(() => remote(() => 1, options as never)).toThrow(message);
		const later = message.replace("remote():", "options():");
		expect(() => remote(() => 1).options(options as never)).toThrow(later);
	});

	test("a generator function has one ref for each item, and so no numReturns", () => {
		const generators = [function* () {}, async function* () {}, function* () {}.bind(null)];
		for (const fn of generators) {
			expect(() => remote(fn as never, { numReturns: 2 })).toThrow(
				"numReturns must be 1 for a generator function, not 2",
			);
		}
	});
});

describe("other calls", () => {
	test.each([
		[
			{ timeout: "1" },
			TypeError,
			'timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not "1"',
		],
		[{ timeout: -1 }, RangeError, "timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not -1"],
		[{ copy: 1 }, TypeError, "copy must be true or false, not 1"],
		[{ timout: 1 }, TypeError, 'unknown option "timout"; did you mean "timeout"?'],
	] as Wrong[])("get, getSync and ref.get refuse %j", async (options, type, message) => {
		await init();
		const ref = put(1);
		for (const call of [
			() => get(ref, options as never),
			() => get([ref], options as never),
			() => ref.get(options as never),
		]) {
			const refusal = await call().catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(type);
			expect((refusal as Error).message).toBe(`get(): ${message}`);
		}
		expect(() => getSync(ref, options as never)).toThrow(`getSync(): ${message}`);
	});

	test("get refuses a signal that is none, getSync any", async () => {
		await init();
		const ref = put(1);
		await expect(get(ref, { signal: {} as never })).rejects.toThrow("get(): signal must be an AbortSignal, not {}");
		const { signal } = new AbortController();
		expect(() => getSync(ref, { signal } as never)).toThrow("getSync(): signal cannot be heard by a blocked thread");
	});

	test("wait refuses wrong numbers and times", async () => {
		await init();
		const refs = [put(1), put(2)];
		const refusals: [options: object, message: string][] = [
			[{ numReturns: 0 }, "wait(): numReturns must be a whole number from 1 to 2, not 0"],
			[{ numReturns: 3 }, "wait(): numReturns must be a whole number from 1 to 2, not 3"],
			[{ numReturns: 1.5 }, "wait(): numReturns must be a whole number from 1 to 2, not 1.5"],
			[{ timeout: -1 }, "wait(): timeout must be a number of milliseconds"],
		];
		for (const [options, message] of refusals) {
			const refusal = await wait(refs, options).catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(RangeError);
			expect((refusal as Error).message).toContain(message);
		}
		await expect(wait(refs, { numReturn: 1 } as never)).rejects.toThrow('did you mean "numReturns"?');
	});

	test("asCompleted, cancel, capacity and listObjects refuse theirs", async () => {
		await init();
		expect(() => asCompleted([put(1)], { timeout: -1 })).toThrow("asCompleted(): timeout must be");
		expect(() => asCompleted([put(1)], { numReturns: 1 } as never)).toThrow(
			'asCompleted(): unknown option "numReturns"',
		);
		expect(() => cancel(put(1), { force: 1 } as never)).toThrow("cancel(): force must be true or false, not 1");
		expect(() => cancel(put(1), { recursiv: true } as never)).toThrow('did you mean "recursive"?');
		for (const [n, type] of [
			["5", TypeError],
			[0, RangeError],
			[1.5, RangeError],
		] as const) {
			await expect(capacity(n as number)).rejects.toThrow(type);
		}
		const filters: [filter: unknown, message: string][] = [
			[{ limit: -1 }, "listObjects(): limit must be a whole number from 0 to"],
			[{ filter: [] }, 'listObjects(): unknown option "filter"; did you mean "filters"?'],
			[{ filters: "state=READY" }, "listObjects(): filters must be an array of [key"],
			[{ filters: [["state", "="]] }, "listObjects(): filters[0] must be an array of key"],
			[{ filters: [[1, "=", 1]] }, "listObjects(): filters[0][0] must be a key, not 1"],
			[{ filters: [["status", "=", 1]] }, 'listObjects(): filters[0]: unknown key "status"; did you mean "state"?'],
			[{ filters: [["size", ">", 1]] }, 'listObjects(): filters[0][1] must be "=" or "!=", not ">"'],
		];
		for (const [filter, message] of filters) {
			await expect(listObjects(filter as never)).rejects.toThrow(message);
		}
	});
});
