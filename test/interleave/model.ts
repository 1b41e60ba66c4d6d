// The words in which the parts of the explorer talk to each other.
import type { Machine } from "./machine.ts";

export interface Strategy {
	/** Asked at every operation instead of only at visible ones: a replay counts them. */
	readonly everyPoint: boolean;
	begin(machine: Machine): void;
	/**
	 * The index of the thread to go on, one of the bits of `candidates`. `running` is the thread that could simply go on, or −1.
	 * `free`: leaving it is no preemption, because it spins.
	 */
	choose(running: number, candidates: number, free: boolean): number;
	/** Something that may or may not happen to the thread: it dies here, or an optional thread is started at the end. */
	flip(thread: number, dies: boolean): boolean;
}

export type ViolationKind = "check" | "race" | "deadlock" | "livelock" | "trap" | "error";

export interface Failure {
	readonly kind: ViolationKind;
	readonly message: string;
}

/** Why a run ended before its threads did. */
export type Stop = "" | "failed" | "pruned" | "cut";

export type MutationKind = "drop" | "plain" | "skip" | "spurious";

export interface TraceEvent {
	readonly thread: number;
	readonly site: number;
	readonly address: number;
	readonly width: number;
	readonly text: string;
	readonly atomic: boolean;
}

export interface Limits {
	/** Operations in one schedule before it is cut. */
	readonly steps: number;
	/** How often a thread may repeat a read of the same value, writing nothing itself, before others must go first. */
	readonly spin: number;
	/** Time-outs in one schedule that come while others could go on. When nobody can, the host's timed waits end anyway. */
	readonly timeouts: number;
	/** Then the core's timed waits end, too. Otherwise that nobody but they could go on is a deadlock: a wake was lost. */
	readonly rescue: boolean;
}

export interface LogEntry {
	readonly thread: number;
	readonly entry: readonly unknown[];
}
