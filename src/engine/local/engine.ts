/** Work on this machine's threads: the same code in the driver and in workers. What only the driver does is its supervisor's. */

import { STATE_ERROR } from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { RuntimeShutdownError } from "../../errors.ts";
import { nap, nextTurn, yieldToEventLoop } from "../../platform/yield.ts";
import type { GetOptions, ObjectState, RuntimeContext, ShutdownOptions, StoreStats } from "../../types.ts";
import type { EncodeHooks } from "../../values/hooks.ts";
import type { Root } from "../../values/path.ts";
import type { SerializerRegistry } from "../../values/registry.ts";
import type { Arrivals, Engine } from "../engine.ts";
import { RefGenerator } from "../generator.ts";
import type { Inspection } from "../inspection.ts";
import { isRef, type ObjectRef } from "../ref.ts";
import type { TaskSettings } from "../settings.ts";
import type { Audit } from "./audit.ts";
import { Blocking } from "./blocking.ts";
import { Cancelling } from "./cancelling.ts";
import { Deadlines } from "./deadlines.ts";
import { GetMany, GetOne, RefArrivals, Turns, timedOut } from "./gets.ts";
import { idOf } from "./ids.ts";
import { Items } from "./items.ts";
import { Mailbox } from "./mailbox.ts";
import { PausedStreams } from "./paused.ts";
import { producerOf, type TaskPlace } from "./producer.ts";
import { getSync, OUT_OF_TIME } from "./protocol/getSync.ts";
import { Runner } from "./protocol/run.ts";
import { after, type Role } from "./role.ts";
import { Room } from "./room.ts";
import { throwStatus } from "./status.ts";
import type { StoreOptions } from "./store/store.ts";
import { Store } from "./store/store.ts";
import type { Submissions } from "./submissions.ts";
import { type ObjectPlace, objectEntries, pendingTasks, storeStats, unfinishedTasks } from "./tables.ts";
import { reportUnread } from "./unread.ts";
import { WaitSome } from "./wait-some.ts";
import { Waits } from "./waits.ts";

export interface EngineOptions extends Omit<StoreOptions, "encodeHooks" | "extension" | "beforeRead"> {
	readonly id: string;
	readonly namespace: string;
	readonly maxPendingTasks: number;
}

export class LocalEngine implements Engine {
	readonly id: string;
	readonly namespace: string;
	readonly serializers: SerializerRegistry;
	readonly thread: CoreThread;
	readonly store: Store;
	readonly waits: Waits;
	readonly mailbox: Mailbox;
	readonly runner: Runner;
	readonly deadlines = new Deadlines();
	readonly cancelling: Cancelling;
	/** In tests. */
	readonly audit: Audit | undefined;
	/** In the driver. */
	inspection: Inspection | undefined;
	readonly #room: Room;
	readonly #submissions: Submissions;
	readonly #role: Role;
	readonly #blocking: Blocking;
	readonly #paused: PausedStreams;
	readonly #items: Items;
	readonly #turns = new Turns();
	/** The program has called `shutdown`: what it submitted may go on for a while, and submit more, but the program may not. */
	#closing = false;
	/** What whoever waited was told when the runtime ended. */
	#over: Error | undefined;
	/** It ended by itself. */
	#failed = false;

	constructor(
		thread: CoreThread,
		role: Role,
		options: EngineOptions,
		submissions: (engine: LocalEngine) => Submissions,
	) {
		this.id = options.id;
		this.namespace = options.namespace;
		this.serializers = options.serializers;
		this.thread = thread;
		this.audit = options.audit;
		this.#role = role;
		this.#submissions = submissions(this);
		this.store = new Store(this, thread, {
			...options,
			encodeHooks: this.#submissions.encodeHooks,
			extension: (type, description) => this.#submissions.receive(type, description),
			beforeRead: () => role.showOutput(),
		});
		this.cancelling = new Cancelling(thread, this.store, this.id);
		this.waits = new Waits(thread);
		this.#room = new Room(thread, options.maxPendingTasks);
		this.#blocking = new Blocking(this, role);
		this.#items = new Items(this, role);
		this.runner = new Runner(thread.calls, thread.views.i32, nextTurn, nap);
		this.#paused = new PausedStreams(thread, options.collect);
		this.mailbox = new Mailbox(thread, this.runner, {
			ready: (slot, generation) => this.waits.ready(slot, generation),
			runner: (task, generation, bits) => role.runner(task, generation, bits),
			decide: (task, generation, token, lost) => this.#submissions.toDecide(task, generation, token, lost),
			room: () => this.#room.changed(),
			beforeBatch: () => {
				this.store.relieve();
				role.beforeResults();
			},
			afterMail: () => this.#submissions.decideDue(),
			isWaiting: () => this.waits.any || !this.#room.isPatient,
			isPatient: () => this.waits.isPatient && this.#room.isPatient,
		});
	}

	/** How refs and remote functions inside values are sent. */
	get encodeHooks(): EncodeHooks {
		return this.#submissions.encodeHooks;
	}

	get isWorker(): boolean {
		return this.#role.isWorker;
	}

	get alive(): boolean {
		return this.#over === undefined;
	}

	/** A task was lost with its thread. */
	lost(task: number, generation: number, token: number): void {
		this.#role.lost(task, generation, token);
	}

	wantThread(): void {
		this.#role.wantThread();
	}

	/** Calls `then` when no task is unfinished. */
	whenIdle(then: () => void): void {
		this.#room.whenEmpty(then);
	}

	/** Throws once the runtime has ended. */
	checkOpen(): void {
		if (this.#over === undefined) return;
		if (!this.#failed) throw new RuntimeShutdownError("The runtime is shut down.");
		throw new RuntimeShutdownError(`The runtime has ended by itself. ${this.#over.message}`, { cause: this.#over });
	}

	// ── objects ──

	put(value: unknown, name?: Root): ObjectRef {
		this.checkOpen();
		if (this.#closing) {
			throw new RuntimeShutdownError("put(): the runtime is being shut down, and takes no new objects.");
		}
		return this.store.put(value, name);
	}

	/**
	 * What is there at once comes in a microtask; but now and then the event loop must turn. Who attends to the mail gives it turns while others
	 * wait. `run` answers whether it has come to a wait.
	 */
	#fairly<T>(run: (resolve: (value: T) => void, reject: (reason: unknown) => void) => boolean): Promise<T> {
		let waits = false;
		const promise = new Promise<T>((resolve, reject) => {
			waits = run(resolve, reject);
		});
		return !waits && this.#turns.isOver() ? promise.finally(yieldToEventLoop) : promise;
	}

	get(ref: ObjectRef, options?: GetOptions): Promise<unknown> {
		return this.#fairly<unknown>((resolve, reject) => {
			this.checkOpen();
			if (this.store.isReady(ref.slot)) {
				resolve(this.store.read(ref.slot, ref.generation, options?.copy));
				return false;
			}
			if (options?.timeout === 0) throw timedOut(0, `Object ${ref.id} was`);
			const wait = this.#role.enterWait();
			const settle = after(this.#role, wait, resolve);
			const fail = after(this.#role, wait, reject);
			const waiter = new GetOne(this.store, ref, options, settle, fail);
			if (!this.waits.add(ref.slot, ref.generation, waiter)) {
				waiter.ready(ref.slot, ref.generation);
				return false;
			}
			if (options?.timeout !== undefined || options?.signal !== undefined) waiter.interruptible(options, this.waits);
			return true;
		});
	}

	getAll(refs: readonly ObjectRef[], options?: GetOptions): Promise<unknown[]> {
		return this.#fairly<unknown[]>((resolve, reject) => {
			this.checkOpen();
			if (options?.timeout === 0) {
				const missing = refs.filter((ref) => !this.store.isReady(ref.slot)).length;
				if (missing > 0) throw timedOut(0, `${missing} of ${refs.length} objects were`);
			}
			const wait = this.#role.enterWait();
			const settle = after(this.#role, wait, resolve);
			const fail = after(this.#role, wait, reject);
			return !new GetMany(this.store, this.waits, refs, options, settle, fail).over;
		});
	}

	getSync(refs: readonly ObjectRef[], options: { timeout?: number; copy?: boolean }): unknown[] {
		this.checkOpen();
		const pending = refs.filter((ref) => !this.store.isReady(ref.slot));
		if (pending.length > 0) this.#block(pending, refs.length, options.timeout);
		return refs.map((ref) => this.store.read(ref.slot, ref.generation, options.copy));
	}

	/** `count`: how many were asked for, with those that are ready. */
	#block(refs: readonly ObjectRef[], count: number, timeout: number | undefined): void {
		if (timeout === 0) throw timedOut(0, described(refs, count));
		this.#role.mayBlock(refs);
		const { parent: task, parentGeneration: taskGeneration } = this.#role.origin();
		const deadline = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
		const wait = {
			objects: refs,
			task,
			taskGeneration,
			timeLeft: () => (this.#over === undefined ? deadline - performance.now() : 0),
		};
		const answer = this.runner.runSync(getSync(this.runner.steps, this.thread, this.#blocking, wait));
		if (this.#over !== undefined) throw this.#over;
		if (answer === OUT_OF_TIME) {
			const pending = refs.filter((ref) => !this.store.isReady(ref.slot));
			throw timedOut(timeout as number, described(pending, count));
		}
		if (answer < 0) throwStatus(answer, "getSync()");
	}

	wait(refs: readonly ObjectRef[], count: number, timeout: number | undefined): Promise<number[]> {
		return this.#fairly<number[]>((resolve, reject) => {
			this.checkOpen();
			const wait = this.#role.enterWait();
			const go = after(this.#role, wait, resolve);
			// Some may have come since the last messages.
			const settle = (found: number[]) => {
				this.#role.showOutput();
				go(found);
			};
			return !new WaitSome(this.store, this.waits, this.thread, refs, count, timeout, settle, reject).over;
		});
	}

	arrivals(refs: readonly ObjectRef[]): Arrivals {
		this.checkOpen();
		const enter = () => {
			const wait = this.#role.enterWait();
			return wait === undefined ? undefined : (go: () => void) => this.#role.leaveWait(wait, go);
		};
		return new RefArrivals(this.store, this.waits, refs, enter, () => this.#role.showOutput());
	}

	free(refs: readonly ObjectRef[]): void {
		this.checkOpen();
		for (const ref of refs) this.thread.calls.free(ref.slot, ref.generation);
	}

	release(ref: ObjectRef): void {
		this.store.release(ref);
	}

	objectId(ref: ObjectRef): string {
		return idOf(this.id, "o", ref.slot, ref.generation);
	}

	// ── tasks ──

	submit(settings: TaskSettings, args: readonly unknown[]): ObjectRef | ObjectRef[] | RefGenerator {
		this.checkOpen();
		if (this.#closing) {
			throw new RuntimeShutdownError(`Task ${settings.name}: the runtime is being shut down, and takes no new tasks.`);
		}
		const made = this.#submissions.submit(settings, args, this.#role.origin());
		this.#room.used();
		if (made instanceof RefGenerator && settings.generatorBackpressure > 0) this.#paused.add(made.stream);
		if (this.audit !== undefined) {
			const ref = firstRef(made);
			this.audit.submitted(ref ?? this.thread, settings.name, ref);
		}
		return made;
	}

	cancel(ref: ObjectRef, options: { force: boolean; recursive: boolean }): boolean {
		this.checkOpen();
		const known = ref.task !== 0 ? { task: ref.task, generation: ref.taskGeneration } : this.#producerOf(ref);
		if (known === undefined) return false;
		const end = (tasks: readonly TaskPlace[]) => this.#role.endWorkersOf(tasks);
		return this.cancelling.cancel(known, options, options.force ? end : undefined);
	}

	/** A ref that came with a value does not say whose result it is. One with a value is no unfinished task's. */
	#producerOf({ slot }: ObjectRef): TaskPlace | undefined {
		const hasValue = this.store.isReady(slot) && (this.thread.stateOf(slot) & STATE_ERROR) === 0;
		return hasValue ? undefined : producerOf(this.thread, slot, this.unfinishedTasks());
	}

	capacity(count: number): Promise<void> {
		this.checkOpen();
		return this.#room.wait(count);
	}

	nextItem(stream: ObjectRef): Promise<ObjectRef | undefined> {
		return this.#items.next(stream);
	}

	context(): RuntimeContext {
		return this.#role.context();
	}

	// ── state ──

	storeStats(): StoreStats {
		this.checkOpen();
		return storeStats(this.thread, this.objectEntries());
	}

	async listObjects(): Promise<ObjectState[]> {
		this.checkOpen();
		return this.objectEntries().map(({ state }) => state);
	}

	objectEntries(): ObjectPlace[] {
		return objectEntries(this.thread, this.id);
	}

	unfinishedTasks(): TaskPlace[] {
		return unfinishedTasks(this.thread);
	}

	/** How many tasks of the whole runtime are unfinished. */
	pendingTasks(): number {
		return pendingTasks(this.thread);
	}

	/** Says on stderr what failed without anybody asking. */
	reportUnread(): void {
		this.mailbox.drain();
		reportUnread(this.thread, this.store);
	}

	// ── the end ──

	shutdown(options: Required<ShutdownOptions>): Promise<void> {
		this.#closing = !this.isWorker;
		return this.#role.shutdown(options);
	}

	shutdownNow(): void {
		this.#role.shutdownNow();
	}

	/** Nothing goes on here any more: whoever waits is told. `failed`: nobody has asked for the end. */
	close(error: Error, failed = false): void {
		if (this.#over !== undefined) return;
		this.#over = error;
		this.#failed = failed;
		this.store.close();
		this.mailbox.close();
		this.deadlines.close();
		this.#paused.close();
		this.#room.abandon(error);
		this.waits.abandonAll(error);
	}
}

function described(pending: readonly ObjectRef[], count: number): string {
	return count === 1 && pending[0] !== undefined
		? `Object ${pending[0].id} was`
		: `${pending.length} of ${count} objects were`;
}

function firstRef(made: ObjectRef | ObjectRef[] | RefGenerator): ObjectRef | undefined {
	if (Array.isArray(made)) return made[0];
	return isRef(made) ? made : made.stream;
}
