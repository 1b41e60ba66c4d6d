import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const RESULTS = new URL("../results/", import.meta.url);

/**
 * Writes `<name>.json` and, if there is one, the picture `<name>.svg`, and returns a sentence that says where.
 * Full runs go to results/, where they are checked in; runs of a part go to a folder of their own and replace nothing.
 */
export function writeResults({ name, record, picture, isFullRun, folder }) {
	const target = folder ?? fileURLToPath(isFullRun ? RESULTS : new URL("partial/", RESULTS));
	mkdirSync(target, { recursive: true });
	const files = { [`${name}.json`]: `${JSON.stringify(record, null, "\t")}\n` };
	if (picture !== undefined) files[`${name}.svg`] = picture;
	for (const [file, text] of Object.entries(files)) writeFileSync(join(target, file), text);
	return `Written to ${folder ?? `bench/results${isFullRun ? "" : "/partial"}`}: ${Object.keys(files).join(", ")}.`;
}
