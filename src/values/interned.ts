/**
 * Short strings by their bytes: a direct-mapped cache, so that a property's name is made (and interned by the engine)
 * once, and a message with known names makes no strings at all. Entries are compared byte for byte, so a collision costs
 * time and nothing else.
 */
import { ASCII_BY_HAND, readAscii, readUtf8 } from "./strings.ts";

/** Longer strings are not looked for. */
export const INTERNED_BYTES = 24;
const SLOTS = 2048;
const WORDS = INTERNED_BYTES / 4;

export class InternedStrings {
	readonly #strings: string[] = new Array(SLOTS).fill("");
	readonly #lengths = new Uint8Array(SLOTS);
	readonly #words = new Int32Array(SLOTS * WORDS);
	readonly #asNames: boolean;

	/** `asNames`: make strings that the engine has interned as names of properties. */
	constructor(asNames: boolean) {
		this.#asNames = asNames;
	}

	/** The text of `length` (1 … INTERNED_BYTES) bytes. `view` is on the same bytes. Throws if they are not UTF-8. */
	read(bytes: Uint8Array, view: DataView, start: number, length: number): string {
		const words = this.#words;
		let hash = length;
		let last: number;
		// Four bytes at a time; the last four overlap the ones before them.
		const full = length - 4;
		if (full < 0) {
			last = bytes[start];
			if (length > 1) last |= bytes[start + 1] << 8;
			if (length > 2) last |= bytes[start + 2] << 16;
		} else {
			for (let i = 0; i < full; i += 4) hash = Math.imul(hash ^ view.getInt32(start + i, true), 0x9e3779b1);
			last = view.getInt32(start + full, true);
		}
		hash = Math.imul(hash ^ last, 0x9e3779b1);
		const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
		let at = slot * WORDS;
		if (this.#lengths[slot] === length) {
			let i = 0;
			for (; i < full; i += 4) if (words[at++] !== view.getInt32(start + i, true)) break;
			if (i >= full && words[at] === last) return this.#strings[slot];
		}
		return this.#make(bytes, view, start, length, slot, last);
	}

	#make(bytes: Uint8Array, view: DataView, start: number, length: number, slot: number, last: number): string {
		let bits = 0;
		for (let i = 0; i < length; i++) bits |= bytes[start + i];
		let string =
			bits < 0x80 && length <= ASCII_BY_HAND ? readAscii(bytes, start, length) : readUtf8(bytes, start, start + length);
		if (this.#asNames) string = Object.keys({ [string]: 0 })[0];
		let at = slot * WORDS;
		for (let i = 0; i < length - 4; i += 4) this.#words[at++] = view.getInt32(start + i, true);
		this.#words[at] = last;
		this.#lengths[slot] = length;
		this.#strings[slot] = string;
		return string;
	}
}
