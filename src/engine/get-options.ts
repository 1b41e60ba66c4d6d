import type { GetOptions } from "../types.ts";
import { abortSignal, checkOptions, flag, timeLimit } from "./checks.ts";

const getChecks = { timeout: timeLimit, signal: abortSignal, copy: flag };

/** Refuses wrong options of a get. */
export function checkGetOptions(call: string, options: unknown): void {
	checkOptions(call, options, getChecks);
}

/** What of them `getSync` takes: a blocked thread hears no signal. */
export function checkGetSyncOptions(call: string, options: unknown): Omit<GetOptions, "signal"> {
	const { signal, ...rest } = checkOptions(call, options, getChecks);
	if (signal !== undefined) {
		throw new TypeError(`${call}(): signal cannot be heard by a blocked thread; use get(), or a timeout`);
	}
	return rest;
}
