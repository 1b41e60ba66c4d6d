import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { difference, roundTrip } from "./support.ts";

/** A value made by code of another realm, whose classes are not this one's. */
const foreign = (code: string): unknown => vm.runInNewContext(`(${code})`);

describe("values of another realm arrive as this realm's", () => {
	it.each<[string, unknown]>([
		["{ a: 1, nested: { b: [1, 2] } }", { a: 1, nested: { b: [1, 2] } }],
		["[1, [2], {}]", [1, [2], {}]],
		["new Date(5)", new Date(5)],
		["new Date(NaN)", new Date(Number.NaN)],
		["/a.b/gi", /a.b/gi],
		["new Map([[1, new Map()]])", new Map([[1, new Map()]])],
		["new Set([{}])", new Set([{}])],
		["new Uint8Array([1, 2])", new Uint8Array([1, 2])],
		["[new Float64Array([1, 2])]", [new Float64Array([1, 2])]],
		["new DataView(new ArrayBuffer(3))", new DataView(new ArrayBuffer(3))],
		["new ArrayBuffer(3)", new ArrayBuffer(3)],
		["[new ArrayBuffer(3)]", [new ArrayBuffer(3)]],
		["[Object(true), Object(1), Object('s'), Object(1n)]", [Object(true), Object(1), Object("s"), Object(1n)]],
		["'ab'.match(/(?<x>b)/)", "ab".match(/(?<x>b)/)],
		[
			"Object.create(null, { a: { value: 1, enumerable: true, writable: true, configurable: true } })",
			Object.assign(Object.create(null), { a: 1 }),
		],
		["new (class Point { x = 1 })()", { x: 1 }],
		["new (class Cache extends Map {})([[1, 2]])", new Map([[1, 2]])],
	])("%s", (code, expected) => {
		expect(difference(expected, roundTrip(foreign(code)))).toBeUndefined();
	});

	it("errors, with their classes", () => {
		const error = roundTrip(
			foreign("Object.assign(new TypeError('t', { cause: new RangeError('r') }), { code: 'E_T' })"),
		);
		expect(error).toBeInstanceOf(TypeError);
		expect(error.cause).toBeInstanceOf(RangeError);
		expect(error).toMatchObject({ message: "t", code: "E_T" });
		expect(roundTrip(foreign("new (class Mine extends SyntaxError {})('m')"))).toBeInstanceOf(SyntaxError);
	});

	it("what cannot be sent is refused there as here", () => {
		const refuse = (code: string, text: string) => expect(() => roundTrip([foreign(code)])).toThrow(text);
		refuse("Promise.resolve()", "value[0] is an instance of Promise");
		refuse("new WeakMap()", "value[0] is an instance of WeakMap");
		refuse("(function* () {})()", "value[0] is a generator");
		refuse("new SharedArrayBuffer(8)", "value[0] is an instance of SharedArrayBuffer");
		refuse("new WebAssembly.Memory({ initial: 1 })", "value[0] is an instance of WebAssembly.Memory");
	});
});

describe("a store's bytes of another realm", () => {
	it("are written and read", () => {
		const store = foreign("new Uint8Array(new SharedArrayBuffer(4096))") as Uint8Array;
		const encoder = new Encoder();
		const value = { list: [1, "two", new Float64Array([3])], text: "x".repeat(500) };
		const length = encoder.encode(value);
		encoder.writeTo(store, 64);
		expect(difference(value, decode(store, 64, length, encoder.kind))).toBeUndefined();
	});
});
