// biome-ignore-all format: it is kept as it was agreed on.
// biome-ignore-all lint: it is kept as it was agreed on.
// biome-ignore-all assist: it is kept as it was agreed on.
/**
 * The public API of `wasmray/testing`: what a user's tests (and this project's own) are written with.
 */
import type { InitOptions, Runtime } from "wasmray";

export interface TestRuntimeOptions extends InitOptions {
  /** Milliseconds for the whole body; then it fails, naming what was still pending. Default 30000. */
  timeout?: number;
  /** Verify, when an object is released, that nobody wrote through a view on it. Default true. */
  checkImmutability?: boolean;
  /** Fail if objects (after a garbage collection), tasks, actors or worker threads are left behind. Default true. */
  checkLeaks?: boolean;
}
/**
 * A runtime of its own for `body`, shut down afterwards whatever happens. Inside `body`, and in all that it awaits,
 * the module-level functions (`ray.put`, …) use this runtime, so any number of tests run side by side in one process.
 */
export function withTestRuntime<R>(body: (runtime: Runtime) => R | Promise<R>, options?: TestRuntimeOptions): Promise<R>;
/** The same body once for each configuration; a failure names its configuration. */
export function withTestRuntimes<R>(configurations: readonly TestRuntimeOptions[], body: (runtime: Runtime, options: TestRuntimeOptions) => R | Promise<R>): Promise<R[]>;

/** Faults, by hand. Each resolves when the fault has taken effect. */
export interface Faults {
  /** Terminate the worker, as a crash of its thread would. */
  killWorker(workerId: number): Promise<void>;
  /** Terminate the worker that is running this task, or hosts this actor. */
  killWorkerOf(target: object): Promise<void>;
  /** From now on, behave as if the object store had only this many bytes. */
  limitStore(bytes: number): Promise<void>;
  /** Make the next `count` spill writes fail. */
  failSpills(count: number): Promise<void>;
}
export function faults(runtime?: Runtime): Faults;
