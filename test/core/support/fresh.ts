import { onTestFinished } from "vitest";
import { Core, type CoreOptions } from "./core.ts";
import type { Ref, Thread } from "./thread.ts";

/** The builds that are shipped. The single one is for one thread. */
export const shipped = ["core", "core.single"] as const;

/** A core whose invariants are checked once more when the test is over. */
export function newCore(options: CoreOptions = {}): Core {
	const core = new Core(options);
	onTestFinished(() => core.check());
	return core;
}

/** Everything is let go of by now: the thread gives its caches back, and nothing may be left. */
export function expectNothingLeft(core: Core, ...threads: readonly { readonly calls: { flush(): number } }[]): void {
	for (const thread of threads) thread.calls.flush();
	core.check({ over: true });
}

/** A thread with a class of tasks that needs nothing, and a function. */
export function ready(core: Core): { thread: Thread; code: Ref } {
	const thread = core.start();
	thread.defineClass();
	return { thread, code: thread.put(1) };
}
