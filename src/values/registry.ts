/** Codecs for classes: what `registerSerializer` fills, and the encoder and decoder read. */

export interface Codec<T = unknown, S = unknown> {
	/** Travels with each instance; the same name must be registered where it is read. */
	readonly name: string;
	serialize(value: T): S;
	deserialize(data: S): T;
}

type Type = abstract new (...args: never[]) => unknown;

export interface CodecEntry {
	readonly type: Type;
	readonly codec: Codec;
	/** Where it was registered, if that is known. */
	readonly site?: RegistrationSite | undefined;
	/** It came from another thread: a module that is loaded here may have its own. */
	readonly received?: true;
}

export interface RegistrationSite {
	readonly file: string;
	readonly line: number;
	readonly column: number;
	readonly caller: string;
}

/** Sent as they are, by paths that look for no codec. */
const builtIn = new Set<unknown>(
	[
		"Object Array Function Boolean Number String BigInt Symbol Date RegExp Map Set Promise ArrayBuffer SharedArrayBuffer DataView",
		"Buffer Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array",
		"Float64Array BigInt64Array BigUint64Array Error",
	]
		.join(" ")
		.split(" ")
		.map((name) => (globalThis as Record<string, unknown>)[name])
		.filter((type) => type !== undefined),
);

export class SerializerRegistry {
	readonly #byPrototype = new Map<object, CodecEntry>();
	readonly #byName = new Map<string, CodecEntry>();
	/** Why codecs of these names are not here, though they are somewhere. */
	readonly #missing = new Map<string, string>();
	/** What `codecFor` found; null: none. */
	#found = new WeakMap<object, Codec | null>();

	/** Another number: something was registered. */
	version = 0;
	/** A class of this thread took the place of a received one of the same name. */
	onReplaced: (() => void) | undefined;

	get size(): number {
		return this.#byName.size;
	}

	/** A class registered again gets the new codec; another class may not take its codec's name. They are a class and a codec. */
	register<T, S>(type: abstract new (...args: never[]) => T, codec: Codec<T, S>, site?: RegistrationSite): void {
		if (builtIn.has(type)) {
			throw new TypeError(`registerSerializer(): ${type.name} is built in; register a class that extends it`);
		}
		const { name } = codec;
		const namesake = this.#byName.get(name);
		const replaces = namesake?.received === true && namesake.type !== type;
		if (namesake !== undefined && namesake.type !== type && !replaces) {
			throw new TypeError(
				`registerSerializer(): the name "${name}" belongs to the codec of ${namesake.type.name}; give that of ${type.name} another`,
			);
		}
		this.#set({ type, codec: codec as unknown as Codec, site });
		if (replaces) this.onReplaced?.();
	}

	/** A class and codec that came from another thread: in the place of what came under that name before. */
	receive(type: Type, codec: Codec): CodecEntry {
		const entry: CodecEntry = { type, codec, received: true };
		this.#set(entry);
		return entry;
	}

	/** Who reads an instance of it is told why. */
	missing(name: string, reason: string): void {
		this.#missing.set(name, reason);
	}

	/** Instances of a class whose place another took can still be sent. */
	#set(entry: CodecEntry): void {
		const { type, codec } = entry;
		const before = this.#byPrototype.get(type.prototype as object);
		if (before !== undefined && this.#byName.get(before.codec.name) === before) this.#byName.delete(before.codec.name);
		this.#byPrototype.set(type.prototype as object, entry);
		this.#byName.set(codec.name, entry);
		this.#missing.delete(codec.name);
		this.#found = new WeakMap();
		this.version++;
	}

	/** The codec of the nearest registered class on a prototype chain. */
	codecFor(prototype: object | null): Codec | undefined {
		if (prototype === null || this.#byName.size === 0) return undefined;
		let codec = this.#found.get(prototype);
		if (codec === undefined) {
			codec = null;
			for (let p: object | null = prototype; p !== null && codec === null; p = Object.getPrototypeOf(p)) {
				codec = this.#byPrototype.get(p)?.codec ?? null;
			}
			this.#found.set(prototype, codec);
		}
		return codec ?? undefined;
	}

	codecNamed(name: string): Codec | undefined {
		return this.#byName.get(name)?.codec;
	}

	entryNamed(name: string): CodecEntry | undefined {
		return this.#byName.get(name);
	}

	/** Whether it is a registered class, or one that such a class extends. */
	isPartOf(type: object): boolean {
		for (const entry of this.#byName.values()) {
			if (entry.type === type || Object.prototype.isPrototypeOf.call(type, entry.type)) return true;
		}
		return false;
	}

	/** Why there is no codec of that name. */
	whyMissing(name: string): string | undefined {
		return this.#missing.get(name);
	}

	/** All codecs, in the order of registration: for sending them to workers. */
	entries(): IterableIterator<CodecEntry> {
		return this.#byName.values();
	}
}
