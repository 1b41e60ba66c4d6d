/** Errors that nobody asked for: told on stderr at the end, of what is gone and of what is still held. */
import {
	OBJECT_ENTRY_WORD,
	PHASE_SEALED,
	PLACE_ROOT,
	ROOT_OBJECT_FRESH,
	STATE_ERROR,
	STATE_PHASE_MASK,
	STATE_READ,
	STATE_REPORT,
	STATUS_OK,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { Store } from "./store/store.ts";

const OWED = STATE_ERROR | STATE_REPORT;

export function reportUnread(thread: CoreThread, store: Store): void {
	const told = new Set<unknown>();
	for (let slot = thread.calls.takeUnread(); slot >= 0; slot = thread.calls.takeUnread()) {
		report(thread, store, slot, thread.generation, told);
	}
	const { i32 } = thread.views;
	const end = Atomics.load(i32, (PLACE_ROOT + ROOT_OBJECT_FRESH) >> 2);
	for (let slot = 1; slot < end; slot++) {
		const state = thread.stateOf(slot);
		if ((state & (OWED | STATE_READ)) !== OWED || (state & STATE_PHASE_MASK) !== PHASE_SEALED) continue;
		const generation = Atomics.load(i32, ((thread.objectAt(slot) + OBJECT_ENTRY_WORD) >> 2) + 1);
		if (thread.calls.retain(slot, generation) === STATUS_OK) report(thread, store, slot, generation, told);
	}
}

/** Tells of an error of which this thread has a handle, and lets go of it. Each result of a task has the same. */
function report(thread: CoreThread, store: Store, slot: number, generation: number, told: Set<unknown>): void {
	try {
		store.read(slot, generation, true);
	} catch (error) {
		const task = (error as { taskId?: unknown } | undefined)?.taskId ?? error;
		if (!told.has(task)) console.error("wasmray: nobody asked for the result of a task that failed.", error);
		told.add(task);
	}
	thread.calls.release(slot, generation);
}
