/** What a worker does differently from the driver. */
import { RESOURCE_MEMORY } from "../core/layout.ts";
import type { Board, WorkerMessage } from "../engine/local/board.ts";
import { MOST_SPARE_WORKERS, wakeThread } from "../engine/local/board.ts";
import type { LocalEngine, Role } from "../engine/local/engine.ts";
import { RayError } from "../errors.ts";
import type { RuntimeContext } from "../types.ts";
import type { Loop } from "./loop.ts";
import type { RunningTask } from "./running.ts";
import { currentTask } from "./scope.ts";

const OUTSIDE = new AbortController().signal;

export class WorkerRole implements Role {
	readonly isWorker = true;
	readonly #board: Board;
	readonly #driver: number;
	readonly #namespace: string;
	readonly #runtimeId: string;
	readonly #resourceNames: readonly string[];
	readonly #tellDriver: (message: WorkerMessage) => void;
	/** Tasks that block this thread, innermost last. */
	readonly #blocking: (RunningTask | undefined)[] = [];
	engine: LocalEngine | undefined;
	loop: Loop | undefined;

	constructor(
		board: Board,
		driver: number,
		runtimeId: string,
		namespace: string,
		resourceNames: readonly string[],
		tellDriver: (message: WorkerMessage) => void,
	) {
		this.#tellDriver = tellDriver;
		this.#resourceNames = resourceNames;
		this.#board = board;
		this.#driver = driver;
		this.#runtimeId = runtimeId;
		this.#namespace = namespace;
	}

	get #thread() {
		return (this.engine as LocalEngine).thread;
	}

	context(): RuntimeContext {
		const task = currentTask();
		return {
			runtimeId: this.#runtimeId,
			nodeId: this.#runtimeId,
			workerId: this.#thread.index,
			namespace: this.#namespace,
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
				this.#resourceNames[resource],
				resource === RESOURCE_MEMORY ? amount * 2 ** 20 : amount / 10_000,
			]),
		);
	}

	origin(): { parent: number; parentGeneration: number } {
		const task = currentTask();
		return { parent: task?.index ?? 0, parentGeneration: task?.generation ?? 0 };
	}

	enterWait(): unknown {
		const task = currentTask();
		task?.enterWait();
		return task;
	}

	leaveWait(wait: unknown, go: () => void): void {
		(wait as RunningTask).leaveWait(go);
	}

	block(): void {
		const task = currentTask();
		if (this.#board.blocked >= MOST_SPARE_WORKERS) {
			throw new RayError(
				`getSync() in task ${task?.name ?? ""}: ${MOST_SPARE_WORKERS} tasks already block their threads by getSync(), ` +
					"each waiting for another, and no more threads are started for them. Await get() instead: that blocks none.",
			);
		}
		this.#blocking.push(task?.block() ? task : undefined);
		this.#board.addBlocked(1);
		wakeThread(this.#thread, this.#driver);
	}

	unblock(): void {
		this.#board.addBlocked(-1);
		const task = this.#blocking.pop();
		if (task === undefined || task.unblock()) return;
		let back = false;
		this.#resuming.set(task.index, () => {
			back = true;
		});
		(this.engine as LocalEngine).mailbox.waitUntil(
			() => back,
			Number.POSITIVE_INFINITY,
			() => Number.POSITIVE_INFINITY,
		);
	}
	/** Tasks that block until their CPU is back. */
	readonly #resuming = new Map<number, () => void>();

	drive(): number {
		return Number.POSITIVE_INFINITY;
	}

	runner(task: number, _generation: number, bits: number): void {
		const back = this.#resuming.get(task);
		if (back !== undefined) {
			this.#resuming.delete(task);
			back();
		}
		this.loop?.tell(task, bits);
	}

	lost(): void {}

	beforeResults(): void {}

	/** Workers are the driver's. While it blocks, the worker goes on. */
	endWorkerOf(task: number, generation: number): boolean {
		this.#tellDriver(["force", task, generation]);
		return true;
	}

	async shutdown(): Promise<void> {
		throw new RayError("shutdown() inside a task: only the program that called init() may shut the runtime down.");
	}

	shutdownNow(): void {
		throw new RayError("shutdownNow() inside a task: only the program that called init() may shut the runtime down.");
	}
}
