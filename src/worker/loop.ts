/**
 * A worker's life: take a task, run it, take the next that `finish` gives; with none, spin for a moment, then park and let
 * the event loop live. Asynchronous tasks go on between.
 */
import {
	RUNNER_BIT_CANCEL,
	RUNNER_BIT_CREDIT,
	RUNNER_BIT_RESUME,
	STATUS_NOT_ATTACHED,
	STATUS_POISONED,
} from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { throwStatus } from "../engine/local/status.ts";
import type { Executor } from "./execute.ts";
import { RunningTask } from "./running.ts";
import { currentTask } from "./scope.ts";

/** Looks at the wake word before sleeping, some 30 µs: sleeping and being woken cost as much, and a caller that awaits one task after the other is back by then. */
const SPINS = 5000;
/** Timers and promises of asynchronous tasks wait no longer than this for a stream of short tasks. */
const TURN = 5;

export class Loop {
	readonly #engine: LocalEngine;
	readonly #executor: Executor;
	/** Tasks that go on asynchronously, by index. */
	readonly #running = new Map<number, RunningTask>();
	/** Tasks taken, to be run when control is back in the loop. */
	readonly #ready: RunningTask[] = [];
	#stopped = false;

	constructor(engine: LocalEngine, makeExecutor: (go: (next: number, ended: RunningTask) => void) => Executor) {
		this.#engine = engine;
		this.#executor = makeExecutor((next, ended) => this.#ended(next, ended));
	}

	/** A message for a task of this worker. */
	tell(index: number, bits: number): void {
		const here = currentTask();
		const task = this.#running.get(index) ?? (here?.index === index ? here : undefined);
		if (task === undefined) return;
		if (bits & RUNNER_BIT_RESUME) task.resumed();
		if (bits & RUNNER_BIT_CREDIT) task.onCredit?.();
		if (bits & RUNNER_BIT_CANCEL) {
			task.cancelled();
			task.onCredit?.();
		}
	}

	#ended(given: number, ended: RunningTask): void {
		this.#running.delete(ended.index);
		const next = this.#begin(given);
		if (next !== undefined) this.#ready.push(next);
		this.#wake();
	}

	#wake(): void {
		const { thread } = this.#engine;
		Atomics.add(thread.views.i32, thread.wakeWord, 1);
		Atomics.notify(thread.views.i32, thread.wakeWord);
	}

	async run(): Promise<void> {
		const { thread, mailbox } = this.#engine;
		const { calls } = thread;
		let turnEnds = performance.now() + TURN;
		let count = 0;
		while (!this.#stopped) {
			mailbox.drain();
			let task = this.#ready.shift() ?? this.#begin(calls.take());
			while (task !== undefined) {
				const next = this.#executor.run(task);
				if (next !== undefined) task = this.#begin(next);
				else {
					this.#running.set(task.index, task);
					// If it waits, its CPU is given back first, and idle workers have their turn: this one takes new work last.
					await macrotask();
					task = this.#ready.shift() ?? this.#begin(calls.take());
				}
				if (thread.hasMail()) mailbox.drain();
				if ((++count & 15) === 0 && performance.now() >= turnEnds) {
					await macrotask();
					turnEnds = performance.now() + TURN;
				}
			}
			if (this.#stopped) return;
			task = this.#begin(calls.park(this.#running.size > 0 ? 1 : 0));
			if (task !== undefined) {
				this.#ready.push(task);
				continue;
			}
			await this.#sleep(thread.wakeValue);
			turnEnds = performance.now() + TURN;
			// A queued task is run before another is asked for: this worker must not be thought idle meanwhile.
			if (this.#ready.length > 0) calls.unpark();
		}
	}

	/** Until the wake word has another value than the one read when the worker parked. */
	async #sleep(seen: number): Promise<void> {
		const { thread } = this.#engine;
		const { i32 } = thread.views;
		const { wakeWord } = thread;
		for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(i32, wakeWord) !== seen) return;
		if (this.#ready.length > 0 || thread.hasMail()) return;
		const wait = Atomics.waitAsync(i32, wakeWord, seen);
		if (wait.async) await wait.value;
		else await macrotask();
	}

	/** What a core call gave: a task, none, or the end of this worker. */
	#begin(given: number): RunningTask | undefined {
		if (given > 0)
			return new RunningTask(this.#engine.thread, this.#engine.id, given, this.#engine.thread.taskGeneration);
		if (given === STATUS_NOT_ATTACHED || given === STATUS_POISONED) this.#stopped = true;
		else if (given < 0) throwStatus(given, "a task");
		return undefined;
	}

	stop(): void {
		this.#stopped = true;
		this.#wake();
	}
}

function macrotask(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
