// Schema → layouts → wasm → embedded wasm → embedded worker → package. Each step is skipped while its inputs are as they were.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { embedWasm } from "./build/embed.mjs";
import { buildPackage } from "./build/package.mjs";
import { buildWasm } from "./build/wasm.mjs";
import { embedWorker } from "./build/worker.mjs";
import { layoutsAreFresh, writeLayouts } from "./layout.mjs";
import { root } from "./paths.mjs";

/** `packageOnly`: not the builds of the core that only tests and tools use, which take most of the time. */
export async function buildAll(packageOnly = false) {
	if (!layoutsAreFresh()) writeLayouts();
	if (existsSync(join(root, "assembly", "index.ts"))) {
		await buildWasm(packageOnly);
		await embedWasm();
	}
	await embedWorker();
	await buildPackage();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	try {
		await buildAll(process.argv.includes("--package"));
	} catch (error) {
		console.error(error instanceof Error ? error.message : error);
		process.exitCode = 1;
	}
}
