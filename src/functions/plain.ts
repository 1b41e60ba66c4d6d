import { SENDABLE } from "../values/hooks.ts";
import { globalPath, ownValue } from "./globals.ts";
import { kindOf } from "./kinds.ts";

/** What the engine knows of values. */
export interface CaptureHooks {
	/** Whether the codec can send this value, all that is in it included; a text says why not. */
	sendable(value: unknown): true | string;
	/**
	 * A remote function that uses the one that is just being described cannot be sent by itself: its settings, and the function
	 * to be sent along. `MaterializeHost.remote` makes it again.
	 */
	inline?(value: object): { readonly settings: unknown; readonly fn: (...args: never[]) => unknown } | undefined;
	/** Instances of this class come back as such, since `registerSerializer` knows it. */
	serializes?(value: object): boolean;
	/** This class must be one class in a worker, in whatever functions it comes. */
	isOne?(type: object): boolean;
	/**
	 * What is sent in place of a value that the codec cannot send now, such as the remote function that is just being
	 * described; `MaterializeHost.restore` turns it back. Undefined: the value is sent as it is.
	 */
	replace?(value: object): unknown;
	/** The name of a member of this package (`put`, `util.Queue`), "" for its namespace; undefined for everything else. */
	packageMember?(value: unknown): string | undefined;
}

/** Nothing in it needs more than the codec; `known` is what was found so before. Walks without recursion: data may be deep. */
export function isPlain(root: object, hooks: CaptureHooks, known: Set<object>): boolean {
	const seen = new Set<object>();
	const open: unknown[] = [root];
	while (open.length > 0) {
		const value = open.pop();
		if (typeof value === "symbol") return false;
		if ((typeof value !== "object" || value === null) && typeof value !== "function") continue;
		if (hooks.replace?.(value) !== undefined || hooks.inline?.(value) !== undefined) return false;
		if (SENDABLE in value) continue;
		if (typeof value === "function") return false;
		if (seen.has(value) || known.has(value)) continue;
		seen.add(value);
		if (globalPath(value) !== undefined || hooks.packageMember?.(value) !== undefined) return false;
		const kind = kindOf(value);
		if (kind === "array" || kind === "set") for (const item of value as Iterable<unknown>) open.push(item);
		else if (kind === "map") for (const entry of value as Map<unknown, unknown>) open.push(...entry);
		else if (kind === "plain") for (const key of Object.keys(value)) open.push(ownValue(value, key));
		else if (kind !== "other" && hooks.serializes?.(value) !== true) return false;
	}
	for (const value of seen) known.add(value);
	return true;
}
