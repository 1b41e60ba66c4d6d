// Waiting for objects with the thread blocked: no event loop, so the inbox is emptied here and its messages acted on.
//
//   watch the first that is pending ─▶ this thread's tasks give their CPUs back ─▶ ┌ read the wake word ◀──────────┐
//                                                                                │ drain, act on the messages    │
//                      all sealed ◀─ watch the next that is pending ◀─ sealed? ◀─┤ time up? ─▶ unwatch, out      │
//                          ▼                                                     └ block on the value read ──────┘
//   the task takes its CPU again, ahead of new ones: waits for that in the same way
//
// One watch at a time is enough, and the messages about the others need not be sent. Whether an object is sealed is read from the object itself; the message about it is only what wakes the thread. So it
// does not matter who else on this thread waits for it, or whose watch it was.
import {
	OBJECT_ENTRY_STATE,
	PHASE_PENDING,
	STATE_PHASE_MASK,
	STATUS_BUSY,
	STATUS_OK,
	STATUS_SEALED,
	STATUS_WRONG_STATE,
	TASK_ENTRY_STATE,
	TASK_PHASE_RUNNING,
} from "../../../core/layout.ts";
import { type Dispatcher, isProtocol, MESSAGES_MOST, type Own } from "./own.ts";
import type { Protocol, Steps } from "./steps.ts";

/** What `getSync` comes to; below 0 it is a status. */
export const READY = 0;
export const OUT_OF_TIME = 1;

/** The token of watches that no message needs to be matched with. */
export const NO_TOKEN = 0;

export interface BlockingHost extends Dispatcher {
	/** Address of an object's entry. */
	objectAt(slot: number): number;
	/** Whether this worker is parked; it cannot take work now. */
	parked: boolean;
	/** The event loop's own protocol shall look again, when it can. */
	nudge(): void;
	/** Somebody else on this thread waits for the object: its watch stays. */
	isAwaited(slot: number, generation: number): boolean;
	/**
	 * The thread's tasks cannot run from now on: they give their CPUs back, or those who wait for CPUs wait for ever.
	 * `suspended`: the task that blocks has done so, and takes its own again.
	 */
	beforeBlocking(suspended: boolean): void;
	/** They may take them again. */
	afterBlocking(): void;
	/** What else must be done meanwhile; asked after each wake. Milliseconds until it must be asked again, at most. */
	duties(): number;
}

export interface Watched {
	readonly slot: number;
	readonly generation: number;
}

export interface Wait {
	/** The thread holds them. */
	readonly objects: readonly Watched[];
	/** The task on whose behalf the thread blocks; 0: none. */
	readonly task: number;
	readonly taskGeneration: number;
	/** Milliseconds left; at 0 it is given up. */
	timeLeft(): number;
}

/** Blocks until all the objects are sealed: READY, OUT_OF_TIME, or a status. */
export function* getSync(steps: Steps, own: Own, host: BlockingHost, wait: Wait): Protocol<number> {
	const { objects } = wait;
	let next = yield* watchNext(steps, host, objects, 0);
	if (next < 0 || next === objects.length) return Math.min(next, READY);
	if (host.parked) {
		host.parked = false;
		yield steps.unpark();
		host.nudge();
	}
	const suspended = wait.task !== 0 && (yield steps.suspend(wait.task, wait.taskGeneration)) === STATUS_OK;
	host.beforeBlocking(suspended);
	let answer = READY;
	while (answer === READY && next < objects.length) {
		const { slot, generation } = objects[next] as Watched;
		answer = yield* blockUntil(steps, own, host, host.objectAt(slot) + OBJECT_ENTRY_STATE, isSettled, wait);
		if (answer === OUT_OF_TIME && !host.isAwaited(slot, generation)) yield steps.unwatch(slot, generation);
		if (answer === READY) next = yield* watchNext(steps, host, objects, next + 1);
		if (next < 0) answer = next;
	}
	const resumed = suspended && answer >= 0 ? yield* regain(steps, own, host, wait) : answer;
	host.afterBlocking();
	return resumed < 0 ? resumed : answer;
}

/** Watches the next object that is not sealed: its index, as many as there are if there is none, or a status. */
function* watchNext(steps: Steps, host: BlockingHost, objects: readonly Watched[], from: number): Protocol<number> {
	for (let i = from; i < objects.length; i++) {
		const { slot, generation } = objects[i] as Watched;
		const status = yield steps.watch(slot, generation, NO_TOKEN);
		// In the wrong state: this thread watches it already, which serves as well.
		if (status < 0 && status !== STATUS_SEALED && status !== STATUS_WRONG_STATE) return status;
		// A stream that has items answers as sealed ones do, and may go on.
		if (!isSettled(yield steps.read(host.objectAt(slot) + OBJECT_ENTRY_STATE))) return i;
	}
	return objects.length;
}

/** The task takes its CPU again. There is no time limit: it must, before any of its code goes on. */
function* regain(steps: Steps, own: Own, host: BlockingHost, wait: Wait): Protocol<number> {
	const status = yield steps.resume(wait.task, wait.taskGeneration);
	if (status !== STATUS_BUSY) return status;
	return yield* blockUntil(steps, own, host, own.taskAt(wait.task) + TASK_ENTRY_STATE, isRunning, forEver);
}

const forEver = { timeLeft: () => Number.POSITIVE_INFINITY };

function isSettled(state: number): boolean {
	return (state & STATE_PHASE_MASK) !== PHASE_PENDING;
}

function isRunning(state: number): boolean {
	return (state & 0xff) === TASK_PHASE_RUNNING;
}

/** Blocks until a word has come to what is waited for; its change is followed by a wake of this thread. */
function* blockUntil(
	steps: Steps,
	own: Own,
	host: BlockingHost,
	address: number,
	isDone: (word: number) => boolean,
	wait: { timeLeft(): number },
): Protocol<number> {
	const wake = own.wakeWord << 2;
	while (true) {
		const value = yield steps.read(wake);
		const count = yield steps.drain();
		if (count < 0) return count;
		if (count > 0) {
			const acting = host.dispatch(count);
			if (isProtocol(acting)) yield* acting;
		}
		if (isDone(yield steps.read(address))) return READY;
		const left = wait.timeLeft();
		if (left <= 0) return OUT_OF_TIME;
		const most = Math.min(left, host.duties());
		// A full drain may have left messages that came before the word was read.
		if (count < MESSAGES_MOST) yield steps.block(wake, value, most === Number.POSITIVE_INFINITY ? undefined : most);
	}
}
