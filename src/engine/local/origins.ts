/** Where in a program objects and tasks were made: stacks without the package's own frames. */
import type { Maker } from "./makers.ts";

export interface Origin {
	readonly generation: number;
	/** Empty: no line of the program is known. */
	readonly stack: string;
	/** A task's. */
	readonly name: string;
	/** The object is the arguments of this task. */
	readonly argumentsOf?: Maker;
}

/** Slots are used anew, so what is kept is bounded by how many objects or tasks were there at once. */
export class Origins {
	readonly #bySlot = new Map<number, Origin>();

	/** The first to say it counts: later handles are not where it was made. */
	note(slot: number, generation: number): void {
		if (this.#bySlot.get(slot)?.generation === generation) return;
		const stack = callerStack();
		// A value read when no code of the program runs says nothing about the objects in it; a later handle may.
		if (stack !== "") this.set(slot, { generation, name: "", stack });
	}

	set(slot: number, origin: Origin): void {
		this.#bySlot.set(slot, origin);
	}

	of(slot: number, generation: number): Origin | undefined {
		const origin = this.#bySlot.get(slot);
		return origin?.generation === generation ? origin : undefined;
	}
}

const FRAMES = 8;
/** Few places make most of the objects. */
const MOST_KNOWN = 1000;
const known = new Map<string, string>();

/** The stack outside of this package: as text, since what the engine keeps for a stack would keep objects alive. */
export function callerStack(): string {
	const { stackTraceLimit } = Error;
	Error.stackTraceLimit = 30;
	const { stack = "" } = new Error();
	Error.stackTraceLimit = stackTraceLimit;
	let shown = known.get(stack);
	if (shown === undefined) {
		if (known.size >= MOST_KNOWN) known.clear();
		shown = withoutOwn(framesOf(stack));
		known.set(stack, shown);
	}
	return shown;
}

/** Empty: nothing but the package is in it. */
function withoutOwn(frames: readonly string[]): string {
	const callers = frames.filter((frame) => !isOwn(frame));
	if (callers.length > 0) return callers.slice(0, FRAMES).join("\n");
	// In a bundle the program is in the package's file, and stands behind it.
	if (ownFolder === undefined) return frames.slice(0, 2 * FRAMES).join("\n");
	// What is evaluated is in no file.
	return frames.filter((frame) => fileOf(frame) === "" && !isHosts(frame)).join("\n");
}

function isHosts(frame: string): boolean {
	return /\bnode:|\bnative\b|<anonymous>\)?$/.test(frame);
}

function framesOf(stack: string | undefined): string[] {
	return (stack ?? "").split("\n").filter((line) => /^\s*at |@/.test(line));
}

const HERE = "engine/local/origins.ts";
/** This file, and the folder that all of the package is in: the sources, or its two built forms; a bundle has neither. */
const own = fileOf(framesOf(new Error().stack)[0] ?? "");
const ownFolder = own.endsWith(HERE) ? own.slice(0, -HERE.length) : /^.*\/dist\/(?=(?:esm|cjs)\/[^/]*$)/.exec(own)?.[0];

function fileOf(frame: string): string {
	const found = /(?:\(|at (?:async )?|@)((?:file:\/\/|\/|[a-z]:[\\/])[^()]*?)(?::\d+)?(?::\d+)?\)?$/i.exec(
		frame.trim(),
	);
	return (found?.[1] ?? "").replace(/^file:\/\//, "");
}

function isOwn(frame: string): boolean {
	const file = fileOf(frame);
	if (file === "" || file === own) return true;
	return ownFolder !== undefined && file.startsWith(ownFolder);
}
