// The host's own protocols on a thread of a program: the very generators that workers run.
import * as layout from "../../../../src/core/layout.ts";
import type { WorkHost } from "../../../../src/engine/local/protocol/execute.ts";
import type { BlockingHost, Wait } from "../../../../src/engine/local/protocol/getSync.ts";
import type { Own } from "../../../../src/engine/local/protocol/own.ts";
import { type Protocol, Steps as ProtocolSteps } from "../../../../src/engine/local/protocol/steps.ts";
import type { ThreadHandle } from "../../program.ts";
import type { Step } from "../../steps.ts";
import { NUMBER, ownField, type Ref, type Stage } from "./stage.ts";

type Running<Result> = Generator<Step, Result, number>;

/** One thread's side of the protocols. */
export class Host {
	readonly steps = new ProtocolSteps();
	readonly own: Own;
	readonly #t: ThreadHandle;
	readonly #stage: Stage;

	constructor(t: ThreadHandle, stage: Stage) {
		this.#t = t;
		this.#stage = stage;
		const { record } = stage.actor(t.index);
		this.own = {
			wakeWord: (record + layout.THREAD_WAKE) >>> 2,
			shortWord: (record + layout.THREAD_SHORT) >>> 2,
			set parks(list: number) {
				t.poke(record + layout.THREAD_PARKS, list);
			},
			get wakeValue() {
				return t.peek(record + layout.THREAD_WAKE_VALUE) | 0;
			},
			get taskGeneration() {
				return ownField(stage, t, layout.THREAD_TASK_GENERATION);
			},
			taskAt: (task) => stage.taskAt(task),
		};
	}

	/** Performs a protocol in the program's thread. A turn of its event loop is a place where others may go on. */
	*run<Result>(protocol: Protocol<Result>): Running<Result> {
		let answer = 0;
		while (true) {
			const { done, value } = protocol.next(answer);
			if (done) return value;
			if (value.op === "settled" && value.tickets.length === 0) {
				yield this.#t.pause();
				answer = -1;
			} else {
				answer = yield value;
			}
		}
	}

	blocking(more: Partial<BlockingHost> = {}): BlockingHost {
		return {
			parked: false,
			objectAt: (slot) => this.#stage.objectAt(slot),
			dispatch: () => undefined,
			nudge: () => {},
			isAwaited: () => false,
			beforeBlocking: () => {},
			afterBlocking: () => {},
			duties: () => Number.POSITIVE_INFINITY,
			...more,
		};
	}

	/** A worker whose tasks end at once with the number 5. */
	working(more: Partial<WorkHost> = {}): WorkHost {
		return {
			busy: false,
			hasChore: () => false,
			chore: () => {},
			spins: () => 0,
			spun: () => {},
			parked: false,
			ticket: -1,
			dispatch: () => undefined,
			run: (task, generation) => this.finish(task, generation),
			ending: () => undefined,
			wantThread: () => this.#t.log("short"),
			refused: (status) => {
				throw new Error(`the end of a task was refused: ${status}`);
			},
			isDue: () => false,
			...more,
		};
	}

	finish(task: number, generation: number) {
		return this.steps.finish(task, generation, NUMBER, 5, 0, 0, 0);
	}
}

/** Waits for objects without a limit, on behalf of a task or of none; `most`: gives up after so many waits. */
export function waitFor(
	objects: Ref | readonly Ref[],
	task = 0,
	taskGeneration = 0,
	most = Number.POSITIVE_INFINITY,
): Wait {
	let left = most;
	return { objects: [objects].flat(), task, taskGeneration, timeLeft: () => left-- };
}
