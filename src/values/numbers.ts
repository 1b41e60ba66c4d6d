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
	// By way of hexadecimal digits: the only conversion whose time does not grow with the square of the length.
	const digits = (value < 0n ? ~value : value).toString(16);
	// One digit more, so that the first bit is free for the sign.
	const length = (digits.length >> 1) + 1;
	const start = writer.beginExtension(EXT_BIGINT);
	writer.reserve(length);
	const { bytes } = writer;
	const flip = value < 0n ? 0xff : 0;
	for (let i = start + length - 1, at = digits.length - 1; i >= start; i--, at -= 2) {
		bytes[i] = ((digitAt(digits, at - 1) << 4) | digitAt(digits, at)) ^ flip;
	}
	writer.position = start + length;
	writer.endExtension(start);
}

/** The value of a hexadecimal digit; before the first all are 0. */
function digitAt(digits: string, at: number): number {
	if (at < 0) return 0;
	const code = digits.charCodeAt(at);
	return code < 0x3a ? code - 0x30 : code - 0x57;
}

/** Two digits for each byte: a loop over these takes a tenth of the time that formatting each byte does. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function readBigInt(bytes: Uint8Array, view: DataView, start: number, end: number): bigint {
	if (end - start === 8) return view.getBigInt64(start);
	if (start === end) return 0n;
	const negative = bytes[start] >= 0x80;
	const flip = negative ? 0xff : 0;
	let digits = "0x";
	for (let i = start; i < end; i++) digits += DIGITS[(bytes[i] as number) ^ flip];
	const magnitude = BigInt(digits);
	return negative ? ~magnitude : magnitude;
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
