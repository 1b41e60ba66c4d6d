// Generates the record layouts of both sides from schema/core.fbs: `npm run layout [schema folder-for-output]`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { reflect } from "./flatc.mjs";
import { writeAssembly } from "./layout/assembly.mjs";
import { layoutOf } from "./layout/model.mjs";
import { readReflection } from "./layout/reflection.mjs";
import { header } from "./layout/text.mjs";
import { writeTypeScript } from "./layout/typescript.mjs";
import { root } from "./paths.mjs";

export const schemaPath = join(root, "schema", "core.fbs");

/**
 * @param {string} path the schema's file
 * @returns {Map<string, string>} the generated files, by their path in the project
 */
export function generateLayouts(path = schemaPath) {
	const text = readFileSync(path, "utf8");
	const layout = layoutOf(readReflection(reflect(path), text));
	return new Map([
		["assembly/layout.ts", writeAssembly(layout, text)],
		["src/core/layout.ts", writeTypeScript(layout, text)],
	]);
}

/** Whether the generated files name the schema's present text; asks neither flatc nor the network. */
export function layoutsAreFresh() {
	const first = `${header(readFileSync(schemaPath, "utf8"))}\n`;
	return ["assembly/layout.ts", "src/core/layout.ts"].every((path) => {
		try {
			return readFileSync(join(root, path), "utf8").startsWith(first);
		} catch {
			return false;
		}
	});
}

export function writeLayouts(path = schemaPath, folder = root) {
	for (const [name, text] of generateLayouts(path)) {
		const target = join(folder, name);
		mkdirSync(dirname(target), { recursive: true });
		writeFileSync(target, text);
		console.log(`wrote ${name}`);
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeLayouts(...process.argv.slice(2));
