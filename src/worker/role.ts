/** What a worker does differently from the driver. */
import { RESOURCE_MEMORY, STATE_BLOCKS, STATUS_OK } from "../core/layout.ts";
import type { Board, WorkerMessage } from "../engine/local/board.ts";
import { wakeThread } from "../engine/local/board.ts";
import { findBehind } from "../engine/local/chains.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import type { TaskPlace } from "../engine/local/producer.ts";
import type { Role } from "../engine/local/role.ts";
import type { ObjectRef } from "../engine/ref.ts";
import { RayError } from "../errors.ts";
import type { RuntimeContext } from "../types.ts";
import type { Loop } from "./loop.ts";
import type { RunningTask } from "./running.ts";
import { currentTask } from "./scope.ts";
import { nameBlocked } from "./waiting.ts";

const OUTSIDE = new AbortController().signal;

/** Of what the driver gives a worker. */
export interface RoleData {
	readonly id: string;
	readonly namespace: string;
	readonly driver: number;
	readonly resources: { readonly names: readonly string[] };
	/** As many threads are started for those that block. */
	readonly spareWorkers: number;
}

export class WorkerRole implements Role {
	readonly isWorker = true;
	readonly #board: Board;
	readonly #data: RoleData;
	readonly #tellDriver: (message: WorkerMessage) => void;
	/** Waits that block this thread; one may be inside of another. */
	#blocks = 0;
	engine: LocalEngine | undefined;
	loop: Loop | undefined;

	constructor(board: Board, data: RoleData, tellDriver: (message: WorkerMessage) => void) {
		this.#tellDriver = tellDriver;
		this.#board = board;
		this.#data = data;
	}

	get thread() {
		return (this.engine as LocalEngine).thread;
	}

	context(): RuntimeContext {
		const task = currentTask();
		return {
			runtimeId: this.#data.id,
			nodeId: this.#data.id,
			workerId: this.thread.index,
			namespace: this.#data.namespace,
			...(task && { taskId: task.id, taskName: task.name, attempt: task.attempt }),
			assignedResources: task ? this.#named(task.resources) : {},
			assignedGpuIds: task ? task.gpus : [],
			get signal() {
				return task ? task.signal : OUTSIDE;
			},
		};
	}

	#named(resources: [number, number][]): Record<string, number> {
		return Object.fromEntries(
			resources.map(([resource, amount]) => [
				this.#data.resources.names[resource],
				resource === RESOURCE_MEMORY ? amount * 2 ** 20 : amount / 10_000,
			]),
		);
	}

	origin(): { parent: number; parentGeneration: number } {
		const task = currentTask();
		return { parent: task?.task ?? 0, parentGeneration: task?.generation ?? 0 };
	}

	enterWait(): unknown {
		const task = currentTask();
		task?.cpu.enterWait();
		return task;
	}

	leaveWait(wait: unknown, go: () => void): void {
		(wait as RunningTask).cpu.leaveWait(go);
	}

	// ── blocking ──

	get parked(): boolean {
		return (this.loop as Loop).parked;
	}

	set parked(parked: boolean) {
		(this.loop as Loop).parked = parked;
	}

	mayBlock(refs: readonly ObjectRef[]): void {
		const task = currentTask();
		const { spareWorkers } = this.#data;
		if (this.#board.blocked >= spareWorkers) {
			throw new RayError(
				`getSync() in task ${task?.name ?? ""}: ${spareWorkers} tasks already block their threads by getSync(), ` +
					`each waiting for another, and no more threads are started for them. Waiting: ${nameBlocked(this.engine as LocalEngine, task?.task ?? 0)}. ` +
					"Await get() instead: that blocks none.",
			);
		}
		const { unfinished } = this.loop as Loop;
		const engine = this.engine as LocalEngine;
		const behind =
			unfinished.size > 0 ? findBehind(this.thread, engine.unfinishedTasks(), refs, unfinished) : undefined;
		if (behind !== undefined) {
			throw new RayError(
				`getSync() in task ${task?.name ?? ""} would never end: it waits for task ${behind.name} (${behind.id}), ` +
					"which has to go on on this very thread. Await get() instead: that blocks none.",
			);
		}
		if (task !== undefined) this.#markBlocking(task);
	}

	/** From now on workers with suspended tasks, which then could not go on, take none of this function. */
	#markBlocking({ code, codeGeneration }: RunningTask): void {
		const { thread } = this;
		if (thread.stateOf(code) & STATE_BLOCKS || thread.calls.retain(code, codeGeneration) !== STATUS_OK) return;
		thread.calls.markBlocking(code, codeGeneration);
		thread.calls.release(code, codeGeneration);
	}

	wantThread(): void {
		this.#tellDriver(["thread"]);
	}

	beforeBlocking(suspended: boolean): void {
		this.#board.beginBlocking(this.thread.index);
		wakeThread(this.thread, this.#data.driver);
		if (this.#blocks++ > 0) return;
		const blocking = suspended ? currentTask() : undefined;
		for (const task of (this.loop as Loop).unfinished.values()) task.cpu.threadBlocks(task === blocking);
	}

	afterBlocking(): void {
		this.#board.endBlocking(this.thread.index);
		if (--this.#blocks > 0) return;
		for (const task of (this.loop as Loop).unfinished.values()) task.cpu.threadGoesOn();
	}

	drive(): number {
		return Number.POSITIVE_INFINITY;
	}

	runner(task: number, generation: number, bits: number): void {
		(this.loop as Loop).tell(task, generation, bits);
	}

	lost(): void {}

	beforeResults(): void {}

	showOutput(): void {}

	/** Workers are the driver's. While it blocks, the worker goes on. */
	endWorkersOf(tasks: readonly TaskPlace[]): void {
		this.#tellDriver(["force", tasks]);
	}

	async shutdown(): Promise<void> {
		throw new RayError("shutdown() inside a task: only the program that called init() may shut the runtime down.");
	}

	shutdownNow(): void {
		throw new RayError("shutdownNow() inside a task: only the program that called init() may shut the runtime down.");
	}
}
