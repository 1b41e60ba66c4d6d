import { type Check, checkNested, isPlainObject, outOfRange, show, wrongType } from "../../engine/checks.ts";
import type { RuntimeEnv } from "../../types.ts";

const megabytes: Check<number> = (value, where) => {
	const allowed = "a number of megabytes above 0";
	if (typeof value !== "number") throw wrongType(where, allowed, value);
	if (!(value > 0 && Number.isFinite(value))) throw outOfRange(where, allowed, value);
	return value;
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
	return [...(value as string[])];
};

const resourceLimits: Check<NonNullable<RuntimeEnv["resourceLimits"]>> = (value, where) =>
	checkNested(where, value, {
		maxOldGenerationSizeMb: megabytes,
		maxYoungGenerationSizeMb: megabytes,
		stackSizeMb: megabytes,
	});

const workingDir: Check<undefined> = (value, where) => {
	throw new TypeError(
		`${where} is ${show(value)}, and the embedded runtime has none: its workers are threads of this process and share its directory. Use absolute paths, or process.chdir() before init().`,
	);
};

const checks = { envVars, execArgv, resourceLimits, workingDir };

/** What workers are started with; a copy, so that changing the object later changes nothing. */
export const runtimeEnv: Check<RuntimeEnv> = (value, where) => {
	const { workingDir: _, ...environment } = checkNested(where, value, checks);
	return environment;
};
