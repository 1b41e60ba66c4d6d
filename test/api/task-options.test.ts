import { describe, expect, test } from "vitest";
import { remote } from "../../src/api/tasks.ts";
import { startFakes } from "./start.ts";
import { named, type Wrong, wrongEnvironments, wrongResources } from "./wrong-options.ts";

startFakes();

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
		[{ maxRetry: 1 }, TypeError, 'remote(): unknown option "maxRetry"; did you mean "maxRetries"?'],
		[{ retries: 1 }, TypeError, 'remote(): unknown option "retries"; did you mean "maxRetries"?'],
		[{ backpressure: 1 }, TypeError, 'remote(): unknown option "backpressure"; did you mean "generatorBackpressure"?'],
		[{ timeoutMs: 1 }, TypeError, 'remote(): unknown option "timeoutMs"; did you mean "timeout"?'],
		[{ retry: 1 }, TypeError, 'remote(): unknown option "retry"; known are name, '],
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
