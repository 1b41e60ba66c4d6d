/** UTF-8 by hand where that is faster than asking the platform, and the platform where it is not. */

const encoder = new TextEncoder();
const fatalDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;
const nativeIsWellFormed = (String.prototype as { isWellFormed?: (this: string) => boolean }).isWellFormed;

/** Whether UTF-8 can say it: no half of a surrogate pair alone. */
export function isWellFormed(value: string): boolean {
	return nativeIsWellFormed === undefined ? !loneSurrogate.test(value) : nativeIsWellFormed.call(value);
}

export function encodeUtf8Into(value: string, bytes: Uint8Array, position: number): { read: number; written: number } {
	return encoder.encodeInto(value, bytes.subarray(position));
}

/** Writes at most three bytes a code unit and returns the end, or -1 at a lone surrogate. */
export function writeShortUtf8(bytes: Uint8Array, start: number, value: string): number {
	let position = start;
	for (let i = 0; i < value.length; i++) {
		let code = value.charCodeAt(i);
		if (code < 0x80) {
			bytes[position++] = code;
		} else if (code < 0x800) {
			bytes[position++] = 0xc0 | (code >> 6);
			bytes[position++] = 0x80 | (code & 0x3f);
		} else if (code < 0xd800 || code >= 0xe000) {
			bytes[position++] = 0xe0 | (code >> 12);
			bytes[position++] = 0x80 | ((code >> 6) & 0x3f);
			bytes[position++] = 0x80 | (code & 0x3f);
		} else {
			const low = value.charCodeAt(++i);
			// NaN, past the end, fails this too.
			if (code >= 0xdc00 || !(low >= 0xdc00 && low < 0xe000)) return -1;
			code = 0x10000 + ((code & 0x3ff) << 10) + (low & 0x3ff);
			bytes[position++] = 0xf0 | (code >> 18);
			bytes[position++] = 0x80 | ((code >> 12) & 0x3f);
			bytes[position++] = 0x80 | ((code >> 6) & 0x3f);
			bytes[position++] = 0x80 | (code & 0x3f);
		}
	}
	return position;
}

/** Text of a region of the bytes; throws if it is not UTF-8. */
export function readUtf8(bytes: Uint8Array, start: number, end: number): string {
	const region = bytes.subarray(start, end);
	return fatalDecoder.decode(decodesShared || !isShared(region) ? region : new Uint8Array(region));
}

/** Browsers refuse to decode shared memory (it might change meanwhile); Node decodes it as it is. */
const decodesShared = ((): boolean => {
	try {
		return fatalDecoder.decode(new Uint8Array(new SharedArrayBuffer(1))).length === 1;
	} catch {
		return false;
	}
})();

function isShared(bytes: Uint8Array): boolean {
	return Object.prototype.toString.call(bytes.buffer) === "[object SharedArrayBuffer]";
}

export function utf16FromBytes(bytes: Uint8Array, start: number, end: number): string {
	let text = "";
	const units: number[] = [];
	for (let position = start; position < end; position += 2) {
		units.push(bytes[position] | (bytes[position + 1] << 8));
		// `apply` has a limit on arguments; this is well below it.
		if (units.length === 4096) {
			text += String.fromCharCode.apply(null, units);
			units.length = 0;
		}
	}
	return text + String.fromCharCode.apply(null, units);
}

/** The longest string that `readAscii` makes. */
export const ASCII_BY_HAND = 12;

const of = String.fromCharCode;

/** `length` (1 … ASCII_BY_HAND) ASCII bytes as a string. One call with all codes is twice as fast as a loop. */
export function readAscii(b: Uint8Array, p: number, length: number): string {
	switch (length) {
		case 1:
			return of(b[p]);
		case 2:
			return of(b[p], b[p + 1]);
		case 3:
			return of(b[p], b[p + 1], b[p + 2]);
		case 4:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3]);
		case 5:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4]);
		case 6:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5]);
		case 7:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6]);
		case 8:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6], b[p + 7]);
		case 9:
			return of(b[p], b[p + 1], b[p + 2], b[p + 3], b[p + 4], b[p + 5], b[p + 6], b[p + 7], b[p + 8]);
		default:
			return readAscii(b, p, 8) + readAscii(b, p + 8, length - 8);
	}
}
