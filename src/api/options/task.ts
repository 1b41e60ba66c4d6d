/** The options of `remote()` and `.options()`: checked, and laid over those of the remote function they belong to. */
import {
	abortSignal,
	type Check,
	type Checked,
	checkOptions,
	isClass,
	isPlainObject,
	milliseconds,
	outOfRange,
	text,
	timeLimit,
	whole,
	wrongType,
} from "../../engine/checks.ts";
import { type Definition, MEMORY_UNIT, RESOURCE_PARTS, type TaskSettings } from "../../engine/settings.ts";
import type { SchedulingStrategy } from "../../types.ts";
import { amount, customResources, gpuAmount, memoryBytes } from "./resources.ts";
import { runtimeEnv } from "./runtime-env.ts";

/** As many results as one task can have. */
const MOST_RETURNS = 2 ** 20;
const MOST_RETRIES = 2 ** 31 - 1;
/** What the engine can count for one task, less CPU, GPU and memory. */
const MOST_CUSTOM_NEEDS = 13;
const LOWEST_PRIORITY = -8;
const HIGHEST_PRIORITY = 7;
const DEFAULT_RETRIES = 3;

const schedulingStrategy: Check<SchedulingStrategy> = (value, where) => {
	if (value === "DEFAULT" || value === "SPREAD") return value;
	const allowed = '"DEFAULT" or "SPREAD"';
	if (typeof value === "string") throw outOfRange(where, allowed, value);
	throw wrongType(where, isPlainObject(value) ? `${allowed} in this version of wasmray` : allowed, value);
};

type RetryExceptions = TaskSettings["retryExceptions"];

const retryExceptions: Check<RetryExceptions> = (value, where) => {
	const allowed = "true, false, an array of error classes, or a function (error, attempt) => boolean";
	if (typeof value === "boolean") return value;
	if (typeof value === "function") {
		// Taken for a predicate, a class would say yes to everything, or throw.
		if (isErrorClass(value) || isClass(value)) throw wrongType(where, `${allowed}; give a class in an array`, value);
		return value as (error: unknown, attempt: number) => boolean;
	}
	if (!Array.isArray(value)) throw wrongType(where, allowed, value);
	value.forEach((item: unknown, index) => {
		if (!isErrorClass(item)) throw wrongType(`${where}[${index}]`, "an error class", item);
	});
	return [...value] as RetryExceptions;
};

/** A class of errors, of whatever realm. */
function isErrorClass(value: unknown): boolean {
	if (typeof value !== "function") return false;
	for (let p: unknown = value.prototype; typeof p === "object" && p !== null; p = Object.getPrototypeOf(p)) {
		const type: unknown = Object.getOwnPropertyDescriptor(p, "constructor")?.value;
		if (typeof type === "function" && type.name === "Error") return true;
	}
	return false;
}

const retryDelay: Check<TaskSettings["retryDelay"]> = (value, where) => {
	if (typeof value === "function" && !isClass(value)) return value as (attempt: number) => number;
	if (typeof value === "number") return milliseconds(value, where);
	throw wrongType(where, "a number of milliseconds, or a function (attempt) => milliseconds", value);
};

const variableName = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

const closure: Check<Record<string, unknown>> = (value, where) => {
	if (!isPlainObject(value)) throw wrongType(where, "an object with a value for each variable", value);
	for (const name of Object.keys(value)) {
		if (!variableName.test(name)) throw outOfRange(`${where}: a name`, "the name of a variable", name);
	}
	return { ...value };
};

const taskChecks = {
	name: text,
	numCpus: amount,
	numGpus: gpuAmount,
	resources: customResources(MOST_CUSTOM_NEEDS),
	memory: memoryBytes,
	runtimeEnv,
	schedulingStrategy,
	numReturns: whole(0, MOST_RETURNS),
	maxRetries: whole(-1, MOST_RETRIES),
	retryExceptions,
	retryDelay,
	timeout: timeLimit,
	signal: abortSignal,
	priority: whole(LOWEST_PRIORITY, HIGHEST_PRIORITY),
	generatorBackpressure: whole(1, MOST_RETRIES),
	closure,
};

/** The settings of a function with these options; what they leave out is as in `base`, or the default. */
export function taskSettings(
	call: string,
	definition: Definition,
	base: TaskSettings | undefined,
	options: unknown,
): TaskSettings {
	const given = checkOptions(call, options, taskChecks);
	const numReturns = given.numReturns ?? base?.numReturns ?? 1;
	// In a task that was given the remote function, its code is not at hand.
	const isGenerator = base?.isGenerator ?? isGeneratorFunction(definition.fn);
	if (isGenerator && numReturns !== 1) {
		throw new RangeError(
			`${call}(): numReturns must be 1 for a generator function, not ${numReturns}: each item it yields is a ref of its own`,
		);
	}
	if (!isGenerator && given.generatorBackpressure !== undefined) {
		const name = base?.name ?? definition.name;
		throw new TypeError(
			`${call}(): generatorBackpressure is for generator functions, and ${name} is none: it gives no items to be read`,
		);
	}
	return {
		definition,
		name: given.name ?? base?.name ?? definition.name,
		resources: needs(given, base),
		schedulingStrategy: given.schedulingStrategy ?? base?.schedulingStrategy ?? "DEFAULT",
		runtimeEnv: given.runtimeEnv ?? base?.runtimeEnv,
		numReturns,
		isGenerator,
		maxRetries: given.maxRetries ?? base?.maxRetries ?? DEFAULT_RETRIES,
		retryExceptions: given.retryExceptions ?? base?.retryExceptions ?? false,
		retryDelay: given.retryDelay ?? base?.retryDelay ?? 0,
		timeout: given.timeout ?? base?.timeout,
		signal: given.signal ?? base?.signal,
		priority: given.priority === undefined ? (base?.priority ?? -LOWEST_PRIORITY) : given.priority - LOWEST_PRIORITY,
		generatorBackpressure: given.generatorBackpressure ?? base?.generatorBackpressure ?? 0,
		closure: given.closure ?? base?.closure,
		plan: undefined,
	};
}

/** Each resource is laid over for itself, the custom ones together. In one order, so that the same needs look the same. */
function needs(given: Checked<typeof taskChecks>, base: TaskSettings | undefined): ReadonlyMap<string, number> {
	const before = base?.resources;
	const memory = given.memory === undefined ? undefined : Math.ceil(given.memory / MEMORY_UNIT);
	const all: [string, number][] = [
		["CPU", given.numCpus ?? (before === undefined ? RESOURCE_PARTS : (before.get("CPU") ?? 0))],
		["GPU", given.numGpus ?? before?.get("GPU") ?? 0],
		["memory", memory ?? before?.get("memory") ?? 0],
		...(given.resources ?? custom(before)),
	];
	return new Map(all.filter(([, parts]) => parts > 0));
}

function custom(resources: ReadonlyMap<string, number> | undefined): [string, number][] {
	return [...(resources ?? [])].filter(([name]) => name !== "CPU" && name !== "GPU" && name !== "memory");
}

/** Told by its tag, which bound functions and those of other realms have too. */
function isGeneratorFunction(fn: unknown): boolean {
	const tag = (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
	return tag === "GeneratorFunction" || tag === "AsyncGeneratorFunction";
}
