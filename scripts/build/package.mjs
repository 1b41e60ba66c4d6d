// dist/: the package as ES modules and as CommonJS, each with its declarations beside it. The folder dist/cjs says
// "commonjs" in a package.json of its own, so that both forms have the same file names.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";
import { root } from "../paths.mjs";
import { filesBelow, runStep, writeWhole } from "./step.mjs";

const entries = ["src/index.ts", "src/testing/index.ts"].filter((path) => existsSync(join(root, path)));
const target = ["es2022", "node20"];

/**
 * Names stay as they are, and lines short: stack traces show them. Comments would be all that is not ASCII, and Node reads and parses a
 * file with one such character at half the speed.
 */
const compact = { minifySyntax: true, minifyWhitespace: true, lineLimit: 120 };

/** @param {string} path */
const outputOf = (path) => path.replace(/^src\//, "").replace(/\.ts$/, "");

/** @param {import("esbuild").BuildResult<{ write: false }>} result */
function refuseWarnings(result) {
	const warnings = result.warnings.map(({ text }) => text);
	if (warnings.length > 0) throw new Error(`bundling warns: ${warnings.join("; ")}`);
}

/**
 * The engine is loaded when a runtime starts, but shares modules with the API. For the bundler it imports all of the API, so that this
 * is one file, not two by who uses what of it: a program's start takes 2 ms more for each.
 * @type {import("esbuild").Plugin}
 */
const oneChunk = {
	name: "one-chunk",
	setup({ onLoad }) {
		onLoad({ filter: /engine[\\/]local[\\/]start\.ts$/ }, ({ path }) => ({
			contents: `${readFileSync(path, "utf8")}\nimport "../../index.ts";\n`,
			loader: "ts",
		}));
	},
};

/** Bundles the entries; what they share is in chunks of its own. */
async function bundleModules() {
	const result = await build({
		absWorkingDir: root,
		entryPoints: entries,
		outbase: "src",
		outdir: "dist/esm",
		bundle: true,
		splitting: true,
		format: "esm",
		platform: "neutral",
		external: ["node:*"],
		target,
		legalComments: "inline",
		...compact,
		plugins: [oneChunk],
		write: false,
		logLevel: "silent",
	});
	refuseWarnings(result);
	return result.outputFiles;
}

/**
 * The same files as CommonJS, one by one, so that the entries still share what they share.
 * @param {import("esbuild").OutputFile[]} modules
 */
async function convertToCommonJs(modules) {
	const texts = new Map(modules.map(({ path, text }) => [relative(join(root, "dist", "esm"), path), text]));
	return Promise.all(
		[...texts].map(async ([path, contents]) => {
			const result = await build({
				stdin: { contents, sourcefile: path },
				bundle: false,
				format: "cjs",
				platform: "node",
				target,
				...compact,
				// import() there would be the ES modules' loader, which such programs need not start.
				supported: { "dynamic-import": false },
				write: false,
				logLevel: "silent",
			});
			refuseWarnings(result);
			return { path: join("dist", "cjs", path), text: result.outputFiles[0].text };
		}),
	);
}

/**
 * The declarations that the entries reach, by path below dist/esm.
 * @returns {Map<string, string>}
 */
function declarations() {
	mkdirSync(join(root, "build"), { recursive: true });
	const folder = mkdtempSync(join(root, "build", "types-"));
	try {
		const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
		const options = ["-p", "tsconfig.build.json", "--outDir", folder];
		execFileSync(process.execPath, [compiler, ...options], { cwd: root, stdio: "pipe" });
		/** @type {Map<string, string>} */
		const reached = new Map();
		const visit = (/** @type {string} */ path) => {
			if (reached.has(path)) return;
			const text = readFileSync(join(folder, path), "utf8");
			// The declarations keep the names of the sources; users' compilers look for the outputs' names.
			const rewritten = text.replace(/((?:from|import)\s*\(?\s*")(\.[^"]*)\.ts(")/g, "$1$2.js$3");
			reached.set(path, rewritten);
			for (const [, name] of rewritten.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]*)\.js"/g)) {
				visit(join(dirname(path), `${name}.d.ts`));
			}
		};
		for (const entry of entries) visit(`${outputOf(entry)}.d.ts`);
		return reached;
	} catch (error) {
		const { stdout = "" } = /** @type {any} */ (error);
		throw new Error(`the declarations cannot be made: ${stdout || error}`, { cause: error });
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

async function writePackage() {
	const modules = await bundleModules();
	const commonJs = await convertToCommonJs(modules);
	const types = declarations();
	rmSync(join(root, "dist"), { recursive: true, force: true });
	for (const { path, text } of modules) writeWhole(relative(root, path), text);
	for (const { path, text } of commonJs) writeWhole(path, text);
	writeWhole("dist/cjs/package.json", '{ "type": "commonjs" }\n');
	for (const [path, text] of types) {
		writeWhole(join("dist", "esm", path), text);
		writeWhole(join("dist", "cjs", path), text);
	}
}

export async function buildPackage() {
	if (entries.length === 0) return;
	await runStep({
		name: "package",
		inputs: ["tsconfig.json", "tsconfig.build.json", ...filesBelow("src", /\.ts$/)],
		outputs: entries.flatMap((entry) =>
			["esm", "cjs"].flatMap((form) => [`dist/${form}/${outputOf(entry)}.js`, `dist/${form}/${outputOf(entry)}.d.ts`]),
		),
		run: writePackage,
	});
}
