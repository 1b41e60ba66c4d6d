import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateLayouts } from "../../scripts/layout.mjs";
import { root } from "../../scripts/paths.mjs";

// The first use installs flatc.
const patience = 120_000;

let folder: string;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "wasmray-layout-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function generate(schema: string): { assembly: string; typescript: string } {
	const path = join(folder, "sample.fbs");
	writeFileSync(path, `attribute "atomic"; attribute "record_size";\n${schema}`);
	const files = generateLayouts(path);
	return { assembly: files.get("assembly/layout.ts") ?? "", typescript: files.get("src/core/layout.ts") ?? "" };
}

const hashIn = (text: string) => /LAYOUT_HASH(?:: u32)? = (0x[0-9a-f]{8});/.exec(text)?.[1];

describe("the layouts of the two sides", () => {
	test("are what the schema gives today", { timeout: patience }, () => {
		for (const [path, text] of generateLayouts()) {
			expect(readFileSync(join(root, path), "utf8"), `${path}: run npm run layout`).toBe(text);
		}
	});

	test("carry offsets, sizes, constants and comments", { timeout: patience }, () => {
		const { typescript, assembly } = generate(`
			/// What a call answers.
			enum Status : int { ok = 0, /** */ stale = -3 }
			/// A record.
			struct ObjectEntry (record_size: "32") {
				/// Its holders.
				word: uint64 (atomic);
				size: uint;
				flag: ubyte;
				padding: [ubyte:3];
				value: [uint:4];
			}`);
		expect(typescript).toContain("export const STATUS_STALE = -3;");
		expect(typescript).toContain("export const OBJECT_ENTRY_SIZE = 32;");
		expect(typescript).toContain("/** (u64, by Atomics only) Its holders. */\nexport const OBJECT_ENTRY_WORD = 0;");
		expect(typescript).toContain("export const OBJECT_ENTRY_SIZE_OFFSET = 8;");
		expect(typescript).toContain("export const OBJECT_ENTRY_VALUE = 16;\nexport const OBJECT_ENTRY_VALUE_LENGTH = 4;");
		expect(typescript).not.toContain("PADDING");
		expect(assembly).toContain("@inline export const STATUS_STALE: i32 = -3;");
		expect(assembly).toContain("/** A record. */\n@unmanaged\nexport class ObjectEntry {");
		expect(hashIn(assembly)).toBe(hashIn(typescript));
	});

	test("give an atomic field no plain accessor", { timeout: patience }, () => {
		const { assembly } = generate("struct Lock { state: uint (atomic); owner: uint; }");
		expect(assembly).toContain("casState(expected: u32, value: u32): u32");
		expect(assembly).not.toMatch(/[gs]et state\(/);
		expect(assembly).toContain("get owner(): u32");
		expect(assembly).not.toContain("loadOwner");
	});

	test("change their hash with a field's place and not with a comment", { timeout: patience }, () => {
		const first = hashIn(generate("struct Pair { a: uint; b: uint; }").typescript);
		const commented = hashIn(generate("/// Two.\nstruct Pair { a: uint; b: uint; }").typescript);
		const swapped = hashIn(generate("struct Pair { b: uint; a: uint; }").typescript);
		expect(commented).toBe(first);
		expect(swapped).not.toBe(first);
	});

	test.each([
		[
			"a record of another size than it says",
			'struct A (record_size: "16") { x: uint; }',
			"struct A is 4 bytes, its record_size says 16",
		],
		["an atomic float", "struct A { x: double (atomic); }", "A.x is marked atomic, which only integers can be"],
		["two constants of one name", "enum A : uint { b_c } enum aB : uint { c }", "two constants would be called A_B_C"],
		["what flatc refuses", "struct A { x: string; }", "flatc refused"],
	])("refuse %s", { timeout: patience }, (_, schema, message) => {
		expect(() => generate(schema)).toThrow(message);
	});
});
