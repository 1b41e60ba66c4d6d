/** `const square = remote((n) => …)`: the function has no name, but whoever reads its errors knows it as square. */
import type { CallSite } from "./callsite.ts";
import { lineAround } from "./place.ts";

const NAME = "([\\p{ID_Start}$_][\\p{ID_Continue}$]*)";
const BEFORE_CALL = "\\s*(?:[\\w$]+\\.)?$";
const assigned = new RegExp(`(?:^|[\\s.#({,;])${NAME}\\s*(?::[^=]*)?=${BEFORE_CALL}`, "u");
const property = new RegExp(`(?:^|[{,])\\s*${NAME}\\s*:${BEFORE_CALL}`, "u");

/** The variable or property that the call's result goes to, if that stands on the call's line. */
export function nameAt(site: CallSite | undefined): string | undefined {
	const around = site && lineAround(site);
	// A tool may have transformed the file after it was read: then something else stands there.
	if (around === undefined || !/^remote\s*[(<]/.test(around[1])) return undefined;
	return (assigned.exec(around[0]) ?? property.exec(around[0]))?.[1];
}
