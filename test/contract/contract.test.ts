import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

const here = join(root, "test", "contract");

/** What the compiler says about these files; their folder is inside the project, so that they find its packages. */
function compile(files: (folder: string) => string[]): string[] {
	mkdirSync(join(root, "build"), { recursive: true });
	const folder = mkdtempSync(join(root, "build", "contract-"));
	try {
		const config = { extends: join(root, "tsconfig.json"), include: [], files: files(folder) };
		writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
		const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
		const { stdout, status } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
		const errors = stdout.split("\n").filter((line) => /error TS/.test(line));
		if (errors.length === 0 && status !== 0) throw new Error(stdout);
		// Of the sources that are compiled along, the project's own check speaks.
		return errors.filter((line) => !/(?:^|\/)src\//.test(line));
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

const usage = readFileSync(join(here, "usage.ts"), "utf8");

describe("the package keeps its contract", () => {
	test("in the types of what it exports", () => {
		expect(compile(() => [join(here, "exports.ts")])).toEqual([]);
	});

	test("in what programs may write, and the types they get", () => {
		expect(compile(() => [join(here, "usage.ts")])).toEqual([]);
	});

	test("in the types that callbacks among the options have, and all that is inferred beside them", () => {
		expect(compile(() => [join(here, "callbacks.ts")])).toEqual([]);
	});
});

test("the guide's snippet about retries is strict TypeScript as it stands", () => {
	const guide = readFileSync(join(root, "docs", "guide.md"), "utf8");
	const [, snippet] = /^```js\n((?:(?!```).)*retryExceptions:.*?)^```$/ms.exec(guide) as RegExpExecArray;
	const text = `import * as ray from "../../src/index.ts";\n${snippet}`;
	const errors = compile((folder) => {
		writeFileSync(join(folder, "snippet.ts"), text);
		return [join(folder, "snippet.ts")];
	});
	expect(errors).toEqual([]);
});

describe("the test of the contract", () => {
	/** A program compiled against the contract's declarations themselves. */
	const againstContract = (text: string) =>
		compile((folder) => {
			copyFileSync(join(here, "api.d.ts"), join(folder, "api.d.ts"));
			writeFileSync(join(folder, "usage.ts"), text.replace("../../src/index.ts", "./api.js"));
			return [join(folder, "usage.ts")];
		});

	test("asks for nothing that the contract does not say", () => {
		expect(againstContract(usage)).toEqual([]);
	});

	test("notices a type that is another", () => {
		const wrong = usage.replace(
			"has<ray.ObjectRef<number>>()(square.remote(2), true)",
			"has<number>()(square.remote(2), true)",
		);
		expect(wrong).not.toBe(usage);
		expect(againstContract(wrong)).toHaveLength(1);
	});
});
