import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { describe, expect, test } from "vitest";
import { exportsOf, faultsOf } from "../../scripts/build/check-wasm.mjs";
import { compileCore, targets } from "../../scripts/build/wasm.mjs";
import { root } from "../../scripts/paths.mjs";

const built = (target: string) => readFileSync(join(root, "build", `${target}.wasm`));

function assemble(text: string): Uint8Array {
	const module = binaryen.parseText(text);
	module.setFeatures(binaryen.Features.All);
	const bytes = module.emitBinary();
	module.dispose();
	return bytes;
}

describe("the built core", () => {
	test.each(targets)("%s has one import, no data, no start and a boundary of numbers", (target) => {
		expect(faultsOf(target, built(target), exportsOf("assembly/index.ts"))).toEqual([]);
	});

	test("exports the same from its two release builds", () => {
		const names = ["core", "core.single"].map((target) =>
			WebAssembly.Module.exports(new WebAssembly.Module(built(target)))
				.map(({ name }) => name)
				.sort(),
		);
		expect(names[0]).toEqual(names[1]);
		expect(names[0]).toEqual(exportsOf("assembly/index.ts"));
	});

	test("comes out byte for byte the same when it is built again", { timeout: 120_000 }, async () => {
		expect(Buffer.compare(await compileCore("core"), built("core"))).toBe(0);
	});

	test("is not built again while nothing has changed", { timeout: 60_000 }, () => {
		expect(execFileSync(process.execPath, ["scripts/build.mjs"], { cwd: root, encoding: "utf8" })).toBe("");
	});
});

describe("the check of a build", () => {
	const memory = '(import "env" "memory" (memory 1 65535 shared))';

	test.each([
		["a second import", `${memory} (import "env" "abort" (func))`, "it imports env.abort"],
		["a memory of its own", "(memory 1 65535 shared)", "it does not import env.memory"],
		["a memory that is not shared", '(import "env" "memory" (memory 1 65535))', "its memory is not shared"],
		["another maximum", '(import "env" "memory" (memory 1 65536 shared))', "its memory's maximum is 65536"],
		["a data segment", `${memory} (data (i32.const 8) "live")`, "it has 1 data segments"],
		["a start function", `${memory} (func $begin) (start $begin)`, "it has a start function"],
		[
			"an exported global",
			`${memory} (global $g (mut i32) (i32.const 0)) (export "g" (global $g))`,
			"exports the global g",
		],
		["a 64-bit number", `${memory} (func (export "f") (param i64))`, "f takes or returns i64"],
		[
			"an export that is not in the ABI",
			`${memory} (func (export "f"))`,
			"it exports f, which assembly/index.ts does not",
		],
		["a missing export", memory, "it lacks the export put"],
	])("names %s", (_, body, fault) => {
		expect(faultsOf("core", assemble(`(module ${body})`), ["put"]).join("\n")).toContain(fault);
	});
});
