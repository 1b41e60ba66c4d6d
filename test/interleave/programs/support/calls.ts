// Calls as the host makes them: what they need written first, what they leave read after.
import { REASON_CANCELLED, STATUS_OK, STATUS_STALE, THREAD_SPEC, THREAD_TASK } from "../../../../src/core/layout.ts";
import type { ThreadHandle } from "../../program.ts";
import type { Steps } from "../../steps.ts";
import { must, need } from "./scenario.ts";
import {
	dependenciesOf,
	generationOf,
	INSIDE,
	NUMBER,
	ownField,
	type Ref,
	type SpecOptions,
	type Stage,
	specOf,
	type TaskRef,
	taskGenerationOf,
} from "./stage.ts";

/** Writes the spec of a task into the thread's record; see `specOf`. */
export function specInto(t: ThreadHandle, stage: Stage, options: SpecOptions, args: number): void {
	const spec = stage.actor(t.index).record + THREAD_SPEC;
	for (const [offset, value] of specOf(stage.code, options, args)) t.poke(spec + offset, value);
}

/** Submits as the host does: arguments and spec written into memory of the thread's own, then one call. */
export function* submit(
	t: ThreadHandle,
	stage: Stage,
	options: SpecOptions = {},
): Generator<ReturnType<ThreadHandle["call"]>, TaskRef, number> {
	const dependencies = dependenciesOf(options);
	let args = 0;
	if (dependencies.length > 0) {
		args = yield* need(t, "alloc", 8 + 8 * dependencies.length);
		const words = [0, 0, ...dependencies.flatMap(({ slot, generation }) => [slot, generation])];
		for (const [i, word] of words.entries()) t.poke(args + 4 * i, word);
	}
	specInto(t, stage, options, args);
	const slot = yield* need(t, "submit");
	const result = { slot, generation: generationOf(stage, t) };
	return { task: ownField(stage, t, THREAD_TASK), generation: taskGenerationOf(stage, t), result };
}

/** Seals with a number, or, by other flags, with an error. */
export function* seal(t: ThreadHandle, { slot, generation }: Ref, flags = NUMBER): Steps {
	yield* must(t, "seal", slot, generation, flags, 5, 0, 0, 0);
}

/** Runs what only one thread may do at a time: the task that has the only CPU. */
export function* alone(t: ThreadHandle): Steps {
	if ((yield t.compareExchange(INSIDE, 0, t.index + 1)) !== 0) throw new Error("two tasks have the only CPU");
	yield t.write(INSIDE, 0);
}

/** Cancels a task that may be over: what `cancel` answered. */
export function* cancel(
	t: ThreadHandle,
	{ task, generation }: TaskRef,
	options: number,
): Generator<ReturnType<ThreadHandle["call"]>, number, number> {
	const status = yield t.call("cancel", task, generation, REASON_CANCELLED, options);
	if (status !== STATUS_OK && status !== STATUS_STALE) throw new Error(`cancel answered ${status}`);
	return status;
}
