/** From a function's text to functions, in files and lines that stacks and `import()` take for the original ones. */
import vm from "node:vm";
import { filePath, fileUrl } from "./callsite.ts";
import type { FunctionNode } from "./description.ts";

/** Makes the function, and sets the variables it uses, which may happen later or again. */
export interface Compiled {
	readonly make: () => unknown;
	readonly set: (values: readonly unknown[]) => void;
}
type Factory = (cells: object) => readonly [Compiled["make"], Compiled["set"]];

const setterParameter = "$values";

export function compile(node: FunctionNode, cells: object): Compiled {
	const names = (node.uses ?? []).map(([name]) => name);
	const wanted = node.strict ? '"use strict";' : "";
	let factory: Factory;
	try {
		factory = evaluate(node, names, wanted);
	} catch (error) {
		// An arrow function of a sloppy file looks like any other: it is strict where that is possible.
		if (!(error instanceof SyntaxError) || !node.strict) throw error;
		factory = evaluate(node, names, "");
	}
	const [make, set] = factory(cells);
	return { make, set };
}

/**
 *   (function ($cells) { with ($cells) { return (function () { "use strict"; var a, b;
 *       return [() => (SOURCE
 *   ), ($values) => { [a, b] = $values }] })() } })
 *
 * The variables are the function's own, and `with` is there only if it shares some with others.
 */
function evaluate(node: FunctionNode, names: readonly string[], directive: string): Factory {
	let parameter = setterParameter;
	while (names.includes(parameter)) parameter += "$";
	const variables = names.length === 0 ? "" : `var ${names.join(",")};`;
	const [open, close] = node.form === "method" ? ["({", "\n})"] : ["(", "\n)"];
	const inner = [`${directive}${variables}return [() => ${open}`, `${close}, (${parameter}) => {`];
	const setter = names.length === 0 ? "" : `[${names.join(",")}] = ${parameter}`;
	const shares = node.cells !== undefined;
	const head = shares
		? `(function ($cells) { with ($cells) { return (function () { ${inner[0]}`
		: `(function () { ${inner[0]}`;
	const tail = `${inner[1]}${setter}}]${shares ? " })() } })" : " })"}`;
	return run(node, head, tail) as Factory;
}

interface ScriptPlace {
	readonly filename: string;
	readonly lineOffset?: number;
	readonly columnOffset?: number;
}

function run(node: FunctionNode, head: string, tail: string): unknown {
	const place: ScriptPlace = {
		filename: node.file === undefined ? "wasmray:function" : otherSpelling(node.file),
		lineOffset: node.line - 1,
		columnOffset: node.column - 1 - head.length,
	};
	const code = `${head}${node.source}${tail}`;
	return node.imports ? runWithImports(code, place) : new vm.Script(code, place).runInThisContext();
}

/** Node ≥ 20.10, and all hosts that need no such thing. */
export const canImportAs = "constants" in vm && "USE_MAIN_CONTEXT_DEFAULT_LOADER" in (vm.constants as object);

/** `import(specifier)` as it would be done by a line of that file. */
export function importAs(specifier: string, file: string): Promise<unknown> {
	const load = runWithImports("(specifier) => import(specifier)", { filename: otherSpelling(file) });
	return (load as (specifier: string) => Promise<unknown>)(specifier);
}

let isQuiet = false;

function runWithImports(code: string, place: ScriptPlace): unknown {
	const { constants } = vm as { constants?: { USE_MAIN_CONTEXT_DEFAULT_LOADER?: number } };
	const importModuleDynamically = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
	const evaluate = (text: string) =>
		new vm.Script(text, { ...place, importModuleDynamically } as vm.ScriptOptions).runInThisContext();
	if (!isQuiet) {
		isQuiet = true;
		withoutLoaderWarning(() => evaluate('import("node:vm")'));
	}
	return evaluate(code);
}

/**
 * Modules show URLs in stacks and CommonJS files paths; sent functions have it the other way round. So `remote()` in
 * a sent function is not taken for the same call in its imported module.
 */
function otherSpelling(file: string): string {
	// Bun and Deno always use paths, and Bun resolves from nothing else.
	if (process.versions.bun !== undefined || process.versions.deno !== undefined) return filePath(file);
	const spelling = file.startsWith("file:") ? filePath(file) : fileUrl(file);
	sentFiles.set(spelling, file);
	return spelling;
}

/** By the spelling that sent functions have of a file, the module's own. */
const sentFiles = new Map<string, string>();

/** So spelled, a file in a stack is where a sent function was written, not a module of this thread. */
export function isSentFile(file: string): boolean {
	return sentFiles.has(file);
}

/** A file as its module spells it, also if a sent function says where it was written. */
export function ownSpelling(file: string): string {
	return sentFiles.get(file) ?? file;
}

/** Node says once in each thread that this loader is experimental, which whoever called `remote` cannot help. */
function withoutLoaderWarning(provoke: () => unknown): void {
	const { emitWarning } = process;
	process.emitWarning = ((...args: Parameters<typeof emitWarning>) => {
		if (!String(args[0]).includes("USE_MAIN_CONTEXT_DEFAULT_LOADER")) emitWarning.apply(process, args);
	}) as typeof emitWarning;
	try {
		provoke();
	} finally {
		process.emitWarning = emitWarning;
	}
}
