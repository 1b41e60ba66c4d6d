// The core's builds, with the options of asconfig.json:
//   core, core.single              release: threaded over shared memory, single over a memory of its own
//   core.debug, core.single.debug  with assertions, the names of functions, and the constant CORE_DEBUG, which sources
//                                  ask for by `isDefined(CORE_DEBUG)`: in a release build such a branch is not compiled
//   core.named                     core with the names of its functions, byte for byte the same code: for tools that show them
// Threaded builds are told by ASC_FEATURE_THREADS. `--use abort=` makes a failed assertion a plain trap, without texts.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../paths.mjs";
import { checkWasm } from "./check-wasm.mjs";
import { filesBelow, runStep, writeWhole } from "./step.mjs";

const run = promisify(execFile);
const compiler = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
const keepCalls = join(root, "scripts", "build", "keep-calls.mjs");
const debugEntry = "assembly/debug/index.ts";

export const targets = ["core", "core.single", "core.named", "core.debug", "core.single.debug"];

/** @param {string} target */
const entriesOf = (target) => {
	// What only the debug builds export stands in an entry of its own.
	const debug = target.endsWith(".debug") && existsSync(join(root, debugEntry));
	return debug ? ["assembly/index.ts", debugEntry] : ["assembly/index.ts"];
};

/**
 * Compiles one target of asconfig.json.
 * @param {string} target
 * @returns {Promise<Uint8Array>}
 */
export async function compileCore(target) {
	const folder = mkdtempSync(join(tmpdir(), "wasmray-core-"));
	const output = join(folder, `${target}.wasm`);
	const named = target.endsWith(".named");
	const options = ["--config", "asconfig.json", "--target", named ? target.slice(0, -".named".length) : target];
	options.push("--transform", keepCalls);
	if (named) options.push("--debug");
	try {
		await run(process.execPath, [compiler, ...entriesOf(target), ...options, "--outFile", output], { cwd: root });
		return readFileSync(output);
	} catch (error) {
		const { stdout = "", stderr = String(error) } = /** @type {any} */ (error);
		throw new Error(`${target}.wasm does not compile:\n${stdout}${stderr}`, { cause: error });
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

/** @param {string} target */
const buildTarget = (target) =>
	runStep({
		name: `${target}.wasm`,
		inputs: ["asconfig.json", "scripts/build/keep-calls.mjs", ...filesBelow("assembly", /\.ts$/)],
		outputs: [`build/${target}.wasm`],
		run: async () => {
			console.log(`compiling ${target}.wasm …`);
			const bytes = await compileCore(target);
			if (!target.endsWith(".named")) checkWasm(target, bytes);
			writeWhole(`build/${target}.wasm`, bytes);
		},
	});

/**
 * Two compilers at a time; the release builds first, and what takes longest before the rest.
 * @param {boolean} releaseOnly
 */
export async function buildWasm(releaseOnly) {
	const left = releaseOnly ? ["core", "core.single"] : [...targets];
	const compile = async () => {
		for (let target = left.shift(); target !== undefined; target = left.shift()) await buildTarget(target);
	};
	await Promise.all([compile(), compile()]);
}
