// What the core must do, in JavaScript that is meant to be obvious rather than fast: objects are kept while somebody holds
// them, tasks are searched instead of queued. The model is told each call's arguments and answer, and says what the answer
// should have been.
import * as layout from "../../../src/core/layout.ts";
import { named, type Ref } from "../support/core.ts";
import type { Note, Obj, Task, TaskClass, Thread, Word } from "./records.ts";

export const INLINE = layout.STATE_INLINE;
export const ERROR = layout.STATE_ERROR;
const SYSTEM_ERROR = INLINE | ERROR | layout.STATE_SYSTEM | (12 << layout.STATE_LENGTH_SHIFT);
const ALIAS = INLINE | ERROR | layout.STATE_ALIAS | (8 << layout.STATE_LENGTH_SHIFT);
const UNREAD_MOST = 1000;

export class Mismatch extends Error {}

/** A value on its way into an object. */
export interface Value {
	readonly flags: number;
	/** The first inline word, or the block. */
	readonly a: number;
	readonly size: number;
	/** What stands behind the block. */
	readonly references: readonly Ref[];
}

/** What the model reads of the memory, where the order of things within one call is the core's to choose. */
export interface Reader {
	/** The object whose value it has. */
	aliasOf(object: Ref): Ref | undefined;
	sequenceOf(task: number): number;
}

export class Model {
	step = 0;
	threads: Thread[] = [];
	readonly objects = new Map<number, Obj>();
	unread: Obj[] = [];
	unreadDropped = 0;
	readonly tasks = new Set<Task>();
	/** Ended, and still held by a message on its way; or held till the end of the call. */
	readonly ended = new Set<Task>();
	readonly classes: TaskClass[] = [];
	readonly total: number[] = Array(32).fill(0);
	readonly available: number[] = Array(32).fill(0);
	readonly gpus: number[] = [];
	resuming: Task[] = [];
	limit = 0xffffffff;
	#lastSequence = -1;
	readonly #reader: Reader;
	#due: Task[] = [];

	constructor(reader: Reader) {
		this.#reader = reader;
	}

	// ── Looking up ──

	/** The object, if somebody holds it. */
	find({ slot, generation }: Ref): Obj | undefined {
		const object = this.objects.get(slot >>> 0);
		return object?.generation === generation >>> 0 && object.unreadSince === 0 ? object : undefined;
	}

	held(thread: Thread, ref: Ref): Obj | undefined {
		const object = this.find(ref);
		return object !== undefined && thread.words.has(object) ? object : undefined;
	}

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

	expect(what: string, actual: unknown, wanted: unknown): void {
		if (!Object.is(actual, wanted)) {
			const show = (value: unknown) => (typeof value === "number" ? named(value) : JSON.stringify(value));
			throw new Mismatch(`${what}: the core says ${show(actual)}, it should be ${show(wanted)}`);
		}
	}

	/**
	 * Whether an object leads to one of these, now or when its task has failed: a value that refers to it would make a circle,
	 * which counting references cannot free.
	 */
	leadsTo(from: Obj, targets: readonly Obj[], seen = new Set<Obj>()): boolean {
		if (targets.includes(from)) return true;
		if (seen.has(from)) return false;
		seen.add(from);
		const next = [...from.references, ...(from.stream?.items ?? [])];
		if (from.alias !== undefined) next.push(from.alias);
		for (const task of this.tasks) if (task.results.includes(from)) next.push(...task.references);
		return next.some((one) => this.leadsTo(one, targets, seen));
	}

	// ── Who holds what ──

	holders(): Map<Obj, number> {
		const counts = new Map<Obj, number>();
		const add = (object: Obj | undefined) => {
			if (object !== undefined) counts.set(object, (counts.get(object) ?? 0) + 1);
		};
		for (const thread of this.threads) for (const object of thread.words.keys()) add(object);
		for (const tasks of [this.tasks, this.ended]) {
			for (const task of tasks) {
				for (const object of [task.code, task.verdict, ...task.references, ...task.results]) add(object);
			}
		}
		for (const object of this.objects.values()) {
			for (const other of [object.alias, ...object.references, ...(object.stream?.items ?? [])]) add(other);
		}
		return counts;
	}

	/** What nobody holds goes; so does a generator whose stream nobody but it holds. Until nothing more goes. */
	sweep(): void {
		for (let again = true; again; ) {
			again = false;
			const counts = this.holders();
			for (const object of [...this.objects.values()]) {
				if (object.unreadSince !== 0) continue;
				const count = counts.get(object) ?? 0;
				if (count === 0) this.#goes(object);
				const task = object.stream?.task;
				const lonely = object.phase === "pending" && count === 1 && task?.cancel === 0;
				if (lonely) this.cancelOne(task, layout.REASON_CANCELLED, 0);
				again = again || count === 0 || lonely;
			}
		}
	}

	#goes(object: Obj): void {
		const owed = ERROR | layout.STATE_REPORT;
		if ((object.flags & (owed | layout.STATE_READ)) === owed) {
			if (this.unread.length < UNREAD_MOST) {
				object.unreadSince = this.step;
				this.unread.push(object);
				return;
			}
			this.unreadDropped++;
		}
		this.objects.delete(object.slot);
	}

	/** The end of a call: what sealing made due, then what nobody needs any more. */
	settleDue(): void {
		do {
			for (let task = this.#due.pop(); task !== undefined; task = this.#due.pop()) this.#arrived(task);
			for (const task of this.ended) {
				if (task.toRunner === undefined && !task.toDecider) this.ended.delete(task);
			}
			this.sweep();
		} while (this.#due.length > 0 || [...this.ended].some((task) => task.toRunner === undefined && !task.toDecider));
		this.#noteSequences();
	}

	/** Tasks that became ready in this call come after all that were ready before. */
	#noteSequences(): void {
		let last = this.#lastSequence;
		for (const task of this.tasks) {
			if (task.phase !== "ready" || task.sequence !== undefined) continue;
			task.sequence = this.#reader.sequenceOf(task.task);
			if (task.sequence <= this.#lastSequence) throw new Mismatch(`task ${task.task} became ready in an old order`);
			last = Math.max(last, task.sequence);
		}
		this.#lastSequence = last;
	}

	// ── Objects ──

	add(slot: number, generation: number, holder: Thread | undefined): Obj {
		const before = this.objects.get(slot);
		if (before !== undefined) throw new Mismatch(`slot ${slot} was given away again, though it is in use`);
		const object: Obj = {
			slot,
			generation,
			phase: "pending",
			flags: 0,
			value: 0,
			alias: undefined,
			references: [],
			payload: false,
			watchers: new Map(),
			stream: undefined,
			unreadSince: 0,
		};
		this.objects.set(slot, object);
		if (holder !== undefined) holder.words.set(object, { count: 1, pins: 0, watch: false });
		return object;
	}

	/** What a value refers to, or why the thread may not give it. */
	check(thread: Thread, { flags, a, size, references }: Value): Obj[] | number {
		if ((flags & ~layout.STATE_HOST_MASK) !== 0) return layout.STATUS_INVALID;
		if ((flags & INLINE) !== 0) return flags >>> layout.STATE_LENGTH_SHIFT <= 16 ? [] : layout.STATUS_INVALID;
		return this.checkReferences(thread, a, size, references);
	}

	/** The objects that references behind a block in hand name, if all of them can be held. */
	checkReferences(thread: Thread, address: number, size: number, references: readonly Ref[]): Obj[] | number {
		const block = thread.blocks.find((one) => one.address === address >>> 0);
		if (block === undefined) return layout.STATUS_INVALID;
		const behind = references.length > 0 ? Math.ceil(size / 8) * 8 : size;
		if (behind + references.length * 8 > block.room) return layout.STATUS_INVALID;
		const found = references.map((ref) => this.find(ref)).filter((one) => one !== undefined);
		return found.length === references.length ? found : layout.STATUS_STALE;
	}

	takeBlock(thread: Thread, address: number): void {
		thread.blocks = thread.blocks.filter((block) => block.address !== address >>> 0);
	}

	/** Gives an object its value. The block has left the hand. */
	write(object: Obj, { flags, a }: Value, references: readonly Obj[]): void {
		object.phase = "sealed";
		object.flags = (object.flags & (layout.STATE_STREAM | layout.STATE_READ | layout.STATE_BLOCKS)) | flags;
		object.payload = (flags & INLINE) === 0;
		object.value = a >>> 0;
		object.references = [...references];
	}

	seal(object: Obj, value: Value, references: readonly Obj[]): boolean {
		if (object.phase !== "pending") return false;
		this.write(object, value, references);
		this.#tell(object);
		return true;
	}

	sealReason(object: Obj, reason: number): void {
		this.seal(object, { flags: SYSTEM_ERROR, a: reason, size: 0, references: [] }, []);
	}

	sealAlias(object: Obj, failures: readonly Obj[]): void {
		if (object.phase !== "pending") return;
		const targets = failures.map((failure) => failure.alias ?? failure);
		const actual = this.#reader.aliasOf(object);
		const target = targets.find(({ slot, generation }) => slot === actual?.slot && generation === actual.generation);
		object.phase = "sealed";
		object.flags = (object.flags & (layout.STATE_STREAM | layout.STATE_READ | layout.STATE_BLOCKS)) | ALIAS;
		object.alias = target ?? targets[0];
		this.#tell(object);
	}

	/** The object is sealed or freed: watchers get their message, tasks miss one argument less. */
	#tell(object: Obj): void {
		for (const [thread, token] of object.watchers)
			this.push(thread, { kind: "sealed", step: this.step, object, token });
		object.watchers.clear();
		const failed = (object.flags & ERROR) !== 0 || object.phase === "freed";
		for (const task of this.tasks) {
			if (!task.missing.includes(object)) continue;
			task.missing = task.missing.filter((one) => one !== object);
			if (failed) task.failures.push(object);
			if (failed || task.missing.length === 0) this.#due.push(task);
		}
	}

	free(object: Obj): void {
		if (object.phase === "freed") return;
		if (object.phase === "pending") {
			object.phase = "freed";
			object.flags = (object.flags & (layout.STATE_STREAM | layout.STATE_READ | layout.STATE_BLOCKS)) | SYSTEM_ERROR;
			object.value = layout.REASON_FREED;
			this.#tell(object);
			return;
		}
		object.phase = "freed";
		object.flags |= layout.STATE_READ;
		if (this.pinsOf(object) === 0) this.dropPayload(object);
	}

	pinsOf(object: Obj): number {
		return this.threads.filter((thread) => (thread.words.get(object)?.pins ?? 0) > 0).length;
	}

	dropPayload(object: Obj): void {
		object.payload = false;
		object.references = [];
	}

	/** A thread's word changed: with nothing in it the thread holds the object no more. */
	changed(thread: Thread, object: Obj, word: Word): void {
		if (word.count === 0 && word.pins === 0 && !word.watch) thread.words.delete(object);
	}

	/** The last pin of a freed payload lets it go. */
	unpinned(object: Obj): void {
		if (object.phase === "freed" && object.payload && this.pinsOf(object) === 0) this.dropPayload(object);
	}

	release(thread: Thread, object: Obj): boolean {
		const word = thread.words.get(object);
		if (word === undefined || word.count === 0) return false;
		word.count--;
		this.changed(thread, object, word);
		return true;
	}

	// ── Messages ──

	push(thread: Thread, note: Note): boolean {
		if (thread.state === "gone") return false;
		thread.inbox.push(note);
		return true;
	}

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
		} else if (task.missing.length === 0) {
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

	cancelOne(task: Task, reason: number, options: number): void {
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
