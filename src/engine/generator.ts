import type { ObjectRefGenerator } from "../types.ts";
import { INSPECT } from "./inspect.ts";
import { checkUsable, type ObjectRef } from "./ref.ts";

const GENERATOR: unique symbol = Symbol.for("wasmray.generator") as never;

/**
 * The refs of what a remote generator yields.
 *
 * @example
 * for await (const ref of pages.remote(url)) console.log(await ref.get());
 */
export class RefGenerator<T = unknown> implements ObjectRefGenerator<T> {
	readonly #stream: ObjectRef<void>;
	#over = false;

	/** @internal */
	constructor(stream: ObjectRef<void>) {
		this.#stream = stream;
	}

	/** @internal The object that stands for the stream. */
	get stream(): ObjectRef<void> {
		return this.#stream;
	}

	/** Resolves when the generator has ended; rejects with what it threw. */
	completed(): ObjectRef<void> {
		return this.#stream;
	}

	async next(): Promise<IteratorResult<ObjectRef<T>, undefined>> {
		if (!this.#over) checkUsable(this.#stream);
		const item = this.#over ? undefined : await this.#stream.engine.nextItem(this.#stream);
		if (item === undefined || this.#over) {
			item?.[Symbol.dispose]();
			this.#over = true;
			return { done: true, value: undefined };
		}
		// Of a generator that failed, however it did, its end is one more item.
		this.#over = item.slot === this.#stream.slot && item.generation === this.#stream.generation;
		return { done: false, value: item as ObjectRef<T> };
	}

	async return(): Promise<IteratorResult<ObjectRef<T>, undefined>> {
		if (!this.#over) {
			this.#over = true;
			if (this.#stream.engine.alive) this.#stream.engine.cancel(this.#stream, { force: false, recursive: true });
		}
		return { done: true, value: undefined };
	}

	async [Symbol.asyncDispose](): Promise<void> {
		await this.return();
	}

	[Symbol.asyncIterator](): this {
		return this;
	}

	/** @internal */
	[INSPECT](): string {
		return `ObjectRefGenerator(${this.#stream.id})`;
	}
}

// It is no value that could be sent, and the encoder knows it by the tag.
Object.defineProperty(RefGenerator.prototype, Symbol.toStringTag, { value: "AsyncGenerator" });
Object.defineProperty(RefGenerator.prototype, GENERATOR, { value: true });

/** Told by brand: another copy of the package has a class of its own. */
export function isRefGenerator(value: unknown): value is RefGenerator {
	return typeof value === "object" && value !== null && (value as { [GENERATOR]?: unknown })[GENERATOR] === true;
}
