// A thread that takes no tasks, or takes them elsewhere: it hears of what it waits for while its event loop lives.
//
//   read the wake word ─▶ drain ─▶ messages: act on them, and let what they resolved run ─▶ again
//                           │ none
//                         sleep on the value read ─▶ again
import { type Dispatcher, isProtocol, type Own, type Sleeper } from "./own.ts";
import { sleep } from "./sleep.ts";
import type { Protocol, Steps } from "./steps.ts";

export interface AttendHost extends Dispatcher, Sleeper {
	readonly closed: boolean;
}

/** Attends to the inbox until the host is closed: 0, or the status that ended it. */
export function* attend(steps: Steps, own: Own, host: AttendHost): Protocol<number> {
	while (!host.closed) {
		const value = yield steps.read(own.wakeWord << 2);
		const count = yield steps.drain();
		if (count < 0) return count;
		if (count > 0) {
			const acting = host.dispatch(count);
			if (isProtocol(acting)) yield* acting;
			yield steps.pause();
		} else {
			yield* sleep(steps, own, host, value);
		}
	}
	return 0;
}
