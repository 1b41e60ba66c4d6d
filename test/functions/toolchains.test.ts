import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesBelow } from "../../scripts/build/step.mjs";
import { root } from "../../scripts/paths.mjs";
import { rewritten } from "../../src/functions/rewrite.ts";
import { analyse } from "../../src/functions/syntax/analyse.ts";
import { makePrograms, type Programs } from "./programs.ts";

let programs: Programs;
beforeAll(async () => {
	programs = await makePrograms();
	programs.write({
		"lib.ts": library,
		"lib.mjs": library,
		"dep.mjs": "export const value = 'a dependency';\n",
		"main.mjs": program("./kit.mjs", "./lib.mjs"),
		"main.ts": typed(program("./kit.mjs", "./lib.ts")),
	});
});
afterAll(() => programs.remove());

const library = `
	const bias = 1;
	export const triple = (x) => x * 3 + bias;
	export class Total { #sum = 0; add(x) { this.#sum += x; return this.#sum; } }
`;

/** Every way to have a function; prints what the worker answered. The last two need their module. */
function program(kit: string, lib: string): string {
	return `
import { remote, init, shutdown } from "${kit}";
import { readFileSync as text } from "node:fs";
import * as path from "node:path";
import { Socket } from "node:net";
import { triple, Total } from "${lib}";

const factor = 2;
const named = async function keepsItsName(x) { return [keepsItsName.name, x]; };
const inner = (x) => { const nested = (y) => y + factor; return nested(x); };

const plain = remote((x) => x + 1);
const captures = remote((x) => [triple(x), new Total().add(x), inner(x), path.basename("/a/b"), text("/dev/null").length]);
const byName = remote(named);
const imports = remote(async () => (await import("./dep.mjs")).value);
const meta = remote(() => import.meta.url.split("/").pop());
const thrown = remote(() => {
	throw new Error("thrown on purpose");
});
const socket = new Socket();
const byModule = remote((x) => [typeof socket.write, x]);
function send(x) { return [typeof socket.end, x]; }
const declared = remote(send);

await init(new URL("./worker.mjs", import.meta.url));
const where = await thrown.call().catch((error) => /(\\w+\\.\\w+):(\\d+):/.exec(error.remoteStack.split("\\n")[1]));
console.log(JSON.stringify({
	plain: await plain.call(1),
	captures: await captures.call(2),
	byName: await byName.call(3),
	imports: await imports.call(),
	meta: await meta.call(),
	thrownIn: where[1],
	thrownAt: Number(where[2]),
	byModule: [byModule.describe().kind, await byModule.call(4)],
	declared: [declared.describe().kind, await declared.call(5)],
}));
await shutdown();
`;
}

const typed = (text: string) => text.replace("(x) => x + 1", "(x: number): number => x + 1");

const expected = (file: string) => ({
	plain: 2,
	captures: [7, 2, 4, "b", 0],
	byName: ["keepsItsName", 3],
	imports: "a dependency",
	meta: file,
	thrownIn: file,
	byModule: ["module", ["function", 4]],
	declared: ["module", ["function", 5]],
});

/** The line of the program that throws. */
const lineOf = (file: string) =>
	readFileSync(join(programs.folder, file), "utf8")
		.split("\n")
		.findIndex((line) => line.includes("thrown on purpose")) + 1;

describe("a program works as it is", () => {
	test("as an ES module", async () => {
		const result = JSON.parse(await programs.run("main.mjs"));
		expect(result).toEqual({ ...expected("main.mjs"), thrownAt: lineOf("main.mjs") });
	});

	test("with --enable-source-maps", async () => {
		const result = JSON.parse(await programs.run("--enable-source-maps", "main.mjs"));
		expect(result).toEqual({ ...expected("main.mjs"), thrownAt: lineOf("main.mjs") });
	});

	test("as TypeScript under tsx", async () => {
		const result = JSON.parse(await programs.run("--import", "tsx", "main.ts"));
		expect(result).toMatchObject(expected("main.ts"));
	});
});

describe("a program works bundled", () => {
	const variants = {
		"in one file": {},
		"in one file, minified": { minify: true },
		"in one file, with names kept": { keepNames: true },
		"minified, with names kept and a source map": { minify: true, keepNames: true, sourcemap: true },
		"for an old target": { target: "es2017", supported: { "top-level-await": true, "import-meta": true } },
	} as const;
	for (const [index, [title, options]] of Object.entries(variants).entries()) {
		test(title, async () => {
			const outfile = join(programs.folder, `bundle${index}.mjs`);
			await build({
				entryPoints: [join(programs.folder, "main.mjs")],
				outfile,
				bundle: true,
				platform: "node",
				format: "esm",
				logLevel: "error",
				external: ["./dep.mjs"],
				...options,
			});
			const result = JSON.parse(await programs.run("--enable-source-maps", outfile));
			const names = "minify" in options && !("keepNames" in options) ? { byName: [expect.any(String), 3] } : {};
			expect(result).toMatchObject({ ...expected(`bundle${index}.mjs`), ...names });
		});
	}

	test("as CommonJS", async () => {
		const outfile = join(programs.folder, "bundle.cjs");
		const entry = program("./kit.mjs", "./lib.mjs")
			.replaceAll("import.meta.url.split", "__filename.split")
			.replace('new URL("./worker.mjs", import.meta.url)', 'path.join(__dirname, "worker.mjs")')
			.replace("await init", "(async () => {\nawait init")
			.replace(/$/, "})();");
		programs.write({ "common.mjs": entry });
		await build({
			entryPoints: [join(programs.folder, "common.mjs")],
			outfile,
			bundle: true,
			platform: "node",
			format: "cjs",
			logLevel: "error",
			external: ["./dep.mjs"],
		});
		const result = JSON.parse(await programs.run(outfile));
		expect(result).toMatchObject({ ...expected("bundle.cjs"), thrownAt: lineOf("bundle.cjs") });
	});
});

test("a CommonJS program uses its require, __dirname and exports in a worker", async () => {
	programs.write({
		"helper.cjs": `
			exports.four = 4;
			exports.eight = () => exports.four * 2;
			exports.unrelated = new (require("node:net").Socket)();
			Object.defineProperty(exports, "__esModule", { value: true });
		`,
		"main.cjs": `
			const { remote, init, shutdown } = require("./kit.cjs");
			const helper = require("./helper.cjs");
			const path = require("node:path");
			const f = remote(() => [path.basename(__dirname) === path.basename(process.cwd()), require("node:os").EOL, helper.eight()]);
			const sloppy = remote(function () { return [this === globalThis, typeof arguments.callee]; });
			const own = remote(async () => (await import("./dep.mjs")).value);
			init(path.join(__dirname, "worker.mjs"));
			(async () => {
				console.log(JSON.stringify([await f.call(), await sloppy.call(), await own.call()]));
				await shutdown();
			})();
		`,
	});
	const result = JSON.parse(await programs.run("main.cjs"));
	expect(result).toEqual([[true, "\n", 8], [true, "function"], "a dependency"]);
});

test("a CommonJS file of which a function was sent before is imported for another", async () => {
	programs.write({
		"using.cjs": `
			const { remote } = require("./kit.cjs");
			const socket = new (require("node:net").Socket)();
			exports.helper = (x) => x + 1;
			exports.byModule = remote((x) => [typeof socket.write, x]);
		`,
		"sentfirst.cjs": `
			const { remote, init, shutdown } = require("./kit.cjs");
			const { helper, byModule } = require("./using.cjs");
			const f = remote((x) => helper(x));
			init(require("node:path").join(__dirname, "worker.mjs"));
			(async () => {
				console.log(await f.call(1), String(await byModule.call(2)));
				await shutdown();
			})();
		`,
	});
	expect(await programs.run("sentfirst.cjs")).toBe("2 function,2");
});

test("a file is spelled as its module spells it, also where a sent function describes another", async () => {
	const helpers = (exported: string) => `${exported} = (x) => x + 1;`;
	const files = `
		const filesOf = ({ nodes }) => nodes.filter(({ file }) => file).map(({ file }) => file.replace(/[^:]*[/]/, ""));
		const f = remote(() => remote(() => helper(1)).describe());
	`;
	const show = "console.log(...filesOf(f.describe()), ...filesOf(await f.call()))";
	programs.write({
		"spelled.mjs": helpers("export const helper"),
		"describes.mjs": `
			import { remote, init, shutdown } from "./kit.mjs";
			import { helper } from "./spelled.mjs";
			${files}
			await init(new URL("./worker.mjs", import.meta.url));
			${show};
			await shutdown();
		`,
		"spelled.cjs": helpers("exports.helper"),
		"describes.cjs": `
			const { remote, init, shutdown } = require("./kit.cjs");
			const { helper } = require("./spelled.cjs");
			${files}
			init(require("node:path").join(__dirname, "worker.mjs"));
			(async () => {
				${show};
				await shutdown();
			})();
		`,
	});
	const spelled = (scheme: string, end: string) =>
		["describes", "spelled", "describes", "spelled"].map((name) => `${scheme}${name}.${end}`).join(" ");
	expect(await programs.run("describes.mjs")).toBe(spelled("file:", "mjs"));
	expect(await programs.run("describes.cjs")).toBe(spelled("", "cjs"));
});

test("a package that is imported at the top of a program is imported in the worker, and the program is not", async () => {
	programs.write({
		"packages.mjs": `
			import { remote, init, shutdown } from "./kit.mjs";
			import { pack, unpack } from "msgpackr";
			import * as flatbuffers from "flatbuffers";
			console.log("the program runs");
			await init(new URL("./worker.mjs", import.meta.url));
			const later = () => remote((x) => [unpack(pack(x)), new flatbuffers.Builder(1).offset()]);
			console.log(later().describe().kind, JSON.stringify(await later().call({ a: 1 })));
			await shutdown();
		`,
	});
	expect(await programs.run("packages.mjs")).toBe('the program runs\nsource [{"a":1},0]');
});

test("stacks show where functions were written, inline, above the call or in another file", async () => {
	programs.write({
		"elsewhere.mjs": `
			export class Thrower {
				throws() {
					throw new Error("elsewhere");
				}
			}
		`,
		"stacks.mjs": `
			import { remote, init, shutdown } from "./kit.mjs";
			import { Thrower } from "./elsewhere.mjs";
			async function above(x) {
				throw new Error("above");
			}
			const helper = () => { throw new Error("helper"); };
			const all = [
				remote(above),
				remote(() => helper()),
				remote(() => new Thrower().throws()),
				remote(
					() => {
						throw new Error("inline");
					},
				),
			];
			await init(new URL("./worker.mjs", import.meta.url));
			for (const f of all) {
				const stack = await f.call().catch((error) => error.remoteStack);
				console.log(/\\w+\\.mjs:\\d+:\\d+/.exec(stack)[0]);
			}
			await shutdown();
		`,
	});
	expect((await programs.run("stacks.mjs")).split("\n")).toEqual([
		"stacks.mjs:5:11",
		"stacks.mjs:7:33",
		"elsewhere.mjs:4:12",
		"stacks.mjs:14:13",
	]);
});

test("a test file of node:test sends what it captures", async () => {
	programs.write({
		"unit.test.mjs": `
			import test from "node:test";
			import assert from "node:assert/strict";
			import { remote, init, shutdown } from "./kit.mjs";
			const factor = 3;
			test("sends", async () => {
				const local = [1];
				await init(new URL("./worker.mjs", import.meta.url));
				assert.deepEqual(await remote((x) => [x * factor, local]).call(2), [6, [1]]);
				await shutdown();
			});
		`,
	});
	expect(await programs.run("--test", "unit.test.mjs")).toMatch(/pass 1\n/);
	expect(await programs.run("unit.test.mjs")).toMatch(/pass 1\n/);
});

test("where the engine shows no variables, the file's text decides", async () => {
	programs.write({
		"blind.mjs": `
			import { remote, init, shutdown } from "./kit.mjs";
			import { setTimeout } from "node:timers/promises";
			import { triple } from "./lib.mjs";
			const { min: max } = Math;
			const fib = (n) => (n < 2 ? n : fib(n - 1) + fib(n - 2));
			const all = {
				alone: remote((x) => [Math.abs(x), typeof window]),
				itself: remote(fib),
				uses: remote((x) => triple(x)),
				hidden: remote(async () => (await setTimeout(1, "slept"))),
				hides: remote((triple, [max] = [4]) => triple + max),
			};
			await init(new URL("./worker.mjs", import.meta.url));
			for (const [name, f] of Object.entries(all)) console.log(name, f.describe().kind, String(await f.call(2)));
			const inside = (k) => remote((x) => x + k);
			try { inside(1).describe(); } catch (error) { console.log(error.message); }
			const problem = await inside(1).call(1).catch((error) => error.message);
			console.log(problem.includes("does not show what a function uses"));
			await shutdown();
		`,
	});
	// Without code generation there is no way to the inspector, as in hosts that have none.
	expect((await programs.run("--disallow-code-generation-from-strings", "blind.mjs")).split("\n")).toEqual([
		"alone source 2,undefined",
		"itself source 1",
		"uses module 7",
		"hidden source slept",
		"hides source 6",
		"true",
	]);
});

test("counters of a coverage tool count nothing in a worker", async () => {
	programs.write({
		"covered.mjs": `
			import { remote, init, shutdown } from "./kit.mjs";
			function cov_1a2b3c() { const data = { s: {}, f: {}, b: { 0: [0, 0] } }; cov_1a2b3c = () => data; return data; }
			const f = remote((x) => { cov_1a2b3c().f[0]++; cov_1a2b3c().s[1]++; return (cov_1a2b3c().b[0][1]++, x + 1); });
			await init(new URL("./worker.mjs", import.meta.url));
			console.log(await f.call(1));
			await shutdown();
		`,
	});
	expect(await programs.run("covered.mjs")).toBe("2");
});

test("several copies of the package in one process share what is registered", async () => {
	programs.write({
		"copy.mjs": readFileSync(join(programs.folder, "kit.mjs"), "utf8"),
		"copies.mjs": `
			import { remote } from "./copy.mjs";
			import { init, shutdown, remote as other } from "./kit.mjs";
			import { Socket } from "node:net";
			const socket = new Socket();
			const f = other(() => typeof socket.write);
			remote(() => typeof socket.write);
			await init(new URL("./worker.mjs", import.meta.url));
			console.log(await f.call());
			await shutdown();
		`,
	});
	expect(await programs.run("copies.mjs")).toBe("function");
});

test("a superclass that a minifier wrote right behind its keyword is a word of its own", () => {
	const source = "class extends(mixin(Base)){hi(){return 1}}";
	expect(rewritten(source, analyse(source), "$super")).toBe("class extends($super)     {hi(){return 1}}");
});

test("nothing imports `createRequire` by name: webpack puts `void 0` in the place of its calls", () => {
	const sources = filesBelow("src", /\.ts$/).filter((path) => !path.endsWith(".generated.ts"));
	expect(sources.length).toBeGreaterThan(100);
	const named = /import \{[^}]*\bcreateRequire\b/;
	expect(sources.filter((path) => named.test(readFileSync(join(root, path), "utf8")))).toEqual([]);
});
