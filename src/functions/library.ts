/** Functions of installed packages. They are imported where they are needed: a copy would take half of the package along. */
import { types } from "node:util";
import type { VariableScope } from "../platform/inspect.ts";
import { requireOf } from "../platform/require.ts";
import { filePath, isFileName } from "./callsite.ts";
import { sourceHash, sourceOf } from "./description.ts";
import { fileText } from "./place.ts";

type Callable = (...args: never[]) => unknown;

/** The package that a file belongs to; undefined for files that were not installed. */
export function packageOf(file: string | undefined): string | undefined {
	return file === undefined || !isFileName(file) ? undefined : packageFolder.exec(filePath(file))?.[1];
}

const packageFolder = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/** Whether a file of a package may not do without what the package's entry runs: bundlers ask the same. */
export function mayNeedEntry(file: string): boolean {
	const folder = packageFolder.exec(filePath(file))?.[0];
	const manifest = folder === undefined ? undefined : fileText(`${folder}package.json`);
	return manifest === undefined || (JSON.parse(manifest) as { sideEffects?: unknown }).sideEffects !== false;
}

/** What importing a file gives: an export, or a member of the default one. Empty: found by the function's name. */
export interface Exported {
	readonly file: string;
	readonly path: readonly string[];
}

/**
 * Where an installed package exports a function, so that whoever imports the file finds it: one that was made by a call (a
 * logger, a configured client) is mostly exported nowhere. `isNodes`: a function is Node's own.
 */
export function exportOf(
	fn: Callable,
	file: string,
	scopes: readonly VariableScope[],
	isNodes: (fn: Callable) => boolean,
): Exported | undefined {
	const isModule = scopes.some(({ kind }) => kind === "Module");
	const loaded = isModule ? loadedModule(file, isNodes) : undefined;
	if (loaded !== undefined) {
		const path = pathTo(fn, loaded);
		return path && { file, path };
	}
	const found = isModule ? undefined : required(fn, file);
	if (found !== undefined || (!isModule && requireOf(filePath(file)).cache[filePath(file)])) return found;
	const variables = scopes.at(-1)?.variables ?? {};
	return Object.keys(variables).some((name) => variables[name] === fn) ? { file, path: [] } : undefined;
}

/** What an ES module exports. `require` gives what is loaded already, unless a tool has made it load files its own way. */
function loadedModule(file: string, isNodes: (fn: Callable) => boolean): object | undefined {
	const { features } = process as { features: { require_module?: boolean } };
	if (features.require_module !== true || /[?#]/.test(file)) return undefined;
	const path = filePath(file);
	const require = requireOf(path);
	const load = require.extensions[path.replace(/.*(?=\.)/, "") as ".js"] ?? require.extensions[".js"];
	if (load === undefined || !isNodes(load as Callable)) return undefined;
	try {
		const loaded = require(path) as object;
		return types.isModuleNamespaceObject(loaded) ? loaded : undefined;
	} catch {
		// One that awaits at its top level cannot be had so.
		return undefined;
	}
}

/** In CommonJS the package may export in one file what another has made. */
function required(fn: Callable, file: string): Exported | undefined {
	const path = filePath(file);
	const { cache } = requireOf(path);
	const folder = packageFolder.exec(path)?.[0] ?? path;
	const others = Object.keys(cache).filter((other) => other.startsWith(folder) && other !== path);
	for (const file of [path, ...others]) {
		const loaded = cache[file]?.exports as unknown;
		const found =
			loaded === undefined || types.isModuleNamespaceObject(loaded) ? undefined : pathTo(fn, { default: loaded });
		if (found !== undefined) return { file, path: found };
	}
	return undefined;
}

/** Its own name first: then no getter of another export is read. */
function pathTo(fn: Callable, module: object): readonly string[] | undefined {
	for (const [path, holder] of holders(module)) {
		const names = [fn.name, ...Object.getOwnPropertyNames(holder)];
		const name = names.find((name) => exportedValue(holder, name) === fn);
		if (name !== undefined) return [...path, name];
	}
	return undefined;
}

/** A module, and its default export, whose members are the exports of CommonJS. */
function holders(module: object): [path: readonly string[], holder: object][] {
	const main = exportedValue(module, "default");
	const hasMembers = (typeof main === "object" && main !== null) || typeof main === "function";
	return hasMembers
		? [
				[[], module],
				[["default"], main],
			]
		: [[[], module]];
}

const variable = "[\\w$]+(?:\\.[\\w$]+|\\[[\\w$]+\\])?";
/** As compilers and bundlers write them for exports: they read a variable, and do nothing else. */
const generatedGetter = new RegExp(
	`^(?:function\\s*[\\w$]*\\s*\\(\\)|(?:get\\s+)?[\\w$]+\\s*\\(\\)|\\(\\)\\s*=>)\\s*(?:\\{\\s*return\\s+${variable};?\\s*\\}|${variable})$`,
);

function exportedValue(holder: object, name: string): unknown {
	try {
		const { value, get } = Object.getOwnPropertyDescriptor(holder, name) ?? {};
		return get !== undefined && generatedGetter.test(sourceOf(get)) ? Reflect.apply(get, holder, []) : value;
	} catch {
		// It is not initialized yet.
		return undefined;
	}
}

/** The function that a path names, or else among what its file exports, by its name and source. */
export function findExport(
	module: object,
	name: string,
	hash: string,
	path: readonly string[] = [],
): Callable | undefined {
	const isIt = (value: unknown): value is Callable =>
		typeof value === "function" && value.name === name && sourceHash(sourceOf(value as Callable)) === hash;
	if (path.length > 0) {
		let value: unknown = module;
		for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
		return isIt(value) ? value : undefined;
	}
	for (const [, holder] of holders(module)) {
		for (const key of Object.getOwnPropertyNames(holder)) {
			const value = exportedValue(holder, key);
			if (isIt(value)) return value;
		}
	}
	return undefined;
}
