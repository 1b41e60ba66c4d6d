// Waiting for an object with the thread blocked: no event loop, so the inbox is emptied here and its messages acted on.
//
//   watch the object ─▶ the tasks of this thread give their CPUs back ─▶ ┌ read the wake word ◀───────────────┐
//                                                                     │ drain, act on the messages         │
//                                                                     │ sealed? time up? ─▶ out            │
//                                                                     └ block on the value read ───────────┘
//   out: unwatch, if it took too long ─▶ the task takes its CPU again, ahead of new ones: waits for that in the same way
//
// Whether the object is sealed is read from the object itself; the message about it is only what wakes the thread. So it
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
	/** The thread's other tasks cannot run from now on: they give their CPUs back, or those who wait for CPUs wait for ever. */
	beforeBlocking(): void;
	/** They may take them again. */
	afterBlocking(): void;
	/** What else must be done meanwhile; asked after each wake. Milliseconds until it must be asked again, at most. */
	duties(): number;
}

export interface Wait {
	readonly slot: number;
	readonly generation: number;
	/** The task on whose behalf the thread blocks; 0: none. */
	readonly task: number;
	readonly taskGeneration: number;
	/** Milliseconds left; at 0 it is given up. */
	timeLeft(): number;
}

/** Blocks until the object, which the thread holds, is sealed: READY, OUT_OF_TIME, or a status. */
export function* getSync(steps: Steps, own: Own, host: BlockingHost, wait: Wait): Protocol<number> {
	const watched = yield steps.watch(wait.slot, wait.generation, NO_TOKEN);
	if (watched === STATUS_SEALED) return READY;
	// In the wrong state: this thread watches it already, which serves as well.
	if (watched < 0 && watched !== STATUS_WRONG_STATE) return watched;
	if (host.parked) {
		yield steps.unpark();
		host.nudge();
	}
	const suspended = wait.task !== 0 && (yield steps.suspend(wait.task, wait.taskGeneration)) === STATUS_OK;
	host.beforeBlocking();
	const state = host.objectAt(wait.slot) + OBJECT_ENTRY_STATE;
	const answer = yield* blockUntil(steps, own, host, state, isSettled, wait);
	if (answer === OUT_OF_TIME && watched === STATUS_OK) yield steps.unwatch(wait.slot, wait.generation);
	const resumed = suspended && answer >= 0 ? yield* regain(steps, own, host, wait) : answer;
	host.afterBlocking();
	return resumed < 0 ? resumed : answer;
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
