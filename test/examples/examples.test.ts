import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = join(import.meta.dirname, "..", "..", "examples");

/** A line that each example must print; the whole line, unless it holds figures that differ from run to run. */
const expected: Record<string, string | RegExp> = {
	"01-parallel-map.mjs": "148933 primes below 2000000",
	"02-zero-copy.mjs": "sum 18000000",
	"03-nested-tasks.mjs": "200000 numbers, in order: true",
	"04-generators.mjs": "the first with more than 20 digits is number 98",
	"05-cancellation.mjs": "out of time: TaskTimeoutError",
	"06-retries.mjs": "page 7 at attempt 3",
	"07-resources.mjs": "order: request, backup",
	"08-errors.mjs": "cause: RangeError E_CONFIG: cannot read app.json",
	"09-pipeline.mjs": "48 words in 12 pages",
	"10-classes.mjs": "15.00 € is Money: true",
	"11-functions.mjs": "400",
	"start.mjs": /^\d+ tasks\. One thread: \d+\.\d\d s\. \d+ threads?: \d+\.\d\d s\.$/,
};

/** Runs one as a user would, outside of the test runner. */
function run(file: string): Promise<{ code: number | null; lines: string[]; errors: string }> {
	const inherited = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_OPTIONS$)/.test(name));
	// The smallest picture will do.
	const env = { ...Object.fromEntries(inherited), COLUMNS: "40" };
	const child = spawn(process.execPath, [join(folder, file)], { env, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	let errors = "";
	child.stdout.setEncoding("utf8").on("data", (text: string) => {
		output += text;
	});
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		errors += text;
	});
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (code) => resolve({ code, lines: output.split("\n"), errors }));
	});
}

describe("the examples", () => {
	it("are all run here, but for the one of the core alone", () => {
		const files = readdirSync(folder).filter((file) => file.endsWith(".mjs") && file !== "core.mjs");
		expect(files.sort()).toEqual(Object.keys(expected).sort());
	});

	it.each(Object.entries(expected))("%s runs, says what it must, and ends by itself", async (file, line) => {
		const { code, lines, errors } = await run(file);
		expect({ code, errors }).toEqual({ code: 0, errors: "" });
		if (typeof line === "string") expect(lines).toContain(line);
		else expect(lines.some((one) => line.test(one))).toBe(true);
	});
});
