// A worker without work: it parks, looks a last time, and sleeps.
//
//   park ──▶ a task: done
//    │ none; the worker stands in a list, and the wake word's value is known
//   drain ──▶ messages: unpark (a wake for work is passed on), act on them
//    │ none
//   spin on the wake word for a few microseconds ──▶ changed: look again
//    │
//   sleep ──▶ look again
//
// The inbox is looked at after parking: a message that came before changed the wake word before `park` read it. Spinning
// comes after parking too, on the thread's own word alone, so that who spins is in nobody's way.
import { type Dispatcher, isProtocol, type Own, type Sleeper } from "./own.ts";
import { sleep } from "./sleep.ts";
import type { Protocol, Steps } from "./steps.ts";

export interface ParkHost extends Dispatcher, Sleeper {
	/** Whether the worker has unfinished asynchronous tasks; others are woken for new work first. */
	readonly busy: boolean;
	/** How often to read the wake word before sleeping. */
	readonly spins: number;
	/** Whether the worker is parked. */
	parked: boolean;
}

/** A task; 0: look again; below: a status. */
export function* park(steps: Steps, own: Own, host: ParkHost): Protocol<number> {
	const task = yield steps.park(host.busy);
	if (task !== 0) return task;
	const value = own.wakeValue;
	const count = yield steps.drain();
	if (count !== 0) {
		yield steps.unpark();
		if (count < 0) return count;
		const acting = host.dispatch(count);
		if (isProtocol(acting)) yield* acting;
		return 0;
	}
	const wake = own.wakeWord << 2;
	for (let spin = 0; spin < host.spins; spin++) {
		if ((yield steps.read(wake)) !== value) return 0;
	}
	host.parked = true;
	yield* sleep(steps, own, host, value);
	host.parked = false;
	return 0;
}
