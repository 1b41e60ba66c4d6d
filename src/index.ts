/**
 * wasmray: tasks and objects after Ray's model, on the threads of one machine.
 *
 * @example
 * import * as ray from "wasmray";
 *
 * const square = ray.remote((n: number) => n * n);
 * await ray.main(async () => {
 *   console.log(await ray.get([1, 2, 3].map((n) => square.remote(n))));
 * });
 */
import "./api/driver.ts";

export { getRuntimeContext } from "./api/context.ts";
export { createRuntime, init, isInitialized, main, runtime, shutdown, shutdownNow } from "./api/lifecycle.ts";
export { free, get, getSync, put, putBatch, registerSerializer } from "./api/objects.ts";
export { listObjects, storeStats } from "./api/state.ts";
export { cancel, capacity, remote } from "./api/tasks.ts";
export { asCompleted, wait } from "./api/wait.ts";
export {
	ActorDiedError,
	ActorError,
	ActorNameTakenError,
	ActorNotFoundError,
	ActorUnavailableError,
	ClusterError,
	FunctionNotShippableError,
	GetTimeoutError,
	ObjectFreedError,
	ObjectLostError,
	ObjectStoreFullError,
	OutOfDiskError,
	OutOfMemoryError,
	PendingCallsLimitExceededError,
	QueueEmptyError,
	QueueFullError,
	RayError,
	RefDisposedError,
	RuntimeAlreadyInitializedError,
	RuntimeNotInitializedError,
	RuntimeShutdownError,
	SerializationError,
	TaskCancelledError,
	TaskError,
	TaskTimeoutError,
	TaskUnschedulableError,
	WorkerCrashedError,
} from "./errors.ts";
export type {
	AnyFn,
	CancelOptions,
	CommonOptions,
	CompletedOptions,
	GetFn,
	GetOptions,
	GetSyncFn,
	InitOptions,
	ObjectRef,
	ObjectRefGenerator,
	ObjectState,
	Refs,
	RemoteFunction,
	RemoteResult,
	Runtime,
	RuntimeContext,
	RuntimeEnv,
	SchedulingStrategy,
	SerializerCodec,
	ShutdownOptions,
	StateFilter,
	StoreStats,
	TaskOptions,
	WaitFn,
	WaitOptions,
} from "./types.ts";
