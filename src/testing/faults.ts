/** Faults, by hand: what a test does to its runtime to see what the program makes of it. */
import { runtime as currentRuntime } from "../api/lifecycle.ts";
import { engineOf } from "../api/runtime.ts";
import { whole, wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { isRefGenerator } from "../engine/generator.ts";
import type { Inspection } from "../engine/inspection.ts";
import { isRef, type ObjectRef } from "../engine/ref.ts";
import { RayError, RuntimeShutdownError } from "../errors.ts";
import type { Runtime } from "../index.ts";

/** Each resolves when the fault has taken effect. */
export interface Faults {
	/** Terminate the worker, as a crash of its thread would. */
	killWorker(workerId: number): Promise<void>;
	/** Terminate the worker that is running the task of this ref or generator, as soon as one does. */
	killWorkerOf(target: object): Promise<void>;
	/** From now on, behave as if the object store had only this many bytes. What is stored already stays. */
	limitStore(bytes: number): Promise<void>;
	/** Make the next `count` spill writes fail. This version does not spill, so it rejects. */
	failSpills(count: number): Promise<void>;
}

const storeBytes = whole(1, 2 ** 32 - 1, "a whole number of bytes");
const workerNumber = whole(0, 2 ** 31 - 1, "a worker's id");

/**
 * Faults in this runtime, or in the current one.
 *
 * @example
 * await withTestRuntime(async (runtime) => {
 *   const ref = slow.options({ maxRetries: 0 }).remote();
 *   await faults(runtime).killWorkerOf(ref);
 *   await assert.rejects(ref.get(), ray.WorkerCrashedError);
 * });
 */
export function faults(runtime: Runtime = currentRuntime()): Faults {
	const engine = engineOf(runtime);
	const inspection = (): Inspection => {
		if (!engine.alive) throw new RuntimeShutdownError(`faults(): runtime ${engine.id} was shut down.`);
		if (engine.inspection !== undefined) return engine.inspection;
		throw new RayError("faults() inside a task: cause them in the program that started the runtime.");
	};
	inspection();
	return {
		async killWorker(workerId) {
			await inspection().killWorker(workerNumber(workerId, "killWorker(): workerId"));
		},
		async killWorkerOf(target) {
			await inspection().killWorkerOf(resultOf(engine, target));
		},
		async limitStore(bytes) {
			inspection().limitStore(storeBytes(bytes, "limitStore(): bytes"));
		},
		async failSpills() {
			throw new RayError("failSpills(): this version of wasmray does not spill. Use limitStore() for a full store.");
		},
	};
}

function resultOf(engine: Engine, target: unknown): ObjectRef {
	const ref = isRefGenerator(target) ? target.stream : target;
	if (!isRef(ref)) throw wrongType("killWorkerOf(): target", "the ref or the generator of a task", target);
	// Tasks and workers of all runtimes are numbered alike.
	if (ref.engine !== engine) {
		throw new TypeError(
			`killWorkerOf(): object ${ref.id} belongs to another runtime than ${engine.id}. Call faults(runtime) with its own.`,
		);
	}
	if (ref.task === 0) throw new TypeError(`killWorkerOf(): object ${ref.id} is not the result of a task.`);
	return ref;
}
