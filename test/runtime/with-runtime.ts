import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import type { InitOptions, Runtime } from "../../src/types.ts";

/** Runs `body` in a runtime of its own, so that test files and tests share nothing. */
export async function withRuntime<R>(options: InitOptions, body: (runtime: Runtime) => Promise<R>): Promise<R> {
	const runtime = await ray.createRuntime({ numCpus: 2, objectStoreMemory: "64MiB", ...options });
	try {
		return await runtime.run(() => body(runtime));
	} finally {
		await runtime.shutdown();
	}
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<ray.TaskError & Record<string, unknown>> {
	try {
		await promise;
	} catch (error) {
		return error as never;
	}
	throw new Error("It was to fail, and did not.");
}

const collectThere = ray.remote(async () => {
	const [v8, vm] = await Promise.all([import("node:v8"), import("node:vm")]);
	v8.setFlagsFromString("--expose-gc");
	vm.runInNewContext("gc")();
	// Finalizers run in a macrotask of their own.
	await new Promise((resolve) => setImmediate(resolve));
});

/** How many objects there are when garbage collections here and in a worker let go of no more. For runtimes with one worker. */
export async function settledObjects(): Promise<number> {
	let least = Number.POSITIVE_INFINITY;
	for (let unchanged = 0; unchanged < 4; unchanged++) {
		using collected = collectThere.remote();
		await collected.get();
		collectGarbage();
		await new Promise((resolve) => setImmediate(resolve));
		const { objects } = ray.storeStats();
		if (objects < least) {
			least = objects;
			unchanged = -1;
		}
	}
	return least;
}
