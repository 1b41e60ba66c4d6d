/** Where a function stands in the file that it was written in. */
import { readFileSync } from "node:fs";
import module from "node:module";
import { type FunctionInsight, type Inspector, learnScriptUrl } from "../platform/inspect.ts";
import { type CallSite, filePath, fileUrl } from "./callsite.ts";
import { ownSpelling } from "./compile.ts";

export interface FunctionPlace {
	readonly file?: string;
	/** One-based. */
	readonly line: number;
	readonly column: number;
}

const nowhere: FunctionPlace = { line: 1, column: 1 };

interface Wanted {
	readonly name: string;
	readonly source: string;
	/** It may be the very argument of the call at the site. */
	readonly isInline: boolean;
	/** Its place serves nothing but stacks. */
	readonly isClosed: boolean;
}

/**
 * A function mostly stands in the file that registers it, inline or above, or in one that this imports it from, which the files'
 * texts confirm. For all others the inspector is asked for the file, if there is one.
 */
export function functionPlace(
	{ name, source, isInline, isClosed }: Wanted,
	site: CallSite | undefined,
	insight: () => FunctionInsight | undefined,
	inspector: () => Inspector | undefined,
): FunctionPlace {
	const behindSite = site && isInline ? placeBehind(site, source) : undefined;
	if (behindSite !== undefined) return behindSite;
	const files = site === undefined ? [] : [site.file, ...importedFrom(site.file, name)];
	// Opening the inspector takes longer than all the rest.
	const declared = isClosed && declaration.test(source) ? firstOf(files, (file) => placeOnce(file, source)) : undefined;
	if (declared !== undefined) return declared;
	const { location, scopes = [] } = insight() ?? {};
	if (location === undefined) return site === undefined ? nowhere : { file: site.file, line: site.line, column: 1 };
	const found = firstOf(files, (file) => placeAt(file, location.line, location.column, source));
	if (found?.file !== undefined) {
		learnScriptUrl(location.scriptId, found.file);
		return found;
	}
	const url = inspector()?.scriptUrl(location.scriptId);
	// The inspector says URL for all files, and only an ES module does so itself.
	const file = url && (scopes.some(({ kind }) => kind === "Module") ? url : ownSpelling(filePath(url)));
	const running = { line: location.line + 1, column: location.column + 1 };
	return file ? original({ file, ...running }) : running;
}

/** Node's own JavaScript cannot run anywhere else. */
export function isNodesOwn(place: FunctionPlace): boolean {
	return place.file?.startsWith("node:") === true;
}

interface ReadFile {
	readonly file: string;
	readonly text: string | undefined;
	/** Where each line starts, found as needed. */
	readonly lines: number[];
}
/** The last files read: the functions of one file, registered in another, mostly come one after the other. */
let latest: readonly ReadFile[] = [];

export function fileText(file: string): string | undefined {
	return readFile(file).text;
}

function readFile(file: string): ReadFile {
	const known = latest.find((read) => read.file === file);
	if (known !== undefined) return known;
	let text: string | undefined;
	try {
		text = readFileSync(filePath(file), "utf8");
	} catch {
		// Not a file: a bundle in memory, a page's script.
	}
	const read: ReadFile = { file, text, lines: [0] };
	latest = [read, ...latest.slice(0, 1)];
	return read;
}

/** What stands on the line of a call, before and from its position on. */
export function lineAround({ file, line, column }: CallSite): [before: string, from: string] | undefined {
	const read = readFile(file);
	const start = startOfLine(read, line);
	if (read.text === undefined || start === undefined) return undefined;
	const end = read.text.indexOf("\n", start);
	const text = read.text.slice(start, end < 0 ? undefined : end);
	return [text.slice(0, column - 1), text.slice(column - 1)];
}

/** Whether a file's text declares or imports a name: where variables cannot be seen, a global may be hidden by one. */
export function bindsName(file: string, name: string): boolean {
	const text = fileText(file);
	if (text === undefined || !/^[\w$]+$/.test(name)) return false;
	const word = `(?<![\\w$.])${name.replaceAll("$", "\\$")}(?![\\w$])`;
	const declared = `(?:const|let|var|class|function\\s*\\*?)\\s+${word}`;
	const destructured = `(?:const|let|var)\\s*[{[][^=;]*${word}[^=;]*[}\\]]\\s*=`;
	const imported = `import\\b[^"'();]*${word}[^"'();]*from`;
	return new RegExp(`${declared}|${destructured}|${imported}`).test(text);
}

const declaration = /^(?:async\s+)?function\b/;

function firstOf<T>(files: readonly string[], find: (file: string) => T | undefined): T | undefined {
	for (const file of files) {
		const found = find(file);
		if (found !== undefined) return found;
	}
	return undefined;
}

/** Files of the user's that a file imports something of that name from. */
function importedFrom(file: string, name: string): string[] {
	const text = fileText(file);
	if (text === undefined || !/^[\w$]+$/.test(name)) return [];
	const word = new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`);
	const imports = text.matchAll(/\bimport\s*(\{[^}]*\}|[\w$]+)\s*from\s*["'](\.[^"']+)["']/g);
	return [...imports]
		.filter(([, names]) => word.test(names as string))
		.map(([, , from]) => {
			const { href } = new URL(from as string, fileUrl(file));
			return file.startsWith("file:") ? href : filePath(href);
		});
}

/** A text that stands in the file once. */
function placeOnce(file: string, source: string): FunctionPlace | undefined {
	const read = readFile(file);
	const found = read.text?.indexOf(source) ?? -1;
	return found < 0 || read.text?.includes(source, found + 1) ? undefined : placeOf(read, 1, found);
}

/** Between the call's position and its first argument there is not more than this. */
const betweenCallAndFunction = /^[^;{}]*$/;
const longestBetween = 200;

function placeBehind(site: CallSite, source: string): FunctionPlace | undefined {
	const read = readFile(site.file);
	const lineStart = startOfLine(read, site.line);
	if (read.text === undefined || lineStart === undefined) return undefined;
	const from = lineStart + site.column - 1;
	const found = read.text.slice(from, from + longestBetween + source.length).indexOf(source);
	if (found < 0 || !betweenCallAndFunction.test(read.text.slice(from, from + found))) return undefined;
	return placeOf(read, site.line, from + found);
}

/** V8 says where a function's parameters start, or a class: the source must stand there in the file. */
function placeAt(file: string, line: number, column: number, source: string): FunctionPlace | undefined {
	const read = readFile(file);
	const lineStart = startOfLine(read, line + 1);
	if (read.text === undefined || lineStart === undefined) return undefined;
	const at = lineStart + column;
	const from = Math.max(0, at - source.length);
	const found = read.text.slice(from, at + source.length).lastIndexOf(source);
	return found < 0 ? undefined : placeOf(read, line + 1, from + found);
}

/** At an offset that is on that line, or some lines from it. */
function placeOf(read: ReadFile, near: number, offset: number): FunctionPlace {
	let line = near;
	while (line > 1 && (startOfLine(read, line) as number) > offset) line--;
	for (let next = startOfLine(read, line + 1); next !== undefined && next <= offset; next = startOfLine(read, line + 1))
		line++;
	return { file: read.file, line, column: offset - (startOfLine(read, line) as number) + 1 };
}

function startOfLine({ text = "", lines }: ReadFile, line: number): number | undefined {
	while (lines.length < line) {
		const next = text.indexOf("\n", lines.at(-1)) + 1;
		if (next === 0) return undefined;
		lines.push(next);
	}
	return lines[line - 1];
}

interface SourceMapEntry {
	readonly originalSource?: string;
	readonly originalLine?: number;
	readonly originalColumn?: number;
}

/** Where a loader transforms files as they are read, stacks in the driver show the file's own lines. */
function original(place: { file: string; line: number; column: number }): FunctionPlace {
	const { findSourceMap } = module as { findSourceMap?: typeof module.findSourceMap };
	const map = findSourceMap?.(place.file) ?? findSourceMap?.(filePath(place.file));
	const entry = map?.findEntry(place.line - 1, place.column - 1) as SourceMapEntry | undefined;
	if (entry?.originalSource === undefined || entry.originalLine === undefined) return place;
	const isSameFile = fileUrl(entry.originalSource) === fileUrl(place.file);
	return isSameFile
		? { file: place.file, line: entry.originalLine + 1, column: (entry.originalColumn ?? 0) + 1 }
		: place;
}
