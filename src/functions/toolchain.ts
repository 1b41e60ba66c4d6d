/**
 * Variables that nobody wrote: what bundlers, test runners and coverage tools put into functions, and what CommonJS
 * gives every module. They are tied to the thread they were made in, so a worker gets its own.
 */
import { requireOf } from "../platform/require.ts";
import { filePath, fileUrl, isFileName } from "./callsite.ts";
import type { HelperName } from "./description.ts";

/** `import.meta` is no variable; in sources that are sent, a name of the same length stands for it. */
export const metaName = "import_meta";

/** Which helper a variable is; undefined for everything that is to be sent as what it is. */
export function helperFor(name: string, value: unknown): HelperName | undefined {
	if (typeof value === "function") {
		if (/^_*cov_[\da-z]+(?:_\d+)?$/i.test(name)) return "coverage";
		if (name === "__name" || /^__name\d+$/.test(name)) return "name";
		if (/^__(?:vite_ssr|vi|vitest)_dynamic_import__$/.test(name)) return "dynamicImport";
		if ("resolve" in value && "cache" in value && "extensions" in value) return "require";
	}
	if (/^__(?:vite_ssr|vi)_import_meta__$/.test(name)) return "importMeta";
	return undefined;
}

/** The same where values cannot be seen. */
export function helperNamed(name: string): HelperName | undefined {
	if (/^_*cov_[\da-z]+$/i.test(name)) return "coverage";
	if (/^__name\d*$/.test(name)) return "name";
	if (name === "require") return "require";
	if (name === "__filename") return "filename";
	if (name === "__dirname") return "dirname";
	return undefined;
}

/** Vite's stand-ins for `import` declarations: their members are what was imported. */
export function isImportObject(name: string): boolean {
	return /^__(?:vite_ssr|vi)_import_\d+__$/.test(name);
}

/** How the worker imports: given by whoever knows how. */
export type Importer = (specifier: string, from: string) => Promise<unknown>;

export function makeHelper(helper: HelperName, file: string | undefined, importFrom: Importer): unknown {
	const from = file !== undefined && isFileName(file) ? file : fileUrl("/");
	switch (helper) {
		case "name":
			return nameFunction;
		case "coverage":
			return coverageCounters;
		case "dynamicImport":
			return (specifier: string) => importFrom(specifier, from);
		case "importMeta":
			return importMeta(from);
		case "require":
			return requireOf(filePath(from));
		case "filename":
			return filePath(from);
		case "dirname":
			return directory(filePath(from));
	}
}

function importMeta(file: string): object {
	const filename = filePath(file);
	const url = fileUrl(file);
	const resolve = (specifier: string) =>
		/^\.{0,2}\/|^[a-z]+:/.test(specifier)
			? new URL(specifier, url).href
			: fileUrl(requireOf(filename).resolve(specifier));
	return { url, filename, dirname: directory(filename), resolve, env: process.env };
}

function directory(path: string): string {
	return path.replace(/[\\/][^\\/]*$/, "") || "/";
}

/** What esbuild calls to keep a function's name where it moved it. */
function nameFunction<F extends object>(target: F, value: string): F {
	return Object.defineProperty(target, "name", { value, configurable: true });
}

/** `cov().s[3]++`, `cov().b[0][1]++`: counted nowhere. */
const nothing: ProxyHandler<object> = { get: () => 0, set: () => true };
const noCounts = new Proxy({}, nothing);
const noBranches = new Proxy({}, { ...nothing, get: () => noCounts });
const counters = { s: noCounts, f: noCounts, b: noBranches, bT: noBranches, inputSourceMap: undefined };
const coverageCounters = Object.assign(() => counters, counters);
