// A build step that is skipped while nothing it depends on has changed.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "../paths.mjs";

/**
 * All files below a folder of the project, sorted; none if there is no such folder.
 * @param {string} folder
 * @param {RegExp} pattern
 * @returns {string[]} paths relative to the project
 */
export function filesBelow(folder, pattern) {
	const absolute = join(root, folder);
	if (!existsSync(absolute)) return [];
	return readdirSync(absolute, { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile() && pattern.test(entry.name))
		.map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
		.sort();
}

/**
 * Writes a file as a whole or not at all, so that another build or a test run at the same time never reads half of it.
 * @param {string} path relative to the project
 * @param {string | Uint8Array} content
 */
export function writeWhole(path, content) {
	const target = join(root, path);
	const staging = `${target}.${process.pid}.tmp`;
	mkdirSync(dirname(target), { recursive: true });
	writeFileSync(staging, content);
	renameSync(staging, target);
}

/** @param {string[]} inputs */
function fingerprint(inputs) {
	const hash = createHash("sha256");
	// Scripts and the lock file stand for the tools: a new compiler or a changed step builds anew.
	const tools = [...filesBelow("scripts/build", /\.mjs$/), "package-lock.json"];
	for (const path of [...inputs, ...tools]) {
		const content = readFileSync(join(root, path));
		hash.update(`${path}\0${content.length}\0`).update(content);
	}
	return hash.digest("hex");
}

/**
 * @param {object} step
 * @param {string} step.name
 * @param {string[]} step.inputs files, relative to the project
 * @param {string[]} step.outputs files, relative to the project
 * @param {() => unknown} step.run
 */
export async function runStep({ name, inputs, outputs, run }) {
	const stamp = join("build", "stamps", name);
	const wanted = fingerprint(inputs);
	const fresh =
		outputs.every((path) => existsSync(join(root, path))) &&
		existsSync(join(root, stamp)) &&
		readFileSync(join(root, stamp), "utf8") === wanted;
	if (fresh) return;
	const start = performance.now();
	await run();
	writeWhole(stamp, wanted);
	console.log(`built ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
}
