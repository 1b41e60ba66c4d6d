/// <reference lib="esnext.disposable" preserve="true" />
// biome-ignore-all lint/suspicious/noExplicitAny: users' own types stand there, and unknown would not let them in.
/** The public types: what users give and get. Types only, so that every layer may name them. */

// ── lifecycle ────────────────────────────────────────────────────────────────

export interface InitOptions {
	/** Logical CPUs = worker threads that run tasks. Default: os.availableParallelism(). */
	numCpus?: number;
	/** Bytes that tasks with a `memory` option may reserve together. Default: the machine's memory less the object store. */
	memory?: number;
	/** Logical GPUs; a task that asks for some is told which (`getRuntimeContext().assignedGpuIds`). Default 0. */
	numGpus?: number;
	/** Custom logical resources, e.g. { license: 2 }. Fractions to 0.0001. */
	resources?: Record<string, number>;
	/** Capacity of the object store: bytes, or "512MB" / "2GiB". */
	objectStoreMemory?: number | string;
	/** Where objects go when the store is full. In this version nothing is spilled, so `false` alone is accepted. */
	spillDirectory?: string | false;
	/** Tasks that may be unfinished at once; `.remote()` then throws PendingCallsLimitExceededError, see `capacity()`. Default: no limit. */
	maxPendingTasks?: number;
	namespace?: string;
	/** Environment of the workers. */
	runtimeEnv?: RuntimeEnv;
	/** Typed arrays of at least this many bytes come out of the store as views, not copies. Default 65536. */
	zeroCopyMinBytes?: number;
	/** Forward workers' console output to the driver, prefixed with the task it came from. Default true; false drops it. */
	logToDriver?: boolean;
}

export interface RuntimeEnv {
	envVars?: Record<string, string>;
	/** On a cluster only: threads of one process share their directory, so the embedded runtime refuses it. */
	workingDir?: string;
	/** Passed to worker threads: execArgv, resourceLimits (heap sizes in MB). */
	execArgv?: string[];
	resourceLimits?: { maxOldGenerationSizeMb?: number; maxYoungGenerationSizeMb?: number; stackSizeMb?: number };
}

export interface ShutdownOptions {
	/** Let queued and running work finish first. Default false: queued work is cancelled, running work gets `timeout`. */
	drain?: boolean;
	/** Milliseconds before what still runs is terminated. Default 5000. */
	timeout?: number;
}

/** One runtime. `init()` makes the process's default one; `createRuntime()` makes an independent one. */
export interface Runtime extends AsyncDisposable {
	readonly id: string;
	readonly namespace: string;
	put<T>(value: T): ObjectRef<T>;
	get: GetFn;
	getSync: GetSyncFn;
	wait: WaitFn;
	shutdown(options?: ShutdownOptions): Promise<void>;
	shutdownNow(): void;
	/** Make this the runtime that the module-level functions use inside `fn`, and in all it awaits. */
	run<R>(fn: () => R): R;
}

// ── objects ──────────────────────────────────────────────────────────────────

/** A future for a value in the object store. May be nested in values and sent to any task. */
export interface ObjectRef<T = unknown> extends Disposable {
	readonly id: string;
	get(options?: GetOptions): Promise<T>;
	/** Give up this handle now instead of when it is garbage-collected. Twice is fine; using it afterwards is RefDisposedError. */
	[Symbol.dispose](): void;
	readonly [Symbol.toStringTag]: "ObjectRef";
	/** What it is a future for: exists in types alone. */
	readonly __value?: T;
}

export interface GetOptions {
	/** Milliseconds; then GetTimeoutError. 0: what is ready now. */
	timeout?: number;
	/** Aborted: rejects with its reason. The task goes on. */
	signal?: AbortSignal;
	/**
	 * Objects are immutable. A typed array of `zeroCopyMinBytes` or more is a view on the store (valid for as long as it or
	 * any subarray of it is reachable; its `buffer` is the whole store, a SharedArrayBuffer), a smaller one a private copy.
	 * `true`: always private, free to be changed; `false`: always a view.
	 */
	copy?: boolean;
}
/** A ref to whatever: where a list may have refs of different types. */
export type AnyRef = ObjectRef<any>;
export type Refs<T extends readonly unknown[]> = { readonly [K in keyof T]: ObjectRef<T[K]> };
export interface GetFn {
	<T>(ref: ObjectRef<T>, options?: GetOptions): Promise<T>;
	<T extends readonly unknown[]>(
		refs: readonly [...Refs<T>],
		options?: GetOptions,
	): Promise<{ -readonly [K in keyof T]: T[K] }>;
	<T>(refs: readonly ObjectRef<T>[], options?: GetOptions): Promise<T[]>;
}
export interface GetSyncFn {
	<T>(ref: ObjectRef<T>, options?: Omit<GetOptions, "signal">): T;
	<T>(refs: readonly ObjectRef<T>[], options?: Omit<GetOptions, "signal">): T[];
}
export interface WaitOptions {
	/** How many shall be ready. Default 1. */
	numReturns?: number;
	/** Milliseconds. */
	timeout?: number;
}
export interface WaitFn {
	/**
	 * [ready, pending], the same handles, each in input order. Resolves when `numReturns` (default 1) are ready, with exactly
	 * that many in `ready`, or at `timeout` with those that are. A ref twice, `numReturns` below 1 or above the number of
	 * refs: RangeError.
	 */
	<T>(refs: readonly ObjectRef<T>[], options?: WaitOptions): Promise<[ObjectRef<T>[], ObjectRef<T>[]]>;
	<R extends AnyRef>(refs: readonly R[], options?: WaitOptions): Promise<[R[], R[]]>;
}
export interface CompletedOptions {
	/** Milliseconds for all of them; then GetTimeoutError. */
	timeout?: number;
}
/** How instances of a class are sent. */
export interface SerializerCodec<T, S> {
	/** Travels with each instance. One class has it. */
	name: string;
	serialize(value: T): S;
	deserialize(data: S): T;
}

// ── tasks ────────────────────────────────────────────────────────────────────

export type AnyFn = (...args: any[]) => unknown;
/** A ref given as an argument arrives as its value, so a parameter that is itself a ref can only be given a ref to a ref, or a ref nested in something. */
type Arg<A> = 0 extends 1 & A ? A : [A] extends [AnyRef] ? ObjectRef<A> : A | ObjectRef<A>;
export type RemoteArgs<P extends readonly unknown[]> = { [K in keyof P]: Arg<P[K]> };
/** A generator is told by what the function returns: that it must be written as one, with `function*`, types cannot say. */
export type RemoteResult<R> = 0 extends 1 & R
	? ObjectRef<any>
	: [R] extends [never]
		? ObjectRef<never>
		: [R] extends [AsyncGenerator<infer Y, any, any> | Generator<infer Y, any, any>]
			? ObjectRefGenerator<Y>
			: ObjectRef<Awaited<R>>;

export interface CommonOptions {
	name?: string;
	numCpus?: number;
	numGpus?: number;
	resources?: Record<string, number>;
	/** Bytes of memory to reserve. */
	memory?: number;
	runtimeEnv?: RuntimeEnv;
	schedulingStrategy?: SchedulingStrategy;
}
/** Where a task runs, if several nodes could run it. */
export type SchedulingStrategy = "DEFAULT" | "SPREAD";
export interface TaskOptions extends CommonOptions {
	/** n other than 1: the function returns an array of n values, each its own ref. If it returns another number, every ref fails. */
	numReturns?: number;
	/** Retries after a worker died. Default 3; -1 for ever. */
	maxRetries?: number;
	/** Also retry what the function threw: true, classes (matched by the class names of the error's prototype chain), or a predicate (called where the task was submitted; it may capture). Default false. */
	retryExceptions?:
		| boolean
		| readonly (abstract new (
				...args: any[]
		  ) => Error)[]
		| ((error: unknown, attempt: number) => boolean);
	/** Milliseconds before a retry: fixed, or per attempt. */
	retryDelay?: number | ((attempt: number) => number);
	/** Milliseconds from submission; then the task is cancelled with TaskTimeoutError, at once for whoever waits, though its code may still hold the thread. */
	timeout?: number;
	signal?: AbortSignal;
	/** Higher first. Default 0; -8 … 7. */
	priority?: number;
	/** Generators: how many unread items may wait. Default: any number. */
	generatorBackpressure?: number;
	/** Variables that an inline function uses from outside itself. Refs among them stay refs. */
	closure?: Record<string, unknown>;
}
/** The refs of a tuple's items, or of an array's. */
type ManyResults<R> = 0 extends 1 & R
	? ObjectRef<any>[]
	: Awaited<R> extends infer A extends readonly unknown[]
		? { -readonly [K in keyof A]: ObjectRef<A[K]> }
		: ObjectRef<any>[];
/**
 * Refuses keys that are no options, where the options' own type is inferred. A default of that type must be `Options`
 * itself: it is what callbacks among the options have their parameters' types from.
 */
export type Only<O, Options> = O & { [K in Exclude<keyof O, keyof Options>]: never };
/** What a call gives, with these options. */
export type ResultWith<R, O, Otherwise = RemoteResult<R>> = O extends { numReturns: infer N }
	? N extends 1
		? RemoteResult<R>
		: ManyResults<R>
	: Otherwise;
export interface RemoteFunction<F extends AnyFn, Out = RemoteResult<ReturnType<F>>> {
	/** Submits a task that calls the function with these arguments; a ref among them arrives as its value. */
	remote(...args: RemoteArgs<Parameters<F>>): Out;
	/** The same function with other options. */
	options<const O extends TaskOptions>(
		options: Only<O, TaskOptions>,
	): RemoteFunction<F, ResultWith<ReturnType<F>, O, Out>>;
	/** The plain function, for calling here. */
	readonly local: F;
}
/**
 * The refs of what a remote generator yields, as they come. It ends after the last item; what the function throws is the
 * error of one more item, the last: thrown by getting it. Leaving the loop or disposing cancels the task, as does losing
 * what it gives to the garbage collector; its `finally` blocks run.
 */
export interface ObjectRefGenerator<T> extends AsyncIterableIterator<ObjectRef<T>>, AsyncDisposable {
	/** Resolves when the generator has ended; rejects with what it threw. */
	completed(): ObjectRef<void>;
}
export interface CancelOptions {
	/** End the worker that runs it, without a retry. Default false. */
	force?: boolean;
	/** Also what it submitted. Default true. */
	recursive?: boolean;
}

// ── context and state ────────────────────────────────────────────────────────

export interface RuntimeContext {
	readonly runtimeId: string;
	readonly nodeId: string;
	readonly workerId: number;
	readonly namespace: string;
	/** `attempt` is 1 for the first run. */
	readonly taskId?: string;
	readonly taskName?: string;
	readonly attempt?: number;
	readonly assignedResources: Record<string, number>;
	readonly assignedGpuIds: readonly number[];
	/** Aborts when the task is cancelled or times out; `aborted` also turns true in the middle of synchronous code, so that a loop may poll it. */
	readonly signal: AbortSignal;
}

/** `objectId` equals the ref's `id`. */
export interface ObjectState {
	objectId: string;
	state: "PENDING" | "READY" | "SPILLED" | "ERROR";
	size: number;
	references: number;
	pinned: boolean;
	createdBy?: string;
}
export interface StateFilter {
	limit?: number;
	filters?: readonly [key: string, op: "=" | "!=", value: unknown][];
}
/**
 * Bytes, but for `objects`, `evictions`, `hits` and `misses`. `used`, `pinned` and `spilled` are as of now. This version spills nothing:
 * no object is evicted, and `hits` and `misses`, which tell reads of memory and of files apart, are not counted.
 */
export interface StoreStats {
	capacity: number;
	used: number;
	pinned: number;
	spilled: number;
	objects: number;
	evictions: number;
	hits: number;
	misses: number;
}
