/**
 * Values, written as MessagePack. Small plain objects, arrays and scalars take the short way of `plain-writer.ts`; everything
 * else is told by its brand here.
 */
import { natureOf, slotOf } from "./brands.ts";
import {
	growthOf,
	isAttached,
	isInBounds,
	KIND_ARRAY_BUFFER,
	KIND_DATA_VIEW,
	KIND_MESSAGE,
	viewKindOf,
} from "./buffers.ts";
import * as format from "./format.ts";
import { type EncodeHooks, type Extension, type Part, type Refusal, SENDABLE } from "./hooks.ts";
import { CodecStep, type Root } from "./path.ts";
import { isPlain, PlainWriter } from "./plain-writer.ts";
import type { Codec, SerializerRegistry } from "./registry.ts";
import { bytesIn, bytesOf, mayHaveNoBuffer } from "./segments.ts";
import { writeError, writeSlotted } from "./special-writer.ts";

const NO_REFS: readonly unknown[] = Object.freeze([]);

export class ValueWriter extends PlainWriter {
	readonly #registry: SerializerRegistry | undefined;
	readonly #hooks: EncodeHooks | undefined;
	/** What the values' references were, in the order of their extensions. */
	refs: readonly unknown[] = NO_REFS;
	/** 0 for a message; else the payload is the bytes of `bare`, or, if there is none, of the scratch. */
	kind = KIND_MESSAGE;
	bare: Uint8Array | undefined;
	hasParts = false;

	constructor(registry: SerializerRegistry | undefined, hooks: EncodeHooks | undefined) {
		super();
		this.#registry = registry;
		this.#hooks = hooks;
	}

	/** Writes a whole message, or notes a bare buffer, and returns the payload's length. */
	message(value: unknown, root: Root, unnamed: number): number {
		this.release();
		this.begin(root, unnamed);
		try {
			if (typeof value === "object" && value !== null) {
				const prototype: object | null = Object.getPrototypeOf(value);
				if (!isPlain(prototype) && this.#isBare(value, prototype)) {
					return this.position;
				}
			}
			this.value(value);
			this.writeLater();
			const length = this.#finish();
			this.seen.clear();
			return length;
		} catch (error) {
			const explained = this.explain(error);
			// Nobody resets after a refusal, and what stood before it must not be kept.
			this.used = true;
			this.release();
			throw explained;
		}
	}

	/** The whole of the payload but large segments, which `segments.writeLarge` copies. */
	#finish(): number {
		let length = this.position;
		// Past this size the scratch is given up.
		if (length > 0x10000) this.used = true;
		if (this.segments.count > 0) {
			this.used = true;
			length = this.segments.place(this);
			this.flags |= format.FLAG_SEGMENTS | (this.segments.shared ? format.FLAG_SHARED_SEGMENTS : 0);
		}
		this.bytes[0] = format.FORMAT_VERSION;
		this.bytes[1] = this.flags;
		return length;
	}

	/** Lets go of what the last message was made of. */
	release(): void {
		if (!this.used) return;
		this.kind = KIND_MESSAGE;
		this.bare = undefined;
		this.refs = NO_REFS;
		this.hasParts = false;
		this.forget();
	}

	protected callable(value: object): void {
		if (SENDABLE in value) {
			const number = this.seen.note(value);
			if (number >= 0) {
				this.pointer(value, number);
				return;
			}
			if (this.#extension(value)) return;
		}
		throw this.refuse(
			`the function ${(value as { name?: unknown }).name || "without a name"}`,
			"make it remote(), or send what it is to work on",
		);
	}

	protected other(value: object, prototype: object | null): void {
		const codec = this.#registry?.codecFor(prototype);
		if (codec !== undefined) {
			this.#codec(value, codec);
			return;
		}
		if (Array.isArray(value)) {
			this.array(value);
			return;
		}
		if (ArrayBuffer.isView(value)) {
			this.#buffer(value, viewKindOf(value));
			return;
		}
		const { brand, sendable, names } = natureOf(prototype);
		if (sendable && this.#extension(value)) return;
		if (prototype === null) {
			const start = this.beginExtension(format.EXT_NULL_OBJECT);
			this.fields(value as Record<string, unknown>);
			this.endExtension(start);
		} else if (brand === "unsendable") {
			throw this.refuse(names[0], "send data that it can be made from, or teach its class by registerSerializer()");
		} else if (brand === "error") {
			writeError(this, value);
		} else {
			const slot = brand === "fields" ? undefined : slotOf(value, brand);
			// An instance of a user's class, or an object that only claims to be a Date, a Map ….
			if (slot === undefined) this.fields(value as Record<string, unknown>);
			else if (brand === "arraybuffer") this.#buffer(value as ArrayBuffer, KIND_ARRAY_BUFFER);
			else writeSlotted(this, value, brand, slot);
		}
	}

	#buffer(source: ArrayBufferView | ArrayBuffer, kind: number): void {
		if (kind === 0) throw this.refuse("a typed array of an unknown kind", "copy it into a known one");
		const byteLength = this.#bytesIn(source, kind);
		const part = kind === KIND_ARRAY_BUFFER ? undefined : this.#hooks?.part?.(source as ArrayBufferView);
		if (part === undefined) this.segments.mention(this, source, kind, byteLength);
		else this.#part(kind, part, byteLength);
	}

	#part(kind: number, { whole, offset }: Part, byteLength: number): void {
		this.hasParts = true;
		const index = this.refs.at(-1) === whole ? this.refs.length - 1 : this.#note(whole);
		this.extensionHeader(format.EXT_PART, format.PART_EXT_BYTES);
		const { bytes, view, position } = this;
		bytes[position] = kind;
		view.setUint32(position + 1, index);
		view.setUint32(position + 5, offset);
		view.setUint32(position + 9, byteLength);
		this.position += format.PART_EXT_BYTES;
	}

	/** The number of one more reference. */
	#note(reference: object): number {
		this.used = true;
		if (this.refs === NO_REFS) this.refs = [];
		return (this.refs as object[]).push(reference) - 1;
	}

	/** Notes the value if it is a buffer that needs no message around it. */
	#isBare(value: object, prototype: object | null): boolean {
		const isView = ArrayBuffer.isView(value);
		if (!isView && (natureOf(prototype).brand !== "arraybuffer" || slotOf(value, "arraybuffer") === undefined))
			return false;
		if (this.#registry?.codecFor(prototype) !== undefined) return false;
		const source = value as ArrayBufferView | ArrayBuffer;
		const kind = isView ? viewKindOf(value) : KIND_ARRAY_BUFFER;
		const byteLength = this.#bytesIn(source, kind);
		if (kind === 0 || (isView && this.#hooks?.part?.(value) !== undefined)) return false;
		const isSmall = mayHaveNoBuffer(kind, byteLength);
		const buffer = isSmall ? undefined : isView ? value.buffer : (source as ArrayBuffer);
		if (buffer !== undefined && growthOf(buffer) !== "fixed") return false;
		this.used = true;
		this.kind = kind;
		this.position = byteLength;
		const bytes = bytesOf(source, kind, byteLength, buffer);
		// A small one may be on shared memory that another thread lets grow: it goes through the scratch, which has room.
		if (isSmall) this.bytes.set(bytes);
		else this.bare = bytes;
		return true;
	}

	/** How many bytes it has. Refuses what was transferred away, and a view of what its ArrayBuffer no longer has. */
	#bytesIn(source: ArrayBufferView | ArrayBuffer, kind: number): number {
		// A DataView without its bytes throws when it is asked.
		const byteLength = kind === KIND_DATA_VIEW && !isInBounds(source as DataView) ? 0 : bytesIn(source, kind);
		if (byteLength > 0) return byteLength;
		const isView = kind !== KIND_ARRAY_BUFFER;
		if (isView ? isInBounds(source as ArrayBufferView) : isAttached(source as ArrayBuffer)) return 0;
		if (isView && isAttached((source as ArrayBufferView).buffer)) {
			throw this.refuse(
				"a view of what its ArrayBuffer no longer has",
				"send it before the ArrayBuffer is made smaller",
			);
		}
		throw this.refuse("a buffer that was transferred away", "send it before, or send a copy");
	}

	#codec(value: object, codec: Codec): void {
		const start = this.beginExtension(format.EXT_CODEC);
		this.string(codec.name);
		const data = codec.serialize(value);
		this.closed.push(value);
		this.child(new CodecStep(codec.name), data);
		this.closed.pop();
		this.endExtension(start);
	}

	/** Lets the host layer say how its own things are sent. */
	#extension(value: object): boolean {
		let extension: Extension | Refusal | undefined;
		try {
			extension = this.#hooks?.toExtension?.(value);
		} catch (error) {
			this.thrown = error;
			throw error;
		}
		if (extension === undefined) return false;
		if ("what" in extension) throw this.refuse(extension.what, extension.advice);
		const { type, description } = extension;
		if (type === format.EXT_REF) {
			this.index(format.EXT_REF, this.#note(value));
			return true;
		}
		if (!(type >= format.EXT_HOST_FIRST && type <= format.EXT_HOST_LAST)) {
			throw new RangeError(`there is no host extension ${type}`);
		}
		const start = this.beginExtension(type);
		this.closed.push(value);
		this.value(description);
		this.closed.pop();
		this.endExtension(start);
		return true;
	}
}
