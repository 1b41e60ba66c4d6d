/** What there is in a runtime, as of now. */
import { type Check, checkOptions, show, unknownName, whole, wrongType } from "../engine/checks.ts";
import type { ObjectState, StateFilter, StoreStats } from "../types.ts";
import { currentEngine } from "./current.ts";

/**
 * How full the object store is. Bytes, but for the counts.
 *
 * @example
 * const { used, capacity } = ray.storeStats();
 */
export function storeStats(): StoreStats {
	return currentEngine("storeStats").storeStats();
}

const objectKeys: Record<keyof ObjectState, true> = {
	objectId: true,
	state: true,
	size: true,
	references: true,
	pinned: true,
	createdBy: true,
};

/**
 * The objects of the store that match all the filters, at most `limit` of them.
 *
 * @example
 * const pinned = await ray.listObjects({ filters: [["pinned", "=", true]], limit: 100 });
 */
export async function listObjects(filter?: StateFilter): Promise<ObjectState[]> {
	const select = selection<ObjectState>("listObjects", filter, Object.keys(objectKeys));
	return select(await currentEngine("listObjects").listObjects());
}

type Condition = NonNullable<StateFilter["filters"]>[number];

/** Checks a filter; what it leaves of a list. */
function selection<S extends object>(call: string, filter: unknown, keys: readonly string[]): (states: S[]) => S[] {
	const checks = { limit: whole(0, Number.MAX_SAFE_INTEGER), filters: conditions(keys) };
	const { limit, filters = [] } = checkOptions(call, filter, checks);
	return (states) => {
		const matches = (state: S) =>
			filters.every(([key, op, value]) => ((state as Record<string, unknown>)[key] === value) === (op === "="));
		const found = filters.length === 0 ? states : states.filter(matches);
		return limit === undefined ? found : found.slice(0, limit);
	};
}

function conditions(keys: readonly string[]): Check<readonly Condition[]> {
	return (value, where) => {
		if (!Array.isArray(value)) throw wrongType(where, 'an array of [key, "=" or "!=", value]', value);
		return value.map((condition: unknown, index) => {
			const at = `${where}[${index}]`;
			if (!Array.isArray(condition) || condition.length !== 3) {
				throw wrongType(at, 'an array of key, "=" or "!=", and value', condition);
			}
			const [key, op, wanted]: unknown[] = condition;
			if (typeof key !== "string") throw wrongType(`${at}[0]`, "a key", key);
			if (!keys.includes(key)) throw new TypeError(`${at}: unknown key ${unknownName(key, keys)}`);
			if (op !== "=" && op !== "!=") throw new TypeError(`${at}[1] must be "=" or "!=", not ${show(op)}`);
			return [key, op, wanted] as const;
		});
	};
}
