/** The buffers of a message: views in place where the host gives them, private copies where it does not. */
import { SerializationError } from "../errors.ts";
import { type BufferType, bufferType, KIND_ARRAY_BUFFER, KIND_UINT8, maximumBytes } from "./buffers.ts";
import {
	BUFFER_EXT_BYTES,
	KIND_RESIZABLE,
	KIND_TRACKING,
	MAXIMUM_BYTES,
	PART_EXT_BYTES,
	SMALL_SEGMENT_ALIGNMENT,
} from "./format.ts";
import type { DecodeHooks } from "./hooks.ts";
import type { Reader } from "./reader.ts";

export class BufferReader {
	#hooks: DecodeHooks | undefined;
	/** Private copies by their segment's start, if views share them. */
	#copies: Map<number, ArrayBuffer> | undefined;
	#length = 0;
	/** Segments do not overlap, so all copies together are no longer than the payload; damaged bytes might say otherwise. */
	#budget = 0;

	open(reader: Reader, shared: boolean, hooks: DecodeHooks | undefined): void {
		this.#hooks = hooks;
		this.#copies = shared ? new Map() : undefined;
		this.#length = reader.end - reader.start;
		this.#budget = this.#length;
	}

	close(): void {
		this.#hooks = undefined;
		this.#copies = undefined;
		this.#length = 0;
	}

	/** The buffer that the extension of `length` bytes at `at` describes. */
	read(reader: Reader, at: number, length: number): object {
		if (length !== BUFFER_EXT_BYTES) throw reader.damaged(`a buffer's extension has ${length} bytes`);
		const { bytes, view } = reader;
		const flags = bytes[at] & (KIND_RESIZABLE | KIND_TRACKING);
		const kind = bytes[at] - flags;
		const start = view.getUint32(at + 1);
		const segment = view.getUint32(at + 5);
		const offset = view.getUint32(at + 9);
		const byteLength = view.getUint32(at + 13);
		const type = bufferType(kind);
		if (type === undefined || flags === KIND_TRACKING) throw reader.damaged(`there is no buffer kind ${bytes[at]}`);
		const end = start + segment + (flags & KIND_RESIZABLE ? MAXIMUM_BYTES : 0);
		if (end > this.#length || offset + byteLength > segment || start % SMALL_SEGMENT_ALIGNMENT !== 0) {
			throw reader.damaged(`a buffer is said to be where there is none`);
		}
		check(reader, type, offset, byteLength);
		if (kind !== KIND_ARRAY_BUFFER && flags === 0) {
			const inPlace = this.#hooks?.view?.(type, reader.start + start + offset, byteLength);
			if (inPlace !== undefined) return inPlace;
		}
		const maximum = flags & KIND_RESIZABLE ? view.getUint32(reader.start + start + segment) : undefined;
		const buffer = this.#private(reader, start, segment, maximum);
		if (offset + byteLength > buffer.byteLength) throw reader.damaged("buffers overlap");
		if (kind === KIND_ARRAY_BUFFER) {
			if (byteLength !== buffer.byteLength) throw reader.damaged("an ArrayBuffer is said to be part of another");
			return buffer;
		}
		if ((flags & KIND_TRACKING) === 0) return type.make(buffer, offset, byteLength);
		const made = type.makeTracking(buffer, offset);
		if (made.byteLength !== byteLength)
			throw reader.damaged("a view is said to end before its buffer, and to follow it");
		return made;
	}

	/** The ArrayBuffer that a segment becomes. */
	#private(reader: Reader, start: number, segment: number, maximum: number | undefined): ArrayBuffer {
		let buffer = this.#copies?.get(start);
		if (buffer === undefined) {
			this.#budget -= segment;
			if (this.#budget < 0) throw reader.damaged("buffers overlap");
			buffer = copy(reader, start, segment, maximum);
			this.#copies?.set(start, buffer);
		} else if (maximumBytes(buffer) !== maximum) {
			throw reader.damaged("an ArrayBuffer is said to have two maxima");
		}
		return buffer;
	}
}

function check(reader: Reader, type: BufferType, offset: number, byteLength: number): void {
	if (!type.available) {
		throw new SerializationError(
			`The value has a ${type.name}, which this engine does not know; send another typed array`,
		);
	}
	if (!type.fits(offset, byteLength)) throw reader.damaged(`${byteLength} bytes at ${offset} are no ${type.name}`);
}

function copy(reader: Reader, start: number, length: number, maximum: number | undefined): ArrayBuffer {
	let buffer: ArrayBuffer;
	try {
		const resizable = ArrayBuffer as unknown as new (
			length: number,
			options?: { maxByteLength: number },
		) => ArrayBuffer;
		buffer = maximum === undefined ? new ArrayBuffer(length) : new resizable(length, { maxByteLength: maximum });
	} catch {
		throw reader.damaged(`a buffer of ${length} bytes (at most ${maximum ?? length}) cannot be made`);
	}
	const from = reader.start + start;
	new Uint8Array(buffer).set(reader.bytes.subarray(from, from + length));
	return buffer;
}

/** An array on bytes of another object. */
export function readPart(reader: Reader, at: number, length: number, hooks: DecodeHooks | undefined): object {
	if (length !== PART_EXT_BYTES) throw reader.damaged(`a part's extension has ${length} bytes`);
	if (hooks?.part === undefined)
		throw new SerializationError("A value with parts of others in the store cannot be read without a store");
	const { bytes, view } = reader;
	const kind = bytes[at];
	const offset = view.getUint32(at + 5);
	const byteLength = view.getUint32(at + 9);
	const type = bufferType(kind);
	if (type === undefined || kind === KIND_ARRAY_BUFFER) throw reader.damaged(`there are no parts of kind ${kind}`);
	check(reader, type, offset, byteLength);
	const part = hooks.part(type, view.getUint32(at + 1), offset, byteLength);
	if (part === undefined) throw reader.damaged("a buffer is said to be part of what does not have it");
	return part;
}

/** A payload that is the bytes of one buffer. */
export function readBare(reader: Reader, type: BufferType, hooks: DecodeHooks | undefined): object {
	const { bytes, start, end } = reader;
	const length = end - start;
	check(reader, type, 0, length);
	if (type.kind !== KIND_ARRAY_BUFFER) {
		const inPlace = hooks?.view?.(type, start, length);
		if (inPlace !== undefined) return inPlace;
	}
	if (type.kind === KIND_UINT8) return new Uint8Array(bytes.subarray(start, end));
	const buffer = copy(reader, 0, length, undefined);
	return type.kind === KIND_ARRAY_BUFFER ? buffer : type.make(buffer, 0, length);
}
