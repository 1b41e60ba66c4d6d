// What the model knows of objects, tasks and threads: plain records.
import type { Ref } from "../support/thread.ts";

export type Phase = "pending" | "sealed" | "freed";

export interface Stream {
	readonly task: Task;
	readonly limit: number;
	readonly items: Obj[];
	produced: number;
	paused: boolean;
}

export interface Obj extends Ref {
	phase: Phase;
	/** The bits of the state word beside the phase. */
	flags: number;
	/** The first word of an inline value, or the payload's address. */
	value: number;
	/** Whose value it has. */
	alias: Obj | undefined;
	/** What is nested in its payload, while that is there. */
	references: Obj[];
	/** Those of them that it pins, each as often as it does. */
	pins: Obj[];
	payload: boolean;
	readonly watchers: Map<Thread, number>;
	stream: Stream | undefined;
	/** An error that nobody looked at and nobody holds: the step in which it became one. */
	unreadSince: number;
}

export type TaskPhase = "waiting" | "ready" | "running" | "suspended" | "resuming" | "deciding" | "lost" | "ended";

export interface Task {
	readonly task: number;
	readonly generation: number;
	phase: TaskPhase;
	readonly code: Obj;
	readonly references: readonly Obj[];
	/** Dependencies that are not sealed yet, each as often as it is named. */
	missing: Obj[];
	/** The dependencies that failed; the task fails with one of them. */
	failures: Obj[];
	readonly results: readonly Obj[];
	readonly resourceClass: number;
	readonly priority: number;
	readonly stream: boolean;
	readonly token: number;
	readonly submitter: Thread;
	readonly parent: Task | undefined;
	/** Order of becoming ready, as the core says. */
	sequence: number | undefined;
	retries: number;
	attempt: number;
	started: boolean;
	cancel: number;
	/** Cancelled with all that it has submitted. */
	tree: boolean;
	produced: number;
	owner: Thread | undefined;
	verdict: Obj | undefined;
	gpus: number[];
	/** What the message to its runner says; undefined: there is none on its way. */
	toRunner: number | undefined;
	toDecider: boolean;
}

export interface Word {
	count: number;
	pins: number;
	watch: boolean;
}

export interface Note {
	readonly kind: "sealed" | "item" | "runner" | "decider" | "room";
	/** Messages of one call may come in any order. */
	readonly step: number;
	readonly object?: Obj;
	readonly token?: number;
	readonly task?: Task;
}

export interface Block {
	readonly address: number;
	/** Bytes it has room for. */
	readonly room: number;
}

export interface Thread {
	readonly index: number;
	readonly epoch: number;
	readonly kind: number;
	readonly worker: boolean;
	state: "out" | "dead" | "gone";
	readonly words: Map<Obj, Word>;
	blocks: Block[];
	inbox: Note[];
	delivered: Obj[];
	readonly hand: Set<Task>;
	roomWanted: number;
	roomQueued: boolean;
}

export interface TaskClass {
	readonly kind: number;
	readonly needs: readonly (readonly [resource: number, amount: number])[];
}
