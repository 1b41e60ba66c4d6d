import type { SubmitOptions, Submitted } from "./thread.ts";
import type { Ref, Value } from "./values.ts";

/** What a task's code works with, beside its arguments. */
export interface Context {
	readonly attempt: number;
	/** The slot of the thread that runs it. */
	readonly thread: number;
	/** A bit for each GPU it has. */
	readonly gpus: number;
	cancelled(): boolean;
	put(value: Value): Ref;
	release(...refs: readonly Ref[]): void;
	submit(name: string, args: readonly Value[], options?: SubmitOptions): Submitted;
	/** The task gives its CPU back meanwhile. */
	get(ref: Ref): Promise<Value>;
	/** Blocks the thread. */
	getSync(ref: Ref, timeout?: number): Value;
	/** One turn of the event loop. */
	turn(): Promise<void>;
}

export type TaskCode = (context: Context, ...args: never[]) => Value | Promise<Value> | Generator<Value, Value, void>;

/** Functions by name; those that are sent as source need not be in it. */
export type TaskCodes = { readonly [name: string]: TaskCode };
