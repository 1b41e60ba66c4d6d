import type { Analysis } from "./syntax/analyse.ts";
import { metaName } from "./toolchain.ts";

/**
 * The source as a worker can evaluate it: `import.meta` becomes a variable of the same length, and so does what was
 * evaluated when the class or method was made. Nothing else moves, but behind a superclass with a short name.
 */
export function rewritten(source: string, { metas, evaluated }: Analysis, evaluation: string): string {
	const changes: [start: number, end: number, text: string][] = evaluated ? [[...evaluated, evaluation]] : [];
	for (let index = 0; index < metas.length; index += 2) {
		changes.push([metas[index] as number, metas[index + 1] as number, metaName]);
	}
	let text = source;
	for (const [start, end, replacement] of changes.sort(([a], [b]) => b - a)) {
		// What a minifier wrote as `extends(mixin(Base))` is to stay two words.
		const own = /[\w$]$/.test(text.slice(0, start)) ? `(${replacement})` : replacement;
		text = text.slice(0, start) + own.padEnd(end - start) + text.slice(end);
	}
	return text;
}

/** For a variable that the source does not know. */
export function unusedName(source: string): string {
	let name = "$super";
	while (source.includes(name)) name += "$";
	return name;
}
