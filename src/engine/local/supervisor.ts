/**
 * The driver: parent of all workers. It starts them, replaces those that die, decides about the tasks they leave behind, and
 * ends the runtime in order: tasks, store, workers.
 */
import { REASON_SHUTDOWN, TASK_ENTRY_GENERATION } from "../../core/layout.ts";
import { RayError, RuntimeShutdownError } from "../../errors.ts";
import { onLoopEmpty } from "../../platform/process.ts";
import { nextTurn } from "../../platform/yield.ts";
import type { RuntimeContext, RuntimeEnv, ShutdownOptions } from "../../types.ts";
import { type Board, MOST_KINDS } from "./board.ts";
import type { LocalEngine } from "./engine.ts";
import { Liveness } from "./liveness.ts";
import type { Logs } from "./logs.ts";
import { describeCause, LostTasks } from "./lost-tasks.ts";
import type { Kinds } from "./plans.ts";
import type { TaskPlace } from "./producer.ts";
import type { Role } from "./role.ts";
import type { Service } from "./service.ts";
import type { Shortage } from "./shortage.ts";
import type { Submissions } from "./submissions.ts";
import type { Substitutes } from "./substitutes.ts";
import { queuedTasks } from "./tables.ts";
import { type Worker, Workers, type WorkersOptions } from "./workers.ts";

/** A worker that ends before it has ever run its loop so often in a row is not started again. */
const MOST_FAILED_STARTS = 3;
/** Milliseconds that the driver is blocked before the service thread is started. */
const SERVICE_AFTER = 50;
const NEVER_ABORTED = new AbortController().signal;

export interface SupervisorOptions {
	readonly id: string;
	readonly namespace: string;
	readonly numCpus: number;
	/** As many workers as there may be. */
	readonly mostWorkers: number;
	/** As many more than CPUs for those that block. */
	readonly spareWorkers: number;
	readonly kinds: Kinds;
	readonly board: Board;
	readonly data: WorkersOptions["data"];
	readonly ahead: WorkersOptions["ahead"];
	readonly logs: Logs;
	readonly service: Service;
	readonly substitutes: Substitutes;
	readonly shortage: Shortage;
	readonly onClosed: () => void;
}

export class Supervisor implements Role {
	readonly isWorker = false;
	readonly #options: SupervisorOptions;
	#engine: LocalEngine | undefined;
	#lostTasks: LostTasks | undefined;
	#workers: Workers | undefined;
	readonly #liveness = new Liveness();
	#stopping = false;
	/** As many workers of the runtime's own kind as are to be started by now. */
	#ownWorkers: number;
	#withdraw = () => {};
	/** In a row, by kind of worker. */
	readonly #failedStarts = new Map<number, number>();
	/** Since when the driver is blocked, and how often: a retry's rule may block again. */
	#blockedSince = 0;
	#blocks = 0;

	constructor(options: SupervisorOptions) {
		this.#options = options;
		this.#ownWorkers = Math.min(options.numCpus, options.ahead.count);
	}

	begin(engine: LocalEngine, submissions: Submissions): void {
		this.#engine = engine;
		this.#lostTasks = new LostTasks(engine, submissions);
		this.#workers = new Workers(engine.thread, {
			data: this.#options.data,
			ahead: this.#options.ahead,
			firstWorkers: this.#options.numCpus,
			onUp: ({ kind }) => this.#failedStarts.delete(kind),
			onForce: (tasks) => this.endWorkersOf(tasks),
			onShort: (kind) => this.#addWorker(kind),
			onKind: (kind, environment) => this.#wantKind(kind, environment),
			onStopped: (worker) => this.#stopped(worker),
			board: this.#options.board,
			logs: this.#options.logs,
			service: this.#options.service,
		});
		try {
			this.wantWorkers(0);
		} catch (error) {
			this.shutdownNow();
			throw error;
		}
		this.#withdraw = onLoopEmpty(() => {
			if (!this.#stopping) this.#liveness.stayWhileBusy(engine, this.#all.all);
		});
		engine.mailbox.listen(() => this.#liveness.letGoWhenIdle(engine));
		nextTurn(() => this.#startOthers());
	}

	/** Those for which no thread waits: the program submits its first tasks meanwhile, and the first workers get to them sooner. */
	#startOthers(): void {
		if (this.#ownWorkers === this.#options.numCpus) return;
		this.#ownWorkers = this.#options.numCpus;
		try {
			this.wantWorkers(0);
		} catch (error) {
			this.#giveUp(0, error);
		}
	}

	get #all(): Workers {
		return this.#workers as Workers;
	}

	get #lost(): LostTasks {
		return this.#lostTasks as LostTasks;
	}

	/** There are to be as many workers of a kind as CPUs, and one for each that blocks. */
	wantWorkers(kind: number): void {
		if (this.#stopping || this.#options.substitutes.has(kind)) return;
		const spare = Math.min(this.#options.board.blocked, this.#options.spareWorkers);
		const environment = this.#options.kinds.environments.get(kind);
		const wanted = kind === 0 ? this.#ownWorkers : this.#options.numCpus;
		for (let missing = wanted + spare - this.#all.countOf(kind); missing > 0; missing--) {
			// Other kinds may need one yet.
			if (this.#all.count >= this.#options.mostWorkers - MOST_KINDS && this.#all.countOf(kind) > 0) break;
			this.#all.start(kind, environment);
		}
	}

	/** One more, though none is blocked. */
	#addWorker(kind: number): void {
		if (this.#stopping || this.#options.substitutes.has(kind)) return;
		const { numCpus, spareWorkers, mostWorkers, kinds, shortage } = this.#options;
		const count = this.#all.countOf(kind);
		if (count < numCpus + 2 * spareWorkers && this.#all.count < mostWorkers - MOST_KINDS) {
			this.#all.start(kind, kinds.environments.get(kind));
		} else {
			shortage.note(kind, this.#engine as LocalEngine, count);
		}
	}

	/** A task submits others with an environment of their own. */
	#wantKind(kind: number, environment: RuntimeEnv | undefined): void {
		if (this.#stopping) return;
		this.#options.kinds.learn(kind, environment);
		try {
			this.wantWorkers(kind);
		} catch (error) {
			// Its call has returned, so it cannot be told.
			this.#giveUp(kind, error);
		}
	}

	// ── ends of workers ──

	#stopped(worker: Worker): void {
		this.#options.logs.end(worker.index);
		if (this.#engine?.alive !== true) return;
		// What the worker wrote through a view can be seen only as long as its pins hold the object.
		if (!this.#stopping) this.#engine.audit?.changed(this.#engine.objectEntries());
		if (!this.#all.recover(worker)) {
			this.#poisoned(worker);
			return;
		}
		this.#lost.crash = { workerId: worker.index, cause: worker.cause };
		this.#engine.mailbox.drain();
		this.#lost.crash = undefined;
		if (this.#stopping) return;
		const { kind } = worker;
		// One that was ended on purpose might have started well.
		const failed = !worker.up && !worker.ending ? (this.#failedStarts.get(kind) ?? 0) + 1 : 0;
		if (failed > 0) this.#failedStarts.set(kind, failed);
		if (failed >= MOST_FAILED_STARTS) this.#giveUp(kind, worker.cause);
		else this.wantWorkers(kind);
	}

	#poisoned(worker: Worker): void {
		const error = new RuntimeShutdownError(
			`Worker ${worker.index} was lost inside the core, so nothing in the object store can be trusted. Start another runtime.`,
			{ cause: worker.cause },
		);
		this.#end(error, true);
	}

	/** Workers of this kind do not start: their tasks fail, or, if they are those that every task may need, the runtime ends. */
	#giveUp(kind: number, cause: unknown): void {
		if (this.#options.substitutes.has(kind)) return;
		const environment = JSON.stringify(this.#options.kinds.environments.get(kind) ?? {});
		const why = `Workers do not start (runtimeEnv ${environment}): ${describeCause(cause)}`;
		if (kind === 0) {
			this.#end(new RayError(why, { cause }), true);
			return;
		}
		for (const worker of this.#all.all) {
			if (worker.kind === kind && !worker.up) void this.#all.end(worker, "others of its kind do not start");
		}
		try {
			this.#options.substitutes.add(kind, this.#engine as LocalEngine, why, cause);
		} catch (error) {
			this.#end(
				new RayError(`${why} Nor is there room to refuse their tasks: ${describeCause(error)}`, { cause }),
				true,
			);
		}
	}

	/** At once, by itself: there is nobody to wait for. */
	#end(error: Error, failed = false): void {
		this.#close(error, failed);
		for (const worker of this.#all.all) this.#all.endNow(worker);
		this.#options.logs.close();
	}

	lost(task: number, generation: number, token: number): void {
		this.#lost.decide(task, generation, token, !this.#stopping);
	}

	endWorkersOf(tasks: readonly TaskPlace[]): void {
		const { thread } = this.#engine as LocalEngine;
		for (const { task, generation } of tasks) {
			const current = Atomics.load(thread.views.i32, (thread.taskAt(task) + TASK_ENTRY_GENERATION) >> 2);
			const worker = current === generation ? this.#all.at(this.#runnerOf(task)) : undefined;
			if (worker === undefined) continue;
			this.#lost.force(task, generation);
			void this.#all.end(worker, "its task was cancelled by force");
		}
	}

	/** The slot of the thread that runs a task, -1 if none does. */
	#runnerOf(task: number): number {
		const { thread } = this.#engine as LocalEngine;
		return (Atomics.load(thread.views.i32, thread.taskAt(task) >> 2) >>> 8) - 1;
	}

	killWorker(index: number): Promise<void> {
		const worker = this.#all.at(index);
		if (worker === undefined) throw new RangeError(`There is no worker ${index}.`);
		return this.#all.end(worker, "it was killed by a test");
	}

	runnerOf(task: number): number {
		return this.#runnerOf(task);
	}

	/** Ends all workers, and starts no others. */
	async endWorkers(): Promise<void> {
		this.#stopping = true;
		await Promise.all(this.#all.all.map((worker) => this.#all.end(worker, "its test is over")));
	}

	get workers(): readonly Worker[] {
		return this.#all.all;
	}

	// ── what a role does ──

	context(): RuntimeContext {
		return {
			runtimeId: this.#options.id,
			nodeId: this.#options.id,
			workerId: (this.#engine as LocalEngine).thread.index,
			namespace: this.#options.namespace,
			assignedResources: {},
			assignedGpuIds: [],
			signal: NEVER_ABORTED,
		};
	}

	origin(): { parent: number; parentGeneration: number } {
		return NO_PARENT;
	}

	enterWait(): undefined {
		return undefined;
	}

	leaveWait(_wait: unknown, go: () => void): void {
		go();
	}

	wantThread(): void {}
	mayBlock(): void {}

	beforeBlocking(): void {
		if (this.#blocks++ === 0) this.#blockedSince = performance.now();
	}

	afterBlocking(): void {
		this.#blocks--;
	}

	parked = false;

	/** Not while messages are being read: what is recovered brings others. */
	drive(): number {
		this.beforeResults();
		// A driver that is not blocked hears by events, which tell more.
		if (this.#blocks === 0) return Number.POSITIVE_INFINITY;
		this.#startOthers();
		this.#all.recoverStopped();
		this.#options.substitutes.failReady();
		if (this.#all.stopThoseOutside()) return 0;
		const due = this.#blockedSince + SERVICE_AFTER;
		if (performance.now() < due) return due;
		this.#options.service.start();
		return Number.POSITIVE_INFINITY;
	}

	runner(): void {}

	showOutput(): void {
		this.#options.logs.drain();
	}

	beforeResults(): void {
		this.showOutput();
		this.#all.readNews();
		if (this.#options.board.blocked === 0) return;
		for (const kind of this.#options.kinds.environments.keys()) this.wantWorkers(kind);
	}

	// ── the end ──

	async shutdown(options: Required<ShutdownOptions>): Promise<void> {
		const engine = this.#engine as LocalEngine;
		if (!engine.alive) return;
		const deadline = performance.now() + options.timeout;
		if (!options.drain) this.#cancelQueued();
		if (engine.pendingTasks() > 0) await this.idleWithin(deadline - performance.now());
		this.#stopping = true;
		if (engine.alive && engine.pendingTasks() > 0) {
			this.#cancel(engine.unfinishedTasks());
			// One turn, for what ends at once.
			await this.idleWithin(0);
		}
		this.#options.logs.drain();
		this.#close(new RuntimeShutdownError("The runtime was shut down before this was ready."));
		await Promise.all(this.#all.all.map((worker) => this.#all.end(worker, "the runtime was shut down")));
		this.#options.logs.close();
	}

	/** Until no task is unfinished, or the time is over. */
	idleWithin(milliseconds: number): Promise<void> {
		return new Promise((resolve) => {
			const timer =
				milliseconds === Number.POSITIVE_INFINITY ? undefined : setTimeout(resolve, Math.max(0, milliseconds));
			(this.#engine as LocalEngine).whenIdle(() => {
				clearTimeout(timer);
				resolve();
			});
		});
	}

	/** What has been begun goes on, and what it submits from now on is part of it. */
	#cancelQueued(): void {
		const engine = this.#engine as LocalEngine;
		// What has failed and may run again is queued too, once that is decided.
		engine.mailbox.drain();
		this.#cancel(queuedTasks(engine.thread));
	}

	#cancel(tasks: readonly TaskPlace[]): void {
		const { calls } = (this.#engine as LocalEngine).thread;
		for (const { task, generation } of tasks) calls.cancel(task, generation, REASON_SHUTDOWN, 0);
	}

	shutdownNow(): void {
		if (this.#engine?.alive !== true) return;
		this.#end(new RuntimeShutdownError("The runtime was shut down before this was ready."));
	}

	#close(error: Error, failed = false): void {
		this.#stopping = true;
		this.#withdraw();
		(this.#engine as LocalEngine).reportUnread();
		(this.#engine as LocalEngine).close(error, failed);
		this.#options.substitutes.close();
		this.#options.service.close();
		this.#options.onClosed();
	}
}

const NO_PARENT = { parent: 0, parentGeneration: 0 };
