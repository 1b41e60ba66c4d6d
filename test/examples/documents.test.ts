import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..");
// Below the root, so that the package finds itself by its name.
const folder = join(root, "build", "snippets");
const prelude = 'import * as ray from "wasmray";\nawait ray.init({ numCpus: 2 });\n';

interface Snippet {
	readonly place: string;
	readonly extension: string;
	readonly text: string;
	readonly prints: string[];
}

/** The code blocks of a page, with the line they begin at and what they say they print. */
function snippetsOf(page: string): Snippet[] {
	const markdown = readFileSync(join(root, page), "utf8");
	return [...markdown.matchAll(/^```(js|ts)\n(.*?)^```$/gms)].map(({ 1: language, 2: text, index }) => ({
		place: `${page}:${markdown.slice(0, index).split("\n").length + 1}`,
		extension: language === "ts" ? "ts" : "mjs",
		text: text.includes("import * as ray") ? text : `${prelude}${text}await ray.shutdown();\n`,
		prints: [...text.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line),
	}));
}

function run(file: string): Promise<{ code: number | null; output: string }> {
	const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_)/.test(name)));
	const loader = file.endsWith(".ts") ? ["--import", "tsx"] : [];
	const options = { cwd: root, env, timeout: 20_000, killSignal: "SIGKILL" as const };
	const child = spawn(process.execPath, [...loader, file], { ...options, stdio: ["ignore", "pipe", "pipe"] });
	let output = "";
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding("utf8").on("data", (text: string) => {
			output += text;
		});
	}
	return new Promise((resolve, reject) => {
		child.once("error", reject);
		child.once("close", (code) => resolve({ code, output }));
	});
}

const snippets = ["README.md", "docs/guide.md"].flatMap(snippetsOf);

describe("the snippets of the documents", () => {
	beforeAll(() => mkdirSync(folder, { recursive: true }));
	afterAll(() => rmSync(folder, { recursive: true, force: true }));

	it.each(snippets)("$place runs and prints what it says", async ({ place, extension, text, prints }) => {
		const file = join(folder, `${place.replace(/\W/g, "-")}.${extension}`);
		writeFileSync(file, text);
		const { code, output } = await run(file);
		expect(code, output).toBe(0);
		if (prints.length > 0) expect(output.trimEnd().split("\n")).toEqual(prints);
	});

	it("link to headings and files that exist", () => {
		const headings = new Set(
			[...readFileSync(join(root, "docs/guide.md"), "utf8").matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
				title
					.toLowerCase()
					.replace(/[^\w -]/g, "")
					.replaceAll(" ", "-"),
			),
		);
		const links = [...readFileSync(join(root, "docs/guide.md"), "utf8").matchAll(/\]\(#([^)]+)\)/g)].map(
			([, id]) => id,
		);
		expect(links.length).toBeGreaterThan(10);
		for (const link of links) expect(headings).toContain(link);
	});
});
