/** The errors of values that cannot be sent: what, where, and what to do. */
import { SerializationError } from "../errors.ts";
import type { LaterItem } from "./later.ts";
import { formatSteps, type Step } from "./path.ts";

/** The way to a value from the message's first, through the later values that it is in, without its first `unnamed` steps. */
export function pathTo(steps: readonly Step[], origin: LaterItem | undefined, unnamed: number): string {
	const parts: string[] = [];
	let from = steps;
	for (let at = origin; at !== undefined; at = at.origin) {
		parts.push(formatSteps(from));
		from = at.steps;
	}
	parts.push(formatSteps(from.slice(unnamed)));
	return parts.reverse().join("");
}

export function refusal(path: string, what: string, advice: string): SerializationError {
	return new SerializationError(`${shown(path)} is ${what}, which cannot be sent; ${advice}`, { path });
}

/** What a getter, a codec or a proxy threw while it was asked. */
export function readingThrew(path: string, cause: unknown): SerializationError {
	return new SerializationError(`${shown(path)} cannot be sent: reading it threw ${textOf(cause)}`, { path, cause });
}

/** What is left out of a very long path is in the error's `path`. */
function shown(path: string): string {
	return path.length <= 300 ? path : `${path.slice(0, 100)} … ${path.slice(-150)}`;
}

/** Of anything thrown, however hostile. */
export function textOf(error: unknown): string {
	try {
		return String(error);
	} catch {
		return "something that has no text";
	}
}
