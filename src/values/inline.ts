/**
 * Values that need no payload: 16 bytes and a kind of five bits, which the store keeps in the object's entry.
 *
 *   kind  0…3     undefined, null, true, false
 *   kind  4       int32 in word 0
 *   kind  5       float64, little-endian, in words 0 and 1
 *   kind  6       bigint of 64 bits, two's complement, in words 0 and 1
 *   kind  7, 8    [] and {}
 *   kind  9       at most 7 UTF-16 code units in bytes 0…13, their number in bytes 14…15
 *   kind 15…31    (kind − 15) Latin-1 characters
 *
 * Words are u32, little-endian; what a value does not need of the 16 bytes has no meaning.
 */
import { isNamespace } from "./brands.ts";

const UNDEFINED = 0;
const NULL = 1;
const TRUE = 2;
const FALSE = 3;
const INT32 = 4;
const FLOAT64 = 5;
const BIGINT = 6;
const EMPTY_ARRAY = 7;
const EMPTY_OBJECT = 8;
const UTF16 = 9;
const LATIN1 = 15;

const LATIN1_LENGTH = 16;
const UTF16_LENGTH = 7;

const float = new Float64Array(1);
const bigints = new BigInt64Array(float.buffer);
const halves = new Uint32Array(float.buffer);

const getPrototypeOf = Object.getPrototypeOf as (value: object) => object | null;
const of = String.fromCharCode;

/** Writes a value to four words from `index` on and returns its kind; -1, with the words in any state, if it needs a payload. */
export function encodeInline(value: unknown, words: Uint32Array, index: number): number {
	switch (typeof value) {
		case "number":
			if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
				words[index] = value;
				return INT32;
			}
			float[0] = value;
			words[index] = halves[0];
			words[index + 1] = halves[1];
			return FLOAT64;
		case "string":
			return value.length <= LATIN1_LENGTH ? encodeShortString(value, words, index) : -1;
		case "boolean":
			return value ? TRUE : FALSE;
		case "undefined":
			return UNDEFINED;
		case "bigint":
			bigints[0] = value;
			if (bigints[0] !== value) return -1;
			words[index] = halves[0];
			words[index + 1] = halves[1];
			return BIGINT;
		case "object":
			return value === null ? NULL : emptyKind(value);
		default:
			return -1;
	}
}

function emptyKind(value: object): number {
	try {
		const prototype = getPrototypeOf(value);
		if (prototype === Object.prototype) {
			for (const _ in value) return -1;
			return isNamespace(value) ? -1 : EMPTY_OBJECT;
		}
		return prototype === Array.prototype && Array.isArray(value) && value.length === 0 ? EMPTY_ARRAY : -1;
	} catch {
		// A proxy: the encoder meets the same, and says where.
		return -1;
	}
}

function encodeShortString(value: string, words: Uint32Array, index: number): number {
	const length = value.length;
	let word = 0;
	for (let i = 0; i < length; i++) {
		const code = value.charCodeAt(i);
		if (code > 0xff) return length <= UTF16_LENGTH ? encodeUtf16(value, words, index) : -1;
		word |= code << ((i & 3) << 3);
		if ((i & 3) === 3) {
			words[index + (i >> 2)] = word;
			word = 0;
		}
	}
	if ((length & 3) !== 0) words[index + (length >> 2)] = word;
	return LATIN1 + length;
}

function encodeUtf16(value: string, words: Uint32Array, index: number): number {
	for (let i = 0; i < UTF16_LENGTH + 1; i += 2) {
		// Past the end the code is NaN, which counts as 0 here.
		words[index + (i >> 1)] = value.charCodeAt(i) | (value.charCodeAt(i + 1) << 16);
	}
	words[index + 3] = (words[index + 3] & 0xffff) | (value.length << 16);
	return UTF16;
}

/** The value that `encodeInline` gave this kind for. An unknown kind throws RangeError. */
export function decodeInline(kind: number, words: Uint32Array, index: number): unknown {
	if (kind >= LATIN1 && kind <= LATIN1 + LATIN1_LENGTH) return decodeLatin1(kind - LATIN1, words, index);
	switch (kind) {
		case UNDEFINED:
			return undefined;
		case NULL:
			return null;
		case TRUE:
			return true;
		case FALSE:
			return false;
		case INT32:
			return words[index] | 0;
		case FLOAT64:
			halves[0] = words[index];
			halves[1] = words[index + 1];
			return float[0];
		case BIGINT:
			halves[0] = words[index];
			halves[1] = words[index + 1];
			return bigints[0];
		case EMPTY_ARRAY:
			return [];
		case EMPTY_OBJECT:
			return {};
		case UTF16:
			return decodeUtf16(words, index);
		default:
			throw new RangeError(`there is no inline kind ${kind}`);
	}
}

function decodeLatin1(length: number, words: Uint32Array, index: number): string {
	let text = "";
	let i = 0;
	for (; i + 4 <= length; i += 4) {
		const word = words[index + (i >> 2)];
		text += of(word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff, word >>> 24);
	}
	if (i < length) {
		const word = words[index + (i >> 2)];
		const rest = length - i;
		if (rest === 1) text += of(word & 0xff);
		else if (rest === 2) text += of(word & 0xff, (word >> 8) & 0xff);
		else text += of(word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff);
	}
	return text;
}

function decodeUtf16(words: Uint32Array, index: number): string {
	const length = Math.min(words[index + 3] >>> 16, UTF16_LENGTH);
	let text = "";
	for (let i = 0; i < length; i++) text += of((words[index + (i >> 1)] >>> ((i & 1) << 4)) & 0xffff);
	return text;
}
