import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

/** Lints a source tree by the project's rules; gives the rules that were broken, by file. */
function lint(files: Record<string, string>): Record<string, string[]> {
	const folder = mkdtempSync(join(tmpdir(), "wasmray-lint-"));
	try {
		const config = JSON.parse(readFileSync(join(root, "biome.json"), "utf8"));
		writeFileSync(join(folder, "biome.json"), JSON.stringify({ ...config, vcs: { enabled: false } }));
		for (const [path, text] of Object.entries(files)) {
			mkdirSync(dirname(join(folder, path)), { recursive: true });
			writeFileSync(join(folder, path), text);
		}
		const biome = join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
		const options = [biome, "lint", "--reporter=json", "--max-diagnostics=none", "src"];
		const { stdout } = spawnSync(process.execPath, options, { cwd: folder, encoding: "utf8" });
		const broken: Record<string, string[]> = {};
		for (const { category, location } of JSON.parse(stdout.slice(stdout.indexOf("{"))).diagnostics) {
			const path = location.path.file ?? location.path;
			broken[path] = [...(broken[path] ?? []), category.slice(category.lastIndexOf("/") + 1)];
		}
		return broken;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

describe("the linter", () => {
	test("refuses each import that points up", () => {
		const upward: [from: string, to: string][] = [
			["src/core/a.ts", "../engine/engine.ts"],
			["src/values/a.ts", "../api/objects.ts"],
			["src/functions/a.ts", "../index.ts"],
			["src/platform/a.ts", "../worker/loop.ts"],
			["src/engine/local/a.ts", "../../worker/loop.ts"],
			["src/engine/a.ts", "../api/objects.ts"],
			["src/worker/a.ts", "../testing/index.ts"],
			["src/api/a.ts", "../worker/loop.ts"],
			["src/api/tasks/a.ts", "../../index.ts"],
			["src/observe/a.ts", "../core/load.ts"],
			["src/testing/a.ts", "../engine/local/submit.ts"],
			["src/cli/a.ts", "../values/encode.ts"],
			["src/index.ts", "./core/load.ts"],
			["src/errors.ts", "./core/load.ts"],
			["src/engine/b.ts", "../core/wasm.threaded.generated.ts"],
			["src/worker/b.ts", "@assemblyscript/loader"],
		];
		const broken = lint(Object.fromEntries(upward.map(([from, to]) => [from, `import "${to}";\n`])));
		expect(broken).toEqual(Object.fromEntries(upward.map(([from]) => [from, ["noRestrictedImports"]])));
	});

	test("lets imports point down", () => {
		const downward: [from: string, to: string][] = [
			["src/core/a.ts", "@assemblyscript/loader"],
			["src/core/b.ts", "./wasm.threaded.generated.ts"],
			["src/values/a.ts", "../core/layout.ts"],
			["src/functions/a.ts", "../errors.ts"],
			["src/engine/local/a.ts", "../../core/layout.ts"],
			["src/engine/local/b.ts", "../engine.ts"],
			["src/worker/a.ts", "../engine/local/a.ts"],
			["src/api/a.ts", "../engine/engine.ts"],
			["src/testing/a.ts", "../index.ts"],
			["src/index.ts", "./api/a.ts"],
		];
		expect(lint(Object.fromEntries(downward.map(([from, to]) => [from, `import "${to}";\n`])))).toEqual({});
	});

	test("refuses a cycle", () => {
		const broken = lint({
			"src/core/a.ts": 'import { b } from "./b.ts";\nexport const a = () => b;\n',
			"src/core/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;\n',
		});
		expect(broken).toEqual({ "src/core/a.ts": ["noImportCycles"], "src/core/b.ts": ["noImportCycles"] });
	});

	test("keeps Node's modules out of what runs everywhere", () => {
		const broken = lint({ "src/values/a.ts": 'import "node:fs";\n', "src/platform/a.ts": 'import "node:fs";\n' });
		expect(broken).toEqual({ "src/values/a.ts": ["noNodejsModules"] });
	});
});
