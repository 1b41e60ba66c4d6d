/** Whatever a task does to its worker: the task fails, others go on, nothing is left behind. */
import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { withTestRuntime } from "../../src/testing/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

type Argument = Uint8Array;
const options = { maxRetries: 0 } as const;
const limited = { ...options, runtimeEnv: { resourceLimits: { maxOldGenerationSizeMb: 24 } } };

/** Each holds a large argument, objects and views of its own, and unfinished tasks when it ends. */
const deaths = {
	"process.exit": ray.remote((bytes: Argument): number => {
		const held = [ray.put(bytes), ray.put({ bytes: ray.put("nested") }), child.remote(50)];
		process.exit(held.length);
	}, options),
	"an uncaught exception": ray.remote(async (bytes: Argument) => {
		const held = ray.put(bytes);
		const view = await held.get();
		setTimeout(() => {
			throw new RangeError(`nobody catches this ${view.length}`);
		}, 1);
		return child.remote(50).get();
	}, options),
	"the end of its heap": ray.remote((bytes: Argument) => {
		const held: unknown[] = [ray.put(bytes), child.remote(10)];
		for (;;) held.push(new Array(1000).fill(held.length));
	}, limited),
	"the end of its stack": ray.remote((bytes: Argument) => {
		const dive = (): number => {
			ray.put(bytes.length);
			return dive() + 1;
		};
		return dive();
	}, options),
	"a throw in a microtask": ray.remote((bytes: Argument) => {
		const held = ray.put(bytes);
		queueMicrotask(() => {
			throw new RangeError(`in a microtask, holding ${held.id}`);
		});
		return new Promise<void>(() => {});
	}, options),
	"an error that throws when it is read": ray.remote((): number => {
		throw Object.defineProperty(new Error("hidden"), "message", {
			get() {
				throw new Error("and again");
			},
		});
	}, options),
};
const child = ray.remote((milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)), {
	numCpus: 0,
});
const add = ray.remote((a: number, b: number) => a + b);
const stream = ray.remote(async function* (count: number) {
	for (let i = 0; i < count; i++) yield new Array(20).fill(i);
	process.exit(1);
}, options);

describe("a task that ends by", () => {
	it.each(Object.keys(deaths) as (keyof typeof deaths)[])("%s leaves nothing behind, and others go on", (how) =>
		withTestRuntime(
			async () => {
				const others = Array.from({ length: 100 }, (_, i) => add.remote(i, 1));
				{
					using bytes = ray.put(new Uint8Array(200_000));
					const error = await failure((deaths[how] as typeof add).remote(bytes as never, 0).get());
					expect(error).toBeInstanceOf(ray.RayError);
					expect(error.name).toMatch(/^(TaskError|WorkerCrashedError|OutOfMemoryError)$/);
				}
				expect(await ray.get(others)).toEqual(others.map((_, i) => i + 1));
				expect(await add.remote(20, 22).get()).toBe(42);
				for (const ref of others) ref[Symbol.dispose]();
			},
			{ numCpus: 2, timeout: 50_000 },
		),
	);

	it("process.exit in a generator gives its reader the error after the items, and leaves none of them", () =>
		withTestRuntime(
			async () => {
				const items: number[] = [];
				const error = await failure(
					(async () => {
						for await (const ref of stream.remote(5)) {
							using item = ref;
							items.push((await item.get())[0] as number);
						}
					})(),
				);
				expect(error).toBeInstanceOf(ray.WorkerCrashedError);
				expect(items).toEqual([0, 1, 2, 3, 4]);
			},
			{ numCpus: 1 },
		));
});

describe("a heap is exhausted by", () => {
	const patterns: Record<string, () => unknown> = {
		"small objects": () => {
			const kept: unknown[] = [];
			for (;;) kept.push({ index: [kept.length] });
		},
		"arrays of moderate size": () => {
			const kept: unknown[] = [];
			for (;;) kept.push(new Array(10_000).fill(kept.length));
		},
		strings: () => {
			const kept: unknown[] = [];
			for (;;) kept.push("x".repeat(1000) + kept.length);
		},
		"parsed JSON": () => {
			const text = JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ i })));
			const kept: unknown[] = [];
			for (;;) kept.push(JSON.parse(text));
		},
		"small typed arrays": () => {
			const kept: unknown[] = [];
			for (;;) kept.push(new Uint8Array(32));
		},
		"what an asynchronous function keeps": async () => {
			const kept: unknown[] = [];
			for (;;) {
				kept.push(new Array(1000).fill(kept.length));
				await undefined;
			}
		},
	};
	it.each(Object.keys(patterns))("%s: that task alone fails, or is tried again", (how) =>
		withRuntime({ numCpus: 1 }, async () => {
			const exhausts = ray.remote(patterns[how] as () => unknown, { ...limited, maxRetries: 1 });
			const error = await failure(exhausts.remote().get());
			expect(error).toBeInstanceOf(ray.OutOfMemoryError);
			expect(error.message).toContain("attempt 2");
			expect(await add.remote(1, 2).get()).toBe(3);
		}),
	);
});
