/** What the API makes of options: checked, complete, in the units that engines count in. */
import type { CallSite } from "../functions/callsite.ts";
import type { RuntimeEnv, SchedulingStrategy, TaskOptions } from "../types.ts";
import type { SerializerRegistry } from "../values/registry.ts";

/** One unit of a resource; what is asked for may be a fraction of it, to one such part. Memory is counted in whole MiB. */
export const RESOURCE_PARTS = 10_000;
export const MEMORY_UNIT = 2 ** 20;

/** What a runtime is started with. */
export interface InitSettings {
	/** Worker threads that run tasks, of each environment. */
	readonly numCpus: number;
	/** What there is in all: "CPU", "GPU" and the custom ones in 1/10,000, "memory" in MiB. */
	readonly resources: Readonly<Record<string, number>>;
	/** Capacity of the object store in bytes. */
	readonly objectStoreMemory: number;
	/** Tasks that may be unfinished at once; undefined: any number. */
	readonly maxPendingTasks: number | undefined;
	readonly namespace: string;
	/** Of workers whose tasks ask for nothing else. */
	readonly runtimeEnv: RuntimeEnv | undefined;
	readonly zeroCopyMinBytes: number;
	readonly logToDriver: boolean;
	/** For tests: find out, when an object is released, whether somebody wrote through a view on it. */
	readonly checkImmutability: boolean;
	/** For tests: remember where objects and tasks were made. */
	readonly traceCreation: boolean;
	/** For tests: how many threads more than CPUs are started for those that block. */
	readonly spareWorkers: number | undefined;
	/** The engine's own, with the classes known so far. */
	readonly serializers: SerializerRegistry;
}

/** A function as `remote` knows it: with where it was made, and what engines keep for it. */
export interface Definition {
	readonly fn: (...args: never[]) => unknown;
	readonly name: string;
	/** Where `remote` was called. */
	readonly site: CallSite | undefined;
	/** How many were made at that place before. */
	readonly ordinal: number;
	/** What an engine made of it, per engine. */
	readonly shipped: WeakMap<object, unknown>;
}

/** A function with its options, checked and complete: what `submit` is given. One object for all calls, so an engine may keep things for it. */
export interface TaskSettings {
	readonly definition: Definition;
	readonly name: string;
	/** What a task needs: "CPU", "GPU" and custom ones in 1/10,000, "memory" in MiB; none of it is 0. */
	readonly resources: ReadonlyMap<string, number>;
	readonly schedulingStrategy: SchedulingStrategy;
	readonly runtimeEnv: RuntimeEnv | undefined;
	readonly numReturns: number;
	readonly isGenerator: boolean;
	/** -1: for ever. */
	readonly maxRetries: number;
	readonly retryExceptions: NonNullable<TaskOptions["retryExceptions"]>;
	readonly retryDelay: NonNullable<TaskOptions["retryDelay"]>;
	readonly timeout: number | undefined;
	readonly signal: AbortSignal | undefined;
	/** 0 … 15, higher first; 8 is the default. */
	readonly priority: number;
	/** Unread items at which a generator pauses; 0: never. */
	readonly generatorBackpressure: number;
	readonly closure: Record<string, unknown> | undefined;
	/** The engine that used these settings last, and what it keeps for them. */
	plan: { readonly engine: object } | undefined;
}
