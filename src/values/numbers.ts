/** Numbers that MessagePack has no room for, and points in time. */
import { EXT_BIGINT, EXT_INVALID_DATE, EXT_TIMESTAMP } from "./format.ts";
import type { Writer } from "./writer.ts";

const LEAST_I64 = -(2n ** 63n);
const BEYOND_I64 = 2n ** 63n;

/** Two's complement, big-endian: eight bytes, or as many as it takes. */
export function writeBigInt(writer: Writer, value: bigint): void {
	if (value >= LEAST_I64 && value < BEYOND_I64) {
		writer.reserve(10);
		writer.bytes[writer.position] = 0xd7;
		writer.bytes[writer.position + 1] = EXT_BIGINT;
		writer.view.setBigInt64(writer.position + 2, value);
		writer.position += 10;
		return;
	}
	const magnitude = value < 0n ? ~value : value;
	let size = LEAF_BYTES;
	while (magnitude >> BigInt(8 * size) !== 0n) size *= 2;
	const digits = size <= SCRATCH_BYTES ? scratch : new DataView(new ArrayBuffer(size));
	writeBytes(digits, size, magnitude, size);
	let first = 0;
	while (digits.getUint8(first) === 0) first++;
	// The first bit is the sign's.
	const length = size - first + (digits.getUint8(first) >= 0x10 ? 1 : 0);
	const start = writer.beginExtension(EXT_BIGINT);
	writer.reserve(length);
	const { bytes } = writer;
	bytes[start] = 0;
	bytes.set(new Uint8Array(digits.buffer, first, size - first), start + length - (size - first));
	if (value < 0n) for (let i = start; i < start + length; i++) bytes[i] = ~(bytes[i] as number);
	writer.position = start + length;
	writer.endExtension(start);
}

/** Up to this length a bigint is taken apart digit by digit, which takes time by the square of it; a longer one in halves. */
const LEAF_BYTES = 128;
const SCRATCH_BYTES = 4096;
const scratch = new DataView(new ArrayBuffer(SCRATCH_BYTES));

/** Writes the last `size` bytes of a value, up to `end`. */
function writeBytes(to: DataView, end: number, value: bigint, size: number): void {
	if (size > LEAF_BYTES) {
		const half = size / 2;
		writeBytes(to, end, BigInt.asUintN(8 * half, value), half);
		writeBytes(to, end - half, value >> BigInt(8 * half), half);
		return;
	}
	let rest = value;
	for (let at = end - 8; at >= end - size; at -= 8) {
		to.setBigUint64(at, rest);
		rest >>= 64n;
	}
}

export function readBigInt(view: DataView, start: number, end: number): bigint {
	if (end - start === 8) return view.getBigInt64(start);
	return BigInt.asIntN(8 * (end - start), readBytes(view, start, end));
}

function readBytes(view: DataView, start: number, end: number): bigint {
	if (end - start > LEAF_BYTES) {
		const half = ((end - start) >> 4) << 3;
		return (readBytes(view, start, end - half) << BigInt(8 * half)) | readBytes(view, end - half, end);
	}
	let at = start;
	let value = 0n;
	for (; (end - at) % 8 > 0; at++) value = (value << 8n) | BigInt(view.getUint8(at));
	for (; at < end; at += 8) value = (value << 64n) | view.getBigUint64(at);
	return value;
}

/** MessagePack's timestamp, in the shortest of its three forms; an invalid Date has an extension of its own. */
export function writeTimestamp(writer: Writer, time: number): void {
	if (Number.isNaN(time)) {
		writer.mark(EXT_INVALID_DATE);
		return;
	}
	const seconds = Math.floor(time / 1000);
	const nanoseconds = (time - seconds * 1000) * 1e6;
	const low = seconds >>> 0;
	const high = Math.floor(seconds / 0x1_0000_0000);
	writer.reserve(15);
	const { bytes, view, position } = writer;
	if (high === 0 && nanoseconds === 0) {
		bytes[position] = 0xd6;
		bytes[position + 1] = EXT_TIMESTAMP;
		view.setUint32(position + 2, low);
		writer.position += 6;
	} else if (high >= 0 && high < 4) {
		bytes[position] = 0xd7;
		bytes[position + 1] = EXT_TIMESTAMP;
		view.setUint32(position + 2, nanoseconds * 4 + high);
		view.setUint32(position + 6, low);
		writer.position += 10;
	} else {
		bytes[position] = 0xc7;
		bytes[position + 1] = 12;
		bytes[position + 2] = EXT_TIMESTAMP;
		view.setUint32(position + 3, nanoseconds);
		view.setInt32(position + 7, high);
		view.setUint32(position + 11, low);
		writer.position += 15;
	}
}

/** Milliseconds of a timestamp; undefined if it is of no known length. */
export function readTimestamp(view: DataView, start: number, length: number): number | undefined {
	if (length === 4) return view.getUint32(start) * 1000;
	if (length === 8) {
		const first = view.getUint32(start);
		return ((first & 3) * 0x1_0000_0000 + view.getUint32(start + 4)) * 1000 + Math.floor((first >>> 2) / 1e6);
	}
	if (length === 12) {
		return (
			(view.getInt32(start + 4) * 0x1_0000_0000 + view.getUint32(start + 8)) * 1000 +
			Math.floor(view.getUint32(start) / 1e6)
		);
	}
	return undefined;
}
