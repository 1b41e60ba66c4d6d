// Runs programs under several hosts: node scripts/runtimes.mjs [--hosts=node,deno,bun] FILE …
// TypeScript is bundled first. The hosts but this Node come from npm, on first use, and stay below node_modules/.cache.
// They are no devDependencies: 200 MB that only this needs.
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

/** A program that is not done by then hangs. */
const MOST_SECONDS = 180;

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
		const quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--no-update-notifier"];
		runNpm(["install", "--ignore-scripts", "--fetch-retries=5", ...quiet, spec], staging);
		if (!existsSync(join(staging, "node_modules", program))) throw new Error("there is none for this machine");
		// Renamed into place as a whole: two processes may install at once, and the loser's copy is dropped.
		rmSync(home, { recursive: true, force: true });
		renameSync(staging, home);
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
	const files = chosen === undefined ? options : others;
	if (files.length === 0) throw new Error("which program? node scripts/runtimes.mjs [--hosts=node,deno,bun] FILE …");
	const programs = await Promise.all(
		files.map((file) => (/\.[cm]?ts$/.test(file) ? bundleProgram(file, join(root, "build", "runtimes")) : file)),
	);
	const failed = [];
	for (const name of (chosen ?? "node,deno,bun").split(",")) {
		console.log(`=== ${name}`);
		const [host = "", ...before] = hostCommand(name);
		for (const program of programs) {
			const { status, signal, error } = spawnSync(host, [...before, program], {
				stdio: "inherit",
				timeout: MOST_SECONDS * 1000,
				killSignal: "SIGKILL",
			});
			if (status !== 0)
				failed.push(`${basename(program)} under ${name} (${error?.message ?? signal ?? `exit code ${status}`})`);
		}
	}
	if (failed.length > 0) throw new Error(`failed: ${failed.join(", ")}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await main(process.argv.slice(2));
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	}
}
