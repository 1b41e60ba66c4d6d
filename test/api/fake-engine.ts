/** An engine in a few lines: objects are promises in a table, tasks run here, one after the other, when they are allowed to. */
import type { Arrivals, Engine } from "../../src/engine/engine.ts";
import { RefGenerator } from "../../src/engine/generator.ts";
import { ObjectRef } from "../../src/engine/ref.ts";
import type { InitSettings, TaskSettings } from "../../src/engine/settings.ts";
import { GetTimeoutError, ObjectFreedError, RuntimeShutdownError } from "../../src/errors.ts";
import type { GetOptions, ObjectState, RuntimeContext, ShutdownOptions, StoreStats } from "../../src/types.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";

interface Entry {
	value: unknown;
	failed: boolean;
	ready: boolean;
	wake: (() => void)[];
}

let engines = 0;

export class FakeEngine implements Engine {
	readonly id = `fake${++engines}`;
	readonly namespace: string;
	readonly isWorker: boolean;
	readonly serializers: SerializerRegistry;
	alive = true;
	/** What was called, with what. */
	readonly calls: { readonly name: string; readonly args: readonly unknown[] }[] = [];
	readonly objects: Entry[] = [];
	/** The task that runs, for `context()`. */
	taskId: string | undefined;
	/** What shutdown waits for. */
	untilShutdown: Promise<void> = Promise.resolve();
	/** Values put so far may be this many; then the store is full. */
	room = Number.POSITIVE_INFINITY;

	constructor(settings: Partial<InitSettings> = {}, isWorker = false) {
		this.namespace = settings.namespace ?? "default";
		this.serializers = settings.serializers ?? new SerializerRegistry();
		this.isWorker = isWorker;
	}

	called(name: string): unknown[][] {
		return this.calls.filter((call) => call.name === name).map(({ args }) => [...args]);
	}

	/** A ref to an object that is not ready until `settle`. */
	pending(): ObjectRef {
		this.objects.push({ value: undefined, failed: false, ready: false, wake: [] });
		return new ObjectRef(this, this.objects.length, 1, 0, 0);
	}

	settle(ref: ObjectRef, value: unknown, failed = false): void {
		const entry = this.#entry(ref);
		Object.assign(entry, { value, failed, ready: true });
		for (const wake of entry.wake.splice(0)) wake();
	}

	#entry(ref: ObjectRef): Entry {
		return this.objects[ref.slot - 1] as Entry;
	}

	#ready(ref: ObjectRef): Promise<void> {
		const entry = this.#entry(ref);
		return entry.ready ? Promise.resolve() : new Promise((resolve) => entry.wake.push(resolve));
	}

	#read(ref: ObjectRef): unknown {
		const { value, failed } = this.#entry(ref);
		if (failed) throw value;
		return value;
	}

	#note(name: string, ...args: unknown[]): void {
		this.calls.push({ name, args });
		if (!this.alive) throw new RuntimeShutdownError("The runtime is shut down.");
	}

	put(value: unknown): ObjectRef {
		this.#note("put", value);
		if (this.objects.length >= this.room) throw new Error("full");
		const ref = this.pending();
		this.settle(ref, value);
		return ref;
	}

	async get(ref: ObjectRef, options?: GetOptions): Promise<unknown> {
		this.#note("get", ref, options);
		await this.#ready(ref);
		return this.#read(ref);
	}

	async getAll(refs: readonly ObjectRef[], options?: GetOptions): Promise<unknown[]> {
		this.#note("getAll", refs, options);
		await Promise.all(refs.map((ref) => this.#ready(ref)));
		return refs.map((ref) => this.#read(ref));
	}

	getSync(refs: readonly ObjectRef[], options: { timeout?: number; copy?: boolean }): unknown[] {
		this.#note("getSync", refs, options);
		if (refs.some((ref) => !this.#entry(ref).ready)) throw new GetTimeoutError("late");
		return refs.map((ref) => this.#read(ref));
	}

	/** A timeout is over at once. */
	async wait(refs: readonly ObjectRef[], count: number, timeout: number | undefined): Promise<number[]> {
		this.#note("wait", refs, count, timeout);
		const ready = () => refs.map((_, i) => i).filter((i) => this.#entry(refs[i] as ObjectRef).ready);
		while (timeout === undefined && ready().length < count) await Promise.race(this.#waiting(refs));
		return ready().slice(0, count);
	}

	arrivals(refs: readonly ObjectRef[]): Arrivals {
		this.#note("arrivals", refs);
		const pending = new Set(refs.keys());
		const take = () => {
			const ready = [...pending].filter((i) => this.#entry(refs[i] as ObjectRef).ready);
			for (const i of ready) pending.delete(i);
			return ready;
		};
		return {
			next: async (timeout) => {
				this.#note("next", timeout);
				const ready = take();
				if (ready.length > 0 || timeout !== undefined) return ready;
				await Promise.race(this.#waiting(refs.filter((_, i) => pending.has(i))));
				return take();
			},
			close: () => this.calls.push({ name: "close", args: [] }),
		};
	}

	#waiting(refs: readonly ObjectRef[]): Promise<void>[] {
		return refs.filter((ref) => !this.#entry(ref).ready).map((ref) => this.#ready(ref));
	}

	free(refs: readonly ObjectRef[]): void {
		this.#note("free", refs);
		for (const ref of refs) this.settle(ref, new ObjectFreedError("freed"), true);
	}

	release(ref: ObjectRef): void {
		this.calls.push({ name: "release", args: [ref] });
	}

	objectId(ref: ObjectRef): string {
		return `${this.id}-o${ref.slot}`;
	}

	submit(settings: TaskSettings, args: readonly unknown[]): ObjectRef | ObjectRef[] | RefGenerator {
		this.#note("submit", settings, args);
		if (settings.isGenerator) return new RefGenerator(this.pending() as ObjectRef<void>);
		const run = () => (settings.definition.fn as (...args: unknown[]) => unknown)(...args);
		if (settings.numReturns === 1) return this.put(run());
		return (run() as unknown[]).map((value) => this.put(value));
	}

	cancel(ref: ObjectRef, options: { force: boolean; recursive: boolean }): boolean {
		this.#note("cancel", ref, options);
		return !this.#entry(ref).ready;
	}

	async capacity(count: number): Promise<void> {
		this.#note("capacity", count);
	}

	async nextItem(stream: ObjectRef): Promise<ObjectRef | undefined> {
		this.#note("nextItem", stream);
		return undefined;
	}

	context(): RuntimeContext {
		return {
			runtimeId: this.id,
			nodeId: this.id,
			workerId: 0,
			namespace: this.namespace,
			...(this.taskId !== undefined && { taskId: this.taskId }),
			assignedResources: {},
			assignedGpuIds: [],
			signal: new AbortController().signal,
		};
	}

	storeStats(): StoreStats {
		const objects = this.objects.length;
		return { capacity: 1000, used: 64, pinned: 0, spilled: 0, objects, evictions: 0, hits: 0, misses: 0 };
	}

	async listObjects(): Promise<ObjectState[]> {
		return this.objects.map(({ ready, failed }, i) => ({
			objectId: `${this.id}-o${i + 1}`,
			state: ready ? (failed ? "ERROR" : "READY") : "PENDING",
			size: i,
			references: 1,
			pinned: false,
		}));
	}

	async shutdown(options: Required<ShutdownOptions>): Promise<void> {
		this.#note("shutdown", options);
		await this.untilShutdown;
		this.alive = false;
	}

	shutdownNow(): void {
		this.#note("shutdownNow");
		this.alive = false;
	}
}
