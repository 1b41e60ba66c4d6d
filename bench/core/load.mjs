import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * `src/core`, as a bundle in memory: benchmarks measure the sources' boundary on the wasm that the build has embedded.
 * Threads import the same by its `url`.
 */
export async function bundleBoundary() {
	const files = ["compile", "instantiate", "layout", "memory", "thread"];
	const { outputFiles } = await build({
		stdin: {
			contents: files.map((file) => `export * from "./${file}.ts";`).join("\n"),
			resolveDir: fileURLToPath(new URL("../../src/core/", import.meta.url)),
		},
		bundle: true,
		write: false,
		format: "esm",
		target: "es2022",
	});
	const url = `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`;
	return { url, core: await import(url) };
}
