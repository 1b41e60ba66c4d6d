/** Payloads of the store in, values out. */
import { SerializationError } from "../errors.ts";
import { readBare } from "./buffer-reader.ts";
import { bufferType, KIND_MESSAGE } from "./buffers.ts";
import type { DecodeHooks } from "./hooks.ts";
import type { SerializerRegistry } from "./registry.ts";
import { ValueReader } from "./value-reader.ts";

/** Readers not in use: a codec or a hook may decode while a message is being read. */
const idle: ValueReader[] = [];

/**
 * The value of the payload of `length` bytes at `offset`, which may lie in shared memory. `kind` is `Encoder.kind`.
 * Bytes that are not as the format says, or that need a codec that `registry` has not, are a SerializationError;
 * what hooks throw is passed on.
 */
export function decode(
	bytes: Uint8Array,
	offset: number,
	length: number,
	kind: number,
	hooks?: DecodeHooks,
	registry?: SerializerRegistry,
): unknown {
	if (!(offset >= 0 && length >= 0 && offset + length <= bytes.length)) {
		throw new RangeError(`decode: ${length} bytes at ${offset} are not within ${bytes.length} bytes`);
	}
	const plain = Object.getPrototypeOf(bytes) === Uint8Array.prototype ? bytes : plainView(bytes);
	const reader = idle.pop() ?? new ValueReader();
	try {
		if (kind === KIND_MESSAGE) return reader.message(plain, offset, length, hooks, registry);
		const type = bufferType(kind);
		if (type === undefined)
			throw new SerializationError(`There is no payload of kind ${kind}; use the same release on both sides`);
		reader.open(plain, offset, length);
		return readBare(reader, type, hooks);
	} finally {
		idle.push(reader);
	}
}

/** Buffer and other subclasses would make every read of a byte slower. */
function plainView(bytes: Uint8Array): Uint8Array {
	return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
