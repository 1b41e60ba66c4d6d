import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeInline, encodeInline } from "../../src/values/inline.ts";
import { difference } from "./support.ts";

const words = new Uint32Array(new SharedArrayBuffer(64));
const INDEX = 5;

/** Through words that hold other values' remains; undefined: it needs a payload. */
function inlined(value: unknown): { kind: number; value: unknown } | undefined {
	words.fill(0xdeadbeef);
	const kind = encodeInline(value, words, INDEX);
	expect([...words.subarray(0, INDEX), ...words.subarray(INDEX + 4)].every((word) => word === 0xdeadbeef)).toBe(true);
	return kind < 0 ? undefined : { kind, value: decodeInline(kind, words, INDEX) };
}

describe("values of at most 16 bytes", () => {
	it.each([
		[undefined],
		[null],
		[true],
		[false],
		[0],
		[-0],
		[1],
		[-1],
		[2 ** 31 - 1],
		[-(2 ** 31)],
		[2 ** 31],
		[2 ** 53],
		[0.1],
		[Number.NaN],
		[Number.POSITIVE_INFINITY],
		[Number.NEGATIVE_INFINITY],
		[0n],
		[-1n],
		[2n ** 63n - 1n],
		[-(2n ** 63n)],
		[""],
		["a"],
		["é"],
		["sixteen letters!"],
		["日本語"],
		["👍👍👍7"],
		["\ud800"],
		["a\udc00bcdef"],
		["\u0000"],
		[[]],
		[{}],
	])("%o is kept in place", (value) => {
		const result = inlined(value);
		expect(result).toBeDefined();
		expect(difference(value, result?.value)).toBeUndefined();
		expect(result?.kind).toBeLessThanOrEqual(31);
	});

	it("every text of up to 16 Latin-1 characters, and every one of up to 7 code units", () => {
		fc.assert(
			fc.property(fc.string({ unit: "binary", maxLength: 20 }), (text) => {
				const fits = text.length <= 7 || (text.length <= 16 && [...text].every((c) => c <= "\u00ff"));
				expect(inlined(text)?.value).toBe(fits ? text : undefined);
			}),
			{ numRuns: 2000 },
		);
		fc.assert(
			fc.property(fc.array(fc.nat(0xff), { maxLength: 16 }), (codes) => {
				const text = String.fromCharCode(...codes);
				expect(inlined(text)?.value).toBe(text);
			}),
		);
	});

	it("every number", () => {
		const numbers = fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger());
		fc.assert(
			fc.property(numbers, (n) => {
				expect(inlined(n)?.value).toBe(n);
			}),
		);
	});
});

describe("values that need a payload", () => {
	it.each([
		["seventeen letters"],
		["日本語日本語日本"],
		[2n ** 63n],
		[-(2n ** 63n) - 1n],
		[[1]],
		[new Array(3)],
		[{ a: 1 }],
		[Object.create(null)],
		[new Map()],
		[new Date(0)],
		[new Uint8Array(0)],
		[new (class Empty {})()],
		[new (class List extends Array {})()],
		[() => {}],
		[Symbol("s")],
	])("%o is refused", (value) => {
		expect(inlined(value)).toBeUndefined();
	});
});

it("an unknown kind is refused", () => {
	for (const kind of [-1, 10, 14, 32, 255]) expect(() => decodeInline(kind, words, 0)).toThrow(RangeError);
});
