import type { RuntimeContext, ShutdownOptions } from "../../types.ts";
import type { ObjectRef } from "../ref.ts";
import type { TaskPlace } from "./producer.ts";

/** What the driver and the workers do differently. */
export interface Role {
	readonly isWorker: boolean;
	context(): RuntimeContext;
	/** The task that runs here now: it is the parent of what is submitted. */
	origin(): { readonly parent: number; readonly parentGeneration: number };
	/** Around a wait of the running task. */
	enterWait(): unknown;
	/** `go` is called when the task may go on. */
	leaveWait(wait: unknown, go: () => void): void;
	/** Throws if nothing may block this thread now. */
	mayBlock(refs: readonly ObjectRef[]): void;
	/** Work is ready that no worker may take beside its suspended tasks. */
	wantThread(): void;
	/** Around a wait that blocks this thread. */
	beforeBlocking(suspended: boolean): void;
	afterBlocking(): void;
	/** A worker that sleeps, to be woken for work. */
	parked: boolean;
	/** What a blocked thread has to do meanwhile; when the next of it is due. */
	drive(): number;
	runner(task: number, generation: number, bits: number): void;
	lost(task: number, generation: number, token: number): void;
	beforeResults(): void;
	/** What tasks have printed comes before what is told of them. On the way of each get: little more than a look. */
	showOutput(): void;
	/** The workers of these tasks shall end, with the tasks. */
	endWorkersOf(tasks: readonly TaskPlace[]): void;
	shutdown(options: Required<ShutdownOptions>): Promise<void>;
	shutdownNow(): void;
}

/** What ends a wait of the running task: it goes on only when it may. `wait`: what `enterWait` answered. */
export function after<T>(role: Role, wait: unknown, go: (value: T) => void): (value: T) => void {
	return wait === undefined ? go : (value) => role.leaveWait(wait, () => go(value));
}
