import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors.ts";
import { difference, payloadOf, roundTrip } from "./support.ts";

describe("one object stays one object", () => {
	it("in arrays, objects, Maps, Sets and errors", () => {
		const shared = { name: "shared" };
		const value = {
			list: [shared, shared],
			map: new Map<unknown, unknown>([
				[shared, shared],
				["key", shared],
			]),
			set: new Set([shared]),
			error: Object.assign(new Error("e", { cause: shared }), { shared }),
			shared,
		};
		const arrived = roundTrip(value);
		expect(difference(value, arrived)).toBeUndefined();
		expect(arrived.list[0]).toBe(arrived.error.cause);
	});

	it("of every kind that is an object", () => {
		const objects = [
			{},
			[],
			new Map(),
			new Set(),
			new Date(0),
			new Date(Number.NaN),
			/x/,
			Object("boxed"),
			new Error("e"),
			Object.create(null),
			new Uint8Array(3),
			new ArrayBuffer(2),
			new DataView(new ArrayBuffer(4)),
			"a match".match(/a/),
		];
		for (const object of objects) {
			const [first, second, between, third] = roundTrip([object, object, { between: [1] }, object]);
			expect(second).toBe(first);
			expect(third).toBe(first);
			expect(between).toEqual({ between: [1] });
		}
	});

	it("while equal ones stay two", () => {
		const [first, second] = roundTrip([{ a: 1 }, { a: 1 }]);
		expect(first).not.toBe(second);
	});

	it.each([10, 31, 32, 33, 40, 1000])("among %i objects", (count) => {
		const objects = Array.from({ length: count }, (_, i) => ({ i, inner: [i] }));
		const value = [...objects, ...objects.toReversed()];
		expect(difference(value, roundTrip(value))).toBeUndefined();
	});
});

describe("a cycle stays a cycle", () => {
	it("through objects and arrays", () => {
		const value: Record<string, unknown> = { list: [] };
		value.self = value;
		(value.list as unknown[]).push(value, value.list);
		const arrived = roundTrip(value);
		expect(arrived.self).toBe(arrived);
		expect(arrived.list[0]).toBe(arrived);
		expect(arrived.list[1]).toBe(arrived.list);
	});

	it("through Maps, as key and as value, and through Sets", () => {
		const map = new Map<unknown, unknown>();
		map.set(map, map).set("set", new Set([map]));
		expect(difference(map, roundTrip(map))).toBeUndefined();
	});

	it("through errors", () => {
		const error = new Error("outer") as Error & { self?: unknown };
		error.self = error;
		error.cause = new AggregateError([error], "inner", { cause: error });
		const arrived = roundTrip(error);
		expect(arrived.self).toBe(arrived);
		expect(arrived.cause.errors[0]).toBe(arrived);
		expect(arrived.cause.cause).toBe(arrived);
	});

	it("through objects without a prototype and the results of matches", () => {
		const match = "ab".match(/(?<x>a)/) as RegExpMatchArray & { self?: unknown };
		match.self = match;
		(match.groups as Record<string, unknown>).match = match;
		const arrived = roundTrip(match);
		expect(arrived.self).toBe(arrived);
		expect(arrived.groups.match).toBe(arrived);
	});
});

describe("depth", () => {
	const linkedList = (length: number) => {
		let head: { value: number; next: unknown } | undefined;
		for (let value = length; value > 0; value--) head = { value, next: head };
		return head;
	};

	it.each([98, 99, 100, 101, 102, 199, 200, 201, 5000, 100_000])("a linked list of %i arrives", (length) => {
		let node = roundTrip(linkedList(length));
		for (let value = 1; value <= length; value++, node = node.next) {
			if (node.value !== value || Object.keys(node).join() !== "value,next") expect.fail(`at ${value}`);
		}
		expect(node).toBeUndefined();
	});

	it.each<[string, (inner: unknown) => unknown]>([
		["arrays", (inner) => [1, inner, 2]],
		[
			"values of Maps",
			(inner) =>
				new Map<unknown, unknown>([
					["before", 1],
					["in", inner],
					["after", 2],
				]),
		],
		[
			"keys of Maps",
			(inner) =>
				new Map<unknown, unknown>([
					["before", 1],
					[inner, 0],
					["after", 2],
				]),
		],
		["Sets", (inner) => new Set<unknown>(["before", inner, "after"])],
		["causes", (inner) => new Error("e", { cause: inner })],
		["fields of errors", (inner) => Object.assign(new TypeError("e"), { before: 1, inner, after: 2 })],
		["errors of errors", (inner) => new AggregateError([inner], "e")],
		["objects without a prototype", (inner) => Object.assign(Object.create(null), { before: 1, inner, after: 2 })],
		[
			"properties called __proto__",
			(inner) =>
				Object.defineProperty({}, "__proto__", { value: inner, enumerable: true, configurable: true, writable: true }),
		],
	])("%s nest a thousand levels deep", (_, wrap) => {
		let value: unknown = { end: true };
		for (let i = 0; i < 1000; i++) value = wrap(value);
		expect(difference(value, roundTrip(value))).toBeUndefined();
	});

	it("identity and cycles hold across what is put off", () => {
		const end: Record<string, unknown> = {};
		let value: Record<string, unknown> = { inner: end, end };
		for (let i = 0; i < 450; i++) value = { inner: value, end, set: new Set([end]) };
		end.start = value;
		const wide = [value, end, value];
		expect(difference(wide, roundTrip(wide))).toBeUndefined();
	});

	it("a value put off and then met near the top is the same object", () => {
		const shared = { shared: true };
		let deep: unknown = shared;
		for (let i = 0; i < 150; i++) deep = [deep];
		const value = [deep, shared, { shared }, new Map([[shared, shared]])];
		expect(difference(value, roundTrip(value))).toBeUndefined();
	});

	it("the second encoding of the same value is the same bytes", () => {
		const list = linkedList(300);
		expect(Buffer.compare(payloadOf(list), payloadOf(list))).toBe(0);
	});

	it("within one getter of another the stack's end is an error, and the next value is unharmed", () => {
		const endless = {
			get more(): unknown {
				return { ...Object.getOwnPropertyDescriptors(endless), more: roundTrip(endless) };
			},
		};
		expect(() => roundTrip(endless)).toThrow();
		expect(roundTrip({ a: 1 })).toEqual({ a: 1 });
		expect(() => roundTrip(endless)).toThrow(SerializationError);
	});
});
