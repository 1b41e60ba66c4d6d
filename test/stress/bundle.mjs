// Bundles the thin host, which is TypeScript, into files that Node runs: a program for the main thread, an entry for workers.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { writeWhole } from "../../scripts/build/step.mjs";
import { root } from "../../scripts/paths.mjs";

/**
 * @param {string} name of a file of this folder, without its ending
 * @returns {Promise<string>} the bundle's path
 */
export async function bundle(name) {
	const path = join("build", "stress", `${name.replaceAll("/", "-")}.mjs`);
	const outfile = join(root, path);
	const { outputFiles } = await build({
		entryPoints: [join(root, "test", "stress", `${name}.ts`)],
		outfile,
		write: false,
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node20",
		sourcemap: "inline",
		logLevel: "warning",
		// It finds the project by its own place.
		external: [join(root, "scripts", "paths.mjs")],
	});
	const { contents } = outputFiles[0];
	// Another run may be using it.
	if (!existsSync(outfile) || !readFileSync(outfile).equals(contents)) writeWhole(path, contents);
	return outfile;
}
