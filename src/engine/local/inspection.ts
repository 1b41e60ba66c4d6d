/** What a test sees of this machine's engine, and the faults it may cause. */
import {
	STATUS_OK,
	TASK_ENTRY_GENERATION,
	TASK_ENTRY_PARENT,
	TASK_ENTRY_PARENT_GENERATION,
	TASK_ENTRY_STARTED,
	TASK_ENTRY_STATE,
	TASK_PHASE_ENDED,
	TASK_PHASE_LOST,
	TASK_PHASE_READY,
	TASK_PHASE_RESUMING,
	TASK_PHASE_RUNNING,
	TASK_PHASE_SUSPENDED,
	TASK_PHASE_VACANT,
	TASK_PHASE_WAITING,
} from "../../core/layout.ts";
import { collectGarbage } from "../../platform/collect.ts";
import { yieldToEventLoop } from "../../platform/yield.ts";
import type { Inspection } from "../inspection.ts";
import type { ObjectRef } from "../ref.ts";
import type { Traced } from "./audit.ts";
import type { LocalEngine } from "./engine.ts";
import { idOf } from "./ids.ts";
import type { Maker } from "./makers.ts";
import { functionName } from "./names.ts";
import { isRunning } from "./producer.ts";
import { throwStatus } from "./status.ts";
import type { Supervisor } from "./supervisor.ts";

/** Finalizers of what one collection found may make more unreachable. */
const MOST_COLLECTIONS = 10;
/** Finalizers run a few turns of the event loop after a collection. */
const TURNS_AFTER_COLLECTION = 4;

interface Entry {
	readonly slot: number;
	readonly generation: number;
}

export class LocalInspection implements Inspection {
	readonly #engine: LocalEngine;
	readonly #supervisor: Supervisor;

	constructor(engine: LocalEngine, supervisor: Supervisor) {
		this.#engine = engine;
		this.#supervisor = supervisor;
	}

	unfinishedTasks(): string[] {
		return this.#engine
			.unfinishedTasks()
			.map(({ task, generation }) => this.#describeTask(task, generation))
			.filter((text) => text !== undefined);
	}

	pendingObjects(): string[] {
		return this.#engine
			.objectEntries()
			.filter(({ state }) => state.state === "PENDING")
			.map(({ state }) => `object ${state.objectId}`);
	}

	workers(): number[] {
		return this.#supervisor.workers.map((worker) => worker.index);
	}

	idle(milliseconds: number): Promise<void> {
		return this.#supervisor.idleWithin(milliseconds);
	}

	endWorkers(): Promise<void> {
		return this.#supervisor.endWorkers();
	}

	async objectsLeft(): Promise<string[]> {
		let left = this.#objectsOfPrograms();
		for (let round = 0; left.length > 0 && round < MOST_COLLECTIONS; round++) {
			// Without a way to collect nothing can be said about what is unreachable.
			if (!collectGarbage()) return [];
			for (let turn = 0; turn < TURNS_AFTER_COLLECTION; turn++) await yieldToEventLoop();
			this.#engine.mailbox.drain();
			left = this.#objectsOfPrograms();
		}
		this.#engine.audit?.noteUnread();
		return left.map(({ slot, generation, state }) => {
			const { state: phase, size, references, pinned } = state;
			const made = this.#engine.audit === undefined ? "" : this.#madeAt(this.#engine.audit.trace(slot, generation));
			const held = `${references} ${references === 1 ? "holder" : "holders"}${pinned ? ", viewed" : ""}`;
			return `object ${state.objectId} (${phase}, ${size} bytes, ${held})${made}`;
		});
	}

	/** All but those that describe functions, and what those hold. */
	#objectsOfPrograms() {
		const kept = new Map<number, number>();
		const functions = this.#engine.audit?.functions ?? new Map<number, number>();
		const queue: Entry[] = [...functions].map(([slot, generation]) => ({ slot, generation }));
		for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
			if (kept.get(next.slot) === next.generation || this.#engine.thread.generationOf(next.slot) !== next.generation)
				continue;
			kept.set(next.slot, next.generation);
			queue.push(...(this.#engine.audit?.nested(next.slot) ?? []));
		}
		return this.#engine.objectEntries().filter(({ slot, generation }) => kept.get(slot) !== generation);
	}

	changedObjects(): string[] {
		const changed = this.#engine.audit?.changed(this.#engine.objectEntries()) ?? [];
		return changed.map(
			(object) => `object ${idOf(this.#engine.id, "o", object.slot, object.generation)}${this.#madeAt(object)}`,
		);
	}

	#madeAt({ maker, origin }: Traced): string {
		const { audit } = this.#engine;
		if (audit?.makers === undefined) return "";
		const here = origin === undefined ? "" : ` here:\n${origin.stack}`;
		if (maker === undefined) {
			if (origin === undefined) return ", of which it is not known who made it";
			const { argumentsOf } = origin;
			return argumentsOf === undefined
				? `, made${here}`
				: `, the arguments of ${this.#nameTask(argumentsOf)}, submitted${here}`;
		}
		if (maker.parent === 0) return `, made on a worker outside of its tasks${here && `, and had${here}`}`;
		const made = `, made by ${this.#nameTask(maker)}`;
		const submitted = audit.tasks?.of(maker.parent, maker.parentGeneration)?.stack ?? "";
		if (origin !== undefined && origin.stack !== submitted) return `${made}, and had${here}`;
		return submitted === "" ? made : `${made}, submitted here:\n${submitted}`;
	}

	// ── tasks ──

	#describeTask(task: number, generation: number): string | undefined {
		const { thread, audit, id } = this.#engine;
		const at = thread.taskAt(task) >> 2;
		const { i32 } = thread.views;
		const state = Atomics.load(i32, at + (TASK_ENTRY_STATE >> 2));
		const origin = audit?.tasks?.of(task, generation);
		const name = origin?.name ?? functionName(thread, this.#engine.store, task);
		if (Atomics.load(i32, at + (TASK_ENTRY_GENERATION >> 2)) !== generation) return undefined;
		const parent = thread.views.u32[at + (TASK_ENTRY_PARENT >> 2)] as number;
		const parentGeneration = thread.views.u32[at + (TASK_ENTRY_PARENT_GENERATION >> 2)] as number;
		let submitted = parent === 0 ? "" : `, submitted by ${this.#nameTask({ parent, parentGeneration })}`;
		if (origin !== undefined && origin.stack !== "") submitted = `, submitted here:\n${origin.stack}`;
		return `task ${name} (${idOf(id, "t", task, generation)}), ${describePhase(state)}${submitted}`;
	}

	/** A task that may be over. */
	#nameTask({ parent: task, parentGeneration: generation }: Maker): string {
		const id = idOf(this.#engine.id, "t", task, generation);
		const { audit } = this.#engine;
		const name = audit?.tasks?.of(task, generation)?.name ?? audit?.makers?.nameOf(task, generation);
		return name === undefined ? `task ${id}` : `task ${name} (${id})`;
	}

	// ── faults ──

	async killWorker(workerId: number): Promise<void> {
		if (!this.workers().includes(workerId)) {
			throw new RangeError(`There is no worker ${workerId}. Workers just now: ${this.workers().join(", ") || "none"}.`);
		}
		await this.#supervisor.killWorker(workerId);
	}

	async killWorkerOf(ref: ObjectRef): Promise<void> {
		for (;;) {
			const { thread, id, alive } = this.#engine;
			const at = thread.taskAt(ref.task) >> 2;
			const phase = Atomics.load(thread.views.i32, at + (TASK_ENTRY_STATE >> 2)) & 0xff;
			const current = Atomics.load(thread.views.i32, at + (TASK_ENTRY_GENERATION >> 2)) === ref.taskGeneration;
			if (!alive || !current || phase === TASK_PHASE_VACANT || phase === TASK_PHASE_ENDED) {
				const task = idOf(id, "t", ref.task, ref.taskGeneration);
				throw new RangeError(`Task ${task} is over: no worker runs it any more.`);
			}
			const runner = this.#supervisor.runnerOf(ref.task);
			// One that was taken and not begun would only go back to the queue.
			const begun = Atomics.load(thread.views.i32, at + (TASK_ENTRY_STARTED >> 2)) !== 0;
			if (isRunning(phase) && begun && this.workers().includes(runner)) return this.#supervisor.killWorker(runner);
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
	}

	limitStore(bytes: number): void {
		const status = this.#engine.thread.calls.setCapacity(bytes, 2 ** 32 - 1);
		if (status !== STATUS_OK) throwStatus(status, `a limit of ${bytes} bytes`);
	}
}

function describePhase(state: number): string {
	const worker = `worker ${(state >>> 8) - 1}`;
	switch (state & 0xff) {
		case TASK_PHASE_WAITING:
			return "waiting for its arguments";
		case TASK_PHASE_READY:
			return "queued";
		case TASK_PHASE_RUNNING:
			return `running on ${worker}`;
		case TASK_PHASE_SUSPENDED:
		case TASK_PHASE_RESUMING:
			return `begun on ${worker}, waiting`;
		case TASK_PHASE_LOST:
			return "lost with its worker";
		default:
			return "being submitted or retried";
	}
}
