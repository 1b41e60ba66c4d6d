/** The encoder that an engine keeps: values in, payloads of the store out. */
import { sendableCopy } from "./error-values.ts";
import type { EncodeHooks } from "./hooks.ts";
import type { Root } from "./path.ts";
import type { SerializerRegistry } from "./registry.ts";
import { ValueWriter } from "./value-writer.ts";

/** Below this a loop over words copies faster than a view is made for `set` (measured: 60–80 ns). */
const COPIED_BY_LOOP = 192;

/**
 * `encode`, then `writeTo` with no user code in between. Getters, codecs and hooks may themselves encode and write with the
 * same encoder while one is under way: each gets a writer of its own, and the outer one goes on undisturbed.
 */
export class Encoder {
	readonly #registry: SerializerRegistry | undefined;
	readonly #hooks: EncodeHooks | undefined;
	/** One for each level of nesting that ever occurred. */
	readonly #writers: ValueWriter[] = [];
	#nesting = 0;
	/** Holds the result of the last `encode`. */
	#last: ValueWriter;
	/** The target written to last, which mostly is the one memory of the store. */
	#target: Uint8Array | undefined;
	#targetWords: Uint32Array | undefined;

	constructor(registry?: SerializerRegistry, hooks?: EncodeHooks) {
		this.#registry = registry;
		this.#hooks = hooks;
		this.#last = this.#writer(0);
	}

	/** What the payload is: KIND_MESSAGE, or the number of the one buffer that it is the bytes of. */
	get kind(): number {
		return this.#last.kind;
	}

	/** The store references in the value, in the order of their numbers. A new array for each message; it may be kept. */
	get refs(): readonly unknown[] {
		return this.#last.refs;
	}

	/** Bytes of the largest typed array in the message. */
	get largestView(): number {
		return this.#last.segments.largestView;
	}

	/** Whether the message has arrays whose bytes are another object's. */
	get hasParts(): boolean {
		return this.#last.hasParts;
	}

	/**
	 * Encodes a value and returns its payload's length in bytes. `root` is what error messages call it ("value", "args",
	 * "result"); `unnamed`: how many steps after it are none of the user's. Throws SerializationError, naming the path to what
	 * cannot be sent, or what a hook throws.
	 */
	encode(value: unknown, root: Root = "value", unnamed = 0): number {
		const writer = this.#writers[this.#nesting] ?? this.#writer(this.#nesting);
		this.#nesting++;
		try {
			return writer.message(value, root, unnamed);
		} finally {
			this.#nesting--;
			this.#last = writer;
		}
	}

	/**
	 * As `encode`, for what a task threw: if it is an error that cannot be sent as it is, it is sent with a text in place of
	 * each field that cannot be; if it is something else that cannot be sent, the SerializationError is sent.
	 */
	encodeThrown(thrown: unknown, root = "error"): number {
		try {
			return this.encode(thrown, root);
		} catch (refusal) {
			return this.encode(this.#sendable(thrown, refusal), root);
		}
	}

	#sendable(thrown: unknown, refusal: unknown): unknown {
		const reasonAgainst = (value: unknown) => {
			try {
				this.encode(value, "it");
				return undefined;
			} catch (error) {
				return error instanceof Error ? error.message : "it cannot be sent";
			}
		};
		try {
			const copy = sendableCopy(thrown, reasonAgainst);
			if (copy !== undefined && reasonAgainst(copy) === undefined) return copy;
		} catch {
			// Its own getters throw: what is known is why it could not be sent.
		}
		return reasonAgainst(refusal) === undefined ? refusal : new Error("an error that cannot be sent");
	}

	/** Writes the last encoded payload at `offset`, a multiple of 64. Each buffer's bytes are copied once, from their source. */
	writeTo(target: Uint8Array, offset: number): void {
		const writer = this.#last;
		if (writer.bare !== undefined) {
			target.set(writer.bare, offset);
			return;
		}
		const length = writer.position;
		if (length > COPIED_BY_LOOP || offset % 4 !== 0) target.set(writer.bytes.subarray(0, length), offset);
		else this.#copy(writer, length, target, offset);
		if (writer.segments.count > 0) writer.segments.writeLarge(target, offset);
	}

	#copy(writer: ValueWriter, length: number, target: Uint8Array, offset: number): void {
		if (target !== this.#target) {
			this.#target = target;
			const aligned = target.byteOffset % 4 === 0;
			this.#targetWords = aligned ? new Uint32Array(target.buffer, target.byteOffset, target.length >>> 2) : undefined;
		}
		const { bytes, words } = writer;
		const targetWords = this.#targetWords;
		let i = 0;
		if (targetWords !== undefined) {
			const first = offset >>> 2;
			for (let word = 0; word < length >> 2; word++) targetWords[first + word] = words[word];
			i = length & ~3;
		}
		for (; i < length; i++) target[offset + i] = bytes[i];
	}

	/** Lets go of the last value: its refs and the sources of its buffers. */
	reset(): void {
		this.#last.release();
	}

	#writer(level: number): ValueWriter {
		const writer = new ValueWriter(this.#registry, this.#hooks);
		this.#writers[level] = writer;
		return writer;
	}
}
