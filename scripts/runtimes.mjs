// Runs a program under several hosts: node scripts/runtimes.mjs [--hosts=node,deno,bun] FILE [ARGUMENT …]
// TypeScript is bundled first. The hosts but this Node come from npm, on first use, and stay below node_modules/.cache.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { root } from "./paths.mjs";

const platform = process.platform === "win32" ? "win" : process.platform;
const suffix = process.platform === "win32" ? ".exe" : "";
const machine = `${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`;
const bunMachine = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch === "arm64" ? "aarch64" : process.arch}`;
const nodePackage = `node-${platform}-${process.arch}`;

/**
 * The packages carry the program itself, so nothing of theirs has to be run to install them.
 * @type {Record<string, { spec: string, program: string, options: string[] }>}
 */
const sources = {
	deno: {
		spec: "deno@2.9.6",
		program: `@deno/${machine}/deno${suffix}`,
		options: ["run", "--allow-all", "--no-check"],
	},
	bun: { spec: "bun@1.4.5", program: `@oven/bun-${bunMachine}/bin/bun${suffix}`, options: ["run"] },
	node22: { spec: `${nodePackage}@22.23.3`, program: `${nodePackage}/bin/node${suffix}`, options: [] },
	node24: { spec: `${nodePackage}@24.21.0`, program: `${nodePackage}/bin/node${suffix}`, options: [] },
	node26: { spec: `${nodePackage}@26.10.0`, program: `${nodePackage}/bin/node${suffix}`, options: [] },
};

/** @param {string[]} options @param {string} cwd */
function runNpm(options, cwd) {
	const npm = process.env.npm_execpath;
	const [file, first] = npm ? [process.execPath, [npm]] : ["npm", []];
	execFileSync(file, [...first, ...options], { cwd, stdio: "pipe", shell: !npm && process.platform === "win32" });
}

/**
 * The command line that starts a host, which is installed if it is not there.
 * @param {string} name
 * @returns {string[]}
 */
export function hostCommand(name) {
	if (name === "node") return [process.execPath];
	const source = sources[name];
	if (source === undefined)
		throw new Error(`no host is called ${name}: there are node, ${Object.keys(sources).join(", ")}`);
	const home = join(root, "node_modules", ".cache", source.spec.replace("@", "-"));
	const program = join(home, "node_modules", source.program);
	if (!existsSync(program)) install(name, source, home);
	return [program, ...source.options];
}

/** @param {string} name @param {{ spec: string, program: string }} source @param {string} home */
function install(name, { spec, program }, home) {
	mkdirSync(dirname(home), { recursive: true });
	const staging = mkdtempSync(`${home}-`);
	try {
		writeFileSync(join(staging, "package.json"), '{ "private": true }\n');
		runNpm(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock", spec], staging);
		if (!existsSync(join(staging, "node_modules", program))) throw new Error("there is none for this machine");
		// Renamed into place as a whole: two processes may install at once, and the loser's copy is dropped.
		if (!existsSync(home)) renameSync(staging, home);
	} catch (error) {
		if (existsSync(join(home, "node_modules", program))) return;
		const { stderr = "", message } = /** @type {any} */ (error);
		throw new Error(`${name} could not be installed (npm package ${spec}): ${String(stderr).trim() || message}`, {
			cause: error,
		});
	} finally {
		rmSync(staging, { recursive: true, force: true });
	}
}

/**
 * A program as one CommonJS file that any host runs.
 * @param {string} path
 * @param {string} folder where to put it
 */
export async function bundleProgram(path, folder) {
	const outfile = join(folder, basename(path).replace(/\.\w+$/, ".cjs"));
	await build({
		entryPoints: [path],
		outfile,
		bundle: true,
		format: "cjs",
		platform: "node",
		external: ["node:*"],
		target: ["es2022", "node20"],
		logLevel: "silent",
	});
	return outfile;
}

/** @param {string[]} options */
async function main(options) {
	const [first = "", ...others] = options;
	const chosen = /^--hosts=(.+)$/.exec(first)?.[1];
	const [file, ...rest] = chosen === undefined ? options : others;
	if (file === undefined) throw new Error("which program? node scripts/runtimes.mjs [--hosts=node,deno,bun] FILE");
	const program = /\.[cm]?ts$/.test(file) ? await bundleProgram(file, join(root, "build", "runtimes")) : file;
	const failed = [];
	for (const name of (chosen ?? "node,deno,bun").split(",")) {
		console.log(`=== ${name}`);
		const [host = "", ...before] = hostCommand(name);
		const { status, signal } = spawnSync(host, [...before, program, ...rest], { stdio: "inherit" });
		if (status !== 0) failed.push(`${name} (${signal ?? `exit code ${status}`})`);
	}
	if (failed.length > 0) throw new Error(`${file} failed under ${failed.join(", ")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await main(process.argv.slice(2));
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	}
}
