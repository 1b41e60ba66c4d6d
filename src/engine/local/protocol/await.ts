// A thread that takes no tasks, or takes them elsewhere: it hears of what it waits for while its event loop lives.
//
//   read the wake word ─▶ drain ─▶ messages: act on them, and let what they resolved run ─▶ again
//                           │ none
//                         look ─▶ poll the word for a while ─▶ changed: again
//                           │
//                         sleep on the value read, or nap ─▶ again
//
// Being woken out of a sleep takes 10 µs, so an answer that is on its way is worth polling for, between promises. That helps
// only if the other side is as quick (`spins` of who parks) and has a core of its own: the host says how long, each time.
// While nobody waits, only promises go on: what they come to may be the next wait, or need the event loop.
//
// A thread that waits for many things naps: it is not woken for each of them, which would cost it and the others more than a small task.
import { type Dispatcher, isProtocol, type Own, type Sleeper } from "./own.ts";
import { sleep } from "./sleep.ts";
import type { Protocol, Steps } from "./steps.ts";

export interface AttendHost extends Dispatcher, Sleeper {
	readonly closed: boolean;
	/** How often to look at the wake word before sleeping; asked each time. */
	readonly polls: number;
	/** Whether there is anybody to look for. */
	isWaiting(): boolean;
	/** Whether it had changed before the last look. */
	polled(changed: boolean): void;
	/** There has been no news for a moment. Whether it may come a millisecond late. */
	beforeSleep(): boolean;
	/** Does what others want of this thread beside what they send: they have changed its wake word. */
	look(): void;
}

/** Attends to the inbox until the host is closed: 0, or the status that ended it. */
export function* attend(steps: Steps, own: Own, host: AttendHost): Protocol<number> {
	while (!host.closed) {
		const value = yield steps.read(own.wakeWord << 2);
		let count = yield steps.drain();
		if (count > 0) {
			// The last, empty batch lets go of what the one before it held, before the program's code goes on.
			for (; count > 0; count = yield steps.drain()) {
				const acting = host.dispatch(count);
				if (isProtocol(acting)) yield* acting;
			}
			yield steps.pause();
			if (count === 0) continue;
		}
		if (count < 0) return count;
		host.look();
		const changed = yield* poll(steps, own, host, value);
		host.polled(changed);
		if (changed) continue;
		if (host.beforeSleep()) yield steps.nap();
		else yield* sleep(steps, own, host, value);
	}
	return 0;
}

/** Microseconds. Between two looks a promise is made, and the program's go on. */
const LOOK = 8;
/** While nobody waits: so often promises go on before the event loop has its turn. */
const HOPS = 8;

/** Whether the word changed. */
function* poll(steps: Steps, own: Own, host: AttendHost, value: number): Protocol<boolean> {
	let hops = 0;
	for (let left = host.polls; left > 0 && hops < HOPS; left--) {
		yield steps.pause();
		const waits = host.isWaiting();
		if (!waits) hops++;
		if ((yield steps.spin(own.wakeWord << 2, value, waits ? LOOK : 0)) !== value) return true;
	}
	return false;
}
