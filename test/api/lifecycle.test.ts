import { describe, expect, test } from "vitest";
import { becomeWorker } from "../../src/api/current.ts";
import { createRuntime, init, isInitialized, main, runtime, shutdown, shutdownNow } from "../../src/api/lifecycle.ts";
import { get, put } from "../../src/api/objects.ts";
import { remote } from "../../src/api/tasks.ts";
import {
	RayError,
	RuntimeAlreadyInitializedError,
	RuntimeNotInitializedError,
	RuntimeShutdownError,
} from "../../src/errors.ts";
import { definitions } from "../../src/functions/definitions.ts";
import { FakeEngine } from "./fake-engine.ts";
import { gate, startFakes } from "./start.ts";

const started = startFakes();

describe("init", () => {
	test("makes the runtime that module-level calls use, and gives its handle", async () => {
		expect(isInitialized()).toBe(false);
		const handle = await init({ namespace: "mine" });
		expect(isInitialized()).toBe(true);
		expect(runtime()).toBe(handle);
		expect(handle.id).toBe(started.engines[0]?.id);
		expect(handle.namespace).toBe("mine");
		expect(await get(put(7))).toBe(7);
	});

	test("a second time is refused, also while the first is under way", async () => {
		const start = gate();
		started.before = () => start.promise;
		const first = init();
		await expect(init()).rejects.toThrow(RuntimeAlreadyInitializedError);
		start.open();
		await first;
		await expect(init()).rejects.toThrow(RuntimeAlreadyInitializedError);
		expect(started.settings).toHaveLength(1);
	});

	test("that fails leaves nothing behind", async () => {
		started.before = () => Promise.reject(new Error("no memory"));
		await expect(init()).rejects.toThrow("no memory");
		expect(isInitialized()).toBe(false);
		expect(() => put(1)).toThrow(RuntimeNotInitializedError);
		started.before = async () => {};
		await init();
		expect(isInitialized()).toBe(true);
	});

	test("with a wrong option starts nothing", async () => {
		await expect(init({ numCpus: -1 })).rejects.toThrow(RangeError);
		expect(started.settings).toEqual([]);
		await init();
	});

	test("can follow shutdown any number of times", async () => {
		for (let round = 0; round < 3; round++) {
			await init();
			await shutdown();
			expect(isInitialized()).toBe(false);
		}
		expect(new Set(started.engines.map(({ id }) => id)).size).toBe(3);
	});

	test("waits for a shutdown that is under way", async () => {
		await init();
		const end = gate();
		(started.engines[0] as FakeEngine).untilShutdown = end.promise;
		const ending = shutdown();
		const second = init();
		expect(started.settings).toHaveLength(1);
		end.open();
		await ending;
		expect((await second).id).toBe(started.engines[1]?.id);
		expect(isInitialized()).toBe(true);
	});

	test("replaces a runtime that ended by itself", async () => {
		await init();
		(started.engines[0] as FakeEngine).alive = false;
		expect(isInitialized()).toBe(false);
		await init();
		expect(runtime().id).toBe(started.engines[1]?.id);
	});
});

describe("without a runtime", () => {
	test("calls say that init is missing", () => {
		expect(() => put(1)).toThrow(RuntimeNotInitializedError);
		expect(() => remote(() => 1).remote()).toThrow("remote() needs a runtime");
		expect(() => runtime()).toThrow(RuntimeNotInitializedError);
	});

	test("while init is under way, calls say that it is to be awaited", async () => {
		const start = gate();
		started.before = () => start.promise;
		const starting = init();
		expect(() => put(1)).toThrow("put() while init() is under way");
		start.open();
		await starting;
	});

	test("after shutdown, calls say so", async () => {
		await init();
		await shutdown();
		expect(() => put(1)).toThrow(RuntimeShutdownError);
		expect(() => runtime()).toThrow(RuntimeNotInitializedError);
	});

	test("shutdown and shutdownNow do nothing", async () => {
		await shutdown();
		shutdownNow();
		expect(isInitialized()).toBe(false);
	});
});

describe("shutdown", () => {
	test("hands on its options, complete", async () => {
		await init();
		await shutdown({ drain: true });
		expect(started.engines[0]?.called("shutdown")).toEqual([[{ drain: true, timeout: 5000 }]]);
	});

	test("asked for twice is one end, which both wait for", async () => {
		const handle = await init();
		const end = gate();
		(started.engines[0] as FakeEngine).untilShutdown = end.promise;
		const both = Promise.all([shutdown(), handle.shutdown()]);
		expect(isInitialized()).toBe(false);
		end.open();
		await both;
		expect(started.engines[0]?.called("shutdown")).toHaveLength(1);
		await handle.shutdown();
	});

	test("waits for an init that is under way, and ends what it made", async () => {
		const start = gate();
		started.before = () => start.promise;
		const starting = init();
		const ending = shutdown();
		start.open();
		await Promise.all([starting, ending]);
		expect(isInitialized()).toBe(false);
		expect(started.engines[0]?.alive).toBe(false);
	});

	test("that fails leaves no runtime either", async () => {
		await init();
		(started.engines[0] as FakeEngine).untilShutdown = Promise.reject(new Error("stuck"));
		await expect(shutdown()).rejects.toThrow("stuck");
		expect(isInitialized()).toBe(false);
		await init();
	});
});

describe("shutdownNow", () => {
	test("ends the runtime before it returns", async () => {
		await init();
		shutdownNow();
		expect(isInitialized()).toBe(false);
		expect(started.engines[0]?.called("shutdownNow")).toHaveLength(1);
	});

	test("ends a runtime that is being shut down", async () => {
		await init();
		const end = gate();
		(started.engines[0] as FakeEngine).untilShutdown = end.promise;
		const ending = shutdown({ drain: true });
		shutdownNow();
		expect(started.engines[0]?.called("shutdownNow")).toHaveLength(1);
		end.open();
		await ending;
	});

	test("while init is under way makes that init fail, and another may begin at once", async () => {
		const start = gate();
		started.before = () => start.promise;
		const starting = init();
		shutdownNow();
		const second = init();
		start.open();
		await expect(starting).rejects.toThrow(RuntimeShutdownError);
		await second;
		expect(started.engines.map(({ alive }) => alive)).toEqual([false, true]);
		expect(runtime().id).toBe(started.engines[1]?.id);
	});
});

describe("main", () => {
	test("gives what the function gives, and shuts down", async () => {
		expect(await main(async () => (await get(put(20))) + 1, { numCpus: 1 })).toBe(21);
		expect(started.engines[0]?.alive).toBe(false);
		expect(isInitialized()).toBe(false);
	});

	test("shuts down when the function throws, and throws that", async () => {
		const failing = main(() => {
			(started.engines[0] as FakeEngine).untilShutdown = Promise.reject(new Error("stuck"));
			throw new RangeError("mine");
		});
		await expect(failing).rejects.toThrow("mine");
		expect(isInitialized()).toBe(false);
	});

	test("does not mind that the function has shut down itself", async () => {
		expect(await main(() => shutdown().then(() => "done"))).toBe("done");
	});

	test("refuses what is no function before it starts anything", async () => {
		await expect(main(5 as never)).rejects.toThrow("main(): the first argument must be a function, not 5");
		expect(started.settings).toEqual([]);
	});
});

describe("a runtime of its own", () => {
	test("is no default, and ends by itself alone", async () => {
		await init();
		const other = await createRuntime({ namespace: "other" });
		expect(runtime().id).toBe(started.engines[0]?.id);
		await other.shutdown();
		expect(isInitialized()).toBe(true);
		expect(() => other.put(1)).toThrow(RuntimeShutdownError);
		expect(() => other.run(() => 1)).toThrow(RuntimeShutdownError);
	});

	test("does not end with the default one", async () => {
		await init();
		const other = await createRuntime();
		await shutdown();
		expect(await other.get(other.put("kept"))).toBe("kept");
	});

	test("that has ended is not replaced inside its run, whose calls would still ask for it", async () => {
		const other = await createRuntime();
		await other.run(async () => {
			await shutdown();
			expect(isInitialized()).toBe(false);
			const error = await init().catch((thrown: unknown) => thrown);
			expect(error).toBeInstanceOf(RuntimeShutdownError);
			expect(String(error)).toContain(`runtime ${other.id} has ended`);
		});
		await init();
		expect(isInitialized()).toBe(true);
	});

	test("is shut down by `await using`", async () => {
		const other = await createRuntime();
		await other[Symbol.asyncDispose]();
		expect(started.engines[0]?.alive).toBe(false);
	});
});

describe("in a worker", () => {
	function beWorker(): FakeEngine {
		const engine = new FakeEngine({}, true);
		becomeWorker(engine);
		return engine;
	}

	test("a task cannot start or end runtimes, and is told so", async () => {
		const engine = beWorker();
		engine.taskId = "t1";
		for (const [name, call] of Object.entries({ init, createRuntime, shutdown })) {
			await expect(call()).rejects.toThrow(`${name}() inside a task`);
			await expect(call()).rejects.toThrow(RayError);
		}
		expect(() => shutdownNow()).toThrow("shutdownNow() inside a task");
		await expect(runtime().shutdown()).rejects.toThrow("shutdown() inside a task");
		expect(() => runtime().shutdownNow()).toThrow("inside a task");
		expect(engine.calls).toEqual([]);
	});

	test("main does nothing in a task", async () => {
		beWorker().taskId = "t1";
		let ran = false;
		const result = await main(() => {
			ran = true;
		});
		expect([result, ran]).toEqual([undefined, false]);
	});

	test("calls use the worker's runtime, inside of `run` too", async () => {
		const engine = beWorker();
		expect(isInitialized()).toBe(true);
		expect(runtime().id).toBe(engine.id);
		expect(await runtime().run(() => get(put(3)))).toBe(3);
	});

	test("a module that is loaded stops at init, createRuntime and main, and the loader is told", async () => {
		beWorker();
		const real = definitions();
		let told = 0;
		const counting = Object.assign(Object.create(real), { reachedInit: () => told++ });
		(globalThis as Record<symbol, unknown>)[Symbol.for("wasmray.definitions.1")] = counting;
		try {
			const ends = [init(), createRuntime(), main(() => 1), init({ numCpus: -1 })].map((call) =>
				call.then(
					() => "settled",
					() => "settled",
				),
			);
			const soon = new Promise((resolve) => setImmediate(resolve, "stopped"));
			expect(await Promise.race([...ends, soon])).toBe("stopped");
			expect(told).toBe(4);
		} finally {
			(globalThis as Record<symbol, unknown>)[Symbol.for("wasmray.definitions.1")] = real;
		}
	});
});
