// biome-ignore-all format: it is kept as it was agreed on.
// biome-ignore-all lint: it is kept as it was agreed on.
// biome-ignore-all assist: it is kept as it was agreed on.
/**
 * The public API of `wasmray`: the contract that the package's own types must satisfy.
 *
 *   import * as ray from "wasmray";
 *
 * Names follow Ray's Python API in camelCase, so that whoever knows Ray knows this.
 * `test/contract` checks that what the package exports is assignable to these declarations.
 * The package may offer more than this; it may not offer less, and not under another name.
 */

// ── lifecycle ────────────────────────────────────────────────────────────────

export interface InitOptions {
  /** Logical CPUs = worker threads that run tasks. Default: os.availableParallelism(). */
  numCpus?: number;
  /** Bytes that tasks and actors with a `memory` option may reserve together. Default: the machine's memory less the object store. */
  memory?: number;
  /** Logical GPUs; a task that asks for some is told which (`getRuntimeContext().assignedGpuIds`). Default 0. */
  numGpus?: number;
  /** Custom logical resources, e.g. { license: 2 }. Fractions to 0.0001. */
  resources?: Record<string, number>;
  /** Capacity of the object store: bytes, or "512MB" / "2GiB". */
  objectStoreMemory?: number | string;
  /** Where objects go when the store is full. `false`: never spill. Default: a private folder in os.tmpdir(). */
  spillDirectory?: string | false;
  /** Tasks that may be unfinished at once; `.remote()` then throws PendingCallsLimitExceededError, see `capacity()`. Default: no limit. */
  maxPendingTasks?: number;
  namespace?: string;
  /** Environment of the workers. */
  runtimeEnv?: RuntimeEnv;
  /** Typed arrays of at least this many bytes come out of the store as views, not copies. Default 65536. */
  zeroCopyMinBytes?: number;
  /** Undefined: the embedded runtime. "auto" or "http(s)://head:8265": run on that Ray cluster. */
  address?: string;
  /** Forward workers' console output to the driver, prefixed with the task or actor it came from. Default true; false drops it. */
  logToDriver?: boolean;
  /** Serve the dashboard, /metrics and /healthz. Default false. `true`: 127.0.0.1:8265. */
  dashboard?: boolean | { host?: string; port?: number; /** Asked of every request as `Authorization: Bearer …`; required unless the host is the loopback one. */ token?: string };
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
  /** Where the dashboard, /metrics and /healthz are served, if they are. */
  readonly dashboardUrl?: string;
  put<T>(value: T): ObjectRef<T>;
  get: GetFn;
  getSync: GetSyncFn;
  wait: WaitFn;
  shutdown(options?: ShutdownOptions): Promise<void>;
  shutdownNow(): void;
  /** Make this the runtime that the module-level functions use inside `fn`, and in all it awaits. */
  run<R>(fn: () => R): R;
}

/** The process lives while a task or call is unfinished; idle workers, actors and stored objects do not keep it alive. */
export function init(options?: InitOptions): Promise<Runtime>;
/** Without a runtime it does nothing. What is still pending rejects with RuntimeShutdownError. */
export function shutdown(options?: ShutdownOptions): Promise<void>;
/** Stop at once, without waiting: every worker is terminated, every pending ref is rejected. For exit handlers. */
export function shutdownNow(): void;
export function isInitialized(): boolean;
/** The current runtime; throws RuntimeNotInitializedError. */
export function runtime(): Runtime;
export function createRuntime(options?: InitOptions): Promise<Runtime>;
/** init, run `fn`, shut down, also when `fn` throws. In a worker it does nothing. */
export function main<R>(fn: () => R | Promise<R>, options?: InitOptions): Promise<R | undefined>;

// ── objects ──────────────────────────────────────────────────────────────────

/** A future for a value in the object store. May be nested in values and sent to any task or actor. */
export interface ObjectRef<T = unknown> extends Disposable {
  readonly id: string;
  get(options?: GetOptions): Promise<T>;
  /** Give up this handle now instead of when it is garbage-collected. Twice is fine; using it afterwards is RefDisposedError. */
  [Symbol.dispose](): void;
  readonly [Symbol.toStringTag]: "ObjectRef";
  /** @internal type brand */
  readonly __value?: T;
}

export interface GetOptions {
  /** Milliseconds; then GetTimeoutError. 0: what is ready now. */
  timeout?: number;
  /** Aborted: rejects with its reason. The task goes on. */
  signal?: AbortSignal;
  /**
   * Objects are immutable. A typed array of `zeroCopyMinBytes` or more is a view on the store (valid for as long as it
   * or any subarray of it is reachable; its `buffer` is the whole store, a SharedArrayBuffer), a smaller one a private copy. `true`: always private, free to be changed;
   * `false`: always a view.
   */
  copy?: boolean;
}
export type Refs<T extends readonly unknown[]> = { readonly [K in keyof T]: ObjectRef<T[K]> };
export interface GetFn {
  <T>(ref: ObjectRef<T>, options?: GetOptions): Promise<T>;
  <T extends readonly unknown[]>(refs: readonly [...Refs<T>], options?: GetOptions): Promise<{ -readonly [K in keyof T]: T[K] }>;
  <T>(refs: readonly ObjectRef<T>[], options?: GetOptions): Promise<T[]>;
}
export interface GetSyncFn {
  <T>(ref: ObjectRef<T>, options?: Omit<GetOptions, "signal">): T;
  <T>(refs: readonly ObjectRef<T>[], options?: Omit<GetOptions, "signal">): T[];
}
export interface WaitFn {
  /**
   * [ready, pending], the same handles, each in input order. Resolves when `numReturns` (default 1) are ready, with exactly that many in
   * `ready`, or at `timeout` with those that are. A ref twice, `numReturns` below 1 or above the number of refs: RangeError.
   */
  <T>(refs: readonly ObjectRef<T>[], options?: { numReturns?: number; timeout?: number }): Promise<[ObjectRef<T>[], ObjectRef<T>[]]>;
  <R extends ObjectRef<any>>(refs: readonly R[], options?: { numReturns?: number; timeout?: number }): Promise<[R[], R[]]>;
}

/** A ref itself is refused (TypeError): it is in the store already. A ref inside a value is kept as a ref. */
export function put<T>(value: T): ObjectRef<T>;
export function putBatch<T>(values: readonly T[]): ObjectRef<T>[];
export const get: GetFn;
/** Blocks this thread. Refused inside an actor that shares its thread with others. */
export const getSync: GetSyncFn;
export const wait: WaitFn;
/** Refs as they become ready. At `timeout` (milliseconds, for all) throws GetTimeoutError. */
export function asCompleted<T>(refs: Iterable<ObjectRef<T>>, options?: { timeout?: number }): AsyncIterableIterator<ObjectRef<T>>;
export function asCompleted<R extends ObjectRef<any>>(refs: Iterable<R>, options?: { timeout?: number }): AsyncIterableIterator<R>;
/** Delete objects now, whoever still holds a handle: those get ObjectFreedError. Views already taken stay valid. */
export function free(refs: ObjectRef | readonly ObjectRef[]): void;
/** Teach the serializer a class. Instances of other classes arrive as their own fields, as with structuredClone. */
export function registerSerializer<T, S>(type: abstract new (...args: never[]) => T, codec: { name: string; serialize(value: T): S; deserialize(data: S): T }): void;

// ── tasks ────────────────────────────────────────────────────────────────────

type AnyFn = (...args: any[]) => unknown;
/** A ref given as an argument arrives as its value, so a parameter that is itself a ref can only be given a ref to a ref, or a ref nested in something. */
type Arg<A> = 0 extends 1 & A ? A : [A] extends [ObjectRef<any>] ? ObjectRef<A> : A | ObjectRef<A>;
type RemoteArgs<P extends readonly unknown[]> = { [K in keyof P]: Arg<P[K]> };
export type RemoteResult<R> =
  0 extends 1 & R ? ObjectRef<any>
  : [R] extends [never] ? ObjectRef<never>
  : [R] extends [AsyncGenerator<infer Y, any, any> | Generator<infer Y, any, any>] ? ObjectRefGenerator<Y>
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
export interface TaskOptions extends CommonOptions {
  /** n other than 1: the function returns an array of n values, each its own ref. If it returns another number, every ref fails. */
  numReturns?: number;
  /** Retries after a worker died. Default 3; -1 for ever. */
  maxRetries?: number;
  /** Also retry what the function threw: true, classes (matched by the class names of the error's prototype chain), or a predicate (called where the task was submitted; it may capture). Default false. */
  retryExceptions?: boolean | readonly (abstract new (...args: any[]) => Error)[] | ((error: unknown, attempt: number) => boolean);
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
type ManyResults<R> = 0 extends 1 & R ? ObjectRef<any>[] : Awaited<R> extends infer A extends readonly unknown[] ? { -readonly [K in keyof A]: ObjectRef<A[K]> } : ObjectRef<any>[];
/** Refuses keys that are no options, where the options' own type is inferred. */
type Only<O, Options> = O & { [K in Exclude<keyof O, keyof Options>]: never };
/** What a call gives, with these options. */
type ResultWith<R, O, Otherwise = RemoteResult<R>> = O extends { numReturns: infer N } ? N extends 1 ? RemoteResult<R> : ManyResults<R> : Otherwise;
export interface RemoteFunction<F extends AnyFn, Out = RemoteResult<ReturnType<F>>> {
  remote(...args: RemoteArgs<Parameters<F>>): Out;
  options<const O extends TaskOptions>(options: Only<O, TaskOptions>): RemoteFunction<F, ResultWith<ReturnType<F>, O, Out>>;
  /** The plain function, for calling here. */
  readonly local: F;
  bind(...args: unknown[]): DagNode<Awaited<ReturnType<F>>>;
}
/**
 * Ends after the last item. What the function throws is the error of one more item, the last: thrown by getting it.
 * Leaving the loop or disposing cancels the task; its `finally` blocks run.
 */
export interface ObjectRefGenerator<T> extends AsyncIterableIterator<ObjectRef<T>>, AsyncDisposable {
  /** Resolves when the generator has ended; rejects with what it threw. */
  completed(): ObjectRef<void>;
}

export function remote<F extends AnyFn, const O extends TaskOptions = {}>(fn: F, options?: Only<O, TaskOptions>): RemoteFunction<F, ResultWith<ReturnType<F>, O>>;
/**
 * Its refs reject with TaskCancelledError: queued work is dropped; running async work sees its AbortSignal; `force` ends the worker, without a retry.
 * `recursive` (default true): also what it submitted. Its CPU is free again when its code ends. False if it had finished already.
 */
export function cancel(ref: ObjectRef | ObjectRefGenerator<unknown>, options?: { force?: boolean; recursive?: boolean }): boolean;

/** Resolves when `maxPendingTasks` leaves room for `n` more (default 1). */
export function capacity(n?: number): Promise<void>;

// ── actors ───────────────────────────────────────────────────────────────────

type AnyClass = abstract new (...args: any[]) => any;
/** An actor ends when its last handle is gone and its calls are done. `numCpus` defaults to 0: it runs on threads for actors, apart from the tasks' workers. */
export interface ActorOptions extends CommonOptions {
  namespace?: string;
  getIfExists?: boolean;
  /** "detached": lives until killed, though no handle is left. */
  lifetime?: "detached";
  /** Default 0; -1 for ever. */
  maxRestarts?: number;
  /** How often a call is tried again after the actor's restart. Default 0; -1 for ever. */
  maxTaskRetries?: number;
  /**
   * Calls in progress at once; a call is in progress until the promise it returns settles. Default: 1, or 1000 for a class with an `async` method.
   * At 1, calls of one caller run in the order of submission, each waiting for its ref arguments in its place; above, a call starts when its arguments are ready.
   */
  maxConcurrency?: number;
  concurrencyGroups?: Record<string, number>;
  /** Unfinished calls, running ones included; `.remote()` then throws PendingCallsLimitExceededError. Default -1: no limit. */
  maxPendingCalls?: number;
  /** Defaults of single methods, as `method()` sets them by decorator. */
  methods?: Record<string, MethodOptions>;
  /** Variables that an inline class uses from outside itself. Refs among them stay refs. */
  closure?: Record<string, unknown>;
  /** A worker thread of its own, so that it can block, crash or be killed alone. Default false: actors share threads with other actors, never with tasks. */
  dedicated?: boolean;
}
export interface MethodOptions { numReturns?: number; concurrencyGroup?: string; maxTaskRetries?: number; timeout?: number; signal?: AbortSignal }
export interface RemoteMethod<F extends AnyFn, Out = RemoteResult<ReturnType<F>>> {
  remote(...args: RemoteArgs<Parameters<F>>): Out;
  options<const O extends MethodOptions>(options: Only<O, MethodOptions>): RemoteMethod<F, ResultWith<ReturnType<F>, O, Out>>;
  bind(...args: unknown[]): DagNode<Awaited<ReturnType<F>>>;
}
export type ActorHandle<C> = { readonly [K in keyof C as C[K] extends AnyFn ? K : never]: C[K] extends AnyFn ? RemoteMethod<C[K]> : never } & Disposable & { readonly [Symbol.toStringTag]: "ActorHandle" };
export interface ActorClass<C extends AnyClass> {
  remote(...args: RemoteArgs<ConstructorParameters<C>>): ActorHandle<InstanceType<C>>;
  options(options: ActorOptions): ActorClass<C>;
  readonly local: C;
}
export function remote<C extends AnyClass>(cls: C, options?: ActorOptions): ActorClass<C>;
/** Method defaults, as a decorator on a method of a remote class. */
export function method(options: MethodOptions): (target: any, context: ClassMethodDecoratorContext) => void;
/** Throws ActorNotFoundError. */
export function getActor<C = any>(name: string, namespace?: string): ActorHandle<C>;
export function listNamedActors(options?: { allNamespaces?: boolean }): { name: string; namespace: string }[];
export interface AnyActorHandle extends Disposable { readonly [Symbol.toStringTag]: "ActorHandle" }
export function kill(actor: AnyActorHandle, options?: { noRestart?: boolean }): void;
/** Inside an actor: end it now, for good. This call resolves to undefined, every other unfinished one rejects with ActorDiedError. */
export function exitActor(): never;

// ── context, scheduling, groups ──────────────────────────────────────────────

export interface RuntimeContext {
  readonly runtimeId: string; readonly nodeId: string; readonly workerId: number;
  readonly namespace: string;
  /** `attempt` is 1 for the first run. */
  readonly taskId?: string; readonly taskName?: string; readonly attempt?: number;
  readonly actorId?: string; readonly actorName?: string; readonly wasActorRestarted?: boolean;
  /** Inside an actor: a handle to itself. */
  readonly currentActor?: ActorHandle<any>;
  readonly assignedResources: Record<string, number>;
  readonly assignedGpuIds: readonly number[];
  /** Aborts when the task is cancelled or times out; `aborted` also turns true in the middle of synchronous code, so that a loop may poll it. */
  readonly signal: AbortSignal;
}
/** Also after an `await` inside a task. Outside of any: the driver's. */
export function getRuntimeContext(): RuntimeContext;

export type SchedulingStrategy = "DEFAULT" | "SPREAD" | { placementGroup: PlacementGroup; bundleIndex?: number } | { nodeId: string; soft?: boolean };
export interface PlacementGroup { readonly id: string; ready(): ObjectRef<void>; readonly bundles: readonly Record<string, number>[] }
export function placementGroup(bundles: Record<string, number>[], options?: { strategy?: "PACK" | "SPREAD" | "STRICT_PACK" | "STRICT_SPREAD"; name?: string }): PlacementGroup;
/** Gives its bundles back and ends what runs in them. */
export function removePlacementGroup(group: PlacementGroup): void;

// ── graphs ───────────────────────────────────────────────────────────────────

export interface DagNode<T = unknown> { execute(...inputs: unknown[]): ObjectRef<T>; compile(): CompiledDag<T>; readonly __value?: T }
export interface CompiledDag<T> extends Disposable { execute(...inputs: unknown[]): Promise<T>; teardown(): void }
/** The graph's argument number `index` (default 0) of `execute`. */
export function inputNode(index?: number): DagNode<any>;

// ── state, metrics, timeline ─────────────────────────────────────────────────

/** Times are Unix milliseconds. */
export interface TaskState { taskId: string; name: string; state: "PENDING_ARGS" | "QUEUED" | "RUNNING" | "FINISHED" | "FAILED" | "CANCELLED"; actorId?: string; workerId?: number; attempt: number; submittedAt: number; startedAt?: number; endedAt?: number; error?: string }
export interface ActorState { actorId: string; className: string; name?: string; namespace: string; state: "PENDING" | "ALIVE" | "RESTARTING" | "DEAD"; workerId?: number; restarts: number; pendingCalls: number }
/** `objectId` equals the ref's `id`. */
export interface ObjectState { objectId: string; state: "PENDING" | "READY" | "SPILLED" | "ERROR"; size: number; references: number; pinned: boolean; createdBy?: string }
export interface WorkerState { workerId: number; state: "STARTING" | "IDLE" | "BUSY" | "DEAD"; actors: number; tasksFinished: number; heapUsed: number }
export interface NodeState { nodeId: string; alive: boolean; address?: string; resources: Record<string, number> }
export interface StateFilter { limit?: number; filters?: readonly [key: string, op: "=" | "!=", value: unknown][] }
export function listTasks(filter?: StateFilter): Promise<TaskState[]>;
export function listActors(filter?: StateFilter): Promise<ActorState[]>;
export function listObjects(filter?: StateFilter): Promise<ObjectState[]>;
export function listWorkers(): Promise<WorkerState[]>;
export function nodes(): Promise<NodeState[]>;
export function summarizeTasks(): Promise<Record<string, Record<TaskState["state"], number>>>;
/** Bytes, but for `objects`, `evictions`, `hits` and `misses`. `used`, `pinned` and `spilled` are as of now. */
export interface StoreStats { capacity: number; used: number; pinned: number; spilled: number; objects: number; evictions: number; hits: number; misses: number }
export function storeStats(): StoreStats;
/** Keys: "CPU", "GPU", "memory", "object_store_memory", and the custom ones. */
export function clusterResources(): Promise<Record<string, number>>;
export function availableResources(): Promise<Record<string, number>>;
export interface Health { status: "ok" | "degraded" | "stopping"; workers: number; checks: Record<string, { ok: boolean; detail?: string }> }
export function health(): Promise<Health>;
/** Chrome/Perfetto trace events; written to `file` if given. */
export function timeline(file?: string): Promise<object[]>;
/** User metrics, exported with the runtime's own. */
export const metrics: {
  counter(name: string, options?: { description?: string; labelNames?: string[] }): { inc(value?: number, labels?: Record<string, string>): void };
  gauge(name: string, options?: { description?: string; labelNames?: string[] }): { set(value: number, labels?: Record<string, string>): void };
  histogram(name: string, options?: { description?: string; boundaries?: number[]; labelNames?: string[] }): { observe(value: number, labels?: Record<string, string>): void };
  /** Prometheus text of everything. */
  text(): Promise<string>;
};

// ── other languages ──────────────────────────────────────────────────────────

/** A Python function or class of the Ray cluster this runtime runs on; on the embedded runtime, ClusterError says so. */
export const crossLanguage: {
  pyFunction<F extends AnyFn = AnyFn>(module: string, name: string, options?: TaskOptions): RemoteFunction<F>;
  pyActorClass<C extends AnyClass = AnyClass>(module: string, name: string, options?: ActorOptions): ActorClass<C>;
};

// ── utilities ────────────────────────────────────────────────────────────────

export namespace util {
  class ActorPool<C> {
    constructor(actors: readonly ActorHandle<C>[]);
    map<V, R>(fn: (actor: ActorHandle<C>, value: V) => ObjectRef<R>, values: Iterable<V>): AsyncIterableIterator<R>;
    mapUnordered<V, R>(fn: (actor: ActorHandle<C>, value: V) => ObjectRef<R>, values: Iterable<V>): AsyncIterableIterator<R>;
    submit<V, R>(fn: (actor: ActorHandle<C>, value: V) => ObjectRef<R>, value: V): void;
    hasNext(): boolean;
    getNext<R = unknown>(options?: { timeout?: number }): Promise<R>;
    getNextUnordered<R = unknown>(options?: { timeout?: number }): Promise<R>;
    push(actor: ActorHandle<C>): void;
    popIdle(): ActorHandle<C> | undefined;
  }
  /** May be sent to tasks and actors. */
  class Queue<T> {
    constructor(options?: { maxSize?: number });
    put(item: T, options?: { timeout?: number }): Promise<void>;
    get(options?: { timeout?: number }): Promise<T>;
    /** Rejects with QueueFullError. */
    putNowait(item: T): Promise<void>;
    /** Rejects with QueueEmptyError. */
    getNowait(): Promise<T>;
    size(): Promise<number>;
    empty(): Promise<boolean>;
    full(): Promise<boolean>;
    shutdown(): void;
  }
  /** Run `fn` over `items` on the workers: in order, chunked, with progress. */
  function map<V, R>(fn: (value: V) => R, items: Iterable<V>, options?: { chunkSize?: number; concurrency?: number; progress?: boolean | ((done: number, total: number) => void); signal?: AbortSignal; closure?: Record<string, unknown> }): Promise<Awaited<R>[]>;
  function mapUnordered<V, R>(fn: (value: V) => R, items: Iterable<V>, options?: { chunkSize?: number; concurrency?: number; signal?: AbortSignal; closure?: Record<string, unknown> }): AsyncIterableIterator<Awaited<R>>;
}

// ── errors ───────────────────────────────────────────────────────────────────

export class RayError extends Error { readonly code: string }
export class RuntimeNotInitializedError extends RayError {}
export class RuntimeAlreadyInitializedError extends RayError {}
export class RuntimeShutdownError extends RayError {}
/** A task or actor method threw: `cause` is what it threw (its built-in class, message, own fields), `remoteStack` where. */
export class TaskError extends RayError { readonly taskId: string; readonly taskName: string; readonly attempts: number; readonly remoteStack: string; readonly actorId?: string }
export class TaskCancelledError extends RayError { readonly taskId: string }
export class TaskTimeoutError extends RayError { readonly taskId: string }
/** Rejects at once what no node could ever run. */
export class TaskUnschedulableError extends RayError {}
export class WorkerCrashedError extends RayError { readonly workerId: number }
export class OutOfMemoryError extends RayError {}
export class ActorError extends RayError { readonly actorId: string }
/** No live actor has that name in that namespace. */
export class ActorNotFoundError extends RayError {}
/** A live actor has that name already, and `getIfExists` is not set. */
export class ActorNameTakenError extends RayError {}
/** `cause`: what the constructor threw, or what ended its thread. */
export class ActorDiedError extends ActorError {}
export class ActorUnavailableError extends ActorError {}
export class QueueFullError extends RayError {}
export class QueueEmptyError extends RayError {}
export class PendingCallsLimitExceededError extends RayError {}
export class GetTimeoutError extends RayError {}
export class ObjectStoreFullError extends RayError {}
export class OutOfDiskError extends RayError {}
export class ObjectLostError extends RayError { readonly objectId: string }
export class ObjectFreedError extends ObjectLostError {}
/** This handle was given up by `using` or dispose. */
export class RefDisposedError extends RayError {}
export class SerializationError extends RayError {}
/** A function that a worker cannot have: names the variables it captures and says what to do. */
export class FunctionNotShippableError extends RayError {}
export class ClusterError extends RayError {}
