/**
 * What a module's text says of its names: which of them it imports, and which of those nothing else in it binds. Read as tokens, so
 * that TypeScript is no obstacle; what cannot be read says nothing.
 */
import { fileText } from "./place.ts";
import { Tokens } from "./syntax/tokens.ts";

/** `import { member as name } from "specifier"`; an empty member is the namespace. */
export interface ImportedName {
	readonly specifier: string;
	readonly member: string;
}

interface ModuleText {
	readonly imports: ReadonlyMap<string, ImportedName>;
	/** Names that stand where they may be bound anew. */
	readonly bound: ReadonlySet<string>;
	/** All words, each between two blanks. */
	readonly words: string;
}

/** The import declaration of a file that a name stands for at its top level. */
export function importedName(file: string, name: string): ImportedName | undefined {
	return moduleText(file)?.imports.get(name);
}

/**
 * What a name in a function's source stands for, where nobody can see it: if the file has that source behind the function's name or
 * inside a call of `remote`, and nothing else in the file may be called so.
 */
export function meaningOf(
	name: string,
	file: string,
	fn: { name: string },
	source: string,
): ImportedName | "global" | undefined {
	const text = moduleText(file);
	const words = wordsOf(source);
	if (text === undefined || words === undefined || text.bound.has(name)) return undefined;
	const isNamed = fn.name !== "" && words.trimStart().split(" ", 4).includes(fn.name);
	const places = isNamed ? [words] : [` remote${words}`, ...(fn.name === "" ? [] : [` ${fn.name}${words}`])];
	return places.some((place) => text.words.includes(place)) ? (text.imports.get(name) ?? "global") : undefined;
}

let latest: { readonly text: string; readonly read: ModuleText | undefined } | undefined;

function moduleText(file: string): ModuleText | undefined {
	const text = fileText(file);
	if (text === undefined || !/\bimport\b/.test(text)) return undefined;
	if (latest?.text !== text) latest = { text, read: attempt(() => readModule(text)) };
	return latest.read;
}

function wordsOf(source: string): string | undefined {
	return attempt(() => {
		const tokens = new Tokens(source);
		while (tokens.kind !== "end") tokens.step();
		return tokens.words;
	});
}

function attempt<T>(read: () => T): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof SyntaxError) return undefined;
		throw error;
	}
}

function readModule(text: string): ModuleText {
	const tokens = new Tokens(text.replace(/^#!.*/, ""));
	const imports = new Map<string, ImportedName>();
	const bound = new Set<string>();
	while (tokens.kind !== "end") {
		const isName = tokens.kind === "name" && !/^\??\.$/.test(tokens.previous.value);
		if (isName && tokens.is("import") && tokens.depth === 0) {
			readImport(tokens, imports);
			continue;
		}
		if (isName && tokens.mayBind()) bound.add(tokens.value);
		tokens.step();
	}
	return { imports, bound, words: tokens.words };
}

/** From `import` to its specifier, if it is a declaration. */
function readImport(tokens: Tokens, imports: Map<string, ImportedName>): void {
	tokens.step();
	const names: [name: string, member: string][] = [];
	for (;;) {
		const { depth, kind } = tokens;
		if (depth === 0 && kind === "string") break;
		if (tokens.is("from") && tokens.following.kind === "string") tokens.step();
		else if (tokens.is("*") || kind === "name" || kind === "string") {
			const member = tokens.is("*") ? "" : depth === 0 ? "default" : tokens.value;
			tokens.step();
			if (tokens.is("as")) tokens.step();
			else if (tokens.kind === "name" && !tokens.is("from")) continue;
			const renamed = tokens.previous.value === "as";
			names.push([renamed ? tokens.value : tokens.previous.value, member]);
			if (renamed) tokens.step();
		} else if (/^[{},]$/.test(tokens.value)) tokens.step();
		// `import(…)`, `import.meta`, `import x = require("x")`
		else return;
	}
	for (const [name, member] of names) imports.set(name, { specifier: tokens.value, member });
}
