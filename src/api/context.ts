import type { RuntimeContext } from "../types.ts";
import { currentEngine } from "./current.ts";

/**
 * Where this code runs: which runtime, worker and task, with which resources; and the signal that says when to stop. Inside
 * a task also after an `await`; outside of any it is the driver's.
 *
 * @example
 * const scan = ray.remote((lines: string[]) => {
 *   const { signal } = ray.getRuntimeContext();
 *   return lines.filter((line) => !signal.aborted && matches(line));
 * });
 */
export function getRuntimeContext(): RuntimeContext {
	return currentEngine("getRuntimeContext").context();
}
