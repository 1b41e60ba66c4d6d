import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

type ErrorClass = new (message: string) => Error;

const modules = join(root, "dist", "esm", "index.js");
const commonJs = join(root, "dist", "cjs", "index.js");
const forms: [string, string, Record<string, unknown>][] = [
	["ES modules", `import * as ray from ${JSON.stringify(pathToFileURL(modules).href)};`, await import(modules)],
	["CommonJS", `const ray = require(${JSON.stringify(commonJs)});`, createRequire(import.meta.url)(commonJs)],
];

describe.each(forms)("the errors of the package as %s are called by their names", (form, head, exported) => {
	const classes = Object.entries(exported).filter(([name]) => name.endsWith("Error")) as [string, ErrorClass][];

	test("all of them are there", () => {
		expect(classes.length).toBeGreaterThan(25);
	});

	test.each(classes)("%s: as a class, as a value, and where it is printed", (name, type) => {
		const error = new type("what happened");
		expect([type.name, error.constructor.name, error.name, String(error)]).toEqual([
			name,
			name,
			name,
			`${name}: what happened`,
		]);
		expect(error.stack?.split("\n")[0]).toBe(`${name}: what happened`);
		expect(inspect(error).split("\n")[0]).toBe(`${name}: what happened`);
	});

	test("an uncaught one too", () => {
		const program = `${head} throw new ray.TaskError("of a task");`;
		const type = form === "CommonJS" ? "commonjs" : "module";
		const { stderr } = spawnSync(process.execPath, [`--input-type=${type}`, "-e", program], { encoding: "utf8" });
		expect(stderr).toContain("\nTaskError: of a task\n");
		expect(stderr).not.toContain("_TaskError");
	});
});
