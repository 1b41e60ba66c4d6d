import { STATUS_OK, TASK_ENTRY_CODE, TASK_ENTRY_CODE_GENERATION } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { ShippedCode } from "./shipping.ts";
import type { Store } from "./store/store.ts";

/** The name of an unfinished task's function, whoever submitted it. */
export function functionName(thread: CoreThread, store: Store, task: number): string {
	const at = thread.taskAt(task) >> 2;
	const slot = thread.views.u32[at + (TASK_ENTRY_CODE >> 2)] as number;
	const generation = thread.views.u32[at + (TASK_ENTRY_CODE_GENERATION >> 2)] as number;
	if (slot === 0 || thread.calls.retain(slot, generation) !== STATUS_OK) return "(unknown)";
	try {
		return (store.read(slot, generation, true) as ShippedCode).name;
	} catch {
		return "(unknown)";
	} finally {
		thread.calls.release(slot, generation);
	}
}
