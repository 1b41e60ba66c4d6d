import { describe, expect, test } from "vitest";
import * as ray from "../../src/index.ts";
import { withTestRuntime, withTestRuntimes } from "../../src/testing/index.ts";
import { failure } from "./support.ts";

const square = ray.remote((n: number) => n * n);
const forever = ray.remote(async function forever(_after?: unknown) {
	await new Promise(() => {});
});

describe("withTestRuntime", () => {
	test("gives what the body gives, and the runtime is shut down then", async () => {
		let inside: ray.Runtime | undefined;
		const nine = await withTestRuntime(
			async (runtime) => {
				inside = runtime;
				return square.remote(3).get();
			},
			{ numCpus: 1 },
		);
		expect(nine).toBe(9);
		expect(() => inside?.put(1)).toThrow(ray.RuntimeShutdownError);
	});

	test("gives what a body without promises gives", async () => {
		expect(await withTestRuntime((runtime) => runtime.namespace, { numCpus: 1, namespace: "mine" })).toBe("mine");
	});

	test("lets any number of tests run side by side, each with its own runtime", async () => {
		const ids = await Promise.all(
			Array.from({ length: 5 }, (_, i) =>
				withTestRuntime(
					async (runtime) => {
						expect(await square.remote(i).get()).toBe(i * i);
						expect(ray.runtime()).toBe(runtime);
						return runtime.id;
					},
					{ numCpus: 1 },
				),
			),
		);
		expect(new Set(ids).size).toBe(5);
		expect(ray.isInitialized()).toBe(false);
	});

	test("fails as the body does, and shuts the runtime down", async () => {
		let inside: ray.Runtime | undefined;
		const wrong = new TypeError("the body's own");
		const body = async (runtime: ray.Runtime) => {
			inside = runtime;
			forever.remote();
			throw wrong;
		};
		expect(await failure(withTestRuntime(body, { numCpus: 1 }))).toBe(wrong);
		expect(() => inside?.put(1)).toThrow(ray.RuntimeShutdownError);
	});

	test("lets the body shut its runtime down itself", async () => {
		expect(await withTestRuntime((runtime) => runtime.shutdown().then(() => "over"), { numCpus: 1 })).toBe("over");
	});

	test("lets the body stop its runtime at once: it is waited until the threads are gone", async () => {
		expect(await withTestRuntime(() => ray.shutdownNow(), { numCpus: 2 })).toBeUndefined();
	});

	test("provokes no warning of many listeners, however many tests run side by side", async () => {
		const warnings: Error[] = [];
		const note = (warning: Error) => warnings.push(warning);
		process.on("warning", note);
		await Promise.all(Array.from({ length: 12 }, () => withTestRuntime(() => {}, { numCpus: 1 })));
		await new Promise((resolve) => setImmediate(resolve));
		process.off("warning", note);
		expect(warnings).toEqual([]);
	});

	test("fails when the time is over, naming the tasks and objects that were pending", async () => {
		const body = async () => {
			const ref = forever.remote();
			forever.options({ name: "second" }).remote(ref);
			await ref.get();
		};
		const { message } = await failure(withTestRuntime(body, { numCpus: 1, timeout: 300 }));
		expect(message).toContain("not over after 300 ms");
		expect(message).toMatch(
			/task forever \(\S+-t\w+\.\w+\), (?:queued|running on worker \d+), submitted here:\n.*\.test\.ts/,
		);
		expect(message).toMatch(
			/task second \(\S+\), waiting for its arguments, submitted here:\n.*test-runtime\.test\.ts/,
		);
		expect(message).toMatch(/object \S+-o\w+\.\w+/);
	});

	test("fails when the time is over though nothing of the runtime was pending", async () => {
		const { message } = await failure(withTestRuntime(() => new Promise(() => {}), { numCpus: 1, timeout: 1 }));
		expect(message).toContain("No task and no object was pending");
	});

	test("refuses wrong arguments before it starts anything", async () => {
		const wrong: [() => Promise<unknown>, string][] = [
			[() => withTestRuntime(1 as never), "withTestRuntime(): body must be a function, not 1"],
			[() => withTestRuntime(() => {}, 1 as never), "withTestRuntime(): the options must be an object, not 1"],
			[() => withTestRuntime(() => {}, { timeout: -1 }), "withTestRuntime(): timeout must be"],
			[
				() => withTestRuntime(() => {}, { checkLeaks: 1 as never }),
				"withTestRuntime(): checkLeaks must be true or false",
			],
			[() => withTestRuntime(() => {}, { timeot: 1 } as never), 'unknown option "timeot"; did you mean "timeout"?'],
			[() => withTestRuntime(() => {}, { numCpu: 1 } as never), 'unknown option "numCpu"; did you mean "numCpus"?'],
			[() => withTestRuntime(() => {}, { numCpus: -1 }), "withTestRuntime(): numCpus must be"],
			[() => withTestRuntimes({} as never, () => {}), "withTestRuntimes(): the first argument must be an array"],
			[() => withTestRuntimes([], 1 as never), "withTestRuntimes(): body must be a function"],
		];
		for (const [call, text] of wrong) expect((await failure(call())).message).toContain(text);
	});
});

describe("withTestRuntimes", () => {
	test("runs the body for each configuration", async () => {
		const body = async (_runtime: ray.Runtime, { numCpus = 0 }: { numCpus?: number }) => square.remote(numCpus).get();
		expect(await withTestRuntimes([{ numCpus: 1 }, { numCpus: 2 }], body)).toEqual([1, 4]);
	});

	test("names the configuration that fails, and runs no further one", async () => {
		const seen: unknown[] = [];
		const wrong = new RangeError("too many");
		const error = await failure(
			withTestRuntimes([{ numCpus: 1 }, { numCpus: 2 }, { numCpus: 1 }], (_runtime, { numCpus }) => {
				seen.push(numCpus);
				if (numCpus === 2) throw wrong;
			}),
		);
		expect(error.message).toBe('In configuration 1 ({"numCpus":2}): too many');
		expect(error.cause).toBe(wrong);
		expect(seen).toEqual([1, 2]);
	});
});
