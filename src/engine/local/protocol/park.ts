// A worker without work: it is parked, looks a last time, and sleeps.
//
//   park, or the end of a task that gave no other ──▶ a task: done
//    │ none; the worker stands in a list, and the wake word's value is known
//   is another thread wanted? ──▶ ask for it, and go on
//    │
//   drain ──▶ messages: unpark (a wake for work is passed on), act on them
//    │ none
//   a chore? ──▶ unpark, so that no task waits for it; do it
//    │ none
//   spin on the wake word for a few microseconds ──▶ changed: look again
//    │
//   sleep ──▶ look again
//
// The inbox is looked at after parking: a message that came before changed the wake word before its value was read. Spinning
// comes after parking too, on the thread's own word alone, so that who spins is in nobody's way.
import { type Dispatcher, isProtocol, type Own, type Sleeper } from "./own.ts";
import { sleep } from "./sleep.ts";
import type { Protocol, Steps } from "./steps.ts";

export interface ParkHost extends Dispatcher, Sleeper {
	/** Whether the worker has unfinished asynchronous tasks; others are woken for new work first. */
	readonly busy: boolean;
	/** Something is to be done when there are no tasks. */
	hasChore(): boolean;
	chore(): void;
	/** Microseconds to look at the wake word before sleeping; asked when it is about to. */
	spins(): number;
	/** It does so no more; whether the word had changed. */
	spun(changed: boolean): void;
	/** There is work that only a thread without suspended tasks may take: another is to be started. */
	wantThread(): void;
	/** Whether the worker is parked. A task that blocks the thread meanwhile takes it back, and nudges. */
	parked: boolean;
}

/** A parked worker rests until there may be something to do: 0, or a status. */
export function* rest(steps: Steps, own: Own, host: ParkHost): Protocol<number> {
	const value = own.wakeValue;
	host.parked = true;
	if (host.busy && (yield steps.write(own.shortWord << 2, 0)) !== 0) host.wantThread();
	const count = yield steps.drain();
	if (count !== 0) {
		host.parked = false;
		yield steps.unpark();
		if (count < 0) return count;
		const acting = host.dispatch(count);
		if (isProtocol(acting)) yield* acting;
		return 0;
	}
	if (host.hasChore()) {
		host.parked = false;
		const status = yield steps.unpark();
		if (status === 0) host.chore();
		return status;
	}
	const wake = own.wakeWord << 2;
	const spins = host.spins();
	const woken = spins > 0 && (yield steps.spin(wake, value, spins)) !== value;
	if (spins > 0) host.spun(woken);
	if (!woken) yield* sleep(steps, own, host, value);
	host.parked = false;
	return 0;
}
