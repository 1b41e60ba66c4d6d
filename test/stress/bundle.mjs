// Bundles the thin host, which is TypeScript, into files that Node runs: a program for the main thread, an entry for workers.
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

const folder = join(root, "build", "stress");

/**
 * @param {string} name of a file of this folder, without its ending
 * @returns {Promise<string>} the bundle's path
 */
export async function bundle(name) {
	const outfile = join(folder, `${name.replaceAll("/", "-")}.mjs`);
	await build({
		entryPoints: [join(root, "test", "stress", `${name}.ts`)],
		outfile,
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node20",
		sourcemap: "inline",
		logLevel: "warning",
		// It finds the project by its own place.
		external: [join(root, "scripts", "paths.mjs")],
	});
	return outfile;
}
