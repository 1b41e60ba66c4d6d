/** What is refused of options that several calls have, with the errors. */

export type Wrong = readonly [options: Record<string, unknown>, type: ErrorConstructor, message: string];

export const named = ([options, type, message]: Wrong) => ({ options, type, message });

export const wrongEnvironments = (call: string): Wrong[] => [
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
		{ runtimeEnv: { resourceLimits: { stackSizeMb: 0.49 } } },
		RangeError,
		`${call}(): runtimeEnv.resourceLimits.stackSizeMb must be at least 0.5 megabytes: a thread does not start with less, not 0.49`,
	],
	[
		{ runtimeEnv: { execArgv: ["--no-warnings", "--nonexistent-flag", "--title=x"] } },
		RangeError,
		`${call}(): runtimeEnv.execArgv must be options that a worker thread can be started with, not --nonexistent-flag, --title=x`,
	],
	[
		{ runtimeEnv: { execArgv: ["--max-old-space-size=100"] } },
		RangeError,
		"not --max-old-space-size=100. Limits of heap and stack are resourceLimits",
	],
	[
		{ runtimeEnv: { dir: "/" } },
		TypeError,
		'runtimeEnv: unknown option "dir"; known are envVars, execArgv, resourceLimits',
	],
	[{ runtimeEnv: new Map() }, TypeError, `${call}(): runtimeEnv must be a plain object, not a Map`],
	[
		{ runtimeEnv: { workingDir: "/tmp" } },
		TypeError,
		'runtimeEnv.workingDir is "/tmp", and the embedded runtime has none',
	],
];

export const wrongResources = (call: string): Wrong[] => [
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
