/** Where a function stands in the file that it was written in. */
import { readFileSync } from "node:fs";
import module from "node:module";
import { type FunctionInsight, type Inspector, learnScriptUrl } from "../platform/inspect.ts";
import { type CallSite, filePath, fileUrl } from "./callsite.ts";

export interface FunctionPlace {
	readonly file?: string;
	/** One-based. */
	readonly line: number;
	readonly column: number;
}

const nowhere: FunctionPlace = { line: 1, column: 1 };

/**
 * An inline function stands right behind the call that registers it, which the file's text confirms. For all others
 * the inspector is asked, if there is one.
 */
export function functionPlace(
	source: string,
	site: CallSite | undefined,
	insight: () => FunctionInsight | undefined,
	inspector: () => Inspector | undefined,
): FunctionPlace {
	const behindSite = site && placeBehind(site, source);
	if (behindSite !== undefined) return behindSite;
	const location = insight()?.location;
	if (location === undefined) return site === undefined ? nowhere : { file: site.file, line: site.line, column: 1 };
	const file = inspector()?.scriptUrl(location.scriptId);
	const running = { line: location.line + 1, column: location.column + 1 };
	return file ? original({ file, ...running }) : running;
}

/** Node's own JavaScript cannot run anywhere else. */
export function isNodesOwn(place: FunctionPlace): boolean {
	return place.file?.startsWith("node:") === true;
}

/** Lets the inspector's other answers name this file without asking again. */
export function rememberScript(insight: FunctionInsight | undefined, place: FunctionPlace): void {
	const location = insight?.location;
	if (location !== undefined && place.file !== undefined && location.line === place.line - 1) {
		learnScriptUrl(location.scriptId, place.file);
	}
}

interface ReadFile {
	readonly file: string;
	readonly text: string | undefined;
	/** Where each line starts, found as needed. */
	readonly lines: number[];
}
/** The last file read: the functions of one file mostly come one after the other. */
let latest: ReadFile | undefined;

export function fileText(file: string): string | undefined {
	return readFile(file).text;
}

function readFile(file: string): ReadFile {
	if (latest?.file === file) return latest;
	let text: string | undefined;
	try {
		text = readFileSync(filePath(file), "utf8");
	} catch {
		// Not a file: a bundle in memory, a page's script.
	}
	latest = { file, text, lines: [0] };
	return latest;
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

/** Between the call's position and its first argument there is not more than this. */
const betweenCallAndFunction = /^[^;{}]*$/;
const longestBetween = 200;

function placeBehind(site: CallSite, source: string): FunctionPlace | undefined {
	const { text, lines } = readFile(site.file);
	if (text === undefined) return undefined;
	while (lines.length < site.line) {
		const next = text.indexOf("\n", lines.at(-1)) + 1;
		if (next === 0) return undefined;
		lines.push(next);
	}
	const lineStart = lines[site.line - 1] as number;
	const from = lineStart + site.column - 1;
	const found = text.slice(from, from + longestBetween + source.length).indexOf(source);
	const between = text.slice(from, from + found);
	if (found < 0 || !betweenCallAndFunction.test(between)) return undefined;
	const newlines = between.split("\n");
	const column = newlines.length === 1 ? site.column + found : (newlines.at(-1) as string).length + 1;
	return { file: site.file, line: site.line + newlines.length - 1, column };
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
