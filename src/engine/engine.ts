/**
 * The one interface between the API and the place where work runs: threads of this process, or a cluster. Everything is
 * checked before it comes here. Ids are strings, of whatever form the engine has; what answers by a promise may take a
 * network's time; what answers at once may block.
 */
import type { GetOptions, ObjectState, RuntimeContext, ShutdownOptions, StoreStats } from "../types.ts";
import type { Root } from "../values/path.ts";
import type { SerializerRegistry } from "../values/registry.ts";
import type { RefGenerator } from "./generator.ts";
import type { Inspection } from "./inspection.ts";
import type { ObjectRef } from "./ref.ts";
import type { TaskSettings } from "./settings.ts";

/** Refs that become ready, one after the other. */
export interface Arrivals {
	/** Those that became ready since the last call, as soon as there are some, or none at the timeout: indices in input order. */
	next(timeout: number | undefined): Promise<number[]>;
	/** Waits no longer for the others. */
	close(): void;
}

export interface Engine {
	readonly id: string;
	readonly namespace: string;
	/** Runs tasks itself: inside of one, lifecycle calls are refused. */
	readonly isWorker: boolean;
	/** Not shut down. */
	readonly alive: boolean;

	/** `name` is what errors call the value, as in `values[3]`. */
	put(value: unknown, name?: Root): ObjectRef;
	get(ref: ObjectRef, options?: GetOptions): Promise<unknown>;
	getAll(refs: readonly ObjectRef[], options?: GetOptions): Promise<unknown[]>;
	getSync(refs: readonly ObjectRef[], options: { timeout?: number; copy?: boolean }): unknown[];
	/** Which of the refs are ready, when so many are or the time is over: indices in input order, at most `count`. */
	wait(refs: readonly ObjectRef[], count: number, timeout: number | undefined): Promise<number[]>;
	/** Tells of each of the refs, which are different objects, when it becomes ready. */
	arrivals(refs: readonly ObjectRef[]): Arrivals;
	free(refs: readonly ObjectRef[]): void;
	release(ref: ObjectRef): void;
	objectId(ref: ObjectRef): string;

	/** One ref, several, or a generator of refs, as the settings say. They reject with TaskUnschedulableError if no node could ever run it. */
	submit(settings: TaskSettings, args: readonly unknown[]): ObjectRef | ObjectRef[] | RefGenerator;
	cancel(ref: ObjectRef, options: { force: boolean; recursive: boolean }): boolean;
	capacity(count: number): Promise<void>;
	/** The generator's next item; undefined: it has ended. Of one that failed the last item is a ref of the stream itself. */
	nextItem(stream: ObjectRef): Promise<ObjectRef | undefined>;

	context(): RuntimeContext;
	storeStats(): StoreStats;
	listObjects(): Promise<ObjectState[]>;

	/** What tests ask; undefined where nothing of it can be known. */
	readonly inspection?: Inspection | undefined;
	readonly serializers: SerializerRegistry;
	shutdown(options: Required<ShutdownOptions>): Promise<void>;
	shutdownNow(): void;
}
