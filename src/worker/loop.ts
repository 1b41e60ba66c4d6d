/**
 * A worker's life: take a task, run it, take the next that `finish` gives; with none, spin for a moment, then park and let
 * the event loop live. Asynchronous tasks go on between.
 */
import { RUNNER_BIT_CANCEL, RUNNER_BIT_CREDIT, RUNNER_BIT_RESUME } from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import type { Executor } from "./execute.ts";
import { RunningTask } from "./running.ts";

/** Parking and waking again costs more than this; spinning longer would waste the core. */
const SPINS = 200;
/** Timers and promises of asynchronous tasks wait no longer than this for a stream of short tasks. */
const TURN = 5;

export class Loop {
	readonly #engine: LocalEngine;
	readonly #executor: Executor;
	/** Tasks that go on asynchronously, by index. */
	readonly #running = new Map<number, RunningTask>();
	#stopped = false;

	constructor(engine: LocalEngine, makeExecutor: (go: (next: number, ended: RunningTask) => void) => Executor) {
		this.#engine = engine;
		this.#executor = makeExecutor((next, ended) => this.#ended(next, ended));
	}

	/** A message for a task of this worker. */
	tell(index: number, bits: number): void {
		const task = this.#running.get(index);
		if (task === undefined) return;
		if (bits & RUNNER_BIT_RESUME) task.resumed();
		if (bits & RUNNER_BIT_CREDIT) task.onCredit?.();
		if (bits & RUNNER_BIT_CANCEL) {
			task.cancelled();
			task.onCredit?.();
		}
	}

	#ended(next: number, ended: RunningTask): void {
		this.#running.delete(ended.index);
		if (next > 0) this.#queue(next);
		else this.#wake();
	}

	/** Runs a task when control is back in the loop. */
	#queue(next: number): void {
		const task = new RunningTask(this.#engine.thread, this.#engine.id, next, this.#engine.thread.taskGeneration);
		this.#running.set(next, task);
		this.#ready.push(task);
		this.#wake();
	}
	readonly #ready: RunningTask[] = [];

	#wake(): void {
		const { thread } = this.#engine;
		Atomics.add(thread.views.i32, thread.wakeWord, 1);
		Atomics.notify(thread.views.i32, thread.wakeWord);
	}

	async run(): Promise<void> {
		const { calls, views, wakeWord } = this.#engine.thread;
		let turnEnds = performance.now() + TURN;
		let count = 0;
		while (!this.#stopped) {
			this.#engine.mailbox.drain();
			let next = this.#takeQueued() ?? calls.take();
			for (let spin = 0; next === 0 && spin < SPINS; spin++) {
				if (this.#engine.thread.hasMail()) break;
				if ((spin & 15) === 15) next = calls.take();
			}
			while (typeof next !== "number" || next > 0) {
				const task: RunningTask = typeof next === "number" ? this.#begin(next) : next;
				const after = this.#executor.run(task);
				if (after === undefined) next = this.#takeQueued() ?? calls.take();
				else {
					this.#running.delete(task.index);
					next = after;
				}
				if (this.#engine.thread.hasMail()) this.#engine.mailbox.drain();
				if ((++count & 15) === 0 && performance.now() >= turnEnds) {
					await macrotask();
					turnEnds = performance.now() + TURN;
				}
			}
			if (next < 0) return;
			next = calls.park(this.#running.size > 0 ? 1 : 0);
			if (next < 0) return;
			if (next > 0) {
				this.#queue(next);
				continue;
			}
			const seen = this.#engine.thread.wakeValue;
			if (this.#ready.length === 0 && !this.#engine.thread.hasMail()) {
				const wait = Atomics.waitAsync(views.i32, wakeWord, seen);
				if (wait.async) await wait.value;
				else await macrotask();
				turnEnds = performance.now() + TURN;
			}
			calls.unpark();
		}
	}

	#begin(index: number): RunningTask {
		const task = new RunningTask(this.#engine.thread, this.#engine.id, index, this.#engine.thread.taskGeneration);
		this.#running.set(index, task);
		return task;
	}

	#takeQueued(): RunningTask | undefined {
		return this.#ready.shift();
	}

	stop(): void {
		this.#stopped = true;
		this.#wake();
	}
}

function macrotask(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
