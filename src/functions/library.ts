/** Functions of installed packages. They are imported where they are needed: a copy would take half of the package along. */
import type { VariableScope } from "../platform/inspect.ts";
import { requireOf } from "../platform/require.ts";
import { filePath } from "./callsite.ts";
import { sourceHash, sourceOf } from "./description.ts";

type Callable = (...args: never[]) => unknown;

/** The package that a file belongs to; undefined for files that were not installed. */
export function packageOf(file: string | undefined): string | undefined {
	return file === undefined
		? undefined
		: /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(filePath(file))?.[1];
}

/**
 * Whether a file's own top level has the function, so that whoever imports the file can find it: one that was made
 * by a call (a logger, a configured client) is different each time.
 */
export function isTopLevel(fn: Callable, file: string, scopes: readonly VariableScope[]): boolean {
	const variables = scopes.at(-1)?.variables ?? {};
	return Object.keys(variables).some((name) => variables[name] === fn) || isRequired(fn, file);
}

function isRequired(fn: Callable, file: string): boolean {
	const path = filePath(file);
	const loaded = requireOf(path).cache?.[path]?.exports as object | undefined;
	return loaded !== undefined && [...exportsOf({ default: loaded })].includes(fn);
}

/** The function among what its file exports, by its name and source. */
export function findExport(module: object, name: string, hash: string): Callable | undefined {
	for (const exported of exportsOf(module)) {
		if (typeof exported !== "function" || exported.name !== name) continue;
		if (sourceHash(sourceOf(exported as Callable)) === hash) return exported as Callable;
	}
	return undefined;
}

/** What a module exports, and the members of its default export, as CommonJS has them. */
function* exportsOf(module: object): Generator<unknown> {
	yield* plainValues(module);
	const main = Object.getOwnPropertyDescriptor(module, "default")?.value as unknown;
	if ((typeof main === "object" && main !== null) || typeof main === "function") yield* plainValues(main);
}

function plainValues(holder: object): unknown[] {
	return Object.values(Object.getOwnPropertyDescriptors(holder)).map(({ value }) => value as unknown);
}
