import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Measured is the built package under its own name, as a user would import it, never the sources. */
export function isWasmrayBuilt() {
	return existsSync(fileURLToPath(import.meta.resolve("wasmray")));
}

export const NOT_BUILT = "wasmray is not built: run `npm run build` to have it in the table.";
