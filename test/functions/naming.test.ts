import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nameAt } from "../../src/functions/naming.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmray-naming-"));
let files = 0;

/** The name for a call on a line, where `remote` stands last. */
function named(line: string, call = "remote"): string | undefined {
	const file = join(folder, `${files++}.mjs`);
	writeFileSync(file, `// A line before.\n${line}\n`);
	return nameAt({ file, line: 2, column: line.lastIndexOf(call) + 1, caller: "", hasThis: false, trace: "" });
}

describe("a function without a name is called after", () => {
	test.each([
		["const square = ray.remote((n) => n * n);", "square"],
		["export const square = remote((n) => n * n);", "square"],
		["let a = 1, größe$2=ray.remote (() => 1)", "größe$2"],
		["const square: Fn<number> = ray.remote<Fn>((n) => n);", "square"],
		["this.square = ray.remote(() => 1);", "square"],
		["\tstatic #square = ray.remote(() => 1);", "square"],
		["\tsquare: ray.remote(() => 1),", "square"],
		["const all = { square: ray.remote(() => 1) };", "square"],
		['const x=ray.remote(f,{name:"x1"});const y=ray.remote(async()=>1)', "y"],
		["foo({ timeout: 5 }); const b = ray.remote(() => 1);", "b"],
		["foo({ timeout: 5 }), b = ray.remote(() => 1);", "b"],
		["if(x)b=ray.remote(()=>1)", "b"],
		["for(;;){a:1}b=ray.remote(()=>1)", "b"],
		["switch(x){case 1:const b=ray.remote(()=>1)}", "b"],
		["a = b = ray.remote(() => 1);", "b"],
		["function f(b = ray.remote(() => 1)) {}", "b"],
		["foo<A>({ x: 1 }); exports.b = remote(() => 1);", "b"],
		["let a = 1; const b: { x: A; y: (z: B) => C } = ray.remote(() => 1);", "b"],
		["const b: Map<string, ray.RemoteFunction<(n: number) => number>> | typeof c = ray.remote(() => 1);", "b"],
		["\tprivate readonly b?: ray.RemoteFunction = ray.remote(() => 1);", "b"],
		["foo({ timeout: 5, b: ray.remote(() => 1) });", "b"],
		[`${"x".repeat(1000)};const b=ray.remote(()=>1)`, "b"],
	])("%s", (line, name) => expect(named(line)).toBe(name));
});

describe("it has no name after", () => {
	test.each([
		"ray.remote(() => 1).remote();",
		"const refs = list.map(() => ray.remote(() => 1));",
		"if (square == ray.remote(() => 1)) {}",
		"const make = () => ray.remote(() => 1);",
		"const it = test ? other : ray.remote(() => 1);",
		"return ray.remote(() => 1);",
		"foo({ timeout: 5 }); list[0] = ray.remote(() => 1);",
		"foo({ timeout: 5 }); a += ray.remote(() => 1);",
		"const f = { a: 1 }; ray.remote(() => 1);",
		"const a = x ? b : c = ray.remote(() => 1);",
		"default: ray.remote(() => 1);",
		"default: a = ray.remote(() => 1);",
		"const a: A extends B ? C : D = ray.remote(() => 1);",
	])("%s", (line) => expect(named(line)).toBeUndefined());

	test("a line that is not the one that runs", () => {
		expect(named("const square = ray.remote(() => 1);", "ray.")).toBeUndefined();
		expect(nameAt({ file: join(folder, "none.mjs"), line: 1, column: 1, caller: "", hasThis: false, trace: "" })).toBe(
			undefined,
		);
		expect(nameAt(undefined)).toBeUndefined();
	});
});
