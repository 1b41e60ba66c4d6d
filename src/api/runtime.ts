import { wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { INSPECT } from "../engine/inspect.ts";
import { RuntimeShutdownError } from "../errors.ts";
import type { GetFn, GetSyncFn, ObjectRef, Runtime, ShutdownOptions, WaitFn } from "../types.ts";
import { isWorker, refuseInTask, runWith } from "./current.ts";
import { end, endNow } from "./ending.ts";
import { get, getSync, putInto } from "./objects.ts";
import { shutdownOptions } from "./options/shutdown.ts";
import { wait } from "./wait.ts";

const ENGINE: unique symbol = Symbol.for("wasmray.engine") as never;

/** A runtime as its user holds it. */
class RuntimeHandle implements Runtime {
	readonly [ENGINE]: Engine;
	readonly get: GetFn = get;
	readonly getSync: GetSyncFn = getSync;
	readonly wait: WaitFn = wait;

	constructor(engine: Engine) {
		this[ENGINE] = engine;
	}

	get id(): string {
		return this[ENGINE].id;
	}

	get namespace(): string {
		return this[ENGINE].namespace;
	}

	put<T>(value: T): ObjectRef<T> {
		return putInto(this[ENGINE], value);
	}

	async shutdown(options?: ShutdownOptions): Promise<void> {
		refuseInTask("shutdown");
		await end(this[ENGINE], shutdownOptions("shutdown", options));
	}

	shutdownNow(): void {
		refuseInTask("shutdownNow");
		endNow(this[ENGINE]);
	}

	run<R>(fn: () => R): R {
		if (typeof fn !== "function") throw wrongType("runtime.run(): the argument", "a function", fn);
		// A worker has this runtime alone.
		if (isWorker()) return fn();
		if (!this[ENGINE].alive) {
			throw new RuntimeShutdownError(
				`runtime.run(): runtime ${this.id} was shut down. Use another, or shut it down later.`,
			);
		}
		return runWith(this[ENGINE], fn);
	}

	[Symbol.asyncDispose](): Promise<void> {
		return this.shutdown();
	}

	[INSPECT](): string {
		return `Runtime(${this.id}${this[ENGINE].alive ? "" : ", shut down"})`;
	}
}

const handles = new WeakMap<Engine, RuntimeHandle>();

/** The one handle of a runtime. */
export function handleOf(engine: Engine): Runtime {
	const handle = handles.get(engine) ?? new RuntimeHandle(engine);
	handles.set(engine, handle);
	return handle;
}

/** The engine behind a handle, of whatever copy of the package. */
export function engineOf(runtime: Runtime): Engine {
	const engine = (runtime as { [ENGINE]?: Engine } | undefined)?.[ENGINE];
	if (engine === undefined) throw wrongType("the argument", "a runtime", runtime);
	return engine;
}
