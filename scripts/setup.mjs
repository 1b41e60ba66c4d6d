// Installs the packages that the lock file names, unless they are there. Needs nothing but Node and npm itself.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./paths.mjs";

/** @param {string} path @returns {Record<string, { version?: string, optional?: boolean }> | undefined} */
function packagesOf(path) {
	try {
		return JSON.parse(readFileSync(join(root, path), "utf8")).packages;
	} catch {
		return undefined;
	}
}

/** Whether each package of the lock file is installed in that version; packages for other machines need not be. */
function installed() {
	const wanted = packagesOf("package-lock.json") ?? {};
	const present = packagesOf("node_modules/.package-lock.json");
	if (!present) return false;
	return Object.entries(wanted).every(
		([name, { version, optional }]) =>
			name === "" || present[name]?.version === version || (optional === true && present[name] === undefined),
	);
}

if (!installed()) {
	console.log("Installing the packages that package-lock.json names …");
	const options = ["ci", "--include=dev", "--no-audit", "--no-fund"];
	const npm = process.env.npm_execpath;
	const { status } = npm
		? spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: "inherit" })
		: spawnSync("npm", options, { cwd: root, stdio: "inherit", shell: process.platform === "win32" });
	if (status !== 0) {
		console.error("The packages could not be installed: see npm's message above.");
		process.exitCode = 1;
	}
}
