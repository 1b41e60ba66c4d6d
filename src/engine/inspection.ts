/** What tests ask of an engine, and programs do not: what is there, where it came from, and faults on purpose. */
import type { ObjectRef } from "./ref.ts";

/** What a test wants recorded while its runtime lives. */
export interface AuditSettings {
	/** Find out whether somebody wrote through a view on an object. */
	readonly checkImmutability: boolean;
	/** Remember where each object and task was made. */
	readonly traceCreation: boolean;
	/** Shared by all threads: who made what. */
	readonly makers: Uint32Array;
}

/** Texts name a task or an object, its state, and where it was made. */
export interface Inspection {
	unfinishedTasks(): string[];
	/** Objects that have no value yet. */
	pendingObjects(): string[];
	/** Of all workers' threads that run. */
	workers(): number[];
	/** Resolves when no task is unfinished, or the time is over. */
	idle(milliseconds: number): Promise<void>;
	/** Ends all workers for good: what they held is given back. */
	endWorkers(): Promise<void>;
	/** Objects that are still there after garbage collections, but for those that describe functions. */
	objectsLeft(): Promise<string[]>;
	/** Objects that were written to through a view, as far as they are not gone unseen. */
	changedObjects(): string[];

	killWorker(workerId: number): Promise<void>;
	/** Of the task whose result or stream this is, once it runs. */
	killWorkerOf(ref: ObjectRef): Promise<void>;
	limitStore(bytes: number): void;
}
