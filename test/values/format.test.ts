import { readFileSync } from "node:fs";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import * as format from "../../src/values/format.ts";
import { decodeBytes, difference, payloadOf } from "./support.ts";

const page = readFileSync(new URL("../../docs/format.md", import.meta.url), "utf8");
const examples = [...page.slice(page.indexOf("## Examples")).matchAll(/^\| `(.+)` \| `([0-9a-f ]+)` \|$/gm)].map(
	([, code, hex]) => ({
		code,
		hex,
	}),
);

describe("the examples of docs/format.md", () => {
	it("are there", () => {
		expect(examples.length).toBeGreaterThan(15);
	});

	it.each(examples)("$code", ({ code, hex }) => {
		const value: unknown = vm.runInThisContext(`(${code})`);
		expect(
			Buffer.from(payloadOf(value))
				.toString("hex")
				.replace(/..(?=.)/g, "$& "),
		).toBe(hex);
		expect(difference(value, decodeBytes(Buffer.from(hex.replaceAll(" ", ""), "hex")))).toBeUndefined();
	});
});

describe("the tables of docs/format.md", () => {
	it("have every extension type, and no other", () => {
		const written = [...page.matchAll(/^\| 0x([0-9a-f]{2}) \| ([A-Z]) \| (.*?) \|/gm)]
			.filter(([, , , value]) => !value.startsWith("reserved"))
			.map(([, type, letter]) => {
				expect(String.fromCharCode(Number.parseInt(type, 16))).toBe(letter);
				return Number.parseInt(type, 16);
			});
		const types = Object.entries(format)
			.filter(([name]) => name.startsWith("EXT_") && !/HOST|TIMESTAMP/.test(name))
			.map(([, type]) => type);
		expect(written).toEqual(types.toSorted((a, b) => a - b));
	});

	it("have the limits that the code has", () => {
		const words = page.replace(/\s+/g, " ");
		expect(words).toContain(`Below ${format.LATER_DEPTH} levels`);
		expect(words).toContain(
			`may nest ${format.MAX_DEPTH} levels deep. A reader may refuse more than ${format.MAX_READ_DEPTH}.`,
		);
		expect(words).toContain(`A segment of ${format.LARGE_SEGMENT_BYTES} bytes or more`);
		expect(words).toContain(`V has ${format.BUFFER_EXT_BYTES} bytes`);
		expect(words).toContain(`A kind with 0x${format.KIND_RESIZABLE.toString(16)} added`);
		expect(words).toContain(`0x${format.KIND_TRACKING.toString(16)} is added to that`);
	});
});
