import type { Protocol, Step } from "./steps.ts";

/** What a protocol reads of its own thread's record between two steps; nobody else writes it. `CoreThread` is one. */
export interface Own {
	/** The wake word's address, divided by 4. */
	readonly wakeWord: number;
	/** The address, divided by 4, of the word that says that another thread is wanted. */
	readonly shortWord: number;
	/** Second results of the last call. */
	readonly wakeValue: number;
	readonly taskGeneration: number;
	/** What it writes there: in which list (`Parked`) a call that ends a task parks the worker, if it gives no other. */
	parks: number;
	/** Address of a task's entry. */
	taskAt(index: number): number;
}

/** The pending `waitAsync` on the own wake word: there is one at most, since it cannot be taken back. −1: none. */
export interface Sleeper {
	ticket: number;
}

export interface Dispatcher {
	/**
	 * Acts on the messages that `drain` has just written, before the next `drain` gives up what they name. A protocol in
	 * turn only where its steps are to be interleaved.
	 */
	dispatch(count: number): Protocol<void> | undefined;
}

/** As many messages as a `drain` writes at most: with fewer, the inbox was empty at some time during the call. */
export const MESSAGES_MOST = 64;

export function isProtocol<Result>(answer: Protocol<Result> | Step | undefined): answer is Protocol<Result> {
	return answer !== undefined && "next" in answer;
}
