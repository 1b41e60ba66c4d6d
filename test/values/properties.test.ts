import fc from "fast-check";
import { Packr, pack, unpack } from "msgpackr";
import { describe, expect, it } from "vitest";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { FORMAT_VERSION } from "../../src/values/format.ts";
import { difference, payloadOf, roundTrip } from "./support.ts";

const numRuns = Number(process.env.WASMRAY_FUZZ_RUNS ?? 400);

const text = fc.oneof(
	fc.string({ unit: "binary" }),
	fc.string({ maxLength: 60 }),
	fc.string({ unit: "grapheme" }),
	fc.array(fc.nat(0xffff)).map((c) => String.fromCharCode(...c)),
);
const key = fc.oneof(text, fc.constantFrom("__proto__", "constructor", "toString", "length", "0", "10", "-1", ""));
const scalar = fc.oneof(
	fc.constantFrom(undefined, null, true, false),
	fc.integer(),
	fc.maxSafeInteger(),
	fc.double(),
	fc.constantFrom(-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
	fc.bigInt(),
	fc.bigInt(-(2n ** 64n), 2n ** 64n),
	text,
);
const viewTypes = [
	Int8Array,
	Uint8Array,
	Uint8ClampedArray,
	Int16Array,
	Uint16Array,
	Int32Array,
	Uint32Array,
	Float32Array,
	Float64Array,
	BigInt64Array,
	BigUint64Array,
	DataView,
];
/** A view of any type somewhere on a buffer: its place is given in 1/1000 of the room there is. */
function viewOn(buffer: ArrayBuffer, type: (typeof viewTypes)[number], from: number, count: number): ArrayBufferView {
	const unit = "BYTES_PER_ELEMENT" in type ? type.BYTES_PER_ELEMENT : 1;
	const units = Math.floor(buffer.byteLength / unit);
	const first = Math.floor((units * from) / 1000);
	const make = type as new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;
	return new make(buffer, first * unit, Math.floor(((units - first) * count) / 1000));
}
const place = fc.tuple(fc.constantFrom(...viewTypes), fc.nat(1000), fc.nat(1000));
const view = fc.tuple(fc.uint8Array({ maxLength: 200 }), place).map(([{ buffer }, at]) => viewOn(buffer, ...at));
const leaf = fc.oneof(
	view,
	{ weight: 6, arbitrary: scalar },
	fc.date({ noInvalidDate: false }),
	fc.constantFrom(/a/g, /[b/]\n/iu, /(?:)/).map((pattern) => new RegExp(pattern)),
	fc.uint8Array({ maxLength: 80 }),
	fc.uint8Array().map((bytes) => Buffer.from(bytes)),
	fc.float64Array(),
	fc.int16Array(),
	fc.bigUint64Array(),
	fc.uint8Array().map((bytes) => bytes.slice().buffer),
	fc.oneof(fc.boolean(), fc.double(), text, fc.bigInt()).map(Object),
);

/** Values that are trees; a test then ties knots into them. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => {
	const inner = tie("tree");
	const fields = fc.array(fc.tuple(key, inner), { maxLength: 20 });
	return {
		tree: fc.oneof(
			{ maxDepth: 5, depthSize: "small", withCrossShrink: true },
			{ weight: 4, arbitrary: leaf },
			fc.array(inner, { maxLength: 20 }),
			fc.array(fc.option(inner, { nil: undefined, freq: 3 }), { maxLength: 9 }).map(asHoles),
			fields.map((entries) => withFields({}, entries)),
			fields.map((entries) => withFields(Object.create(null), entries)),
			fields.map((entries) => new Map<unknown, unknown>(entries)),
			fc.array(fc.tuple(inner, inner), { maxLength: 6 }).map((entries) => new Map(entries)),
			fc.array(inner, { maxLength: 6 }).map((items) => new Set(items)),
			fc.tuple(text, inner, fields).map(([message, cause, entries]) =>
				withFields(
					new RangeError(message, { cause }),
					entries.filter(([name]) => !["stack", "message", "cause"].includes(name)),
				),
			),
			fc.array(inner, { maxLength: 4 }).map((errors) => new AggregateError(errors)),
		),
	};
});

function withFields<T extends object>(object: T, entries: readonly (readonly [string, unknown])[]): T {
	for (const [name, value] of entries) {
		Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
	}
	return object;
}

/** Every undefined becomes a hole. */
function asHoles(items: unknown[]): unknown[] {
	const array: unknown[] = new Array(items.length);
	items.forEach((item, i) => {
		if (item !== undefined) array[i] = item;
	});
	return array;
}

/** Everything in a value that can hold something else, and how to put something into it. */
function containers(root: unknown): { object: object; add: (value: unknown, name: string) => void }[] {
	const found = new Map<object, (value: unknown, name: string) => void>();
	const visit = (value: unknown): void => {
		if (typeof value !== "object" || value === null || found.has(value) || ArrayBuffer.isView(value)) return;
		if (value instanceof Map) {
			found.set(value, (added, name) => value.set(name, added).set(added, name));
			for (const [k, v] of value) {
				visit(k);
				visit(v);
			}
		} else if (value instanceof Set) {
			found.set(value, (added) => value.add(added));
			value.forEach(visit);
		} else if (Array.isArray(value)) {
			found.set(value, (added) => value.push(added));
			value.forEach(visit);
		} else if (/^\[object (Object|Error)\]$/.test(Object.prototype.toString.call(value))) {
			found.set(value, (added, name) => withFields(value, [[`tied ${name}`, added]]));
			for (const name of Reflect.ownKeys(value)) visit((value as Record<PropertyKey, unknown>)[name]);
		}
	};
	visit(root);
	return [...found].map(([object, add]) => ({ object, add }));
}

describe("any value", () => {
	it("comes back equal", () => {
		fc.assert(
			fc.property(tree, (value) => {
				expect(difference(value, roundTrip(value))).toBeUndefined();
			}),
			{ numRuns },
		);
	});

	it("comes back equal with objects shared and cycles tied at random", () => {
		fc.assert(
			fc.property(tree, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 5 }), (value, knots) => {
				const all = containers(value);
				if (all.length === 0) return;
				for (const [i, [from, to]] of knots.entries())
					all[from % all.length].add(all[to % all.length].object, String(i));
				expect(difference(value, roundTrip(value))).toBeUndefined();
			}),
			{ numRuns },
		);
	});

	it("is encoded to the same bytes by an encoder that is used again", () => {
		const encoder = new Encoder();
		fc.assert(
			fc.property(tree, (value) => {
				const length = encoder.encode(value);
				const bytes = new Uint8Array(length);
				encoder.writeTo(bytes, 0);
				expect(Buffer.compare(bytes, payloadOf(value))).toBe(0);
				expect(difference(value, decode(bytes, 0, length, encoder.kind))).toBeUndefined();
			}),
			{ numRuns: numRuns / 2 },
		);
	});
});

describe("views on one buffer", () => {
	it("come back on one if they overlap, as far from each other as they were", () => {
		const start = (one: ArrayBufferView) => one.byteOffset;
		const end = (one: ArrayBufferView) => one.byteOffset + one.byteLength;
		fc.assert(
			fc.property(fc.nat(40_000), fc.array(place, { maxLength: 8 }), (size, places) => {
				const { buffer } = Uint8Array.from({ length: size }, (_, i) => i * 7);
				const views = places.map((at) => viewOn(buffer, ...at));
				const back: ArrayBufferView[] = roundTrip(views);
				expect(difference(views, back)).toBeUndefined();
				for (const [i, one] of views.entries()) {
					for (const [j, other] of views.entries()) {
						if (start(one) >= end(other) || start(other) >= end(one)) continue;
						expect(back[i].buffer).toBe(back[j].buffer);
						expect(start(back[i]) - start(back[j])).toBe(start(one) - start(other));
					}
				}
			}),
			{ numRuns },
		);
	});
});

describe("structuredClone agrees", () => {
	it("where it keeps what there is", () => {
		const plain = fc.letrec<{ value: unknown }>((tie) => ({
			value: fc.oneof(
				{ maxDepth: 4 },
				leaf.filter((value) => !Buffer.isBuffer(value)),
				fc.array(tie("value")),
				fc.array(fc.tuple(key, tie("value"))).map((entries) => withFields({}, entries)),
				fc.array(fc.tuple(tie("value"), tie("value"))).map((entries) => new Map(entries)),
				fc.array(tie("value")).map((items) => new Set(items)),
			),
		})).value;
		fc.assert(
			fc.property(plain, (value) => {
				expect(difference(structuredClone(value), roundTrip(value))).toBeUndefined();
			}),
			{ numRuns },
		);
	});
});

describe("msgpackr agrees", () => {
	// What MessagePack itself has, and msgpackr says as MessagePack does.
	const json = fc.letrec<{ value: unknown }>((tie) => ({
		value: fc.oneof(
			{ maxDepth: 4 },
			fc.constantFrom(null, true, false),
			fc.integer(),
			fc.double({ noNaN: true }).filter((n) => !Object.is(n, -0)),
			fc.string({ unit: "grapheme" }),
			fc.array(tie("value")),
			fc.dictionary(
				fc.string({ unit: "grapheme" }).filter((name) => name !== "__proto__"),
				tie("value"),
				{ noNullPrototype: true },
			),
		),
	})).value;
	const strict = new Packr({ useRecords: false, int64AsType: "number" });

	it("about what our bytes say", () => {
		fc.assert(
			fc.property(json, (value) => {
				const bytes = payloadOf([value]);
				expect(bytes[0]).toBe(FORMAT_VERSION);
				expect(bytes[1]).toBe(0);
				expect(difference([value], strict.unpack(Buffer.from(bytes.subarray(2))))).toBeUndefined();
			}),
			{ numRuns },
		);
	});

	it("that we read what its bytes say", () => {
		fc.assert(
			fc.property(json, (value) => {
				const message = Buffer.concat([Uint8Array.of(FORMAT_VERSION, 0), pack(value)]);
				expect(difference(unpack(pack(value)), decode(message, 0, message.length, 0))).toBeUndefined();
			}),
			{ numRuns },
		);
	});

	it("about dates, in each of a timestamp's three widths", () => {
		for (const time of [0, 1e12, 1e12 + 1, -1, 2 ** 34 * 1000 - 1, 2 ** 34 * 1000, 8.64e15, -8.64e15]) {
			const bytes = payloadOf(new Date(time));
			expect(unpack(Buffer.from(bytes.subarray(2)))).toEqual(new Date(time));
			const message = Buffer.concat([Uint8Array.of(FORMAT_VERSION, 0), pack(new Date(time))]);
			expect(decode(message, 0, message.length, 0)).toEqual(new Date(time));
		}
	});
});
