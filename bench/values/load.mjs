import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** `src/values`, as a bundle in memory: benchmarks measure the sources, whether or not the package is built. */
export async function loadValues() {
	const files = ["encoder", "decoder", "inline", "registry"];
	const { outputFiles } = await build({
		stdin: {
			contents: files.map((file) => `export * from "./${file}.ts";`).join("\n"),
			resolveDir: fileURLToPath(new URL("../../src/values/", import.meta.url)),
		},
		bundle: true,
		write: false,
		format: "esm",
		target: "es2022",
	});
	return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}
