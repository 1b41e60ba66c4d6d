import { setFlagsFromString } from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { Encoder } from "../../src/values/encoder.ts";
import { difference, roundTrip } from "./support.ts";

const withHoles = (length: number, elements: Record<number, unknown>): unknown[] =>
	Object.assign(new Array(length), elements);
const sparse: unknown[] = [];
sparse[1_000_000] = "last";
const trailing = [1, 2];
trailing.length = 70_000_000;
const withProto = JSON.parse('{"a":1,"__proto__":{"polluted":true},"b":2}');
const nullPrototype = Object.assign(Object.create(null), { a: 1, __proto__: 2 });

const values: Record<string, unknown> = {
	undefined: undefined,
	null: null,
	true: true,
	false: false,
	zero: 0,
	"minus zero": -0,
	NaN: Number.NaN,
	infinity: Number.POSITIVE_INFINITY,
	"minus infinity": Number.NEGATIVE_INFINITY,
	"the least float": 5e-324,
	"the greatest float": Number.MAX_VALUE,
	"integers at every width": [
		1,
		127,
		128,
		255,
		256,
		65535,
		65536,
		2 ** 31 - 1,
		2 ** 31,
		2 ** 32 - 1,
		2 ** 32,
		2 ** 40,
		2 ** 53 - 1,
		2 ** 53,
		1e300,
	],
	"negative integers at every width": [
		-1,
		-32,
		-33,
		-128,
		-129,
		-32768,
		-32769,
		-(2 ** 31),
		-(2 ** 31) - 1,
		-(2 ** 32),
		-(2 ** 40),
		-(2 ** 53) + 1,
		-1e300,
	],
	fractions: [0.1, -1.5, Math.PI, 1e-7],
	"texts of every header's width": [
		"",
		"a",
		"x".repeat(31),
		"x".repeat(32),
		"x".repeat(255),
		"x".repeat(256),
		"x".repeat(70_000),
	],
	"texts that are not ASCII": [
		"é",
		"日本語",
		"👩‍🚀",
		"é".repeat(20),
		"日".repeat(31),
		"日".repeat(90),
		"👍".repeat(40_000),
		"\u0000",
		"\ufeffbom",
	],
	"texts whose header is longer than their characters suggest": [
		"é".repeat(16),
		"é".repeat(31),
		"é".repeat(128),
		"é".repeat(255),
		"日".repeat(40_000),
	],
	"lone surrogates": ["\ud800", "a\udc00b", "\ud83d", `${"x".repeat(50)}\udfff`, "\udc00\ud800"],
	bigints: [
		0n,
		1n,
		-1n,
		2n ** 63n - 1n,
		2n ** 63n,
		-(2n ** 63n),
		-(2n ** 63n) - 1n,
		2n ** 64n,
		-(2n ** 64n),
		3n ** 1000n,
		-(3n ** 999n),
	],
	"an even number of hexadecimal digits": [
		0xffff_ffff_ffff_ffff_ffffn,
		-0xffff_ffff_ffff_ffff_ffffn,
		0x8000_0000_0000_0000_00n,
	],
	dates: [
		new Date(0),
		new Date(1),
		new Date(-1),
		new Date(1.7e12),
		new Date(1.7e12 + 7),
		new Date(8.64e15),
		new Date(-8.64e15),
		new Date(2 ** 34 * 1000),
	],
	"an invalid Date": new Date(Number.NaN),
	"regular expressions": [/a/, /b+[/]\/\n/dgimsuy, /(?<name>x)|\u{1F600}/u, /(?:)/],
	"a Map": new Map<unknown, unknown>([
		[1, "one"],
		["1", { a: 1 }],
		[Number.NaN, undefined],
		[new Date(3), new Set([1])],
		[{}, new Map()],
	]),
	"a Set": new Set<unknown>([1, "1", undefined, null, Number.NaN, {}, [1, 2], new Set([new Set()])]),
	"empty things": [{}, [], new Map(), new Set(), "", 0n, new Uint8Array(0), new ArrayBuffer(0)],
	"an array with holes": withHoles(7, { 1: 1, 4: undefined, 5: null }),
	"an array of holes": new Array(5),
	"a sparse array": sparse,
	"an array that is mostly not there": trailing,
	"a long run of holes between elements": withHoles(9, { 0: 1, 8: 2 }).concat(
		Object.assign(new Array(500), { 499: 3 }),
	),
	"arrays of every header's width": [
		new Array(15).fill(0),
		new Array(16).fill(1),
		new Array(65535).fill(2),
		new Array(65536).fill(3),
	],
	"objects of every header's width": [15, 16, 17, 300, 65535, 65536].map((n) =>
		Object.fromEntries(Array.from({ length: n }, (_, i) => [`k${i}`, i])),
	),
	"wide objects in wide objects": Object.fromEntries(
		Array.from({ length: 20 }, (_, i) => [
			`k${i}`,
			Object.fromEntries(Array.from({ length: 17 }, (_, j) => [`j${j}`, [i, j]])),
		]),
	),
	"keys in their order": { z: 1, a: 2, 10: 3, 2: 4, "-1": 5, "": 6, "a b": 7 },
	"keys of every length": Object.fromEntries(Array.from({ length: 50 }, (_, i) => ["k".repeat(i), i])),
	"more keys, alike in their ends, than are remembered": Array.from({ length: 5000 }, (_, i) => ({
		[`${String(i).padStart(8, "0")}_end`]: i,
		[`${String(i % 97).padStart(3, "0")}_middle_${i}`]: `${String(i).padStart(9, "0")} text`,
	})),
	"keys that are not ASCII": { é: 1, 日本: 2, "👍": 3, "\ud800": 4, ["é".repeat(30)]: 5 },
	"an undefined property": { a: undefined, b: null },
	"an own property called __proto__": withProto,
	"names that objects inherit": { constructor: 1, toString: 2, hasOwnProperty: 3, valueOf: null },
	"an object without a prototype": nullPrototype,
	"boxed primitives": [
		Object(true),
		Object(false),
		Object(1),
		Object(-0),
		Object("text"),
		Object("\ud800"),
		Object(7n),
	],
	"the result of a match": "one two".match(/(?<first>\w+) (\w+)/),
	"nested arrays": [[[[[[1]]]]], [[], [[]]]],
};

describe("a value comes back as it was", () => {
	for (const [name, value] of Object.entries(values)) {
		it(name, () => {
			expect(difference(value, roundTrip(value))).toBeUndefined();
			expect(difference({ in: [value] }, roundTrip({ in: [value] }))).toBeUndefined();
		});
	}
});

describe("what has no counterpart is made plain", () => {
	it("an instance of a class arrives as its own enumerable fields", () => {
		class Base {
			inherited = 1;
		}
		class Point extends Base {
			x = 2;
			#secret = 3;
			get computed() {
				return this.#secret;
			}
			method() {}
		}
		const point = roundTrip(new Point());
		expect(point).toStrictEqual({ inherited: 1, x: 2 });
		expect(Object.getPrototypeOf(point)).toBe(Object.prototype);
	});

	it("getters are read, symbols and hidden properties are left out", () => {
		const value = Object.defineProperty(
			{
				get a() {
					return 7;
				},
				[Symbol("s")]: 1,
			},
			"hidden",
			{ value: 1 },
		);
		expect(Object.getOwnPropertyDescriptor(roundTrip(value), "a")).toEqual({
			value: 7,
			writable: true,
			enumerable: true,
			configurable: true,
		});
		expect(Reflect.ownKeys(roundTrip(value))).toEqual(["a"]);
	});

	it("inherited enumerable properties are left out", () => {
		function Old(this: { own: number }) {
			this.own = 1;
		}
		Old.prototype.method = 5;
		const old = new (Old as unknown as new () => object)();
		expect(roundTrip(old)).toStrictEqual({ own: 1 });
	});

	it("a property that all objects inherit is left out, too", () => {
		Object.defineProperty(Object.prototype, "everywhere", { value: 1, enumerable: true, configurable: true });
		let arrived: object;
		try {
			arrived = roundTrip({ own: 1, nested: { everywhere: 2 } });
		} finally {
			delete (Object.prototype as { everywhere?: number }).everywhere;
		}
		expect(arrived).toStrictEqual({ own: 1, nested: { everywhere: 2 } });
	});

	it("a subclass of a built-in class arrives as the built-in", () => {
		class Cache extends Map<string, number> {
			override get [Symbol.toStringTag]() {
				return "Cache";
			}
		}
		class List extends Array<number> {}
		class Day extends Date {}
		expect(difference(roundTrip(new Cache([["a", 1]])), new Map([["a", 1]]))).toBeUndefined();
		expect(difference(roundTrip(List.from([1, 2])), [1, 2])).toBeUndefined();
		expect(difference(roundTrip(new Day(5)), new Date(5))).toBeUndefined();
	});

	it("an object that only claims to be a Date or a Map arrives as its fields", () => {
		expect(roundTrip(Object.assign(Object.create(Date.prototype), { a: 1 }))).toStrictEqual({ a: 1 });
		expect(roundTrip(Object.assign(Object.create(Map.prototype), { b: 2 }))).toStrictEqual({ b: 2 });
	});

	it("a class of the user's with a built-in's name is the user's", () => {
		const named = (name: string, fields: object) => {
			class Named {}
			Object.defineProperty(Named, "name", { value: name });
			return Object.assign(new Named(), fields);
		};
		expect(roundTrip([named("Map", { walls: 3 }), named("Promise", { kept: 5 })])).toStrictEqual([
			{ walls: 3 },
			{ kept: 5 },
		]);
	});

	it("a regular expression's lastIndex starts anew", () => {
		const pattern = /a/g;
		pattern.lastIndex = 3;
		expect(roundTrip(pattern).lastIndex).toBe(0);
	});

	it("what a getter deletes while the object is read is left out", () => {
		const value = {
			get first() {
				delete (value as { second?: number }).second;
				return 1;
			},
			second: 2,
			third: 3,
		};
		expect(roundTrip({ value })).toStrictEqual({ value: { first: 1, third: 3 } });
	});

	it("what a getter removes from an array while it is read becomes holes", () => {
		const array: unknown[] = [1, 2, 3, 4];
		Object.defineProperty(array, 1, { get: () => (array.length = 2), enumerable: true });
		expect(difference(roundTrip(array), withHoles(4, { 0: 1, 1: 2 }))).toBeUndefined();
	});
});

describe("memory", () => {
	it("a value that was encoded, or refused, is not kept alive by the encoder", async () => {
		setFlagsFromString("--expose-gc");
		const collect: () => void = vm.runInNewContext("gc");
		const encoder = new Encoder();
		const kept = [false, true].map((refused) => {
			const value = { list: [{ a: 1 }, new Map([[{}, 1]])], ...(refused && { fn() {} }) };
			if (refused) expect(() => encoder.encode(value)).toThrow();
			else encoder.encode(value);
			encoder.reset();
			return [new WeakRef(value), new WeakRef(value.list[0])];
		});
		// What a WeakRef was made of stays alive until the job ends.
		await new Promise(setImmediate);
		collect();
		expect(kept.flat().map((ref) => ref.deref())).toEqual([undefined, undefined, undefined, undefined]);
	});

	it("an array that is mostly not there takes no memory where it arrives", () => {
		const before = process.memoryUsage().heapUsed;
		const many = roundTrip(
			Array.from({ length: 20 }, () => {
				const array: unknown[] = [];
				array[30_000_000] = 1;
				array.length = 30_000_000;
				return array;
			}),
		);
		expect(many[19].length).toBe(30_000_000);
		expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
	});
});
