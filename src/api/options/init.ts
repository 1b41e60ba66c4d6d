/** The options of `init` and `createRuntime`: checked, complete, in the engine's units. */
import { type Check, checkOptions, flag, outOfRange, show, text, whole, wrongType } from "../../engine/checks.ts";
import { type InitSettings, MEMORY_UNIT, RESOURCE_PARTS } from "../../engine/settings.ts";
import { machineMemory, parallelism } from "../../platform/machine.ts";
import { SerializerRegistry } from "../../values/registry.ts";
import { registry } from "../current.ts";
import { customResources, MOST_CUSTOM, MOST_GPUS, memoryBytes } from "./resources.ts";
import { runtimeEnv } from "./runtime-env.ts";
import { size } from "./sizes.ts";

/** Beside them there must be room for workers of other environments, and for those that stand in for blocked ones. */
const MOST_CPUS = 128;
const LEAST_STORE = 2 ** 20;
/** What a memory of 65535 pages can hold beside its tables. */
const MOST_STORE = 3_500 * 2 ** 20;
const LEAST_DEFAULT_STORE = 64 * 2 ** 20;
const STORE_SHARE = 0.3;
const ZERO_COPY_MIN_BYTES = 65_536;
const MOST_TASKS = 2 ** 31 - 1;

const address: Check<never> = (value, where) => {
	throw new TypeError(
		`${where} is ${show(value)}, but this version of wasmray runs on this machine alone. Leave it out.`,
	);
};

const dashboard: Check<undefined> = (value, where) => {
	if (value === false) return undefined;
	throw new TypeError(`${where} is ${show(value)}, but this version of wasmray has none. Leave it out or give false.`);
};

const spillDirectory: Check<undefined> = (value, where) => {
	if (value === false) return undefined;
	if (typeof value !== "string") throw wrongType(where, "a folder's path, or false", value);
	if (value === "") throw outOfRange(where, "a folder's path, or false", value);
	throw new TypeError(
		`${where} is ${show(value)}, but this version of wasmray does not spill: a full store is an ObjectStoreFullError. Leave it out or give false.`,
	);
};

const initChecks = {
	numCpus: whole(0, MOST_CPUS),
	memory: memoryBytes,
	numGpus: whole(0, MOST_GPUS),
	resources: customResources(MOST_CUSTOM),
	objectStoreMemory: size(LEAST_STORE, MOST_STORE),
	spillDirectory,
	maxPendingTasks: whole(1, MOST_TASKS),
	namespace: text,
	runtimeEnv,
	zeroCopyMinBytes: whole(0, Number.MAX_SAFE_INTEGER),
	logToDriver: flag,
	address,
	dashboard,
};

export function initSettings(call: string, options: unknown): InitSettings {
	const given = checkOptions(call, options, initChecks);
	const numCpus = given.numCpus ?? Math.min(parallelism(), MOST_CPUS);
	const machine = machineMemory();
	const objectStoreMemory = given.objectStoreMemory ?? defaultStore(machine);
	const memory = given.memory ?? Math.max(0, machine - objectStoreMemory);
	return {
		numCpus,
		resources: {
			CPU: numCpus * RESOURCE_PARTS,
			GPU: (given.numGpus ?? 0) * RESOURCE_PARTS,
			memory: Math.floor(memory / MEMORY_UNIT),
			...Object.fromEntries(given.resources ?? []),
		},
		objectStoreMemory,
		maxPendingTasks: given.maxPendingTasks,
		namespace: given.namespace ?? "default",
		runtimeEnv: given.runtimeEnv,
		zeroCopyMinBytes: given.zeroCopyMinBytes ?? ZERO_COPY_MIN_BYTES,
		logToDriver: given.logToDriver ?? true,
		checkImmutability: false,
		traceCreation: false,
		spareWorkers: undefined,
		serializers: knownSerializers(),
	};
}

function defaultStore(machine: number): number {
	return Math.floor(Math.min(Math.max(machine * STORE_SHARE, LEAST_DEFAULT_STORE), MOST_STORE));
}

/** A runtime's own, so that what is registered inside its `run` stays there. */
function knownSerializers(): SerializerRegistry {
	const serializers = new SerializerRegistry();
	for (const { type, codec, site } of registry.serializers.entries()) serializers.register(type, codec, site);
	return serializers;
}
