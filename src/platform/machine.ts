import { availableParallelism, totalmem } from "node:os";

/** Assumed where the host does not tell (Deno without `--allow-sys`). */
const UNKNOWN_MEMORY = 4 * 2 ** 30;

/** How many threads can run at once. */
export function parallelism(): number {
	return availableParallelism();
}

/** Bytes of memory that this process may use: the machine's, or its control group's limit where that is less. */
export function machineMemory(): number {
	try {
		// No limit is told as 0, undefined or a number beyond all memory.
		return Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY);
	} catch {
		return UNKNOWN_MEMORY;
	}
}
