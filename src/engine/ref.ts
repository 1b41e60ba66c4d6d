import { RefDisposedError } from "../errors.ts";
import type { GetOptions } from "../types.ts";
import { SENDABLE } from "../values/hooks.ts";
import type { Engine } from "./engine.ts";
import { checkGetOptions } from "./get-options.ts";
import { INSPECT } from "./inspect.ts";

/**
 * A future for a value in the object store: a handle that may be nested in values and sent to any task.
 *
 * Give it up early with `using` or `Symbol.dispose`; otherwise garbage collection does.
 *
 * @example
 * using ref = ray.put(new Float64Array(1e6));
 * const sum = await total.remote(ref).get();
 */
export class ObjectRef<T = unknown> implements Disposable {
	/** @internal The engine the object lives in. */
	readonly engine: Engine;
	/** @internal What names the object in its engine: a place in a table, so it is small. */
	readonly slot: number;
	/** @internal */
	readonly generation: number;
	/** @internal The task whose result it is: 0 if none. */
	readonly task: number;
	/** @internal */
	readonly taskGeneration: number;
	/** @internal */
	disposed = false;
	/** @internal What it keeps alive: an engine may let refs that came together go together. */
	companions: object | undefined = undefined;
	declare readonly __value?: T;

	/** @internal */
	constructor(engine: Engine, slot: number, generation: number, task: number, taskGeneration: number) {
		this.engine = engine;
		this.slot = slot;
		this.generation = generation;
		this.task = task;
		this.taskGeneration = taskGeneration;
	}

	get id(): string {
		return this.engine.objectId(this);
	}

	get(options?: GetOptions): Promise<T> {
		return getOne(this, options) as Promise<T>;
	}

	[Symbol.dispose](): void {
		if (this.disposed) return;
		this.disposed = true;
		this.engine.release(this);
	}

	get [Symbol.toStringTag](): "ObjectRef" {
		return "ObjectRef";
	}

	/** @internal What JSON shows. */
	toJSON(): { ObjectRef: string } {
		return { ObjectRef: this.id };
	}

	/** @internal What `console.log` shows. */
	[INSPECT](): string {
		return `ObjectRef(${this.id}${this.disposed ? ", disposed" : ""})`;
	}
}

Object.defineProperty(ObjectRef.prototype, SENDABLE, { value: "ref" });

/** Told by brand: another copy of the package has a class of its own. */
export function isRef(value: unknown): value is ObjectRef {
	try {
		return typeof value === "object" && value !== null && (value as { [SENDABLE]?: unknown })[SENDABLE] === "ref";
	} catch {
		// A proxy that throws, or was revoked, is none; where it cannot be sent, the encoder says so.
		return false;
	}
}

/** Refuses a handle that was given up. */
export function checkUsable(ref: ObjectRef): void {
	if (ref.disposed) {
		throw new RefDisposedError(
			`The handle of object ${ref.id} was given up by dispose. Use it before that, or keep another.`,
		);
	}
}

/** The way of each get of one value: two checks, and its engine. Wrong options and given-up handles reject. */
export function getOne(ref: ObjectRef, options: GetOptions | undefined): Promise<unknown> {
	if (ref.disposed || options !== undefined) {
		try {
			checkUsable(ref);
			checkGetOptions("get", options);
			options?.signal?.throwIfAborted();
		} catch (error) {
			return Promise.reject(error);
		}
	}
	return ref.engine.get(ref, options);
}
