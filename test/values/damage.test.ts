import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors.ts";
import { bufferType, KIND_LAST } from "../../src/values/buffers.ts";
import { decode } from "../../src/values/decoder.ts";
import * as format from "../../src/values/format.ts";
import type { DecodeHooks, EncodeHooks } from "../../src/values/hooks.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";
import { decodeBytes, payloadOf } from "./support.ts";

/** Milliseconds of random damage; more by hand. */
const budget = Number(process.env.WASMRAY_FUZZ_MS ?? 4000);
const seed = Number(process.env.WASMRAY_SEED ?? Date.now() % 2 ** 31);

class Point {
	x = 1;
}
const registry = new SerializerRegistry();
registry.register(Point, {
	name: "point",
	serialize: (p) => [p.x],
	deserialize: (data) => Object.assign(new Point(), { x: data }),
});

const stored = new Uint8Array(256);
const hooks: DecodeHooks = {
	ref: (index) => ({ index }),
	extension: (type, description) => ({ type, description }),
	part: (type, index, offset, byteLength) =>
		index === 0 && offset + byteLength <= stored.length ? type.make(stored.buffer, offset, byteLength) : undefined,
};
const encodeHooks: EncodeHooks = {
	part: (view) => (view.buffer === stored.buffer ? { whole: stored, offset: view.byteOffset } : undefined),
};

/** Reads bytes: the value, or the error if it is of the kind that damage may cause. Anything else is thrown on. */
function tolerate(bytes: Uint8Array, kind = 0): unknown {
	try {
		return decode(bytes, 0, bytes.length, kind, hooks, registry);
	} catch (error) {
		if (error instanceof SerializationError) return error;
		throw error;
	}
}

const shared = { shared: true };
let deep: unknown = "end";
for (let i = 0; i < 130; i++) deep = i % 3 ? { deep, shared } : new Map([[deep, new Set([shared])]]);
const samples: unknown[] = [
	[1, "x", { a: 1, b: [true, null, undefined] }],
	{ numbers: [0.5, -1, 300, 70_000, 2 ** 40, -(2 ** 40)], big: 2n ** 70n, text: "äöü".repeat(30), lone: "\ud800" },
	[new Date(1), new Date(Number.NaN), /x/g, Object("boxed"), new Array(9), Object.create(null)],
	new Map<unknown, unknown>([[shared, new Set([shared])]]),
	Object.assign(new AggregateError([new TypeError("t")], "m", { cause: shared }), { shared }),
	[
		new Uint8Array(100),
		new Float64Array(400),
		new Uint8Array(new ArrayBuffer(50), 3, 7),
		new DataView(new ArrayBuffer(9)),
	],
	(() => {
		const { buffer } = new Uint8Array(200);
		return [new Uint8Array(buffer, 1), new Float32Array(buffer, 8), buffer];
	})(),
	[new Point(), "ab".match(/(?<x>b)/)],
	[stored.subarray(8, 100), new Float64Array(stored.buffer, 64), new DataView(stored.buffer, 3)],
	deep,
	Array.from({ length: 70 }, (_, i) => ({ id: i, name: `user ${i}` })),
];
const payloads = samples.map((value) => payloadOf(value, { registry, encodeHooks }));

/** xorshift, so that a failure can be run again from its seed. */
function randomFrom(start: number): (below: number) => number {
	let state = start | 1;
	return (below) => {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) % below;
	};
}

describe("damaged bytes are a SerializationError, or another value", () => {
	it("when they are cut off anywhere", () => {
		for (const payload of payloads) {
			for (let length = 0; length < payload.length; length++) {
				expect(tolerate(payload.slice(0, length))).toBeInstanceOf(SerializationError);
			}
		}
	});

	it("when bytes follow that belong to nothing", () => {
		const [scalars] = payloads;
		expect(tolerate(Uint8Array.of(...scalars, 0))).toBeInstanceOf(SerializationError);
	});

	it("when any one byte is any other", () => {
		for (const payload of payloads) {
			const bytes = payload.slice();
			const limit = Math.min(bytes.length, 400);
			for (let at = 0; at < limit; at++) {
				for (const value of [
					0,
					1,
					0x7f,
					0x80,
					0x9f,
					0xc7,
					0xc9,
					0xd6,
					0xdd,
					0xdf,
					0xff,
					payload[at] ^ 1,
					payload[at] ^ 0x80,
				]) {
					bytes[at] = value;
					tolerate(bytes);
				}
				bytes[at] = payload[at];
			}
		}
	});

	it(
		`when they are damaged at random (seed ${seed})`,
		() => {
			const random = randomFrom(seed);
			const end = Date.now() + budget;
			let rounds = 0;
			let survivors = 0;
			for (; Date.now() < end; rounds++) {
				const payload = payloads[random(payloads.length)];
				let bytes = payload.slice();
				for (let changes = 1 + random(4); changes > 0; changes--) {
					const at = random(bytes.length);
					const how = random(5);
					if (how === 0) bytes[at] = random(256);
					else if (how === 1) bytes[at] ^= 1 << random(8);
					else if (how === 2) bytes = bytes.slice(0, at + 1);
					else if (how === 3) bytes.copyWithin(at, random(bytes.length), random(bytes.length));
					else bytes = Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(random(at + 1))]);
					if (bytes.length > 1 && random(3) > 0) bytes[1] = random(16);
				}
				const outcome = tolerate(bytes);
				if (!(outcome instanceof SerializationError)) survivors++;
			}
			expect(rounds).toBeGreaterThan(100);
			expect(survivors).toBeGreaterThan(0);
		},
		budget + 30_000,
	);

	it(`when they are random from the start (seed ${seed})`, () => {
		const random = randomFrom(seed + 1);
		const types = [0xc7, 0xc8, 0xc9, 0xd4, 0xd6, 0xd7, 0xdc, 0xdd, 0xde, 0xdf, 0x91, 0x81, 0xa1];
		for (let round = 0; round < 20_000; round++) {
			const bytes = Uint8Array.from({ length: 2 + random(60) }, () =>
				random(3) === 0 ? types[random(types.length)] : random(256),
			);
			bytes[0] = format.FORMAT_VERSION;
			bytes[1] = random(16);
			tolerate(bytes, random(3) === 0 ? random(KIND_LAST + 3) : 0);
		}
	});
});

describe("damage that asks for much", () => {
	const message = (flags: number, ...bytes: number[]) => Uint8Array.of(format.FORMAT_VERSION, flags, ...bytes);
	const refused = (bytes: Uint8Array, text: RegExp) => expect(() => decodeBytes(bytes)).toThrow(text);

	it("arrays, maps, texts and extensions longer than what follows are refused at once", () => {
		for (const token of [0xdd, 0xdf]) refused(message(0, token, 0xff, 0xff, 0xff, 0xff, 0x4d), /4294967295 items/);
		for (const token of [0xdb, 0xc6, 0xc9])
			refused(message(0, token, 0xff, 0xff, 0xff, 0xff, 0x4d), /4294967295 bytes/);
		refused(message(0, 0xc9, 0, 0, 0, 5, format.EXT_SET, 0xdd, 0xff, 0xff, 0xff, 0xff), /damaged/);
	});

	it("arrays nested in each other, each claiming all that follows, take no memory", () => {
		const bytes = new Uint8Array(2_000_000).fill(0x01);
		bytes.set([format.FORMAT_VERSION, 0]);
		for (let at = 2; at < 2000; at += 5) bytes.set([0xdd, 0, 0x1d, 0xff, 0xff], at);
		const before = process.memoryUsage().heapUsed;
		refused(bytes, /damaged/);
		expect(process.memoryUsage().heapUsed - before).toBeLessThan(100e6);
	});

	it("nesting deeper than any encoder's is refused, of every kind", () => {
		const arrays = new Uint8Array(100_000).fill(0x91);
		arrays.set([format.FORMAT_VERSION, 0]);
		refused(arrays, /nested more than/);
		const maps = Array.from({ length: 2000 }, () => [0x81, 0xa1, 0x61]).flat();
		refused(message(0, ...maps, 0xc0), /nested more than/);
		let boxes = [0xc0];
		for (let i = 0; i < 800; i++)
			boxes = [0xc8, (boxes.length + 1) >> 8, (boxes.length + 1) & 0xff, format.EXT_SET, 0x91, ...boxes];
		refused(message(0, ...boxes), /nested more than/);
	});

	it("holes that would make an array longer than arrays can be are refused", () => {
		const hole = [0xd6, format.EXT_HOLES, 0xff, 0xff, 0xff, 0xff];
		refused(message(0, 0x92, ...hole, ...hole), /elements/);
		expect((decodeBytes(message(0, 0x91, ...hole)) as unknown[]).length).toBe(2 ** 32 - 1);
	});

	it("buffers that overlap, to be copied many times over, are refused", () => {
		const mention = (length: number) => [
			0xc7,
			format.BUFFER_EXT_BYTES,
			format.EXT_BUFFER,
			4,
			0,
			0,
			0,
			8,
			0,
			0,
			length >> 8,
			length & 0xff,
			0,
			0,
			0,
			0,
			0,
			0,
			length >> 8,
			length & 0xff,
		];
		const bytes = new Uint8Array(5000);
		bytes.set(message(format.FLAG_SEGMENTS, 0x92, ...mention(3000), ...mention(3000)));
		refused(bytes, /buffers overlap/);
	});

	it("a buffer outside of the payload, badly aligned or of an unknown kind is refused", () => {
		const mention = (kind: number, start: number, segment: number, offset: number, length: number) => {
			const bytes = new Uint8Array(200);
			bytes.set(
				message(
					format.FLAG_SEGMENTS,
					0xc7,
					format.BUFFER_EXT_BYTES,
					format.EXT_BUFFER,
					kind,
					0,
					0,
					0,
					start,
					0,
					0,
					0,
					segment,
					0,
					0,
					0,
					offset,
					0,
					0,
					0,
					length,
				),
			);
			return bytes;
		};
		expect(decodeBytes(mention(4, 24, 16, 4, 8))).toEqual(new Uint8Array(8));
		for (const bad of [
			mention(4, 192, 16, 0, 16),
			mention(4, 24, 16, 10, 8),
			mention(4, 25, 16, 0, 16),
			mention(12, 24, 16, 4, 8),
			mention(12, 24, 15, 0, 15),
			mention(0, 24, 16, 0, 16),
			mention(99, 24, 16, 0, 16),
			mention(1, 24, 16, 4, 8),
		]) {
			refused(bad, /damaged/);
		}
	});

	it("a bare buffer of a length its type cannot have is refused", () => {
		for (let kind = 1; kind <= KIND_LAST; kind++) {
			if (bufferType(kind)?.fits(0, 7)) continue;
			expect(tolerate(new Uint8Array(7), kind)).toBeInstanceOf(SerializationError);
		}
		expect(tolerate(new Uint8Array(8), KIND_LAST + 1)).toBeInstanceOf(SerializationError);
	});
});

describe("damage that lies", () => {
	const message = (flags: number, ...bytes: number[]) => Uint8Array.of(format.FORMAT_VERSION, flags, ...bytes);
	const index = (type: number, n: number) => [0xd6, type, 0, 0, 0, n];
	const refused = (text: RegExp, bytes: Uint8Array) => expect(() => decodeBytes(bytes)).toThrow(text);

	it("about objects to point to is refused", () => {
		refused(/no object 1 to point to/, message(format.FLAG_POINTERS, 0x91, ...index(format.EXT_POINTER, 1)));
		refused(/no object 0 to point to/, message(0, 0x91, ...index(format.EXT_POINTER, 0)));
		refused(
			/pointed to from within/,
			message(format.FLAG_POINTERS, 0xc7, 6, format.EXT_BOXED, ...index(format.EXT_POINTER, 0)),
		);
	});

	it("about later values is refused", () => {
		refused(/out of turn/, message(format.FLAG_LATER, 0x91, ...index(format.EXT_LATER, 1), 0xc0));
		refused(/flags say/, message(0, 0x91, ...index(format.EXT_LATER, 0), 0xc0));
		refused(/must be here/, message(format.FLAG_LATER, ...index(format.EXT_LATER, 0), 0xc0));
		refused(
			/must be here/,
			message(format.FLAG_LATER, 0x91, ...index(format.EXT_LATER, 0), ...index(format.EXT_LATER, 0)),
		);
		expect(
			decodeBytes(message(format.FLAG_LATER, 0x92, ...index(format.EXT_LATER, 0), ...index(format.EXT_LATER, 0), 0x07)),
		).toEqual([7, 7]);
	});

	it("about version and flags is refused", () => {
		refused(/format version 2/, Uint8Array.of(2, 0, 0xc0));
		refused(/unknown flags/, message(0x40, 0xc0));
		refused(/no message/, Uint8Array.of(format.FORMAT_VERSION));
	});

	it("about texts is refused", () => {
		refused(/not UTF-8/, message(0, 0xa2, 0xc3, 0x28));
		refused(/not UTF-8/, message(0, 0xd9, 40, ...new Array(40).fill(0xff)));
		refused(/odd length/, message(0, 0xc7, 3, format.EXT_UTF16, 1, 2, 3));
		refused(/name is no text/, message(0, 0x81, 0xc0, 0x01));
	});

	it("about where it may be is refused: holes outside of arrays, unknown extensions, bytes that begin nothing", () => {
		refused(/must be here/, message(0, ...index(format.EXT_HOLES, 1)));
		refused(/property is said to be missing/, message(0, 0x81, 0xa1, 0x61, ...index(format.EXT_HOLES, 1)));
		refused(/item is said to be missing/, message(0, 0xc7, 7, format.EXT_SET, 0x91, ...index(format.EXT_HOLES, 1)));
		refused(/no extension 1/, message(0, 0xd4, 1, 0));
		refused(/begins no value/, message(0, 0xc1));
		refused(/longer than what is in it/, message(0, 0xc7, 2, format.EXT_SET, 0x90, 0xc0));
	});

	it("never reaches a prototype", () => {
		const key = [0xa9, ...Buffer.from("__proto__")];
		const value = decodeBytes(message(0, 0x81, ...key, 0x81, 0xa1, 0x78, 0x01)) as object;
		expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
		expect(Object.getOwnPropertyDescriptor(value, "__proto__")?.value).toEqual({ x: 1 });
		expect(({} as { x?: number }).x).toBeUndefined();
	});
});

describe("what other hosts write", () => {
	const message = (...bytes: number[]) => decodeBytes(Uint8Array.of(format.FORMAT_VERSION, 0, ...bytes));

	it("is read: binary, float 32, 64-bit integers, names that are numbers, headers longer than needed", () => {
		expect(message(0xc4, 3, 1, 2, 3)).toEqual(Uint8Array.of(1, 2, 3));
		expect(message(0xc5, 0, 1, 9)).toEqual(Uint8Array.of(9));
		expect(message(0xca, 0x3f, 0xc0, 0, 0)).toBe(1.5);
		expect(message(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBe(2n ** 64n - 1n);
		expect(message(0xcf, 0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)).toBe(2 ** 53 - 1);
		expect(message(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0)).toBe(-(2n ** 63n));
		expect(message(0x83, 0x05, 0x01, 0xff, 0x02, 0xcd, 0x01, 0x00, 0x03)).toEqual({ 5: 1, "-1": 2, 256: 3 });
		expect(
			message(
				0xdd,
				0,
				0,
				0,
				1,
				0xdf,
				0,
				0,
				0,
				1,
				0xdb,
				0,
				0,
				0,
				1,
				0x61,
				0xd3,
				0xff,
				0xff,
				0xff,
				0xff,
				0xff,
				0xff,
				0xff,
				0xff,
			),
		).toEqual([{ a: -1 }]);
	});
});
