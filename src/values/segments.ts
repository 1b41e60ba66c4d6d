/**
 * The bytes of a message's buffers. While the message is written they are only noted; when it is complete, each gets its
 * place behind the MessagePack part, and the places are filled in where the buffers were mentioned:
 *
 *   | header | MessagePack … |pad| small | small |pad|     large      |pad|   large   |
 *   0                         8-aligned             64-aligned
 *
 * The small ones are copied into the writer's scratch at once; a large one is copied once, from its source to the store.
 *
 * Views on one ArrayBuffer share a segment, and so come back on one ArrayBuffer, if they overlap or are near each other;
 * bytes that none of them covers are sent as zeros. Node's Buffers share only where they overlap: small ones of no
 * relation to each other stand side by side in a pool. A SharedArrayBuffer is never kept together: its bytes are copied.
 * A resizable ArrayBuffer goes as a whole, whatever is mentioned of it, with its maximum behind it.
 */
import { growthOf, KIND_ARRAY_BUFFER, KIND_BUFFER, KIND_UINT8, maximumBytes, tracksLength } from "./buffers.ts";
import {
	BUFFER_EXT_BYTES,
	EXT_BUFFER,
	KIND_RESIZABLE,
	KIND_TRACKING,
	LARGE_SEGMENT_ALIGNMENT,
	LARGE_SEGMENT_BYTES,
	MAX_MESSAGE_BYTES,
	MAXIMUM_BYTES,
	SMALL_SEGMENT_ALIGNMENT,
} from "./format.ts";
import type { Writer } from "./writer.ts";

const NEAR_BYTES = 4096;
/** The engine keeps arrays of no more bytes in its own heap, until somebody asks for their buffer. */
const HEAP_BYTES = 64;

/** One mention of a buffer in the message. */
interface Mention {
	source: ArrayBufferView | ArrayBuffer;
	/** As the message has it. */
	kind: number;
	/** Where in the message its segment's place is to be written. */
	patchAt: number;
	readonly byteLength: number;
	/** If it was asked for. */
	buffer: ArrayBufferLike | undefined;
}

/** Bytes that go to `offset` of the payload. */
interface Piece {
	readonly bytes: Uint8Array;
	readonly offset: number;
}

/** Mentions on the same bytes: from `start` to `end` of the source's ArrayBuffer. */
interface Region {
	start: number;
	end: number;
	readonly mentions: Mention[];
	/** The ArrayBuffer, if it is resizable: all of it goes. */
	readonly resizable: ArrayBuffer | undefined;
}

const isView = ArrayBuffer.isView as (value: object) => value is ArrayBufferView;

export class Segments {
	#mentions: Mention[] = [];
	#large: Piece[] = [];
	/** Two mentions share a segment. */
	shared = false;
	/** Where the writer's scratch ends and large segments begin. */
	#staged = 0;

	get count(): number {
		return this.#mentions.length;
	}

	/** Bytes of the largest view that can be given out in place. */
	get largestView(): number {
		let most = 0;
		for (const { source, kind, byteLength } of this.#mentions) {
			if (isView(source) && (kind & KIND_RESIZABLE) === 0) most = Math.max(most, byteLength);
		}
		return most;
	}

	clear(): void {
		if (this.#mentions.length > 0) this.#mentions = [];
		if (this.#large.length > 0) this.#large = [];
		this.shared = false;
	}

	/** Writes a buffer's extension, its kind and place still open. */
	mention(writer: Writer, source: ArrayBufferView | ArrayBuffer, kind: number, byteLength: number): void {
		writer.extensionHeader(EXT_BUFFER, BUFFER_EXT_BYTES);
		this.#mentions.push({ source, kind, patchAt: writer.position, byteLength, buffer: undefined });
		writer.position += BUFFER_EXT_BYTES;
	}

	/** The message's bytes behind `from` moved. */
	moved(from: number, by: number): void {
		for (let i = this.#mentions.length - 1; i >= 0 && this.#mentions[i].patchAt > from; i--)
			this.#mentions[i].patchAt += by;
	}

	/** Places all segments, copies the small ones, and returns the payload's length. Throws RangeError if a source has changed. */
	place(writer: Writer): number {
		const isAlone = this.#mentions.length === 1;
		for (const mention of this.#mentions) {
			// By the kind that it had when it was mentioned.
			const { kind } = mention;
			if (!isAlone || !mayHaveNoBuffer(kind, mention.byteLength)) examine(mention);
			if (bytesIn(mention.source, kind) !== mention.byteLength)
				throw new RangeError("a buffer changed its length while it was being sent");
		}
		const regions = isAlone ? [regionOf(this.#mentions[0])] : this.#regions();
		const large: Region[] = [];
		for (const region of regions) {
			if (region.mentions.length > 1) this.shared = true;
			if (region.end - region.start >= LARGE_SEGMENT_BYTES) large.push(region);
			else this.#stage(writer, region);
		}
		this.#staged = writer.position;
		let end = writer.position;
		for (const region of large) {
			const offset = align(end, LARGE_SEGMENT_ALIGNMENT);
			end = offset + region.end - region.start + (region.resizable === undefined ? 0 : MAXIMUM_BYTES);
			if (end > MAX_MESSAGE_BYTES) throw new RangeError("a message is at most 4 GiB");
			patch(writer, region, offset);
			pieces(region, offset, this.#large);
		}
		return end;
	}

	#stage(writer: Writer, region: Region): void {
		// Readers tell segments by where they start, so an empty one takes a byte.
		const length =
			region.resizable !== undefined
				? region.end + MAXIMUM_BYTES
				: region.end - region.start || (this.#mentions.length > 1 ? 1 : 0);
		const padding = align(writer.position, SMALL_SEGMENT_ALIGNMENT) - writer.position;
		writer.reserve(padding + length);
		const offset = writer.position + padding;
		const small: Piece[] = [];
		pieces(region, offset, small);
		const isCovered = region.mentions.length === 1 && region.end > region.start;
		writer.bytes.fill(0, writer.position, isCovered ? offset : offset + length);
		for (const piece of small) writer.bytes.set(piece.bytes, piece.offset);
		patch(writer, region, offset);
		writer.position = offset + length;
	}

	/** Copies the large segments, and zeros between them, to a payload that starts at `offset` of the target. */
	writeLarge(target: Uint8Array, offset: number): void {
		let end = this.#staged;
		for (const piece of this.#large) {
			if (piece.offset > end) target.fill(0, offset + end, offset + piece.offset);
			target.set(piece.bytes, offset + piece.offset);
			end = piece.offset + piece.bytes.length;
		}
	}

	/** Mentions put together by the bytes they are on. */
	#regions(): Region[] {
		const byBuffer = new Map<ArrayBufferLike, Mention[]>();
		const regions: Region[] = [];
		for (const mention of this.#mentions) {
			const buffer = mention.buffer as ArrayBufferLike;
			const others = byBuffer.get(buffer);
			if (others !== undefined) others.push(mention);
			else byBuffer.set(buffer, [mention]);
		}
		for (const [buffer, mentions] of byBuffer) {
			if (mentions.length === 1 || isSharedBuffer(buffer)) {
				for (const mention of mentions) regions.push(regionOf(mention));
				continue;
			}
			if (mentions[0].kind & KIND_RESIZABLE) {
				regions.push({ ...regionOf(mentions[0]), mentions });
				continue;
			}
			mentions.sort((a, b) => startOf(a.source) - startOf(b.source));
			let region: Region | undefined;
			for (const mention of mentions) {
				const start = startOf(mention.source);
				const room = mention.kind === KIND_BUFFER ? -1 : NEAR_BYTES;
				if (region === undefined || start - region.end > room) {
					region = regionOf(mention);
					regions.push(region);
				} else {
					// Elements that were aligned in the source's buffer stay so.
					region.start = Math.floor(region.start / SMALL_SEGMENT_ALIGNMENT) * SMALL_SEGMENT_ALIGNMENT;
					region.end = Math.max(region.end, start + mention.byteLength);
					region.mentions.push(mention);
				}
			}
		}
		return regions;
	}
}

function startOf(source: ArrayBufferView | ArrayBuffer): number {
	return isView(source) ? source.byteOffset : 0;
}

function regionOf(mention: Mention): Region {
	const { source, kind, byteLength } = mention;
	if (kind & KIND_RESIZABLE) {
		const resizable = mention.buffer as ArrayBuffer;
		return { start: 0, end: resizable.byteLength, mentions: [mention], resizable };
	}
	const start = startOf(source);
	return { start, end: start + byteLength, mentions: [mention], resizable: undefined };
}

/** Finds out how a mention's buffer may change its length, where that has to be asked. */
function examine(mention: Mention): void {
	const { source, byteLength } = mention;
	const buffer = isView(source) ? source.buffer : source;
	const growth = growthOf(buffer);
	mention.buffer = buffer;
	if (growth === "fixed") return;
	if (growth === "shared") {
		// Another thread may let it grow at any time: what was mentioned is sent.
		mention.source = new Uint8Array(buffer, startOf(source), byteLength);
		return;
	}
	if ((maximumBytes(buffer as ArrayBuffer) ?? 0) > MAX_MESSAGE_BYTES) {
		throw new RangeError("a resizable ArrayBuffer may grow to at most 4 GiB");
	}
	mention.kind |= KIND_RESIZABLE;
	if (isView(source) && tracksLength(source, buffer as ArrayBuffer)) mention.kind |= KIND_TRACKING;
}

/**
 * Whether it may be an array in the engine's heap. Asking such an array for its buffer makes the engine move it out, which
 * takes longer than all the rest: not where it can be helped.
 */
export function mayHaveNoBuffer(kind: number, byteLength: number): boolean {
	return byteLength <= HEAP_BYTES && (kind === KIND_UINT8 || kind === KIND_BUFFER);
}

/** Its `byteLength`; `length` takes a fifth of the time (measured). */
export function bytesIn(source: ArrayBufferView | ArrayBuffer, kind: number): number {
	return kind === KIND_UINT8 || kind === KIND_BUFFER ? (source as Uint8Array).length : source.byteLength;
}

/** What must be copied for a region that goes to `offset`: bytes covered by an earlier piece are not copied again. */
function pieces(region: Region, offset: number, into: Piece[]): void {
	const { resizable } = region;
	if (resizable !== undefined) {
		const maximum = new Uint8Array(MAXIMUM_BYTES);
		new DataView(maximum.buffer).setUint32(0, maximumBytes(resizable) ?? 0);
		into.push({ bytes: new Uint8Array(resizable), offset }, { bytes: maximum, offset: offset + region.end });
		return;
	}
	let covered = -1;
	for (const { source, kind, byteLength, buffer } of region.mentions) {
		const start = startOf(source);
		if (start + byteLength <= covered) continue;
		covered = start + byteLength;
		into.push({ bytes: bytesOf(source, kind, byteLength, buffer), offset: offset + start - region.start });
	}
}

function patch(writer: Writer, region: Region, offset: number): void {
	for (const { source, kind, patchAt, byteLength } of region.mentions) {
		writer.bytes[patchAt] = kind;
		writer.view.setUint32(patchAt + 1, offset);
		writer.view.setUint32(patchAt + 5, region.end - region.start);
		writer.view.setUint32(patchAt + 9, startOf(source) - region.start);
		writer.view.setUint32(patchAt + 13, byteLength);
	}
}

/** A buffer's bytes, in place. `buffer` if it was asked for. Throws TypeError if it is detached. */
export function bytesOf(
	source: ArrayBufferView | ArrayBuffer,
	kind: number,
	byteLength: number,
	buffer?: ArrayBufferLike,
): Uint8Array {
	if (kind === KIND_ARRAY_BUFFER) return new Uint8Array(source as ArrayBuffer);
	const view = source as ArrayBufferView;
	if ((kind === KIND_UINT8 || kind === KIND_BUFFER) && byteLength > 0) return view as Uint8Array;
	return new Uint8Array(buffer ?? view.buffer, view.byteOffset, byteLength);
}

function isSharedBuffer(buffer: ArrayBufferLike): boolean {
	return Object.prototype.toString.call(buffer) === "[object SharedArrayBuffer]";
}

const align = (position: number, alignment: number): number => Math.ceil(position / alignment) * alignment;
