/** What the core's statuses say to a user. */
import {
	STATUS_FULL,
	STATUS_NOT_ATTACHED,
	STATUS_OVERFLOW,
	STATUS_POISONED,
	STATUS_TABLE_FULL,
} from "../../core/layout.ts";
import { ObjectStoreFullError, RayError, RuntimeShutdownError } from "../../errors.ts";

/** Throws what a negative status means; `what` was asked for. */
export function throwStatus(status: number, what: string): never {
	throw statusError(status, what);
}

export function statusError(status: number, what: string): Error {
	switch (status) {
		case STATUS_FULL:
			return new ObjectStoreFullError(
				`The object store has no room for ${what}. Give up refs that are not needed (unreachable ones go when the event loop turns, which a loop of microtasks does not let it), free() objects, or raise objectStoreMemory.`,
			);
		case STATUS_TABLE_FULL:
			return new ObjectStoreFullError(
				`The store's tables are full (${what}). Too many objects or tasks are alive; await some before making more.`,
			);
		case STATUS_NOT_ATTACHED:
			return new RuntimeShutdownError("The runtime is shut down.");
		case STATUS_POISONED:
			return new RuntimeShutdownError(
				"A thread was lost inside the core, so the object store cannot be trusted any more. Shut the runtime down and start another.",
			);
		case STATUS_OVERFLOW:
			return new RayError(`This thread has too many handles of ${what}.`);
		default:
			return new RayError(
				`The core refused ${what} (status ${status}). This is a defect of wasmray; please report it.`,
			);
	}
}
