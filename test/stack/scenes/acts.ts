// What scenes have in common: acts, and what they are prepared from.
import { STATE_ERROR, TASK_FLAG_STREAM } from "../../../src/core/layout.ts";
import { expectStatus, INLINE, type Named, type Thread, type World } from "../world.ts";

export type Scenes = Record<string, (world: World) => Act>;

/** A call that is to be made near the stack's end, and what must follow once it has been made. */
export interface Act {
	readonly call: () => number;
	/** Checks what the call answered and did, and gives everything back. */
	readonly settle: (answer: number) => void;
}

export const ERROR = INLINE | STATE_ERROR;
export const NO_LIMIT = 0xffffffff;

/** For calls that only answer a status. */
export function answers(call: () => number, wanted = 0, after = () => {}): Act {
	return {
		call,
		settle: (answer) => {
			expectStatus(answer, wanted, "the call");
			after();
		},
	};
}

export function expectKinds(thread: Thread, ...wanted: number[]): void {
	const kinds = thread.drain();
	if (kinds.join() !== wanted.join()) throw new Error(`the inbox had messages ${kinds}, not ${wanted}`);
}

/** A task of the diver's that the diver runs. */
export function running({ diver, code }: World, submission = {}): { task: Named; result: Named } {
	const { result } = diver.submit(code, submission);
	return { task: diver.take(), result };
}

/** A stream whose running task has given two items. */
export function streaming(world: World): { task: Named; stream: Named } {
	const { task, result: stream } = running(world, { flags: TASK_FLAG_STREAM, limit: 1 });
	for (let i = 0; i < 2; i++) {
		expectStatus(world.diver.core.give(task.at, task.generation, INLINE, i, 0, 0, 0), 1, "give");
	}
	return { task, stream };
}

/** A chain of `length` nested objects with these references at its end. */
export function chain(thread: Thread, length: number, ...ends: Named[]): Named {
	let object = thread.nest(...ends);
	thread.release(...ends);
	for (let i = 1; i < length; i++) {
		const outer = thread.nest(object);
		thread.release(object);
		object = outer;
	}
	return object;
}

/** An object that a second thread holds too. */
export function shared(by: Thread, object: Named): Named {
	expectStatus(by.core.retain(object.at, object.generation), 0, "retain");
	return object;
}

/** The i-th result in a list that `submit` wrote. */
export function named(thread: Thread, list: number, index: number): Named {
	return { at: thread.load(list + 8 * index), generation: thread.load(list + 8 * index + 4) };
}
