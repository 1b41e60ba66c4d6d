import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../../scripts/paths.mjs";

/** The program of child.ts as a file that Node runs. */
export async function bundleChild(): Promise<string> {
	const outfile = join(root, "build", "test", `stack-${process.pid}.mjs`);
	await build({
		entryPoints: [join(root, "test", "stack", "child.ts")],
		outfile,
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node20",
		logLevel: "warning",
		// It finds the project by its own place.
		external: [join(root, "scripts", "paths.mjs")],
	});
	return outfile;
}
