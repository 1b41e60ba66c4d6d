/** Node's own modules and their members, recognised by what they are and found again in a worker. */
import { builtinModules } from "node:module";
import { requireOf } from "../platform/require.ts";
import { ownValue } from "./globals.ts";

/** A member of a built-in module; an empty path is the module itself. */
export interface BuiltinPlace {
	readonly module: string;
	readonly path: readonly string[];
}

const places = new Map<unknown, BuiltinPlace>();
const indexed = new Set<string>();

/** What the module's `require` gives. Node ≥ 20.16 has it without a `require`. */
export function builtinModule(name: string): object {
	return (process.getBuiltinModule?.(name) ?? requireOf(process.execPath)(name)) as object;
}

/** Only what is loaded already can be captured; loading others would cost time and print warnings. */
export function builtinPlace(value: unknown): BuiltinPlace | undefined {
	const known = places.get(value);
	if (known !== undefined) return known;
	const loaded = moduleLoadList();
	if (indexed.size > 0 && loaded.length === seenLoaded) return undefined;
	for (const name of builtinModules)
		if (!indexed.has(name) && !avoided.test(name) && loaded.includes(`NativeModule ${name}`)) index(name);
	seenLoaded = moduleLoadList().length;
	return places.get(value);
}

export function builtinAt(place: BuiltinPlace): unknown {
	let value: unknown = builtinModule(place.module);
	for (const name of place.path) value = (value as Record<string, unknown>)[name];
	return value;
}

/** Deprecated, experimental, or of no use in a function: asking for them prints warnings. */
const avoided = /^(?:_|node:|punycode$|sys$|domain$|sqlite$|wasi$|test|repl$|trace_events$)/;

/** What Node has loaded so far; where that is not told, all that there is. */
function moduleLoadList(): readonly string[] {
	const { moduleLoadList: loaded } = process as unknown as { moduleLoadList?: readonly string[] };
	return loaded ?? everything;
}
const everything = builtinModules.map((name) => `NativeModule ${name}`);
let seenLoaded = 0;

function index(name: string): void {
	indexed.add(name);
	const module = `node:${name}`;
	const exported = builtinModule(name);
	note(exported, module, []);
	for (const key of Object.getOwnPropertyNames(exported)) {
		// `fs.promises` is the one accessor worth calling; others warn or load.
		const value = name === "fs" && key === "promises" ? builtinModule("fs/promises") : ownValue(exported, key);
		if (!note(value, module, [key])) continue;
		for (const inner of Object.getOwnPropertyNames(value)) {
			if (inner !== "prototype" && inner !== "constructor") note(ownValue(value, inner), module, [key, inner]);
		}
	}
	if (typeof exported === "function") note(ownValue(exported, "prototype"), module, ["prototype"]);
}

function note(value: unknown, module: string, path: readonly string[]): value is object {
	if ((typeof value !== "object" || value === null) && typeof value !== "function") return false;
	if (!places.has(value)) places.set(value, { module, path });
	return true;
}
