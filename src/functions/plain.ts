import { SENDABLE } from "../values/hooks.ts";
import { globalPath, ownValue } from "./globals.ts";
import type { CaptureHooks } from "./hooks.ts";
import { kindOf } from "./kinds.ts";

/** Nothing in it needs more than the codec; `known` is what was found so before. Walks without recursion: data may be deep. */
export function isPlain(root: object, hooks: CaptureHooks, known: Set<object>): boolean {
	const seen = new Set<object>();
	const open: unknown[] = [root];
	while (open.length > 0) {
		const value = open.pop();
		if (typeof value === "symbol") return false;
		if ((typeof value !== "object" || value === null) && typeof value !== "function") continue;
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
