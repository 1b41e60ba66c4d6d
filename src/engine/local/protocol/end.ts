// Ending a thread and taking back what it had.
//
//   end (until it is not inside the core) ─▶ stop the thread ─▶ it has really stopped ─▶ recover
//
// Between `end` and its last instruction the thread may still write into blocks it holds; that is why `recover` waits.
import { STATUS_BUSY } from "../../../core/layout.ts";
import type { Protocol, Steps } from "./steps.ts";

/** After this the thread enters the core no more: it may be stopped. 0, or a status. */
export function* endThread(steps: Steps, thread: number, epoch: number): Protocol<number> {
	while (true) {
		const status = yield steps.end(thread, epoch);
		if (status !== STATUS_BUSY) return status;
		yield steps.pause();
	}
}

/** Only when the thread has stopped. 0, or a status. */
export function* recoverThread(steps: Steps, thread: number, epoch: number): Protocol<number> {
	return yield steps.recover(thread, epoch);
}
