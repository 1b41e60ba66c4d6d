/** MessagePack's tokens, written into a scratch buffer that grows and is used again. */
import { EXT_UTF16, MAX_MESSAGE_BYTES } from "./format.ts";
import { encodeUtf8Into, isWellFormed, writeShortUtf8 } from "./strings.ts";

const INITIAL_BYTES = 4096;
/** A scratch that one large value made bigger than this is given up afterwards. */
const KEPT_BYTES = 1 << 20;
/** Strings shorter than this are written by hand (measured: `encodeInto` costs about 80 ns before its first byte). */
const SHORT_STRING = 32;

const isNegativeZero = (value: number): boolean => value === 0 && 1 / value < 0;

export class Writer {
	bytes = new Uint8Array(INITIAL_BYTES);
	view = new DataView(this.bytes.buffer);
	words = new Uint32Array(this.bytes.buffer);
	position = 0;

	/** Room for `count` more bytes. Callers that write single bytes ask once for all of them. */
	reserve(count: number): void {
		if (this.position + count > this.bytes.length) this.#grow(count);
	}

	/** Begins anew, without memory that only an unusual value needed. */
	restart(): void {
		this.position = 0;
		if (this.bytes.length > KEPT_BYTES) this.#replace(new Uint8Array(INITIAL_BYTES));
	}

	nil(): void {
		this.reserve(1);
		this.bytes[this.position++] = 0xc0;
	}

	boolean(value: boolean): void {
		this.reserve(1);
		this.bytes[this.position++] = value ? 0xc3 : 0xc2;
	}

	/** Integers as integers, as far as they are safe; all else, −0 too, as float64. */
	number(value: number): void {
		this.reserve(9);
		const bytes = this.bytes;
		let position = this.position;
		if ((value | 0) !== value || isNegativeZero(value)) {
			this.#wideNumber(value);
			return;
		}
		if (value >= 0) {
			if (value < 0x80) {
				bytes[position++] = value;
			} else if (value < 0x100) {
				bytes[position++] = 0xcc;
				bytes[position++] = value;
			} else if (value < 0x10000) {
				bytes[position++] = 0xcd;
				bytes[position++] = value >> 8;
				bytes[position++] = value;
			} else {
				bytes[position] = 0xce;
				this.view.setUint32(position + 1, value);
				position += 5;
			}
		} else if (value >= -0x20) {
			bytes[position++] = value;
		} else if (value >= -0x80) {
			bytes[position++] = 0xd0;
			bytes[position++] = value;
		} else if (value >= -0x8000) {
			bytes[position++] = 0xd1;
			bytes[position++] = value >> 8;
			bytes[position++] = value;
		} else {
			bytes[position] = 0xd2;
			this.view.setInt32(position + 1, value);
			position += 5;
		}
		this.position = position;
	}

	#wideNumber(value: number): void {
		const position = this.position;
		const { bytes, view } = this;
		if (Number.isSafeInteger(value) && value !== 0) {
			if (value > 0 && value <= 0xffff_ffff) {
				bytes[position] = 0xce;
				view.setUint32(position + 1, value);
				this.position = position + 5;
				return;
			}
			bytes[position] = value > 0 ? 0xcf : 0xd3;
			view.setInt32(position + 1, Math.floor(value / 0x1_0000_0000));
			view.setUint32(position + 5, value >>> 0);
		} else {
			bytes[position] = 0xcb;
			// Every NaN is the same bytes.
			view.setFloat64(position + 1, Number.isNaN(value) ? Number.NaN : value);
		}
		this.position = position + 9;
	}

	string(value: string): void {
		const length = value.length;
		if (length >= SHORT_STRING) {
			this.#longString(value);
			return;
		}
		this.reserve(1 + 3 * SHORT_STRING);
		const bytes = this.bytes;
		const start = this.position + 1;
		for (let i = 0; i < length; i++) {
			const code = value.charCodeAt(i);
			if (code >= 0x80) {
				this.#shortString(value);
				return;
			}
			bytes[start + i] = code;
		}
		bytes[start - 1] = 0xa0 | length;
		this.position = start + length;
	}

	/** A short string that is not ASCII. */
	#shortString(value: string): void {
		const end = writeShortUtf8(this.bytes, this.position + 1, value);
		if (end < 0) {
			this.#utf16(value);
			return;
		}
		this.#stringHeader(this.position + 1, end, 1);
	}

	#longString(value: string): void {
		if (!isWellFormed(value)) {
			this.#utf16(value);
			return;
		}
		// A header as long as plain ASCII needs; more only if it turns out so.
		const header = value.length < 0x100 ? 2 : value.length < 0x10000 ? 3 : 5;
		const start = this.position + header;
		let end = start;
		let rest = value;
		for (;;) {
			// At first only as much room as ASCII takes: most long strings are, and three bytes a character is a lot.
			this.reserve(end - this.position + 5 + (rest === value && rest.length > 0x10000 ? rest.length : rest.length * 3));
			const { read, written } = encodeUtf8Into(rest, this.bytes, end);
			end += written;
			if (read === rest.length) break;
			rest = rest.slice(read);
		}
		this.#stringHeader(start, end, header);
	}

	/** Puts the header before UTF-8 that stands at `start`, with `room` bytes before it, moving it if the header is longer. */
	#stringHeader(start: number, end: number, room: number): void {
		const length = end - start;
		const needed = length < 0x20 ? 1 : length < 0x100 ? 2 : length < 0x10000 ? 3 : 5;
		this.reserve(length + 5);
		const { bytes, position } = this;
		if (needed !== room) bytes.copyWithin(position + needed, start, end);
		if (needed === 1) {
			bytes[position] = 0xa0 | length;
		} else if (needed === 2) {
			bytes[position] = 0xd9;
			bytes[position + 1] = length;
		} else if (needed === 3) {
			bytes[position] = 0xda;
			this.view.setUint16(position + 1, length);
		} else {
			bytes[position] = 0xdb;
			this.view.setUint32(position + 1, length);
		}
		this.position = position + needed + length;
	}

	#utf16(value: string): void {
		const start = this.beginExtension(EXT_UTF16);
		this.reserve(value.length * 2);
		for (let i = 0; i < value.length; i++) this.view.setUint16(start + 2 * i, value.charCodeAt(i), true);
		this.position = start + value.length * 2;
		this.endExtension(start);
	}

	arrayHeader(count: number): void {
		this.#countHeader(count, 0x90, 0xdc);
	}

	mapHeader(count: number): void {
		this.#countHeader(count, 0x80, 0xde);
	}

	/** Gives the map that began at `at`, for no entries, a header for 16 or more. Returns how far its entries moved. */
	widenMap(at: number, count: number): number {
		const by = count < 0x10000 ? 2 : 4;
		this.reserve(by);
		this.bytes.copyWithin(at + 1 + by, at + 1, this.position);
		if (by === 2) {
			this.bytes[at] = 0xde;
			this.view.setUint16(at + 1, count);
		} else {
			this.bytes[at] = 0xdf;
			this.view.setUint32(at + 1, count);
		}
		this.position += by;
		return by;
	}

	/** Corrects an array's header written at `at` for more items than there turned out to be; its width stays. */
	patchCount(at: number, count: number): void {
		const token = this.bytes[at];
		if (token < 0xa0) this.bytes[at] = 0x90 | count;
		else if (token === 0xdc) this.view.setUint16(at + 1, count);
		else this.view.setUint32(at + 1, count);
	}

	#countHeader(count: number, short: number, wide: number): void {
		this.reserve(5);
		const bytes = this.bytes;
		if (count < 16) {
			bytes[this.position++] = short | count;
		} else if (count < 0x10000) {
			bytes[this.position] = wide;
			this.view.setUint16(this.position + 1, count);
			this.position += 3;
		} else {
			bytes[this.position] = wide + 1;
			this.view.setUint32(this.position + 1, count);
			this.position += 5;
		}
	}

	/** An extension of no bytes. */
	mark(type: number): void {
		this.reserve(3);
		const { bytes, position } = this;
		bytes[position] = 0xc7;
		bytes[position + 1] = 0;
		bytes[position + 2] = type;
		this.position = position + 3;
	}

	/** An extension that is one u32. */
	index(type: number, value: number): void {
		this.reserve(6);
		const position = this.position;
		this.bytes[position] = 0xd6;
		this.bytes[position + 1] = type;
		this.view.setUint32(position + 2, value);
		this.position = position + 6;
	}

	/** The header of an extension of known length below 256; its bytes come next. */
	extensionHeader(type: number, length: number): void {
		this.reserve(3 + length);
		const { bytes, position } = this;
		bytes[position] = 0xc7;
		bytes[position + 1] = length;
		bytes[position + 2] = type;
		this.position = position + 3;
	}

	/** An extension whose length is known when it ends; returns what `endExtension` needs. */
	beginExtension(type: number): number {
		this.reserve(6);
		this.bytes[this.position] = 0xc9;
		this.bytes[this.position + 5] = type;
		this.position += 6;
		return this.position;
	}

	endExtension(start: number): void {
		this.view.setUint32(start - 5, this.position - start);
	}

	#grow(count: number): void {
		const needed = this.position + count;
		if (needed > MAX_MESSAGE_BYTES - 3) throw new RangeError("a message is at most 4 GiB");
		// A multiple of four, for `words`.
		const length = Math.min(MAX_MESSAGE_BYTES - 3, Math.max(needed + 3, this.bytes.length * 2));
		const grown = new Uint8Array(length - (length % 4));
		// All of it, not only up to `position`: a string's bytes may stand behind it already.
		grown.set(this.bytes);
		this.#replace(grown);
	}

	#replace(bytes: Uint8Array<ArrayBuffer>): void {
		this.bytes = bytes;
		this.view = new DataView(bytes.buffer);
		this.words = new Uint32Array(bytes.buffer);
	}
}
