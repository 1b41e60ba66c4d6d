import { type Check, checkNested, isPlainObject, outOfRange, show, wrongType } from "../../engine/checks.ts";
import { refusedExecArgv } from "../../platform/exec-argv.ts";
import type { RuntimeEnv } from "../../types.ts";

/** Below 0.25 the process aborts when the thread starts, and below 0.3 the thread does not get to its loop. */
const LEAST_STACK = 0.5;

const megabytes: Check<number> = (value, where) => {
	const allowed = "a number of megabytes above 0";
	if (typeof value !== "number") throw wrongType(where, allowed, value);
	if (!(value > 0 && Number.isFinite(value))) throw outOfRange(where, allowed, value);
	return value;
};

const stack: Check<number> = (value, where) => {
	if (megabytes(value, where) >= LEAST_STACK) return value as number;
	throw outOfRange(where, `at least ${LEAST_STACK} megabytes: a thread does not start with less`, value);
};

const envVars: Check<Record<string, string>> = (value, where) => {
	if (!isPlainObject(value)) throw wrongType(where, "an object with a string for each name", value);
	const checked: Record<string, string> = {};
	for (const [name, content] of Object.entries(value)) {
		if (name === "" || /[=\0]/.test(name))
			throw outOfRange(`${where}: a name`, 'a string without "=" that is not empty', name);
		if (typeof content !== "string") throw wrongType(`${where}.${name}`, "a string", content);
		checked[name] = content;
	}
	return checked;
};

const execArgv: Check<string[]> = (value, where) => {
	if (!Array.isArray(value)) throw wrongType(where, "an array of strings", value);
	value.forEach((argument: unknown, index) => {
		if (typeof argument !== "string") throw wrongType(`${where}[${index}]`, "a string", argument);
	});
	const refused = refusedExecArgv(value as string[]);
	if (refused.length === 0) return [...(value as string[])];
	const hint = refused.some((text) => forMemory.test(text)) ? ". Limits of heap and stack are resourceLimits" : "";
	throw new RangeError(
		`${where} must be options that a worker thread can be started with, not ${refused.join(", ")}${hint}`,
	);
};

const forMemory = /^--(max|min|initial|stack|semi)[-_].*size/;

const resourceLimits: Check<NonNullable<RuntimeEnv["resourceLimits"]>> = (value, where) =>
	checkNested(where, value, {
		maxOldGenerationSizeMb: megabytes,
		maxYoungGenerationSizeMb: megabytes,
		stackSizeMb: stack,
	});

const workingDir: Check<undefined> = (value, where) => {
	throw new TypeError(
		`${where} is ${show(value)}, and the embedded runtime has none: its workers are threads of this process and share its directory. Use absolute paths, or process.chdir() before init().`,
	);
};

const checks = { envVars, execArgv, resourceLimits, workingDir };
const offered = ["envVars", "execArgv", "resourceLimits"];

/** What workers are started with; a copy, so that changing the object later changes nothing. */
export const runtimeEnv: Check<RuntimeEnv> = (value, where) => {
	const { workingDir: _, ...environment } = checkNested(where, value, checks, offered);
	return environment;
};
