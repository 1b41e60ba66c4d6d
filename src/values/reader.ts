/** MessagePack's tokens, read with every length checked against the bytes that there are. */
import { SerializationError } from "../errors.ts";
import { EXT_UTF16 } from "./format.ts";
import { INTERNED_BYTES, InternedStrings } from "./interned.ts";
import { readUtf8, utf16FromBytes } from "./strings.ts";

/** Names of properties recur across messages; texts mostly do not, and must not push the names out. */
const names = new InternedStrings(true);
const texts = new InternedStrings(false);

/** Bytes that follow the tokens 0xca (float 32) to 0xd3 (int 64). */
const WIDTHS = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

const NOTHING = new Uint8Array(0);

export class Reader {
	bytes: Uint8Array = NOTHING;
	view: DataView = new DataView(NOTHING.buffer);
	position = 0;
	/** Where the payload starts and ends in `bytes`. */
	start = 0;
	end = 0;

	open(bytes: Uint8Array, start: number, length: number): void {
		if (bytes !== this.bytes) {
			this.bytes = bytes;
			this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
		}
		this.start = start;
		this.position = start;
		this.end = start + length;
	}

	damaged(what: string): SerializationError {
		return new SerializationError(`The bytes are damaged: at byte ${this.position - this.start}, ${what}`);
	}

	/** Moves over `count` bytes and returns where they started. */
	take(count: number): number {
		const position = this.position;
		if (count > this.end - position)
			throw this.damaged(`${count} bytes are said to follow, but there are ${this.end - position}`);
		this.position = position + count;
		return position;
	}

	u8(): number {
		return this.bytes[this.take(1)];
	}

	u16(): number {
		return this.view.getUint16(this.take(2));
	}

	u32(): number {
		return this.view.getUint32(this.take(4));
	}

	/** The number that a token from 0xca to 0xd3 begins. */
	wideNumber(token: number): number | bigint {
		const at = this.take(WIDTHS[token - 0xca]);
		const { bytes, view } = this;
		switch (token) {
			case 0xca:
				return view.getFloat32(at);
			case 0xcb:
				return view.getFloat64(at);
			case 0xcc:
				return bytes[at];
			case 0xcd:
				return (bytes[at] << 8) | bytes[at + 1];
			case 0xce:
				return view.getUint32(at);
			case 0xcf: {
				const value = view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
				// Other hosts have integers that no number holds.
				return Number.isSafeInteger(value) ? value : view.getBigUint64(at);
			}
			case 0xd0:
				return (bytes[at] << 24) >> 24;
			case 0xd1:
				return ((bytes[at] << 24) >> 16) | bytes[at + 1];
			case 0xd2:
				return view.getInt32(at);
			default: {
				const value = view.getInt32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
				return Number.isSafeInteger(value) ? value : view.getBigInt64(at);
			}
		}
	}

	/** Whether the next value is a text in UTF-8. */
	textFollows(): boolean {
		const token = this.position < this.end ? this.bytes[this.position] : 0;
		return (token >= 0xa0 && token < 0xc0) || (token >= 0xd9 && token <= 0xdb);
	}

	/** The length that a token from 0xd9 (str 8) to 0xdb (str 32) gives. */
	stringLength(token: number): number {
		return token === 0xd9 ? this.u8() : token === 0xda ? this.u16() : this.u32();
	}

	text(length: number): string {
		return this.#string(length, texts);
	}

	#string(length: number, known: InternedStrings): string {
		if (length === 0) return "";
		const at = this.take(length);
		try {
			return length <= INTERNED_BYTES
				? known.read(this.bytes, this.view, at, length)
				: readUtf8(this.bytes, at, at + length);
		} catch {
			throw this.damaged("a text is not UTF-8");
		}
	}

	/** A property's name. Other hosts may have numbers as names; they become what JavaScript makes of them. */
	name(): string {
		const token = this.u8();
		if (token >= 0xa0 && token < 0xc0) return this.#string(token & 0x1f, names);
		if (token >= 0xd9 && token <= 0xdb) return this.#string(this.stringLength(token), names);
		if (token < 0x80) return String(token);
		if (token >= 0xe0) return String(token - 0x100);
		if (token >= 0xca && token <= 0xd3) return String(this.wideNumber(token));
		if (token >= 0xc7 && token <= 0xc9) {
			const length = this.extensionLength(token);
			if (this.u8() === EXT_UTF16) return this.utf16(length);
		}
		throw this.damaged("a property's name is no text");
	}

	utf16(length: number): string {
		if (length % 2 !== 0) throw this.damaged("a text of two-byte units has an odd length");
		const at = this.take(length);
		return utf16FromBytes(this.bytes, at, at + length);
	}

	/** The length that an extension's token gives; its type is next. */
	extensionLength(token: number): number {
		if (token >= 0xd4) return 1 << (token - 0xd4);
		return token === 0xc7 ? this.u8() : token === 0xc8 ? this.u16() : this.u32();
	}

	/** An array's header; each item takes at least a byte. */
	arrayCount(): number {
		const token = this.u8();
		let count: number;
		if (token >= 0x90 && token < 0xa0) count = token & 15;
		else if (token === 0xdc) count = this.u16();
		else if (token === 0xdd) count = this.u32();
		else throw this.damaged("there is no array");
		return this.checkCount(count, 1);
	}

	mapCount(): number {
		const token = this.u8();
		let count: number;
		if (token >= 0x80 && token < 0x90) count = token & 15;
		else if (token === 0xde) count = this.u16();
		else if (token === 0xdf) count = this.u32();
		else throw this.damaged("there is no map");
		return this.checkCount(count, 2);
	}

	checkCount(count: number, bytesEach: number): number {
		if (count * bytesEach > this.end - this.position) throw this.damaged(`${count} items are said to follow`);
		return count;
	}
}
