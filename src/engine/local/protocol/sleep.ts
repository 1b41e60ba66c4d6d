// Sleeping on the own wake word while the event loop lives.
//
// Whoever has something for this thread changes the word first and notifies all who stand on it after that, in one call of
// the core. So the word's value is read first, then comes the last look at the inbox, then the sleep on that value.
//
// A `waitAsync` that was begun earlier serves as well: either the word still has the value it was begun with, and the next
// change notifies it; or the word has changed since, and its notification has come or is on its way. It cannot be taken
// back either, so a thread has one at most and never begins a second.
import type { Own, Sleeper } from "./own.ts";
import type { Protocol, Steps } from "./steps.ts";

/** Returns when the word may have changed, or when something else wants the thread's attention. */
export function* sleep(steps: Steps, own: Own, sleeper: Sleeper, value: number): Protocol<void> {
	if (sleeper.ticket < 0) sleeper.ticket = yield steps.waitAsync(own.wakeWord << 2, value);
	if (sleeper.ticket < 0) return;
	if ((yield steps.settled(sleeper.ticket)) === sleeper.ticket) sleeper.ticket = -1;
}
