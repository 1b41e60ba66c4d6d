// biome-ignore-all lint/complexity/noThisInStatic: a class that names itself inside is renamed by bundlers, and printed as _TaskError.
/**
 * Every error of the package. Each has a stable `code`, and each is recognised by a symbol on its prototype, so that
 * `instanceof` holds across realms and across several copies of the package in one process.
 */

const IDENTITY: unique symbol = Symbol.for("wasmray.error") as never;
const CODE: unique symbol = Symbol.for("wasmray.error.code") as never;

type ErrorClass = abstract new (...args: never[]) => RayError;

const classes = new Map<string, ErrorClass>();

/** The classes of this package by name, of whatever copy of the package asks. */
export const errorClasses: ReadonlyMap<string, ErrorClass> = classes;

/** Names a class. The names are written out because minifiers rename classes. */
function identify(type: ErrorClass, name: string, code: string): void {
	const hidden = (value: string) => ({ value, configurable: true, writable: true });
	Object.defineProperties(type.prototype, { name: hidden(name), [IDENTITY]: hidden(name), [CODE]: hidden(code) });
	// Bundlers rename classes that name themselves, and printouts show what a class is called.
	Object.defineProperty(type, "name", { value: name, configurable: true });
	classes.set(name, type);
}

/** The name under which a prototype is one of this package's error classes, in any copy of it; subclasses by users have none. */
export function errorClassNameOf(prototype: object): string | undefined {
	const name: unknown = Object.getOwnPropertyDescriptor(prototype, IDENTITY)?.value;
	return typeof name === "string" ? name : undefined;
}

/** `value instanceof this`, for RayError and all that extend it. */
function hasInstance(this: ErrorClass, value: unknown): boolean {
	const wanted = errorClassNameOf(this.prototype);
	// A user's subclass has no name of its own: it is its own prototype that counts, as usual.
	if (wanted === undefined) return Function.prototype[Symbol.hasInstance].call(this, value);
	if (typeof value !== "object" || value === null) return false;
	for (let prototype = Object.getPrototypeOf(value); prototype !== null; ) {
		if (errorClassNameOf(prototype) === wanted) return true;
		prototype = Object.getPrototypeOf(prototype);
	}
	return false;
}

export interface RayErrorOptions {
	/** What led to this error. */
	readonly cause?: unknown;
}

/** The base of all errors of this package. `code` says which one without comparing texts; it stays the same across versions. */
export class RayError extends Error {
	declare readonly [CODE]: string;
	readonly code: string;

	constructor(message = "", options: RayErrorOptions = {}) {
		super(message, "cause" in options ? { cause: options.cause } : undefined);
		this.code = this[CODE];
	}

	static {
		identify(this, "RayError", "ERR_RAY");
		Object.defineProperty(this, Symbol.hasInstance, { value: hasInstance });
	}
}

// ── the runtime ──────────────────────────────────────────────────────────────

/** Something needed a runtime and there is none. Await `init()` first, or wrap the program in `main()`. */
export class RuntimeNotInitializedError extends RayError {
	static {
		identify(this, "RuntimeNotInitializedError", "ERR_RAY_NOT_INITIALIZED");
	}
}

/** `init()` while a default runtime exists. Shut that one down first, use it, or make another by `createRuntime()`. */
export class RuntimeAlreadyInitializedError extends RayError {
	static {
		identify(this, "RuntimeAlreadyInitializedError", "ERR_RAY_ALREADY_INITIALIZED");
	}
}

/** The runtime was shut down before this was done. Await results before `shutdown()`, or shut down with `{ drain: true }`. */
export class RuntimeShutdownError extends RayError {
	static {
		identify(this, "RuntimeShutdownError", "ERR_RAY_SHUTDOWN");
	}
}

/** A host of the cluster, or the way to it, failed, or it cannot do what was asked. The message names the address and the step. */
export class ClusterError extends RayError {
	static {
		identify(this, "ClusterError", "ERR_RAY_CLUSTER");
	}
}

// ── tasks ────────────────────────────────────────────────────────────────────

export interface TaskErrorOptions extends RayErrorOptions {
	readonly taskId?: string;
	readonly taskName?: string;
	readonly attempts?: number;
	readonly remoteStack?: string;
	readonly actorId?: string | undefined;
}

/**
 * A task or an actor's method threw. `cause` is what it threw, with its built-in class, message and own fields;
 * `remoteStack` is where. Handle the cause; if trying again may help, set `retryExceptions`.
 */
export class TaskError extends RayError {
	readonly taskId: string;
	readonly taskName: string;
	readonly attempts: number;
	declare readonly remoteStack: string;
	declare readonly actorId?: string;

	constructor(message = "", options: TaskErrorOptions = {}) {
		super(message, options);
		this.taskId = options.taskId ?? "";
		this.taskName = options.taskName ?? "";
		this.attempts = options.attempts ?? 1;
		// Not enumerable: printed, it would only repeat the cause's.
		Object.defineProperty(this, "remoteStack", {
			value: options.remoteStack ?? "",
			configurable: true,
			writable: true,
		});
		if (options.actorId !== undefined) this.actorId = options.actorId;
	}

	static {
		identify(this, "TaskError", "ERR_RAY_TASK");
	}
}

export interface OneTaskErrorOptions extends RayErrorOptions {
	readonly taskId?: string;
}

/** The task was cancelled, by `cancel()`, its `signal`, or its parent's cancellation. Nothing is wrong; do not ask for its result. */
export class TaskCancelledError extends RayError {
	readonly taskId: string;

	constructor(message = "", options: OneTaskErrorOptions = {}) {
		super(message, options);
		this.taskId = options.taskId ?? "";
	}

	static {
		identify(this, "TaskCancelledError", "ERR_RAY_TASK_CANCELLED");
	}
}

/** The task was not done within its `timeout`, counted from submission. Give it longer, more workers, or less to do. */
export class TaskTimeoutError extends RayError {
	readonly taskId: string;

	constructor(message = "", options: OneTaskErrorOptions = {}) {
		super(message, options);
		this.taskId = options.taskId ?? "";
	}

	static {
		identify(this, "TaskTimeoutError", "ERR_RAY_TASK_TIMEOUT");
	}
}

/**
 * It asks for more than any node has: its refs reject at once. Ask for less, or start the runtime with the resource that the
 * message names. Or no worker starts with its `runtimeEnv`: the message says why.
 */
export class TaskUnschedulableError extends RayError {
	static {
		identify(this, "TaskUnschedulableError", "ERR_RAY_UNSCHEDULABLE");
	}
}

export interface WorkerCrashedErrorOptions extends RayErrorOptions {
	readonly workerId?: number;
}

/** The worker's thread ended while it ran the task, and its retries are used up. The message says how it ended; raise `maxRetries` if that is chance. */
export class WorkerCrashedError extends RayError {
	readonly workerId: number;

	constructor(message = "", options: WorkerCrashedErrorOptions = {}) {
		super(message, options);
		this.workerId = options.workerId ?? -1;
	}

	static {
		identify(this, "WorkerCrashedError", "ERR_RAY_WORKER_CRASHED");
	}
}

/** A worker's JavaScript heap reached its limit. Keep less alive in the task, or raise `runtimeEnv.resourceLimits`. */
export class OutOfMemoryError extends RayError {
	static {
		identify(this, "OutOfMemoryError", "ERR_RAY_OUT_OF_MEMORY");
	}
}

/** Too many tasks or calls are unfinished. Await `capacity()` before submitting more, or raise the limit that the message names. */
export class PendingCallsLimitExceededError extends RayError {
	static {
		identify(this, "PendingCallsLimitExceededError", "ERR_RAY_PENDING_CALLS_LIMIT");
	}
}

// ── actors ───────────────────────────────────────────────────────────────────

export interface ActorErrorOptions extends RayErrorOptions {
	readonly actorId?: string;
}

/** A call could not be made or finished because of its actor's state. Its subclasses say which. */
export class ActorError extends RayError {
	readonly actorId: string;

	constructor(message = "", options: ActorErrorOptions = {}) {
		super(message, options);
		this.actorId = options.actorId ?? "";
	}

	static {
		identify(this, "ActorError", "ERR_RAY_ACTOR");
	}
}

/** The actor is dead: killed, ended, out of restarts, or its constructor threw (`cause`). Make another one. */
export class ActorDiedError extends ActorError {
	static {
		identify(this, "ActorDiedError", "ERR_RAY_ACTOR_DIED");
	}
}

/** The actor is being restarted, and this call was under way. Call again, or set `maxTaskRetries` if the call may run twice. */
export class ActorUnavailableError extends ActorError {
	static {
		identify(this, "ActorUnavailableError", "ERR_RAY_ACTOR_UNAVAILABLE");
	}
}

/** No live actor has that name in that namespace. Create it, or use `getIfExists`. */
export class ActorNotFoundError extends RayError {
	static {
		identify(this, "ActorNotFoundError", "ERR_RAY_ACTOR_NOT_FOUND");
	}
}

/** A live actor has that name already. Use another name, or `getIfExists: true`. */
export class ActorNameTakenError extends RayError {
	static {
		identify(this, "ActorNameTakenError", "ERR_RAY_ACTOR_NAME_TAKEN");
	}
}

/** The queue holds `maxSize` items: at once for `putNowait`, after its timeout for `put`. Take items, or wait longer. */
export class QueueFullError extends RayError {
	static {
		identify(this, "QueueFullError", "ERR_RAY_QUEUE_FULL");
	}
}

/** The queue holds nothing: at once for `getNowait`, after its timeout for `get`. Put items, or wait longer. */
export class QueueEmptyError extends RayError {
	static {
		identify(this, "QueueEmptyError", "ERR_RAY_QUEUE_EMPTY");
	}
}

// ── objects ──────────────────────────────────────────────────────────────────

/** The value was not ready in time. The task goes on: get again, wait longer, or cancel it. */
export class GetTimeoutError extends RayError {
	static {
		identify(this, "GetTimeoutError", "ERR_RAY_GET_TIMEOUT");
	}
}

/** The store has no room for the value. Release handles, spill, or raise `objectStoreMemory`. */
export class ObjectStoreFullError extends RayError {
	static {
		identify(this, "ObjectStoreFullError", "ERR_RAY_STORE_FULL");
	}
}

/** The spill directory's disk is full. Make room, or choose another `spillDirectory`. */
export class OutOfDiskError extends RayError {
	static {
		identify(this, "OutOfDiskError", "ERR_RAY_OUT_OF_DISK");
	}
}

export interface ObjectLostErrorOptions extends RayErrorOptions {
	readonly objectId?: string;
}

/** The value is gone, and what made it cannot be run again. Make it again. */
export class ObjectLostError extends RayError {
	readonly objectId: string;

	constructor(message = "", options: ObjectLostErrorOptions = {}) {
		super(message, options);
		this.objectId = options.objectId ?? "";
	}

	static {
		identify(this, "ObjectLostError", "ERR_RAY_OBJECT_LOST");
	}
}

/** The value was deleted by `free()` while this handle was held. Free only what nobody needs any more. */
export class ObjectFreedError extends ObjectLostError {
	static {
		identify(this, "ObjectFreedError", "ERR_RAY_OBJECT_FREED");
	}
}

/** The handle was given up, by `using` or dispose, and then used. Use it before, or keep another handle. */
export class RefDisposedError extends RayError {
	static {
		identify(this, "RefDisposedError", "ERR_RAY_REF_DISPOSED");
	}
}

// ── values and functions ─────────────────────────────────────────────────────

export interface SerializationErrorOptions extends RayErrorOptions {
	readonly path?: string | undefined;
}

/**
 * A value cannot be sent (`path` says where in it, e.g. `args[1].user.callback`), or bytes cannot be read.
 * Leave that part out, send data that it can be made from, or teach its class by `registerSerializer`.
 */
export class SerializationError extends RayError {
	declare readonly path?: string;

	constructor(message = "", options: SerializationErrorOptions = {}) {
		super(message, options);
		if (options.path !== undefined) this.path = options.path;
	}

	static {
		identify(this, "SerializationError", "ERR_RAY_SERIALIZATION");
	}
}

/** A worker cannot have this function. The message names the variables that it uses from outside; give them by `closure`, or export it from a module. */
export class FunctionNotShippableError extends RayError {
	static {
		identify(this, "FunctionNotShippableError", "ERR_RAY_FUNCTION_NOT_SHIPPABLE");
	}
}
