/**
 * Values, written as MessagePack. Small plain objects, arrays and scalars take the short way down the first half of this
 * file; everything else is told by its brand in the second.
 */
import type { SerializationError } from "../errors.ts";
import { natureOf, slotOf } from "./brands.ts";
import { KIND_ARRAY_BUFFER, KIND_MESSAGE, maximumBytes, viewKindOf } from "./buffers.ts";
import * as format from "./format.ts";
import { ElementFinder } from "./holes.ts";
import { type EncodeHooks, type Extension, SENDABLE } from "./hooks.ts";
import { SeenObjects } from "./identity.ts";
import { type LaterItem, LaterQueue } from "./later.ts";
import { writeBigInt } from "./numbers.ts";
import { CodecStep, ITSELF, type Step } from "./path.ts";
import { pathTo, readingThrew, refusal } from "./refusals.ts";
import type { Codec, SerializerRegistry } from "./registry.ts";
import { bytesOf, Segments } from "./segments.ts";
import { writeArrayFields, writeError, writeSlotted } from "./special-writer.ts";
import { Writer } from "./writer.ts";

const getPrototypeOf = Object.getPrototypeOf as (value: object) => object | null;
const hasOwn = Object.prototype.hasOwnProperty;
const isArray = Array.isArray as (value: unknown) => value is readonly unknown[];
const objectPrototype = Object.prototype;
const arrayPrototype = Array.prototype as object;

/** Whether somebody gave all objects an enumerable property. */
function inheritsEnumerable(): boolean {
	for (const _ in objectPrototype) return true;
	return false;
}

const NO_REFS: readonly unknown[] = Object.freeze([]);

export class ValueWriter extends Writer {
	readonly #registry: SerializerRegistry | undefined;
	readonly #hooks: EncodeHooks | undefined;
	readonly #seen = new SeenObjects();
	readonly segments = new Segments();
	/** What the values' references were, in the order of their extensions. */
	refs: readonly unknown[] = NO_REFS;
	/** 0 for a message; else the payload is the bytes of `bare`. */
	kind = KIND_MESSAGE;
	bare: Uint8Array | undefined;
	#flags = 0;
	/** There is more to put back than the position: an error was thrown, or something rare was in the message. */
	#used = false;

	#root = "value";
	/** The step into each open container; `#depth` of them are valid. */
	readonly #steps: Step[] = [];
	#depth = 0;
	#later: LaterQueue | undefined;
	/** The later value that is being written; steps start there. */
	#origin: LaterItem | undefined;
	/** Instances whose codec or description is being written: nothing within is put off, and none may contain itself. */
	readonly #closed: object[] = [];
	/** What was thrown on purpose; anything else comes from a getter, a codec or a proxy. */
	#thrown: unknown;

	constructor(registry: SerializerRegistry | undefined, hooks: EncodeHooks | undefined) {
		super();
		this.#registry = registry;
		this.#hooks = hooks;
	}

	/** Writes a whole message, or notes a bare buffer, and returns the payload's length. */
	message(value: unknown, root: string): number {
		this.release();
		this.#root = root;
		this.position = format.HEADER_BYTES;
		try {
			if (typeof value === "object" && value !== null) {
				const prototype = getPrototypeOf(value);
				if (prototype !== objectPrototype && prototype !== arrayPrototype && this.#isBare(value, prototype)) {
					return (this.bare as unknown as Uint8Array).length;
				}
			}
			this.value(value);
			if (this.#later !== undefined) this.#writeLater(this.#later);
			const length = this.#finish();
			this.#seen.clear();
			return length;
		} catch (error) {
			this.#used = true;
			throw this.#explain(error);
		}
	}

	/** The whole of the payload but large segments, which `segments.writeLarge` copies. */
	#finish(): number {
		let length = this.position;
		// Past this size the scratch is given up.
		if (length > 0x10000) this.#used = true;
		if (this.segments.count > 0) {
			this.#used = true;
			length = this.segments.place(this);
			this.#flags |= format.FLAG_SEGMENTS | (this.segments.shared ? format.FLAG_SHARED_SEGMENTS : 0);
		}
		this.bytes[0] = format.FORMAT_VERSION;
		this.bytes[1] = this.#flags;
		return length;
	}

	/** Lets go of what the last message was made of. */
	release(): void {
		if (!this.#used) return;
		this.restart();
		this.kind = KIND_MESSAGE;
		this.bare = undefined;
		this.refs = NO_REFS;
		this.#flags = 0;
		this.#depth = 0;
		this.#later = undefined;
		this.#origin = undefined;
		this.#closed.length = 0;
		this.#thrown = undefined;
		this.#seen.clear();
		this.segments.clear();
		this.#used = false;
	}

	value(value: unknown): void {
		switch (typeof value) {
			case "string":
				this.string(value);
				break;
			case "number":
				this.number(value);
				break;
			case "object":
				if (value === null) this.nil();
				else this.#object(value);
				break;
			case "boolean":
				this.boolean(value);
				break;
			case "undefined":
				this.mark(format.EXT_UNDEFINED);
				break;
			case "bigint":
				writeBigInt(this, value);
				break;
			case "function":
				this.#function(value);
				break;
			default:
				throw this.#refuse("a symbol", "send a string in its place");
		}
	}

	#object(value: object): void {
		if (this.#later !== undefined || this.#depth >= format.LATER_DEPTH) {
			if (this.#putOff(value)) return;
		}
		const number = this.#seen.note(value);
		if (number >= 0) {
			this.#pointer(value, number);
			return;
		}
		const prototype = getPrototypeOf(value);
		if (prototype === objectPrototype) this.#plainObject(value as Record<string, unknown>);
		else if (prototype === arrayPrototype && isArray(value)) this.#array(value);
		else this.#other(value, prototype);
	}

	/**
	 * The properties of an object directly under Object.prototype. This is the hottest loop: `for in` is twice as fast as
	 * `Object.keys`, asking whether a property is its own is a fifth of the time, counting first another fifth (measured).
	 */
	#plainObject(value: Record<string, unknown>): void {
		if (inheritsEnumerable()) {
			this.#fields(value);
			return;
		}
		const header = this.position;
		this.mapHeader(0);
		const depth = this.#depth++;
		this.#steps[depth] = ITSELF;
		let count = 0;
		for (const key in value) {
			this.#steps[depth] = key;
			this.string(key);
			this.value(value[key]);
			count++;
		}
		this.#depth = depth;
		this.#setCount(header, count);
	}

	/** The own enumerable properties of any object. */
	#fields(value: Record<string, unknown>): void {
		const header = this.position;
		this.mapHeader(0);
		const depth = this.#depth++;
		this.#steps[depth] = ITSELF;
		let count = 0;
		for (const key in value) {
			if (!hasOwn.call(value, key)) continue;
			this.#steps[depth] = key;
			this.string(key);
			this.value(value[key]);
			count++;
		}
		this.#depth = depth;
		this.#setCount(header, count);
	}

	/** The number of entries of the map that began at `header`; a longer header moves what was written since. */
	#setCount(header: number, count: number): void {
		if (count < 16) this.bytes[header] = 0x80 | count;
		else this.segments.moved(header, this.widenMap(header, count));
	}

	#array(array: readonly unknown[]): void {
		// The result of a match has named properties that matter; of other arrays only the elements are sent.
		if ((array as { index?: unknown }).index === undefined) {
			this.#elements(array);
			return;
		}
		const start = this.beginExtension(format.EXT_ARRAY_WITH_FIELDS);
		this.#elements(array);
		writeArrayFields(this, array);
		this.endExtension(start);
	}

	#elements(array: readonly unknown[]): void {
		const length = array.length;
		const header = this.position;
		this.arrayHeader(length);
		const depth = this.#depth++;
		let finder: ElementFinder | undefined;
		let items = 0;
		for (let i = 0; i < length; i++, items++) {
			this.#steps[depth] = i;
			const item = array[i];
			if (typeof item === "number") {
				this.number(item);
			} else if (item === undefined && !hasOwn.call(array, i)) {
				finder ??= new ElementFinder(array);
				const next = finder.next(i, length);
				this.index(format.EXT_HOLES, next - i);
				i = next - 1;
			} else {
				this.value(item);
			}
		}
		this.#depth = depth;
		if (items !== length) this.patchCount(header, items);
	}

	/** A value one step further in. */
	child(step: Step, value: unknown): void {
		this.#steps[this.#depth++] = step;
		this.value(value);
		this.#depth--;
	}

	/** The value of a property; what its getter throws is thrown at its path. */
	field(object: Record<string, unknown>, name: string): void {
		this.#steps[this.#depth++] = name;
		this.value(object[name]);
		this.#depth--;
	}

	// ── identity and depth ──────────────────────────────────────────────────

	#pointer(value: object, number: number): void {
		if (this.#closed.includes(value)) {
			throw this.#refuse("the instance itself whose codec's data it is in", "send data that does not contain it");
		}
		this.index(format.EXT_POINTER, number);
		this.#used = true;
		this.#flags |= format.FLAG_POINTERS;
	}

	/** Whether the value goes, or went, behind the first one. */
	#putOff(value: object): boolean {
		if (this.#closed.length > 0) {
			if (this.#depth < format.MAX_DEPTH) return false;
			throw this.#refuse(
				`nested ${this.#depth} levels deep within a codec's data`,
				"flatten what the codec serializes to",
			);
		}
		let index = this.#later?.indexOf(value);
		if (index === undefined) {
			if (this.#depth < format.LATER_DEPTH || this.#seen.find(value) >= 0) return false;
			this.#used = true;
			this.#later ??= new LaterQueue();
			index = this.#later.add(value, this.#origin, this.#steps.slice(0, this.#depth));
		}
		this.index(format.EXT_LATER, index);
		this.#flags |= format.FLAG_LATER;
		return true;
	}

	#writeLater(later: LaterQueue): void {
		for (let item = later.take(); item !== undefined; item = later.take()) {
			this.#origin = item;
			this.#depth = 0;
			this.#object(item.value);
		}
	}

	// ── values told by their brand ──────────────────────────────────────────

	#function(value: object): void {
		if (SENDABLE in value) {
			const number = this.#seen.note(value);
			if (number >= 0) {
				this.#pointer(value, number);
				return;
			}
			if (this.#extension(value)) return;
		}
		throw this.#refuse(
			`the function ${(value as { name?: unknown }).name || "without a name"}`,
			"make it remote(), or send what it is to work on",
		);
	}

	#other(value: object, prototype: object | null): void {
		const codec = this.#registry?.codecFor(prototype);
		if (codec !== undefined) {
			this.#codec(value, codec);
			return;
		}
		if (isArray(value)) {
			this.#array(value);
			return;
		}
		if (ArrayBuffer.isView(value)) {
			this.#buffer(value, viewKindOf(value));
			return;
		}
		const { brand, sendable, names } = natureOf(prototype);
		if (sendable && this.#extension(value)) return;
		if (prototype === null) {
			const start = this.beginExtension(format.EXT_NULL_OBJECT);
			this.#fields(value as Record<string, unknown>);
			this.endExtension(start);
		} else if (brand === "unsendable") {
			throw this.#refuse(names[0], "send data that it can be made from, or teach its class by registerSerializer()");
		} else if (brand === "error") {
			writeError(this, value);
		} else {
			const slot = brand === "fields" ? undefined : slotOf(value, brand);
			// An instance of a user's class, or an object that only claims to be a Date, a Map ….
			if (slot === undefined) this.#fields(value as Record<string, unknown>);
			else if (brand === "arraybuffer") this.#buffer(value as ArrayBuffer, KIND_ARRAY_BUFFER);
			else writeSlotted(this, value, brand, slot);
		}
	}

	#buffer(source: ArrayBufferView | ArrayBuffer, kind: number): void {
		if (kind === 0) throw this.#refuse("a typed array of an unknown kind", "copy it into a known one");
		this.#checkAttached(source, kind);
		const maximum = kind === KIND_ARRAY_BUFFER ? maximumBytes(source as ArrayBuffer) : undefined;
		this.segments.mention(this, source, kind, maximum);
	}

	/** Notes the value if it is a buffer that needs no message around it. */
	#isBare(value: object, prototype: object | null): boolean {
		let kind = 0;
		if (ArrayBuffer.isView(value)) kind = viewKindOf(value);
		else if (natureOf(prototype).brand === "arraybuffer" && slotOf(value, "arraybuffer") !== undefined) {
			kind = maximumBytes(value as ArrayBuffer) === undefined ? KIND_ARRAY_BUFFER : 0;
		}
		if (kind === 0 || this.#registry?.codecFor(prototype) !== undefined) return false;
		this.#checkAttached(value as ArrayBuffer, kind);
		this.#used = true;
		this.bare = bytesOf(value as ArrayBuffer, kind);
		this.kind = kind;
		return true;
	}

	#checkAttached(source: ArrayBufferView | ArrayBuffer, kind: number): void {
		if (source.byteLength > 0) return;
		try {
			bytesOf(source, kind);
		} catch {
			throw this.#refuse("a buffer that was transferred away", "send it before, or send a copy");
		}
	}

	#codec(value: object, codec: Codec): void {
		const start = this.beginExtension(format.EXT_CODEC);
		this.string(codec.name);
		const data = codec.serialize(value);
		this.#closed.push(value);
		this.child(new CodecStep(codec.name), data);
		this.#closed.pop();
		this.endExtension(start);
	}

	/** Lets the host layer say how its own things are sent. */
	#extension(value: object): boolean {
		let extension: Extension | undefined;
		try {
			extension = this.#hooks?.toExtension?.(value);
		} catch (error) {
			this.#thrown = error;
			throw error;
		}
		if (extension === undefined) return false;
		const { type, description } = extension;
		if (type === format.EXT_REF) {
			this.#used = true;
			if (this.refs === NO_REFS) this.refs = [];
			this.index(format.EXT_REF, this.refs.length);
			(this.refs as unknown[]).push(value);
			return true;
		}
		if (!(type >= format.EXT_HOST_FIRST && type <= format.EXT_HOST_LAST)) {
			throw new RangeError(`there is no host extension ${type}`);
		}
		const start = this.beginExtension(type);
		this.#closed.push(value);
		this.value(description);
		this.#closed.pop();
		this.endExtension(start);
		return true;
	}

	// ── what cannot be sent ─────────────────────────────────────────────────

	#path(): string {
		return this.#root + pathTo(this.#steps.slice(0, this.#depth), this.#origin);
	}

	#refuse(what: string, advice: string): SerializationError {
		const error = refusal(this.#path(), what, advice);
		this.#thrown = error;
		return error;
	}

	#explain(error: unknown): unknown {
		return error === this.#thrown ? error : readingThrew(this.#path(), error);
	}
}
