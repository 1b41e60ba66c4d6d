import { describe, expect, test, vi } from "vitest";
import { getRuntimeContext } from "../../src/api/context.ts";
import { registry } from "../../src/api/current.ts";
import { createRuntime, init, isInitialized, runtime, shutdown, shutdownNow } from "../../src/api/lifecycle.ts";
import { get, put, registerSerializer } from "../../src/api/objects.ts";
import { engineOf } from "../../src/api/runtime.ts";
import { remote } from "../../src/api/tasks.ts";
import { RuntimeAlreadyInitializedError, RuntimeNotInitializedError, RuntimeShutdownError } from "../../src/errors.ts";
import { gate, startFakes } from "./start.ts";

const started = startFakes();

const current = () => getRuntimeContext().runtimeId;

describe("inside of run", () => {
	test("calls use that runtime, also after awaits, and in what is started but not awaited", async () => {
		await init();
		const other = await createRuntime();
		const later = gate();
		let started: Promise<string> | undefined;
		const seen = await other.run(async () => {
			const before = current();
			await Promise.resolve();
			started = later.promise.then(current);
			return [before, current(), runtime().id];
		});
		expect(seen).toEqual([other.id, other.id, other.id]);
		expect(current()).toBe(runtime().id);
		later.open();
		expect(await started).toBe(other.id);
	});

	test("the innermost one counts", async () => {
		const outer = await createRuntime();
		const inner = await createRuntime();
		await outer.run(async () => {
			expect(await inner.run(async () => current())).toBe(inner.id);
			expect(current()).toBe(outer.id);
		});
		expect(() => current()).toThrow(RuntimeNotInitializedError);
	});

	test("any number of them go on side by side", async () => {
		const runtimes = await Promise.all(Array.from({ length: 5 }, () => createRuntime()));
		const seen = await Promise.all(
			runtimes.map((each) =>
				each.run(async () => {
					for (let turn = 0; turn < 10; turn++) await Promise.resolve();
					const ref = remote(() => current()).remote();
					return [current(), await get(ref)];
				}),
			),
		);
		expect(seen).toEqual(runtimes.map(({ id }) => [id, id]));
	});

	test("what the function gives or throws is passed on", async () => {
		const other = await createRuntime();
		expect(other.run(() => 5)).toBe(5);
		expect(() =>
			other.run(() => {
				throw new RangeError("mine");
			}),
		).toThrow("mine");
		expect(() => other.run(5 as never)).toThrow("runtime.run(): the argument must be a function, not 5");
	});

	test("lifecycle calls mean that runtime", async () => {
		await init();
		const [one, two] = [await createRuntime(), await createRuntime()];
		await one.run(async () => {
			await expect(init()).rejects.toThrow(RuntimeAlreadyInitializedError);
			await shutdown();
			expect(isInitialized()).toBe(false);
			expect(() => runtime()).toThrow(RuntimeNotInitializedError);
			expect(() => put(1)).toThrow(RuntimeShutdownError);
		});
		two.run(() => shutdownNow());
		expect(started.engines.map(({ alive }) => alive)).toEqual([true, false, false]);
		expect(isInitialized()).toBe(true);
	});

	test("a runtime may be made beside it", async () => {
		const one = await createRuntime();
		const two = await one.run(() => createRuntime());
		expect(two.id).not.toBe(one.id);
	});
});

describe("a ref", () => {
	test("is got from its own runtime, whichever is current", async () => {
		await init();
		const other = await createRuntime();
		const ref = other.put("theirs");
		expect(await get(ref)).toBe("theirs");
		expect(await get([put("mine"), ref, put("mine too")])).toEqual(["mine", "theirs", "mine too"]);
		expect(await other.get(put("mine"))).toBe("mine");
	});
});

test("copies of the package have one runtime", async () => {
	await init();
	vi.resetModules();
	const copy = await import("../../src/api/objects.ts");
	const lifecycle = await import("../../src/api/lifecycle.ts");
	expect(copy.put).not.toBe(put);
	expect(await get(copy.put(1))).toBe(1);
	expect(await copy.get(put(2))).toBe(2);
	expect(lifecycle.runtime().id).toBe(runtime().id);
	await expect(lifecycle.init()).rejects.toBeInstanceOf(RuntimeAlreadyInitializedError);
	const other = await createRuntime();
	expect(other.run(() => lifecycle.runtime().id)).toBe(other.id);
	await lifecycle.shutdown();
	expect(isInitialized()).toBe(false);
});

test("a copy that shares another way is refused", async () => {
	const holder = globalThis as { [key: symbol]: unknown };
	const key = Symbol.for("wasmray.runtime");
	vi.resetModules();
	holder[key] = { shape: 0 };
	try {
		await expect(import("../../src/api/current.ts")).rejects.toThrow("Two versions of wasmray are loaded");
	} finally {
		holder[key] = registry;
	}
});

test("the engine behind a handle is told to the package's own tools", async () => {
	expect(engineOf(await init())).toBe(started.engines[0]);
	expect(() => engineOf({} as never)).toThrow("the argument must be a runtime, not {}");
});

describe("registerSerializer", () => {
	class Point {
		x = 1;
	}
	class Vector {
		y = 2;
	}
	const codec = (name: string) => ({ name, serialize: Object.values, deserialize: () => new Point() });
	const known = (index: number) =>
		[...(started.engines[index]?.serializers.entries() ?? [])].map((entry) => entry.codec.name);

	test("outside of run is for all runtimes, those there are and those to come", async () => {
		await createRuntime();
		registerSerializer(Point, codec("Point"));
		await createRuntime();
		expect([known(0), known(1)]).toEqual([["Point"], ["Point"]]);
	});

	test("inside of run is for that runtime alone", async () => {
		const one = await createRuntime();
		one.run(() => registerSerializer(Point, codec("Point")));
		const two = await createRuntime();
		two.run(() => registerSerializer(Vector, codec("Point")));
		await createRuntime();
		expect([known(0), known(1), known(2)]).toEqual([["Point"], ["Point"], []]);
	});

	test("checks the class and each field of the codec", async () => {
		await createRuntime();
		const refused = (type: unknown, given: unknown, error: unknown) =>
			expect(() => registerSerializer(type as typeof Point, given as never)).toThrow(error as Error);
		const where = "registerSerializer(): codec";
		refused({}, codec("x"), new TypeError("registerSerializer(): the type must be a class, not {}"));
		refused(() => {}, codec("x"), TypeError);
		refused(Point, undefined, new TypeError(`${where} must be an object, not undefined`));
		refused(Point, { ...codec("x"), name: 5 }, new TypeError(`${where}.name must be a string, not 5`));
		refused(Point, codec(""), new RangeError(`${where}.name must be a string that is not empty, not ""`));
		const { name, serialize, deserialize } = codec("x");
		refused(Point, { name, serialize }, new TypeError(`${where}.deserialize must be a function, not undefined`));
		refused(Point, { name, serialize: 1, deserialize }, new TypeError(`${where}.serialize must be a function, not 1`));
		refused(
			Point,
			{ name, serialize, deserialise: deserialize },
			new TypeError(`${where}: unknown option "deserialise"; did you mean "deserialize"?`),
		);
		expect(known(0)).toEqual([]);
	});

	test("takes a codec with fields of its own, and one that is an instance of a class", async () => {
		await createRuntime();
		class Codec {
			name = "Point";
			count = 0;
			serialize(point: Point) {
				return point.x;
			}
			deserialize() {
				return new Point();
			}
		}
		registerSerializer(Point, new Codec());
		registerSerializer(Vector, { ...codec("Vector"), serializer: 1, pack: () => 1 } as ReturnType<typeof codec>);
		expect(known(0)).toEqual(["Point", "Vector"]);
	});

	test("that is refused changes nothing", async () => {
		await createRuntime();
		registerSerializer(Point, codec("Point"));
		expect(() => registerSerializer(Vector, codec("Point"))).toThrow('the name "Point" belongs to');
		expect(() => registerSerializer(5 as never, codec("Five"))).toThrow(
			"registerSerializer(): the type must be a class, not 5",
		);
		expect(known(0)).toEqual(["Point"]);
		await createRuntime();
		expect(known(1)).toEqual(["Point"]);
	});
});
