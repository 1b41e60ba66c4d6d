// What commands of the fuzz have in common.
import * as layout from "../../../src/core/layout.ts";
import { INLINE, type Value } from "./object-model.ts";
import type { Task, Thread } from "./records.ts";
import type { Dice, Run } from "./run.ts";

/** Makes one call with what the dice say, and tells the model. */
export type Command = (run: Run, dice: Dice, thread: Thread) => void;

/** The value's block, if it has one, has left the hand. */
export function accept(run: Run, thread: Thread, { flags, a }: Value): void {
	if ((flags & INLINE) === 0) run.model.takeBlock(thread, a);
}

/** The answer of a call that gives the next task. */
export function expectNext(run: Run, thread: Thread, what: string, result: number, next: Task | undefined): void {
	run.model.expect(what, result, next?.task ?? 0);
	if (next === undefined) return;
	run.model.expect("the task's generation", run.of(thread).field(layout.THREAD_TASK_GENERATION), next.generation);
}
