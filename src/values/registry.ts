/** Codecs for classes: what `registerSerializer` fills, and the encoder and decoder read. */

export interface Codec<T = unknown, S = unknown> {
	/** Travels with each instance; the same name must be registered where it is read. */
	readonly name: string;
	serialize(value: T): S;
	deserialize(data: S): T;
}

export interface CodecEntry {
	readonly type: abstract new (...args: never[]) => unknown;
	readonly codec: Codec;
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
	/** What `codecFor` found; null: none. */
	#found = new WeakMap<object, Codec | null>();

	get size(): number {
		return this.#byName.size;
	}

	/** A class registered again gets the new codec; another class may not take its codec's name. */
	register<T, S>(type: abstract new (...args: never[]) => T, codec: Codec<T, S>): void {
		if (typeof type !== "function" || typeof type.prototype !== "object" || type.prototype === null) {
			throw new TypeError(`registerSerializer: the type must be a class, not ${describe(type)}`);
		}
		if (builtIn.has(type)) {
			throw new TypeError(`registerSerializer: ${type.name} is built in; register a class that extends it`);
		}
		if (typeof codec !== "object" || codec === null) {
			throw new TypeError(`registerSerializer: the codec of ${type.name} must be an object, not ${describe(codec)}`);
		}
		const { name, serialize, deserialize } = codec;
		if (typeof name !== "string" || name === "") {
			throw new TypeError(`registerSerializer: the codec of ${type.name} needs a name, a string that is not empty`);
		}
		if (typeof serialize !== "function" || typeof deserialize !== "function") {
			throw new TypeError(`registerSerializer: the codec "${name}" needs the functions serialize and deserialize`);
		}
		const namesake = this.#byName.get(name);
		if (namesake !== undefined && namesake.type !== type) {
			throw new TypeError(
				`registerSerializer: the name "${name}" belongs to the codec of ${namesake.type.name}; give that of ${type.name} another`,
			);
		}
		const before = this.#byPrototype.get(type.prototype);
		if (before !== undefined) this.#byName.delete(before.codec.name);
		const entry: CodecEntry = { type, codec: codec as unknown as Codec };
		this.#byPrototype.set(type.prototype, entry);
		this.#byName.set(name, entry);
		this.#found = new WeakMap();
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

	/** All codecs, in the order of registration: for sending them to workers. */
	entries(): IterableIterator<CodecEntry> {
		return this.#byName.values();
	}
}

function describe(value: unknown): string {
	return value === null ? "null" : typeof value;
}
