import { runInNewContext } from "node:vm";
import { requireOf } from "./require.ts";

type Collector = () => void;
type Host = { gc?: Collector; Bun?: { gc(synchronously: boolean): void } };

let collector: Collector | null | undefined;

/**
 * Collects this thread's garbage now (a few milliseconds); false where the host offers no way to. Finalizers of what
 * was collected run in a later turn of the event loop.
 */
export function collectGarbage(): boolean {
	if (collector === undefined) collector = findCollector();
	collector?.();
	return collector !== null;
}

function findCollector(): Collector | null {
	const { gc, Bun } = globalThis as Host;
	if (Bun) return () => Bun.gc(true);
	if (gc) return () => gc();
	try {
		// Loaded only now: programs that never collect shall not wait for it.
		const { setFlagsFromString } = requireOf(process.execPath)("node:v8") as typeof import("node:v8");
		// The flag gives `gc` to contexts made from now on. It is taken back at once: it is the whole process's, and new
		// worker threads would have a global of that name.
		setFlagsFromString("--expose-gc");
		try {
			const collect: unknown = runInNewContext("gc");
			return typeof collect === "function" ? () => collect() : null;
		} finally {
			setFlagsFromString("--no-expose-gc");
		}
	} catch {
		return null;
	}
}
