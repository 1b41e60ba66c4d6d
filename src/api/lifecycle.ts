/** Making and ending runtimes. One is the process's default; others are made by `createRuntime`. */
import { wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import type { InitSettings } from "../engine/settings.ts";
import { RuntimeAlreadyInitializedError, RuntimeNotInitializedError, RuntimeShutdownError } from "../errors.ts";
import type { InitOptions, Runtime, ShutdownOptions } from "../types.ts";
import { isWorker, refuseInTask, registry, type Starting, scopedEngine, stopsModule } from "./current.ts";
import { end, endNow, isOpen } from "./ending.ts";
import { initSettings } from "./options/init.ts";
import { defaultShutdown, shutdownOptions } from "./options/shutdown.ts";
import { handleOf } from "./runtime.ts";

/** What no user's option says. */
export type InnerSettings = Partial<Pick<InitSettings, "checkImmutability" | "traceCreation" | "spareWorkers">>;

/**
 * Starts the process's default runtime: its worker threads and its object store. The process lives while a task is
 * unfinished; idle workers and stored objects do not keep it alive.
 *
 * A second call is a RuntimeAlreadyInitializedError, also while the first is under way; after `shutdown()` it may be called
 * again, any number of times. In a worker that loads the module it stands in, nothing below it runs; inside a task it throws.
 *
 * @example
 * await ray.init({ numCpus: 4, objectStoreMemory: "2GiB" });
 */
export async function init(options?: InitOptions): Promise<Runtime> {
	if (stopsModule()) return never;
	refuseInTask("init");
	const settings = initSettings("init", options);
	refuseSecond();
	const starting = startDefault(settings);
	registry.starting = starting;
	try {
		return handleOf(await starting.engine);
	} finally {
		if (registry.starting === starting) registry.starting = undefined;
	}
}

const never = new Promise<never>(() => {});

function refuseSecond(): void {
	const scoped = scopedEngine();
	if (scoped !== undefined && !isOpen(scoped)) {
		throw new RuntimeShutdownError(
			`init() inside runtime.run(): runtime ${scoped.id} has ended, and what is called here goes on asking for it. Call init() outside of run().`,
		);
	}
	if (scoped !== undefined) {
		throw new RuntimeAlreadyInitializedError(
			"init() inside runtime.run(): that runtime is the current one here. Use it, or make another by createRuntime().",
		);
	}
	if (registry.starting !== undefined || (registry.engine !== undefined && isOpen(registry.engine))) {
		throw new RuntimeAlreadyInitializedError(
			"init() while there is a default runtime. Use it, shut it down first, or make another by createRuntime().",
		);
	}
}

interface StartingDefault extends Starting {
	readonly engine: Promise<Engine>;
}

function startDefault(settings: InitSettings): StartingDefault {
	const fate = { abandoned: false };
	const engine = becomeDefault(settings, fate);
	return Object.assign(fate, { engine, settled: engine.catch(() => {}) });
}

async function becomeDefault(settings: InitSettings, fate: { readonly abandoned: boolean }): Promise<Engine> {
	// The one before is on its way out, or ended by itself.
	if (registry.engine !== undefined) await end(registry.engine, defaultShutdown).catch(() => {});
	const engine = await startEngine(settings);
	if (fate.abandoned) {
		endNow(engine);
		throw new RuntimeShutdownError("init(): shutdownNow() was called while the runtime was starting.");
	}
	registry.engine = engine;
	registry.ended = false;
	return engine;
}

/** Given by what only a program loads: a worker has this module too, and starts no engines. */
let start: ((settings: InitSettings) => Promise<Engine>) | undefined;

export function provideEngine(starter: (settings: InitSettings) => Promise<Engine>): void {
	start = starter;
}

async function startEngine(settings: InitSettings): Promise<Engine> {
	if (start === undefined) throw new Error("Nothing that could start an engine is loaded.");
	const engine = await start(settings);
	registry.engines.add(engine);
	return engine;
}

/**
 * Makes a runtime beside the default one, with workers and a store of its own. Use it by its methods, or make it the one
 * that module-level calls use, by `run`.
 *
 * @example
 * await using other = await ray.createRuntime({ numCpus: 1 });
 * const six = await other.run(() => double.remote(3).get());
 */
export async function createRuntime(options?: InitOptions): Promise<Runtime> {
	return createRuntimeWith("createRuntime", options);
}

/** The same, with what only this package's own tools may set. */
export async function createRuntimeWith(
	call: string,
	options: InitOptions | undefined,
	inner: InnerSettings = {},
): Promise<Runtime> {
	if (stopsModule()) return never;
	refuseInTask(call);
	return handleOf(await startEngine({ ...initSettings(call, options), ...inner }));
}

/**
 * Ends the current runtime. Queued work is cancelled, running work has `timeout` to deliver, with what it submits meanwhile; `drain`
 * gives it to queued work too. What is still pending rejects with RuntimeShutdownError. Without a runtime it does nothing.
 *
 * @example
 * await ray.shutdown({ drain: true, timeout: 60_000 });
 */
export async function shutdown(options?: ShutdownOptions): Promise<void> {
	refuseInTask("shutdown");
	const checked = shutdownOptions("shutdown", options);
	const scoped = scopedEngine();
	if (scoped === undefined && registry.starting !== undefined) await registry.starting.settled;
	const engine = scoped ?? registry.engine;
	if (engine !== undefined) await end(engine, checked);
}

/**
 * Stops the current runtime at once, without waiting: every worker is terminated, every pending ref is rejected. For exit
 * handlers; use `shutdown` where something can be awaited.
 *
 * @example
 * process.once("exit", () => ray.shutdownNow());
 */
export function shutdownNow(): void {
	refuseInTask("shutdownNow");
	const scoped = scopedEngine();
	if (scoped === undefined && registry.starting !== undefined) {
		registry.starting.abandoned = true;
		registry.starting = undefined;
	}
	const engine = scoped ?? registry.engine;
	if (engine !== undefined) endNow(engine);
}

/**
 * Whether there is a runtime for module-level calls to use: made, and not being shut down. Inside a task always.
 *
 * @example
 * if (!ray.isInitialized()) await ray.init();
 */
export function isInitialized(): boolean {
	const engine = scopedEngine() ?? registry.engine;
	return engine !== undefined && isOpen(engine);
}

/**
 * The current runtime: the one whose `run` this is in, else the default one. Throws RuntimeNotInitializedError.
 *
 * @example
 * console.log(ray.runtime().id);
 */
export function runtime(): Runtime {
	const engine = scopedEngine() ?? registry.engine;
	if (engine === undefined || !registry.engines.has(engine)) {
		throw new RuntimeNotInitializedError(
			"runtime(): there is none. Await init() first, or wrap the program in main().",
		);
	}
	return handleOf(engine);
}

/**
 * A whole program: starts the default runtime, runs `fn`, and shuts down, also when `fn` throws. What `fn` gives is the
 * result. In a worker it does nothing.
 *
 * @example
 * const square = ray.remote((n: number) => n * n);
 * await ray.main(async () => {
 *   console.log(await ray.get([square.remote(2), square.remote(3)]));
 * });
 */
export async function main<R>(fn: () => R | Promise<R>, options?: InitOptions): Promise<R | undefined> {
	if (stopsModule()) return never;
	if (isWorker()) return undefined;
	if (typeof fn !== "function") throw wrongType("main(): the first argument", "a function", fn);
	const started = await init(options);
	let result: R;
	try {
		result = await fn();
	} catch (error) {
		// What the program threw says more than what its end may throw.
		await started.shutdown().catch(() => {});
		throw error;
	}
	await started.shutdown();
	return result;
}
