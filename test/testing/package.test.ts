import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

/** Runs a program inside the project, where the package finds itself by its name; what it prints. */
function run(name: string, text: string): string {
	mkdirSync(join(root, "build"), { recursive: true });
	const folder = mkdtempSync(join(root, "build", "testing-"));
	try {
		const file = join(folder, name);
		writeFileSync(file, text);
		const { stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", timeout: 30_000 });
		return stdout + stderr;
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const body = `
const double = ray.remote((n) => n * 2);
async function main() {
	const six = await withTestRuntime(async (runtime) => {
		if (ray.runtime().id !== runtime.id) throw new Error("another runtime");
		return double.remote(3).get();
	}, { numCpus: 1 });
	console.log(six, ray.isInitialized(), typeof faults);
	const { message } = await withTestRuntime(() => { globalThis.kept = ray.put("kept"); }, { numCpus: 1 }).catch((e) => e);
	console.log(message);
}
main();
`;
const printed = (file: string) =>
	new RegExp(
		`^6 false function\\nThe test left objects behind.*\\n {2}object \\S+ \\(READY, \\d+ bytes, 1 holder\\), made here:\\n {4}at .*${file}:\\d+:\\d+\\)?\\n`,
	);

describe("the package's entry for tests", () => {
	test("shares its runtimes with the main entry, as ES modules", () => {
		const imports = `import * as ray from "wasmray";\nimport { faults, withTestRuntime } from "wasmray/testing";\n`;
		expect(run("program.mjs", imports + body)).toMatch(printed("program\\.mjs"));
	});

	test("shares its runtimes with the main entry, in CommonJS", () => {
		const imports = `const ray = require("wasmray");\nconst { faults, withTestRuntime } = require("wasmray/testing");\n`;
		expect(run("program.cjs", imports + body)).toMatch(printed("program\\.cjs"));
	});

	test("shares its runtimes with a main entry of the other form", () => {
		const imports = `import { createRequire } from "node:module";\nimport * as ray from "wasmray";\nconst { faults, withTestRuntime } = createRequire(import.meta.url)("wasmray/testing");\n`;
		expect(run("program.mjs", imports + body)).toMatch(printed("program\\.mjs"));
	});
});
