/** All that `import * as ray` gives, for functions that use it inside a worker. */
import { MEMBER } from "../engine/members.ts";
import { errorClasses } from "../errors.ts";
import { getRuntimeContext } from "./context.ts";
import { createRuntime, init, isInitialized, main, runtime, shutdown, shutdownNow } from "./lifecycle.ts";
import { free, get, getSync, put, putBatch, registerSerializer } from "./objects.ts";
import { listObjects, storeStats } from "./state.ts";
import { cancel, capacity, remote } from "./tasks.ts";
import { asCompleted, wait } from "./wait.ts";

export const packageNamespace: Readonly<Record<string, unknown>> = Object.freeze({
	asCompleted,
	cancel,
	capacity,
	createRuntime,
	free,
	get,
	getRuntimeContext,
	getSync,
	init,
	isInitialized,
	listObjects,
	main,
	put,
	putBatch,
	registerSerializer,
	remote,
	runtime,
	shutdown,
	shutdownNow,
	storeStats,
	wait,
	...Object.fromEntries(errorClasses),
});

for (const [name, value] of Object.entries(packageNamespace)) {
	Object.defineProperty(value as object, MEMBER, { value: name });
}
