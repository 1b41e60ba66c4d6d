/**
 * Which runtime a module-level call uses: the one whose `run` it is in, else the process's default one. All of it is kept in
 * one place of the process, so that several copies of the package (ES modules and CommonJS, bundles) have the same runtime,
 * and the program's copy inside a worker thread finds the worker's engine.
 */
import type { Engine } from "../engine/engine.ts";
import { RayError, RuntimeNotInitializedError, RuntimeShutdownError } from "../errors.ts";
import { definitions } from "../functions/definitions.ts";
import { createScope, type Scope } from "../platform/context.ts";
import { SerializerRegistry } from "../values/registry.ts";

/** Another number: another shape of what copies of the package share. */
const SHAPE = 1;
const REGISTRY: unique symbol = Symbol.for("wasmray.runtime") as never;

export interface Starting {
	/** Settles, and never rejects, when init() is over. */
	readonly settled: Promise<unknown>;
	/** shutdownNow() came meanwhile. */
	abandoned: boolean;
}

interface Registry {
	readonly shape: number;
	/** The default runtime. */
	engine: Engine | undefined;
	/** init() is under way. */
	starting: Starting | undefined;
	/** There was a default runtime, and it was shut down. */
	ended: boolean;
	/** Which runtime's `run` a call is in; made by the first `run`. */
	scope: Scope<Engine> | undefined;
	/** All runtimes that were not shut down. */
	readonly engines: Set<Engine>;
	/** Those that are being shut down. */
	readonly ending: WeakMap<Engine, Promise<void>>;
	/** Classes taught outside of any `run`: every runtime has them. */
	readonly serializers: SerializerRegistry;
}

function findRegistry(): Registry {
	const holder = globalThis as { [REGISTRY]?: Registry };
	holder[REGISTRY] ??= {
		shape: SHAPE,
		engine: undefined,
		starting: undefined,
		ended: false,
		scope: undefined,
		engines: new Set(),
		ending: new WeakMap(),
		serializers: new SerializerRegistry(),
	};
	const found = holder[REGISTRY];
	if (found.shape !== SHAPE) {
		throw new RayError("Two versions of wasmray are loaded that cannot share a runtime. Install one of them only.");
	}
	return found;
}

/** @internal */
export const registry: Registry = findRegistry();

/** The runtime that a call uses. */
export function currentEngine(call: string): Engine {
	const scoped = registry.scope?.getStore();
	if (scoped !== undefined) return scoped;
	if (registry.engine !== undefined) return registry.engine;
	throw noRuntime(call);
}

/** The runtime whose `run` this is in. */
export function scopedEngine(): Engine | undefined {
	return registry.scope?.getStore();
}

/** Makes an engine the one that calls use inside `fn`, and in all it awaits. */
export function runWith<R>(engine: Engine, fn: () => R): R {
	registry.scope ??= createScope();
	return registry.scope.run(engine, fn);
}

function noRuntime(call: string): RayError {
	if (registry.starting !== undefined) {
		return new RuntimeNotInitializedError(`${call}() while init() is under way. Await init() first.`);
	}
	if (registry.ended) {
		return new RuntimeShutdownError(`${call}() after shutdown(). Call init() again, or shut down later.`);
	}
	return new RuntimeNotInitializedError(
		`${call}() needs a runtime and there is none. Await init() first, or wrap the program in main().`,
	);
}

// ── in a worker ──────────────────────────────────────────────────────────────

/** Makes this thread's engine the one that all copies of the package here use. */
export function becomeWorker(engine: Engine): void {
	registry.engine = engine;
	registry.engines.add(engine);
}

export function isWorker(): boolean {
	return registry.engine?.isWorker === true;
}

/**
 * A worker loads a module for the functions it defines. At its `init()` or `main()` it stops, by awaiting what never comes:
 * what stands below is the driver's. Inside a task these calls are the task's own, and do not stop.
 */
export function stopsModule(): boolean {
	if (!isWorker() || registry.engine?.context().taskId !== undefined) return false;
	definitions().reachedInit();
	return true;
}

/** Tasks use the runtime that runs them. */
export function refuseInTask(call: string): void {
	if (!isWorker()) return;
	throw new RayError(
		`${call}() inside a task: a task uses the runtime that runs it, and only the program that started a runtime shuts it down.`,
	);
}
