/** What a module's text says of the names in it, which has to do where no variables can be seen. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { importedName, meaningOf } from "../../src/functions/imports.ts";
import { makePrograms, type Programs } from "./programs.ts";

let programs: Programs;
beforeAll(async () => {
	programs = await makePrograms();
});
afterAll(() => programs.remove());

let count = 0;
function file(text: string): string {
	const name = `text${count++}.ts`;
	programs.write({ [name]: text });
	return join(programs.folder, name);
}

test("imports of all forms are read, also beside types, templates, regular expressions and comments", () => {
	const text = file(`#!/usr/bin/env node
		// import no from "comment";
		import a, { b, c as d, type T, default as e } from "first";
		import * as f from 'second'; import{g}from"third"
		import type { U } from "types";
		import "effects";
		const text: string = \`\${\`import h from "\${b}"\`} import i from "template"\`;
		const pattern = /["'\`]import j from "pattern"/.test(text) ? 4 / 2 / 1 : import.meta.url;
		import k, * as l from "last" with { type: "json" };
		await import("dynamic");
	`);
	const found = Object.fromEntries([..."abdefghijkl", "no"].map((name) => [name, importedName(text, name)]));
	expect(found).toEqual({
		a: { specifier: "first", member: "default" },
		b: { specifier: "first", member: "b" },
		d: { specifier: "first", member: "c" },
		e: { specifier: "first", member: "default" },
		f: { specifier: "second", member: "" },
		g: { specifier: "third", member: "g" },
		k: { specifier: "last", member: "default" },
		l: { specifier: "last", member: "" },
	});
	expect(importedName(file('import a from "one"; const text = "does not end;\n"'), "a")).toBe(undefined);
});

describe("a name in a function means its file's import", () => {
	const source = "() => os.EOL";
	const meaning = (rest: string, name = "os") =>
		meaningOf(name, file(`import os from "node:os";\n${rest}\nremote(() => os.EOL);`), { name: "" }, source);

	test("or the global, if the file has that function", () => {
		expect(meaning("")).toEqual({ specifier: "node:os", member: "default" });
		expect(meaning("", "Math")).toBe("global");
		const wanted = { name: "f" };
		const text = file('import os from "node:os"; const f = () => os.EOL; const g = () => os.tmpdir();');
		expect(meaningOf("os", text, wanted, source)).toEqual({ specifier: "node:os", member: "default" });
		expect(meaningOf("os", text, { name: "g" }, source)).toBe(undefined);
		expect(meaningOf("os", text, wanted, "() => os.cpus()")).toBe(undefined);
	});

	test("if it is used elsewhere in it as a value alone", () => {
		const uses = `os.cpus(); const a = os, b = [x.os, { os: 1 }], c = typeof os; \`\${os.EOL}\`; // a word on os, too`;
		expect(meaning(uses)).toEqual({ specifier: "node:os", member: "default" });
	});

	test("unless it may be bound anew anywhere in it", () => {
		const bindings = [
			...[
				"let os = 1;",
				"function os() {}",
				"function* os() {}",
				"class os {}",
				"{ var a, os; }",
				"for (const os of []) ;",
			],
			...[
				"function f(os) {}",
				"function f(a, ...os) {}",
				"(os) => 1;",
				"os => 1;",
				"async os => 1;",
				"(a, os = 1) => 1;",
			],
			...[
				"const { os } = a;",
				"const { a: os } = b;",
				"const { os = 1 } = a;",
				"const [, os] = a;",
				"try {} catch (os) {}",
			],
			...["function f(\n a, // first\n os: string,\n) {}", "enum os { A }", "let a = 1, os\n;", "x = { f(os) {} };"],
		];
		for (const binding of bindings) expect([binding, meaning(binding)]).toEqual([binding, undefined]);
	});
});

test("functions below init use this package and Node's modules where the engine shows no variables", async () => {
	programs.write({
		"node_modules_of/node_modules/wasmray/package.json": '{ "type": "module", "exports": "./index.js" }',
		"node_modules_of/node_modules/wasmray/index.js": 'export * from "../../../kit.mjs";',
		"node_modules_of/main.mjs": `
			import * as ray from "wasmray";
			import { twice as double } from "wasmray";
			import path, { join, sep } from "node:path";
			import * as os from "os";
			await ray.init(new URL("../worker.mjs", import.meta.url));
			const tasks = [
				ray.remote((x) => ray.twice(x)),
				ray.remote((x) => double(x) + 1),
				ray.remote((x) => [join("a", "b"), path.basename("/c/d"), os.EOL.length, x].join()),
			];
			for (const task of tasks) console.log(task.describe().kind, await task.call(2));
			const hidden = (sep) => ray.remote((x) => sep + x);
			console.log(await hidden(1).call(2).catch((error) => error.message.includes("does not show")));
			await ray.shutdown();
		`,
	});
	const output = await programs.run("--disallow-code-generation-from-strings", "node_modules_of/main.mjs");
	expect(output.split("\n")).toEqual(["source 4", "source 5", "source a/b,d,1,2", "true"]);
});
