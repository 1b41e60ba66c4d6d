import { inspect } from "node:util";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { init } from "../../src/api/lifecycle.ts";
import { get, put } from "../../src/api/objects.ts";
import { cancel, capacity, remote } from "../../src/api/tasks.ts";
import { RefGenerator } from "../../src/engine/generator.ts";
import { makeRemoteFunction, settingsOf } from "../../src/engine/remote-function.ts";
import type { TaskSettings } from "../../src/engine/settings.ts";
import { RefDisposedError } from "../../src/errors.ts";
import type { TaskOptions } from "../../src/types.ts";
import { SENDABLE } from "../../src/values/hooks.ts";
import { startFakes } from "./start.ts";

const started = startFakes();

const add = (a: number, b: number) => a + b;

function settingsWith(...options: TaskOptions[]): TaskSettings {
	let fn: unknown = remote(add, options[0] as never);
	for (const more of options.slice(1)) fn = (fn as ReturnType<typeof remote>).options(more as never);
	return settingsOf(fn) as TaskSettings;
}

describe("a remote function", () => {
	test("submits to the current runtime, with its arguments and the same settings each time", async () => {
		await init();
		const sum = remote(add);
		expect(await get(sum.remote(1, 2))).toBe(3);
		await get(sum.remote(put(1), 2));
		const [first, second] = started.engines[0].called("submit") as [TaskSettings, unknown[]][];
		expect(first?.[1]).toEqual([1, 2]);
		expect(second?.[0]).toBe(first?.[0]);
	});

	test("has the plain function for calling here", () => {
		expect(remote(add).local).toBe(add);
		expect(remote(add).options({ numCpus: 2 }).local).toBe(add);
	});

	test("works when its parts are taken out", async () => {
		await init();
		const { remote: submit } = remote(add);
		expect(await get(submit(2, 2))).toBe(4);
	});

	test("cannot be called itself, and says what to do", () => {
		const sum = remote(add) as unknown as () => void;
		expect(() => sum()).toThrow(TypeError);
		expect(() => sum()).toThrow("add is a remote function: call add.remote(…) to run it on a worker, or add.local(…).");
	});

	test("shows what it is", () => {
		expect(inspect({ sum: remote(add, { name: "sum" }) })).toBe("{ sum: [RemoteFunction: sum] }");
		expect((remote(add) as unknown as { name: string }).name).toBe("add");
	});

	test("carries the brand by which it is sent inside values, and its settings", () => {
		const sum = remote(add);
		expect((sum as { [SENDABLE]?: unknown })[SENDABLE]).toBe("function");
		expect(settingsOf(sum)?.definition.fn).toBe(add);
		expect(settingsOf(add)).toBeUndefined();
		const received = makeRemoteFunction(settingsWith({ numCpus: 2 })) as ReturnType<typeof remote>;
		expect(settingsOf(received.options({ name: "again" }))).toMatchObject({ name: "again" });
		expect(settingsOf(received.options({ name: "again" }))?.resources.get("CPU")).toBe(20_000);
	});

	test("gives several refs, or a generator of refs, as its settings say", async () => {
		await init();
		const pair = remote(() => ["a", "b"] as const, { numReturns: 2 });
		const [a, b] = pair.remote();
		expect(await get([a, b])).toEqual(["a", "b"]);
		const items = remote(function* () {
			yield 1;
		}).remote();
		expect(items).toBeInstanceOf(RefGenerator);
	});

	test.each([
		[5, "remote(): the first argument must be a function, not 5"],
		[undefined, "remote(): the first argument must be a function, not undefined"],
		[Promise.resolve(), "remote(): the first argument must be a function, not a Promise"],
		[class Counter {}, "remote(): the class Counter is a class, and this version of wasmray has no actors"],
		[remote(add), "remote(): add is remote already. Use its .options()"],
	])("is not made of %s", (given, message) => {
		expect(() => remote(given as never)).toThrow(TypeError);
		expect(() => remote(given as never)).toThrow(message);
	});

	test("knows where it was made, and how many were made there before", () => {
		const made = [1, 2].map(() => remote(add));
		const [first, second] = made.map((fn) => settingsOf(fn)?.definition);
		expect(first?.site?.file).toContain("tasks.test.ts");
		expect([first?.ordinal, second?.ordinal]).toEqual([0, 1]);
		expect([second?.site?.line, second?.site?.column]).toEqual([first?.site?.line, first?.site?.column]);
	});

	test("of a function without a name is anonymous", () => {
		expect(
			settingsOf(
				remote(
					(
						() => () =>
							1
					)(),
				),
			)?.name,
		).toBe("anonymous");
	});
});

describe("task settings", () => {
	test("are complete", () => {
		expect(settingsWith({})).toMatchObject({
			name: "add",
			resources: new Map([["CPU", 10_000]]),
			schedulingStrategy: "DEFAULT",
			runtimeEnv: undefined,
			numReturns: 1,
			isGenerator: false,
			maxRetries: 3,
			retryExceptions: false,
			retryDelay: 0,
			timeout: undefined,
			signal: undefined,
			priority: 8,
			generatorBackpressure: 0,
			closure: undefined,
			plan: undefined,
		});
	});

	test("are what was given, in the engine's units", () => {
		const { signal } = new AbortController();
		const retryDelay = (attempt: number) => attempt * 10;
		const options: TaskOptions = {
			name: "sum",
			numCpus: 0.5,
			numGpus: 0.25,
			memory: 2 ** 20 + 1,
			resources: { license: 1.5, disk: 2 },
			runtimeEnv: { envVars: { A: "1" } },
			schedulingStrategy: "SPREAD",
			numReturns: 3,
			maxRetries: -1,
			retryExceptions: [TypeError, RangeError],
			retryDelay,
			timeout: 100,
			signal,
			priority: -8,
			closure: { b: 1 },
		};
		const settings = settingsWith(options);
		expect([...settings.resources]).toEqual([
			["CPU", 5000],
			["GPU", 2500],
			["memory", 2],
			["disk", 20_000],
			["license", 15_000],
		]);
		expect(settings).toMatchObject({
			name: "sum",
			schedulingStrategy: "SPREAD",
			runtimeEnv: { envVars: { A: "1" } },
			numReturns: 3,
			maxRetries: -1,
			retryExceptions: [TypeError, RangeError],
			retryDelay,
			timeout: 100,
			signal,
			priority: 0,
			closure: { b: 1 },
		});
	});

	test("are laid over the earlier ones, each option for itself", () => {
		const settings = settingsWith(
			{ numCpus: 2, numGpus: 1, resources: { a: 1 }, priority: 5, timeout: 10 },
			{ numGpus: 0, priority: 0 },
			{ memory: 2 ** 20 },
		);
		expect([...settings.resources]).toEqual([
			["CPU", 20_000],
			["memory", 1],
			["a", 10_000],
		]);
		expect([settings.priority, settings.timeout]).toEqual([8, 10]);
		expect([...settingsWith({ resources: { a: 1 } }, { resources: { b: 1 } }).resources.keys()]).toEqual(["CPU", "b"]);
		expect([...settingsWith({ numCpus: 0 }, { name: "x" }).resources]).toEqual([]);
	});

	test("an option that is undefined is not given", () => {
		expect(settingsWith({ timeout: 10 }, { timeout: undefined } as never).timeout).toBe(10);
	});

	test("do not change the function whose options they extend", () => {
		const sum = remote(add);
		sum.options({ numCpus: 3 });
		expect(settingsOf(sum)?.resources.get("CPU")).toBe(10_000);
	});

	test("know generator functions, bound ones and those of other realms too", () => {
		const isGenerator = (fn: unknown) => settingsOf(remote(fn as () => unknown))?.isGenerator;
		expect(isGenerator(function* () {})).toBe(true);
		expect(isGenerator(async function* () {})).toBe(true);
		expect(isGenerator(function* () {}.bind(null))).toBe(true);
		expect(isGenerator(runInNewContext("(function* () {})"))).toBe(true);
		expect(isGenerator(async () => {})).toBe(false);
	});

	test("pause generator functions alone", () => {
		const pausing = remote(function* () {}, { generatorBackpressure: 4 });
		expect(settingsOf(pausing)?.generatorBackpressure).toBe(4);
		expect(settingsOf(pausing.options({ generatorBackpressure: 2 }))?.generatorBackpressure).toBe(2);
		const refusal =
			"(): generatorBackpressure is for generator functions, and add is none: it gives no items to be read";
		expect(() => remote(add, { generatorBackpressure: 4 })).toThrow(`remote${refusal}`);
		expect(() => remote(add).options({ generatorBackpressure: 4 })).toThrow(`options${refusal}`);
	});

	test("take error classes and plain objects of other realms", () => {
		const [type, closure] = runInNewContext("[class Mine extends TypeError {}, { x: 1 }]");
		expect(settingsWith({ retryExceptions: [type], closure })).toMatchObject({
			retryExceptions: [type],
			closure: { x: 1 },
		});
	});

	test("take predicates", () => {
		const retryExceptions = (error: unknown) => error instanceof RangeError;
		expect(settingsWith({ retryExceptions }).retryExceptions).toBe(retryExceptions);
	});
});

describe("cancel", () => {
	test("asks the ref's engine, recursively unless told otherwise", async () => {
		await init();
		const [engine] = started.engines;
		const ref = engine?.pending();
		expect(cancel(ref as never)).toBe(true);
		expect(cancel(put(1), { force: true, recursive: false })).toBe(false);
		expect(engine?.called("cancel").map(([, options]) => options)).toEqual([
			{ force: false, recursive: true },
			{ force: true, recursive: false },
		]);
	});

	test("takes a generator", async () => {
		await init();
		const items = remote(function* () {
			yield 1;
		}).remote();
		expect(cancel(items)).toBe(true);
		expect(started.engines[0]?.called("cancel")[0]?.[0]).toBe(items.completed());
	});

	test("refuses what is no ref, and handles that were given up", async () => {
		await init();
		const ref = put(1);
		expect(() => cancel([ref] as never)).toThrow(
			"cancel(): the first argument must be an ObjectRef or an ObjectRefGenerator",
		);
		ref[Symbol.dispose]();
		expect(() => cancel(ref)).toThrow(RefDisposedError);
	});
});

test("capacity asks for room for one task unless told otherwise", async () => {
	await init();
	await capacity();
	await capacity(5);
	expect(started.engines[0]?.called("capacity")).toEqual([[1], [5]]);
});

describe("a generator of refs", () => {
	async function generator() {
		await init();
		return remote(function* () {
			yield 1;
		}).remote();
	}

	test("is cancelled when its loop is left, once", async () => {
		const items = await generator();
		await items[Symbol.asyncDispose]();
		await items.return?.();
		expect(await items.next()).toEqual({ done: true, value: undefined });
		expect(started.engines[0]?.called("cancel")).toHaveLength(1);
	});

	test("that has ended is not cancelled", async () => {
		const items = await generator();
		for await (const _ of items) throw new Error("the fake engine has no items");
		await items[Symbol.asyncDispose]();
		expect(started.engines[0]?.called("cancel")).toEqual([]);
	});

	test("looks like no value that could be sent", async () => {
		expect(Object.prototype.toString.call(await generator())).toBe("[object AsyncGenerator]");
	});
});
