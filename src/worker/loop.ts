/**
 * A worker's side of its protocol: which tasks go on here, what comes of them, and when the event loop has its turn. The order
 * of things is `engine/local/protocol`'s.
 */
import {
	RUNNER_BIT_CANCEL,
	RUNNER_BIT_CREDIT,
	RUNNER_BIT_RESUME,
	STATUS_NOT_ATTACHED,
	STATUS_POISONED,
} from "../core/layout.ts";
import type { Board } from "../engine/local/board.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { Patience } from "../engine/local/patience.ts";
import { type WorkHost, work } from "../engine/local/protocol/execute.ts";
import type { Step } from "../engine/local/protocol/steps.ts";
import { throwStatus } from "../engine/local/status.ts";
import type { Executor } from "./execute.ts";
import { RunningTask } from "./running.ts";
import { currentTask } from "./scope.ts";

/** Microseconds: longer than a driver takes to hear of a result and submit again. With less, one of the two is mostly asleep when the other needs it. */
const MOST_SPINS = 100;

export class Loop implements WorkHost {
	readonly #engine: LocalEngine;
	readonly #board: Board;
	readonly #executor: Executor;
	/** Tasks that go on asynchronously, by index. */
	readonly #running = new Map<number, RunningTask>();
	/** Those that are over, to be ended. */
	readonly #over: RunningTask[] = [];
	/** The task that the last step ends. */
	#last: RunningTask | undefined;
	readonly #patience = new Patience(MOST_SPINS);
	ticket = -1;
	parked = false;

	constructor(engine: LocalEngine, board: Board, makeExecutor: (over: (task: RunningTask) => void) => Executor) {
		this.#engine = engine;
		this.#board = board;
		this.#executor = makeExecutor((task) => {
			this.#over.push(task);
			engine.runner.nudge();
		});
	}

	/** Until the thread is ended. */
	async work(): Promise<void> {
		const { runner, thread } = this.#engine;
		const status = await runner.run(work(runner.steps, thread, this));
		if (status !== STATUS_NOT_ATTACHED && status !== STATUS_POISONED) throwStatus(status, "a task");
	}

	/** A message for a task of this worker. */
	tell(index: number, generation: number, bits: number): void {
		const task = this.#taskAt(index, generation);
		if (task?.generation !== generation) return;
		if (bits & RUNNER_BIT_RESUME) task.cpu.granted();
		if (bits & RUNNER_BIT_CREDIT) task.onCredit?.();
		if (bits & RUNNER_BIT_CANCEL) {
			task.cancelled();
			task.onCredit?.();
		}
	}

	/** One that goes on, or the one whose code blocks just now. What woke the loop may stand in one that is long over. */
	#taskAt(index: number, generation: number): RunningTask | undefined {
		const here = currentTask();
		return here?.task === index && here.generation === generation ? here : this.#running.get(index);
	}

	/** Tasks that go on asynchronously. */
	get unfinished(): ReadonlyMap<number, RunningTask> {
		return this.#running;
	}

	// ── what the protocol asks ──

	get busy(): boolean {
		return this.#running.size > 0;
	}

	hasChore(): boolean {
		return this.#engine.store.isCollectionDue;
	}

	/** Other workers take the tasks that come meanwhile. */
	chore(): void {
		this.#engine.store.collect();
	}

	spins(): number {
		this.#engine.store.relieve();
		const spins = this.#patience.next();
		return spins > 0 && this.#board.beginSpin(this.#engine.thread.index) ? spins : 0;
	}

	spun(changed: boolean): void {
		this.#board.endSpin(this.#engine.thread.index);
		this.#patience.learn(changed);
	}

	wantThread(): void {
		this.#engine.wantThread();
	}

	dispatch(count: number): undefined {
		this.#engine.mailbox.dispatch(count);
	}

	run(index: number, generation: number): Step | undefined {
		this.#executor.afterEnding();
		const task = new RunningTask(this.#engine, index, generation);
		this.#last = task;
		const ending = this.#executor.run(task);
		if (ending === undefined) this.#running.set(index, task);
		return ending;
	}

	ending(): Step | undefined {
		this.#executor.afterEnding();
		const task = this.#over.shift();
		if (task === undefined) return undefined;
		this.#last = task;
		this.#running.delete(task.task);
		return this.#executor.end(task);
	}

	refused(status: number): Step {
		return this.#executor.refused(this.#last as RunningTask, status);
	}

	isDue(): boolean {
		this.#executor.afterEnding();
		return this.#over.length > 0 || this.#engine.thread.hasMail() || this.#engine.runner.isTurnDue();
	}
}
