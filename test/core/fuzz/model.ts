// What the core must do, in JavaScript that is meant to be obvious rather than fast: objects are kept while somebody holds
// them, tasks are searched instead of queued. The model is told each call's arguments and answer, and says what the answer
// should have been.
import * as layout from "../../../src/core/layout.ts";
import { Mismatch, ObjectModel, type Value } from "./object-model.ts";
import type { Obj, Task, TaskClass, Thread } from "./records.ts";

export class Model extends ObjectModel {
	readonly classes: TaskClass[] = [];
	readonly total: number[] = Array(32).fill(0);
	readonly available: number[] = Array(32).fill(0);
	readonly gpus: number[] = [];
	resuming: Task[] = [];
	limit = 0xffffffff;
	#lastSequence = -1;

	findTask(task: number, generation: number): Task | undefined {
		for (const one of this.tasks) if (one.task === task >>> 0 && one.generation === generation >>> 0) return one;
		return undefined;
	}

	/** A task that the thread runs or decides about. */
	mine(thread: Thread, task: number, generation: number): Task | undefined {
		const found = this.findTask(task, generation);
		return found?.owner === thread ? found : undefined;
	}

	running(thread: Thread, task: number, generation: number): Task | undefined {
		const found = this.mine(thread, task, generation);
		return found !== undefined && found.phase !== "deciding" && found.phase !== "lost" ? found : undefined;
	}

	/** The end of a call: what sealing made due, then what nobody needs any more. */
	settleDue(): void {
		do {
			for (let task = this.due.pop(); task !== undefined; task = this.due.pop()) this.#arrived(task);
			for (const task of this.ended) {
				if (task.toRunner === undefined && !task.toDecider) this.ended.delete(task);
			}
			this.sweep();
		} while (this.due.length > 0 || [...this.ended].some((task) => task.toRunner === undefined && !task.toDecider));
		this.#noteSequences();
	}

	/** Tasks that became ready in this call come after all that were ready before. */
	#noteSequences(): void {
		let last = this.#lastSequence;
		for (const task of this.tasks) {
			if (task.phase !== "ready" || task.sequence !== undefined) continue;
			task.sequence = this.reader.sequenceOf(task.task);
			if (task.sequence <= this.#lastSequence) throw new Mismatch(`task ${task.task} became ready in an old order`);
			last = Math.max(last, task.sequence);
		}
		this.#lastSequence = last;
	}

	// ── Messages ──

	tellRunner(task: Task, bits: number): void {
		if (task.toRunner !== undefined) {
			task.toRunner |= bits;
			return;
		}
		const owner = task.owner as Thread;
		if (this.push(owner, { kind: "runner", step: this.step, task })) task.toRunner = bits;
	}

	#recall(task: Task, thread: Thread): void {
		if (task.toRunner === undefined) return;
		thread.inbox = thread.inbox.filter((note) => note.kind !== "runner" || note.task !== task);
		task.toRunner = undefined;
	}

	// ── Tasks ──

	#arrived(task: Task): void {
		if (task.phase !== "waiting") return;
		if (task.failures.length > 0) {
			this.endTask(task);
			for (const result of task.results) this.sealAlias(result, task.failures);
		} else if (isComplete(task)) {
			task.phase = "ready";
		}
	}

	classOf(task: Task): TaskClass {
		return this.classes[task.resourceClass];
	}

	cpuOf(task: Task): number {
		return this.classOf(task).needs.find(([resource]) => resource === layout.RESOURCE_CPU)?.[1] ?? 0;
	}

	suspendedOf(thread: Thread): number {
		return [...thread.hand].filter(({ phase }) => phase === "suspended" || phase === "resuming").length;
	}

	/** The GPUs that would be given: whole free ones, or of a fraction the fullest that has room. */
	chooseGpus(amount: number): number[] | undefined {
		const unit = layout.RESOURCE_UNIT;
		const indices = this.gpus.map((_, index) => index);
		if (amount >= unit) {
			const whole = indices.filter((index) => this.gpus[index] === unit).slice(0, amount / unit);
			return whole.length === amount / unit ? whole : undefined;
		}
		const fitting = indices.filter((index) => this.gpus[index] >= amount);
		fitting.sort((one, other) => this.gpus[one] - this.gpus[other] || one - other);
		return fitting.length > 0 ? fitting.slice(0, 1) : undefined;
	}

	#fits(task: Task): boolean {
		return this.classOf(task).needs.every(
			([resource, amount]) =>
				this.available[resource] >= amount &&
				(resource !== layout.RESOURCE_GPU || this.chooseGpus(amount) !== undefined),
		);
	}

	/** Whether the worker may take the task, if there is enough of what it needs. */
	#mayTake(thread: Thread, task: Task): boolean {
		if (task.phase !== "ready" || this.classOf(task).kind !== thread.kind) return false;
		return this.suspendedOf(thread) === 0 || (task.code.flags & layout.STATE_BLOCKS) === 0;
	}

	#mayRun(task: Task): boolean {
		return this.#fits(task) && (this.resuming.length === 0 || this.cpuOf(task) === 0);
	}

	/** The highest priority, and within it the oldest. */
	best(thread: Thread): Task | undefined {
		if (!thread.worker) return undefined;
		const tasks = [...this.tasks].filter((task) => this.#mayTake(thread, task) && this.#mayRun(task));
		const order = (one: Task, other: Task) => (one.sequence as number) - (other.sequence as number);
		return tasks.sort((one, other) => other.priority - one.priority || order(one, other))[0];
	}

	take(thread: Thread): Task | undefined {
		const task = this.best(thread);
		if (task === undefined) return undefined;
		for (const [resource, amount] of this.classOf(task).needs) {
			if (resource === layout.RESOURCE_GPU) this.#takeGpus(task, amount);
			this.available[resource] -= amount;
		}
		task.phase = "running";
		task.attempt++;
		task.produced = 0;
		task.started = false;
		this.#join(task, thread);
		return task;
	}

	#takeGpus(task: Task, amount: number): void {
		task.gpus = this.chooseGpus(amount) as number[];
		for (const index of task.gpus) this.gpus[index] -= Math.min(amount, layout.RESOURCE_UNIT);
	}

	#join(task: Task, thread: Thread): void {
		task.owner = thread;
		thread.hand.add(task);
	}

	/** The task is nobody's any more; its resources are free. */
	#leave(task: Task): void {
		const { phase, owner } = task;
		this.resuming = this.resuming.filter((one) => one !== task);
		owner?.hand.delete(task);
		task.owner = undefined;
		if (phase !== "running" && phase !== "suspended" && phase !== "resuming") return;
		for (const [resource, amount] of this.classOf(task).needs) {
			if (resource === layout.RESOURCE_CPU && phase !== "running") continue;
			this.available[resource] += amount;
			if (resource === layout.RESOURCE_GPU) {
				for (const index of task.gpus) this.gpus[index] += Math.min(amount, layout.RESOURCE_UNIT);
			}
		}
		task.gpus = [];
	}

	endTask(task: Task): void {
		this.#leave(task);
		task.phase = "ended";
		this.tasks.delete(task);
		this.ended.add(task);
		this.tellRoom();
	}

	failFor(task: Task, reason: number): void {
		if (task.verdict !== undefined) task.verdict.flags |= layout.STATE_READ;
		for (const result of task.results) this.sealReason(result, reason);
	}

	/** The first open result gets the value; of several the others fail with it. False: nobody got it. */
	settleResults(task: Task, value: Value, references: readonly Obj[]): boolean {
		const first = task.results.findIndex((result) => this.seal(result, value, references));
		if (first < 0) return false;
		for (const result of task.results.slice(first + 1)) this.sealAlias(result, [task.results[first]]);
		return true;
	}

	override cancelOne(task: Task, reason: number, options: number): void {
		const { phase } = task;
		task.cancel = reason;
		const ends = phase === "waiting" || phase === "ready" || phase === "deciding" || phase === "lost";
		if (ends) this.endTask(task);
		else this.tellRunner(task, layout.RUNNER_BIT_CANCEL);
		if (ends || (options & 2) !== 0) this.failFor(task, reason);
	}

	cancel(task: Task, reason: number, options: number): void {
		const found = new Set<Task>();
		if ((options & 1) !== 0) {
			task.tree = true;
			const search = (parent: Task) => {
				for (const child of this.tasks) {
					if (child.parent !== parent || child.tree) continue;
					child.tree = true;
					child.cancel = reason;
					found.add(child);
					search(child);
				}
			};
			// A tree found before may have got children since only if those were cancelled when they came.
			search(task);
		}
		this.cancelOne(task, reason, options);
		for (const child of found) this.cancelOne(child, reason, options);
	}

	/** CPUs go first to those that want theirs back. */
	grant(): void {
		for (let task = this.resuming[0]; task !== undefined; task = this.resuming[0]) {
			if (this.available[layout.RESOURCE_CPU] < this.cpuOf(task)) return;
			this.resuming.shift();
			this.goOn(task);
			this.tellRunner(task, layout.RUNNER_BIT_RESUME);
		}
	}

	goOn(task: Task): void {
		this.available[layout.RESOURCE_CPU] -= this.cpuOf(task);
		task.phase = "running";
	}

	/** After a task's end: what it has completed is ready before the thread takes its next. */
	takeAfterEnd(thread: Thread): Task | undefined {
		for (const task of this.due) if (isComplete(task)) task.phase = "ready";
		this.#noteSequences();
		return this.takeNext(thread);
	}

	takeNext(thread: Thread): Task | undefined {
		this.grant();
		return this.take(thread);
	}

	putBack(task: Task, thread: Thread): void {
		this.#leave(task);
		this.#recall(task, thread);
		task.phase = "ready";
		task.attempt--;
	}

	decideBy(task: Task, thread: Thread, phase: "deciding" | "lost"): void {
		task.phase = phase;
		this.#join(task, thread);
		if (task.toDecider) return;
		task.toDecider = this.push(thread, { kind: "decider", step: this.step, task });
	}

	ask(task: Task, verdict: Obj): Task | undefined {
		const runner = task.owner as Thread;
		task.verdict = verdict;
		const asked = task.cancel === 0 && task.submitter.state !== "gone";
		if (asked) {
			this.#leave(task);
			this.#recall(task, runner);
			this.decideBy(task, task.submitter, "deciding");
		} else {
			this.endTask(task);
		}
		const next = this.takeNext(runner);
		if (!asked) {
			if (task.cancel !== 0) this.failFor(task, task.cancel);
			else for (const result of task.results) this.sealAlias(result, [verdict]);
		}
		return next;
	}

	retry(task: Task): void {
		if (task.verdict !== undefined) task.verdict.flags |= layout.STATE_READ;
		task.verdict = undefined;
		this.#leave(task);
		if (task.retries > 0) task.retries--;
		task.phase = "ready";
		task.sequence = undefined;
	}

	// ── Room ──

	hasRoomFor(count: number): boolean {
		return count > this.limit ? this.tasks.size === 0 : this.tasks.size <= this.limit - count;
	}

	tellRoom(): void {
		for (const thread of this.threads) {
			if (thread.roomWanted === 0 || !this.hasRoomFor(thread.roomWanted)) continue;
			thread.roomWanted = 0;
			if (thread.roomQueued) continue;
			thread.roomQueued = this.push(thread, { kind: "room", step: this.step });
		}
	}

	// ── Recovery ──

	recover(dead: Thread, by: Thread): void {
		dead.state = "gone";
		for (const { kind, task } of dead.inbox) {
			if (task === undefined) continue;
			if (kind === "runner") task.toRunner = undefined;
			else task.toDecider = false;
		}
		dead.inbox = [];
		dead.delivered = [];
		dead.roomWanted = 0;
		for (let task = lastOf(dead.hand); task !== undefined; task = lastOf(dead.hand)) {
			this.#recoverTask(task, by);
			this.grant();
		}
		const words = [...dead.words.keys()].sort((one, other) => one.slot - other.slot);
		for (const object of words) {
			object.watchers.delete(dead);
			dead.words.delete(object);
			this.unpinned(object);
		}
		dead.blocks = [];
		this.threads = this.threads.filter((thread) => thread !== dead);
	}

	#recoverTask(task: Task, by: Thread): void {
		const { phase, cancel, verdict } = task;
		if (cancel !== 0) {
			this.endTask(task);
			this.failFor(task, cancel);
		} else if (phase === "deciding") {
			this.endTask(task);
			for (const result of task.results) this.sealAlias(result, [verdict as Obj]);
		} else if (phase === "running" && !task.started) {
			this.#leave(task);
			task.phase = "ready";
			task.attempt--;
		} else {
			this.#leave(task);
			this.decideBy(task, by, "lost");
		}
	}
}

/** A hand's newest task stands first in the core's list. */
function lastOf(hand: ReadonlySet<Task>): Task | undefined {
	return [...hand].at(-1);
}

function isComplete({ phase, failures, missing }: Task): boolean {
	return phase === "waiting" && failures.length === 0 && missing.length === 0;
}
