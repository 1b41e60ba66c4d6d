/** What installed packages export is imported in a worker: a program below `init`, whose module is no help. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePrograms, type Programs } from "./programs.ts";

let programs: Programs;
beforeAll(async () => {
	programs = await makePrograms();
});
afterAll(() => programs.remove());

let count = 0;
/** Runs `remote(() => EXPRESSION)` in a program that imports the package `thing`, made of these files; prints way and answer. */
async function use(declaration: string, expression: string, files: Record<string, string>, manifest = {}) {
	const folder = `project${count++}`;
	const main = Object.keys(files)[0] as string;
	const written = Object.entries(files).map(([name, text]) => [`${folder}/node_modules/thing/${name}`, text]);
	programs.write({
		...Object.fromEntries(written),
		[`${folder}/node_modules/thing/package.json`]: JSON.stringify({ name: "thing", main, type: "module", ...manifest }),
		[`${folder}/main.mjs`]: `
			import { remote, init, shutdown } from "../kit.mjs";
			import { createRequire } from "node:module";
			${declaration}
			await init(new URL("../worker.mjs", import.meta.url));
			const f = (() => remote(async () => ${expression}))();
			try { console.log(f.describe().kind, JSON.stringify(await f.call())); } catch (error) { console.log(error.message); }
			await shutdown();
		`,
	});
	return await programs.run(`${folder}/main.mjs`);
}

const pure = { sideEffects: false };
const second = 'export { default as two } from "./second.js"; export const one = () => two();';
const helped = "function two(x = 2) { return helper(x); } function helper(x) { return x; }";

test("a function under its own name, another or as the default", async () => {
	const files = {
		"index.js": `import two from "./second.js"; ${second}`,
		"second.js": `${helped} export default two;`,
	};
	for (const manifest of [{}, pure]) {
		expect(await use('import { one, two } from "thing";', "[one(), two()]", files, manifest)).toBe("source [2,2]");
		expect(await use('import * as all from "thing";', "[all.one(), all.two()]", files, manifest)).toBe("source [2,2]");
	}
});

test("one of several that one maker made, with what they inherit", async () => {
	const files = {
		"index.js": `
			const make = (level) => Object.setPrototypeOf((x) => x + level, { get twice() { return (x) => x + 2 * level; } });
			const styled = make(1);
			export const styledMore = make(10);
			export default styled;
		`,
	};
	const declaration = 'import styled, { styledMore } from "thing";';
	for (const manifest of [{}, pure]) {
		expect(await use(declaration, "[styled(1), styled.twice(1), styledMore(1)]", files, manifest)).toBe(
			"source [2,3,11]",
		);
	}
});

test("a function that the package's entry has from one file and exports in another", async () => {
	const bound = "export default (fn, self) => function wrapped() { return fn.apply(self, arguments); };";
	const files = { "index.js": 'import bind from "./bind.js"; export default bind(() => 7);', "bind.js": bound };
	expect(await use('import seven from "thing";', "seven()", files)).toBe("source 7");
	const common = {
		"index.cjs": 'module.exports = require("./bind.cjs")(() => 7);',
		"bind.cjs": "module.exports = (fn, self) => function wrapped() { return fn.apply(self, arguments); };",
	};
	const declaration = 'const seven = createRequire(import.meta.url)("thing");';
	expect(await use(declaration, "seven()", common)).toBe("source 7");
});

test("a function whose package is not whole without its entry", async () => {
	const files = {
		"index.js": 'import "./mixin.js"; export { work } from "./work.js";',
		"work.js": "export class Work {} export function work() { return new Work().done(); }",
		"mixin.js": 'import { Work } from "./work.js"; Work.prototype.done = () => "done";',
	};
	expect(await use('import { work } from "thing";', "work()", files)).toBe('source "done"');
});

test("getters as compilers write them for the exports of CommonJS, and no others", async () => {
	const files = {
		"index.cjs": `
			let helper = () => 4;
			var four = () => helper(), five = () => helper() + 1, six = () => helper() + 2;
			const inner = { seven: () => helper() + 3 };
			Object.defineProperty(exports, "costly", { enumerable: true, get: () => { console.log("the getter runs"); return four; } });
			Object.defineProperty(exports, "four", { enumerable: true, get: () => four });
			Object.defineProperty(exports, "fifth", { enumerable: true, get: function () { return five; } });
			Object.defineProperty(exports, "seven", { enumerable: true, get: function () { return inner.seven; } });
			Object.defineProperty(exports, "made", { enumerable: true, get: () => make(six) });
			const make = (fn) => fn;
		`,
	};
	const all = 'const { four, fifth, seven } = createRequire(import.meta.url)("thing");';
	expect(await use(all, "[four(), fifth(), seven()]", files)).toBe("source [4,5,7]");
	expect(await use('import all from "thing";', "[all.four(), all.fifth()]", files)).toBe("source [4,5]");
	const other = 'const { made } = createRequire(import.meta.url)("thing");';
	expect(await use(other, "made()", files)).toMatch(/`made`: it was made by the package thing, and cannot be imported/);
});

test("a package's function that a bundler evaluates under a name of its own is copied", async () => {
	const thing = "(() => { const one = () => 1; return () => one() + require('node:os').EOL.length; })()";
	programs.write({
		"evaluated.cjs": `
			const { remote, init, shutdown } = require("./kit.cjs");
			const names = ["webpack:///./node_modules/thing/index.js?", "webpack-internal:///./node_modules/thing/index.js"];
			const all = names.map((name) => eval(${JSON.stringify(thing)} + "\\n//# sourceURL=" + name));
			const found = all.map((fn) => remote(() => fn()));
			init(require("node:path").join(__dirname, "worker.mjs"));
			(async () => {
				console.log(...(await Promise.all(found.map((f) => f.call()))));
				await shutdown();
			})();
		`,
	});
	expect(await programs.run("evaluated.cjs")).toBe("2 2");
});
