/** A runtime for a test: made for it, looked at when it is over, and shut down whatever happens. */
import { createRuntimeWith } from "../api/lifecycle.ts";
import { engineOf } from "../api/runtime.ts";
import { wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import type { Inspection } from "../engine/inspection.ts";
import type { Runtime } from "../index.ts";
import { type TestRuntimeOptions, type TestSettings, testSettings } from "./options.ts";

/** What ends by itself so soon after the body was not left behind. Costs time only where something is. */
const GRACE = 1_000;
const MOST_LISTED = 20;

/**
 * A runtime of its own for `body`, shut down afterwards whatever happens. Inside `body`, and in all that it awaits, the
 * module-level functions use this runtime, so any number of tests run side by side in one process.
 *
 * It fails if the body does, or takes longer than `timeout` (a body that blocks its thread is noticed when it lets go); if
 * somebody wrote through a view on an object; if objects, tasks or threads are left behind. What the body returns, and what
 * it kept elsewhere, is left behind too if it is a ref or a view.
 *
 * @example
 * const square = ray.remote((n: number) => n * n);
 *
 * test("squares", () =>
 *   withTestRuntime(async () => {
 *     assert.equal(await square.remote(3).get(), 9);
 *   }, { numCpus: 2 }));
 */
export async function withTestRuntime<R>(
	body: (runtime: Runtime) => R | Promise<R>,
	options?: TestRuntimeOptions,
): Promise<R> {
	return runTest("withTestRuntime", body, options);
}

/**
 * The same body once for each configuration, one after the other; a failure names its configuration.
 *
 * @example
 * await withTestRuntimes([{ numCpus: 1 }, { numCpus: 4, zeroCopyMinBytes: 0 }], async () => {
 *   assert.equal(await square.remote(3).get(), 9);
 * });
 */
export async function withTestRuntimes<R>(
	configurations: readonly TestRuntimeOptions[],
	body: (runtime: Runtime, options: TestRuntimeOptions) => R | Promise<R>,
): Promise<R[]> {
	const call = "withTestRuntimes";
	if (!Array.isArray(configurations)) throw wrongType(`${call}(): the first argument`, "an array", configurations);
	if (typeof body !== "function") throw wrongType(`${call}(): body`, "a function", body);
	const results: R[] = [];
	for (const [index, options] of (configurations as readonly TestRuntimeOptions[]).entries()) {
		try {
			results.push(await runTest(call, (runtime) => body(runtime, options), options));
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			throw new Error(`In configuration ${index} (${describe(options)}): ${message}`, { cause: error });
		}
	}
	return results;
}

function describe(options: unknown): string {
	return JSON.stringify(options, (_, value) => (typeof value === "bigint" ? `${value}n` : value)) ?? String(options);
}

async function runTest<R>(call: string, body: (runtime: Runtime) => R | Promise<R>, options: unknown): Promise<R> {
	if (typeof body !== "function") throw wrongType(`${call}(): body`, "a function", body);
	const settings = testSettings(call, options);
	const runtime = await createRuntimeWith(call, settings.init as TestRuntimeOptions | undefined, {
		checkImmutability: settings.checkImmutability,
		traceCreation: settings.checkImmutability || settings.checkLeaks,
	});
	const engine = engineOf(runtime);
	try {
		const result = await withinTime(engine, settings.timeout, () => runtime.run(() => body(runtime)));
		await lookBack(engine, settings);
		return result;
	} finally {
		// There is nothing left to wait for: the test passed, or it failed already.
		await runtime.shutdown({ timeout: 0 });
		// The body may have ended it by shutdownNow(), which waits for nothing.
		await engine.inspection?.endWorkers();
		const left = engine.inspection?.workers() ?? [];
		if (settings.checkLeaks && left.length > 0) {
			// biome-ignore lint/correctness/noUnsafeFinally: threads that cannot be ended matter more than what else failed.
			throw new Error(`The test left worker threads behind: ${left.join(", ")}.`);
		}
	}
}

/** The body's result; an error that names what is pending when the time is over. */
async function withinTime<R>(engine: Engine, timeout: number, body: () => R | Promise<R>): Promise<R> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const expired = new Promise<never>((_, reject) => {
		if (timeout === Number.POSITIVE_INFINITY) return;
		timer = setTimeout(() => reject(new Error(describeExpiry(engine.inspection, timeout))), timeout);
	});
	try {
		return await Promise.race([(async () => body())(), expired]);
	} finally {
		clearTimeout(timer);
	}
}

function describeExpiry(inspection: Inspection | undefined, timeout: number): string {
	const tasks = inspection?.unfinishedTasks() ?? [];
	const objects = inspection?.pendingObjects() ?? [];
	const what = [...tasks, ...objects];
	const pending =
		what.length === 0
			? "No task and no object was pending: it waits for something else."
			: `Still pending:${list(what)}`;
	return `The test's body was not over after ${timeout} ms. ${pending}`;
}

/** What a test whose body passed may fail for. */
async function lookBack(engine: Engine, settings: TestSettings): Promise<void> {
	const { inspection } = engine;
	// The body may have shut its runtime down: then nothing is left that could be looked at.
	if (inspection === undefined || !engine.alive) return;
	const problems: string[] = [];
	if (settings.checkLeaks && inspection.unfinishedTasks().length > 0) {
		await inspection.idle(GRACE);
		const tasks = inspection.unfinishedTasks();
		if (tasks.length > 0) problems.push(`The test left unfinished tasks behind. Await or cancel them:${list(tasks)}`);
	}
	if (settings.checkImmutability) {
		const changed = inspection.changedObjects();
		if (changed.length > 0) {
			problems.push(
				`Somebody wrote through a view on an object of the store, which others see. Get it with { copy: true } to change it:${list(changed)}`,
			);
		}
	}
	if (settings.checkLeaks && problems.length === 0) {
		await inspection.endWorkers();
		const objects = await inspection.objectsLeft();
		if (objects.length > 0) {
			problems.push(
				`The test left objects behind: something still holds their refs, or views on them:${list(objects)}`,
			);
		}
	}
	if (problems.length > 0) throw new Error(problems.join("\n"));
}

function list(items: readonly string[]): string {
	const shown = items.slice(0, MOST_LISTED).map((item) => `\n  ${item}`);
	return shown.join("") + (items.length > MOST_LISTED ? `\n  and ${items.length - MOST_LISTED} more` : "");
}
