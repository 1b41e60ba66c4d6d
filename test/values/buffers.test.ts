import { describe, expect, it } from "vitest";
import { SerializationError } from "../../src/errors.ts";
import { KIND_LAST, KIND_MESSAGE } from "../../src/values/buffers.ts";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import type { DecodeHooks } from "../../src/values/hooks.ts";
import { difference, encodeToStore, roundTrip } from "./support.ts";

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7 + 1);
const arrayTypes = [
	Uint8Array,
	Int8Array,
	Uint8ClampedArray,
	Int16Array,
	Uint16Array,
	Int32Array,
	Uint32Array,
	Float32Array,
	Float64Array,
	BigInt64Array,
	BigUint64Array,
];

describe("every kind of buffer", () => {
	it.each(arrayTypes.map((type) => [type.name, type] as const))(
		"%s comes back, alone and in a message, of any length",
		(_, type) => {
			for (const length of [0, 1, 3, 64, 256, 1000, 5000]) {
				const array = new type(bytes(length * type.BYTES_PER_ELEMENT).buffer);
				expect(difference(array, roundTrip(array))).toBeUndefined();
				expect(difference({ in: [array] }, roundTrip({ in: [array] }))).toBeUndefined();
			}
		},
	);

	it("part of a larger ArrayBuffer comes back as that part", () => {
		const whole = bytes(100_000);
		const part = new Float32Array(whole.buffer, 400, 1000);
		const arrived = roundTrip({ part }).part;
		expect(difference(part, arrived)).toBeUndefined();
		expect(arrived.buffer.byteLength).toBe(4000);
		expect(difference(part, roundTrip(part))).toBeUndefined();
	});

	it("DataView, ArrayBuffer and Buffer stay what they are", () => {
		for (const length of [0, 1, 5000]) {
			const value = [new DataView(bytes(length).buffer), bytes(length).buffer, Buffer.from(bytes(length))];
			expect(difference(value, roundTrip(value))).toBeUndefined();
			for (const one of value) expect(difference(one, roundTrip(one))).toBeUndefined();
		}
		expect(Buffer.isBuffer(roundTrip(Buffer.from("text")))).toBe(true);
		expect(roundTrip([Buffer.from("text")])[0].toString()).toBe("text");
	});

	it("a subclass of a typed array arrives as the typed array", () => {
		class Samples extends Float64Array {}
		const samples = Samples.from([1, 2]);
		expect(difference(Float64Array.from([1, 2]), roundTrip(samples))).toBeUndefined();
		expect(difference([Float64Array.from([1, 2])], roundTrip([samples]))).toBeUndefined();
	});

	it("a resizable ArrayBuffer stays resizable", () => {
		const buffer = new (ArrayBuffer as unknown as new (n: number, o: object) => ArrayBuffer)(8, { maxByteLength: 64 });
		new Uint8Array(buffer).set([1, 2, 3]);
		for (const arrived of [roundTrip(buffer), roundTrip({ buffer }).buffer]) {
			expect(arrived.maxByteLength).toBe(64);
			arrived.resize(16);
			expect([...new Uint8Array(arrived).subarray(0, 4)]).toEqual([1, 2, 3, 0]);
		}
	});

	it("a view on shared memory is copied", () => {
		const shared = new Int32Array(new SharedArrayBuffer(4096)).fill(7);
		for (const arrived of [roundTrip(shared), roundTrip([shared])[0]]) {
			expect(arrived).toEqual(new Int32Array(1024).fill(7));
			expect(arrived.buffer).toBeInstanceOf(ArrayBuffer);
		}
	});

	it("what arrives belongs to the receiver alone", () => {
		const { store, offset, length, kind } = encodeToStore([bytes(10), bytes(5000)]);
		const [small, large] = decode(store, offset, length, kind) as Uint8Array[];
		store.fill(0);
		expect(small).toEqual(bytes(10));
		expect(large).toEqual(bytes(5000));
	});
});

describe("views on one ArrayBuffer", () => {
	it("share one where they arrive, with the ArrayBuffer itself", () => {
		for (const length of [64, 10_000]) {
			const { buffer } = bytes(length);
			const value = {
				a: new Uint8Array(buffer, 1, 20),
				b: new Float64Array(buffer, 8, 4),
				c: new DataView(buffer, 30),
				buffer,
			};
			const arrived = roundTrip(value);
			expect(difference(value, arrived)).toBeUndefined();
			expect(arrived.a.buffer).toBe(arrived.buffer);
			expect(arrived.b.buffer).toBe(arrived.buffer);
			arrived.b[0] = 1;
			expect([...arrived.a.subarray(7, 15)]).toEqual([0, 0, 0, 0, 0, 0, 0xf0, 0x3f]);
		}
	});

	it("share one that spans no more than they cover, and what is between them arrives as zeros", () => {
		const { buffer } = bytes(100_000);
		const value = [
			new Uint8Array(buffer, 1003, 5),
			new Uint16Array(buffer, 1200, 100),
			new Uint8Array(buffer, 1005, 10),
		];
		const arrived = roundTrip(value);
		expect(difference(value, arrived)).toBeUndefined();
		expect(arrived[0].buffer).toBe(arrived[1].buffer);
		expect(arrived[2].buffer).toBe(arrived[0].buffer);
		expect(arrived[0].buffer.byteLength).toBe(400);
		expect(arrived[2].byteOffset - arrived[0].byteOffset).toBe(2);
		expect([...new Uint8Array(arrived[0].buffer, 15, 185)].every((byte) => byte === 0)).toBe(true);
	});

	it("overlapping and large ones share one, too", () => {
		const { buffer } = bytes(50_000);
		const value = [
			new Uint8Array(buffer, 7, 20_000),
			new Uint8Array(buffer, 5000, 30_001),
			new Uint8Array(buffer, 39_000),
		];
		const arrived = roundTrip(value);
		expect(difference(value, arrived)).toBeUndefined();
		expect(new Set(arrived.map((view: Uint8Array) => view.buffer)).size).toBe(1);
	});

	it("far from each other arrive on two", () => {
		const { buffer } = bytes(1_000_000);
		const arrived = roundTrip([new Uint8Array(buffer, 0, 10), new Uint8Array(buffer, 900_000, 10)]);
		expect(arrived[0].buffer.byteLength).toBe(10);
		expect(arrived[1].buffer.byteLength).toBe(10);
	});

	it("Buffers of Node's pool do not bring the pool along", () => {
		const value = [Buffer.from("one"), Buffer.from("a secret"), Buffer.from("two")];
		const { store, offset, length } = encodeToStore([value[0], value[2]]);
		expect(Buffer.from(store.slice(offset, offset + length)).includes("secret")).toBe(false);
		const arrived = roundTrip(value);
		expect(arrived.map(String)).toEqual(["one", "a secret", "two"]);
		expect(arrived[0].buffer.byteLength).toBe(3);
	});

	it("in the middle of objects wider than 15 properties keep their places", () => {
		const wide = Object.fromEntries(
			Array.from({ length: 40 }, (_, i) => [`k${i}`, i % 2 ? bytes(i) : { inner: bytes(3000 + i) }]),
		);
		const value = [bytes(9), wide, bytes(8), { wide: { ...wide, deep: wide } }];
		expect(difference(value, roundTrip(value))).toBeUndefined();
	});
});

describe("the payload", () => {
	it("of a bare buffer is exactly its bytes, and its kind says which type", () => {
		const kinds = new Set<number>();
		const all = [
			...arrayTypes.map((type) => new type(16)),
			Buffer.alloc(16),
			new DataView(new ArrayBuffer(16)),
			new ArrayBuffer(16),
		];
		for (const value of all) {
			const { length, kind } = encodeToStore(value);
			expect(length).toBe(value.byteLength);
			kinds.add(kind);
		}
		expect(kinds.size).toBe(all.length);
		expect(kinds.has(KIND_MESSAGE)).toBe(false);
		expect(Math.max(...kinds)).toBeLessThanOrEqual(KIND_LAST);
	});

	it("of a message holds large buffers 64-aligned and small ones 8-aligned, with zeros between", () => {
		const small = new Float64Array([1.5]);
		const large = [new Float64Array(1001).fill(2.5), new Float64Array(1001).fill(3.5)];
		const { store, offset, length } = encodeToStore(["x", large[0], small, large[1]]);
		const payload = Buffer.from(store.slice(offset, offset + length));
		const at = (value: Float64Array) => payload.indexOf(Buffer.from(value.buffer));
		const [first, second] = large.map(at);
		expect(at(small) % 8).toBe(0);
		expect(first % 64).toBe(0);
		expect(second).toBe(first + Math.ceil(8008 / 64) * 64);
		expect(payload.subarray(first + 8008, second).every((byte) => byte === 0)).toBe(true);
		expect(payload.subarray(at(small) + 8, first).every((byte) => byte === 0)).toBe(true);
		expect(length).toBe(second + 8008);
	});
});

describe("views in place", () => {
	const inPlace = (store: Uint8Array, asked: [string, number, number][], least = 1): DecodeHooks => ({
		view(type, byteOffset, byteLength) {
			asked.push([type.name, byteOffset, byteLength]);
			return byteLength < least ? undefined : type.make(store.buffer, byteOffset, byteLength);
		},
	});

	it("are what the host gives, for bare buffers and in messages", () => {
		for (const value of [bytes(100), new Float64Array(700), Buffer.from(bytes(100)), new DataView(bytes(50).buffer)]) {
			const bare = encodeToStore(value);
			const asked: [string, number, number][] = [];
			const view = decode(bare.store, bare.offset, bare.length, bare.kind, inPlace(bare.store, asked)) as Uint8Array;
			expect(view.buffer).toBe(bare.store.buffer);
			expect(view.byteOffset).toBe(bare.offset);
			expect(Object.getPrototypeOf(view)).toBe(Object.getPrototypeOf(value));
			const message = encodeToStore({ value });
			const nested = decode(
				message.store,
				message.offset,
				message.length,
				message.kind,
				inPlace(message.store, asked),
			) as { value: Uint8Array };
			expect(nested.value.buffer).toBe(message.store.buffer);
			expect(
				Buffer.compare(
					Buffer.from(message.store).subarray(nested.value.byteOffset, nested.value.byteOffset + value.byteLength),
					Buffer.from(bare.store).subarray(bare.offset, bare.offset + bare.length),
				),
			).toBe(0);
			expect(asked.map(([name]) => name)).toEqual([asked[0][0], asked[0][0]]);
		}
	});

	it("are copies where the host gives none, and never of an ArrayBuffer", () => {
		const asked: [string, number, number][] = [];
		const value = [bytes(10), bytes(5000), bytes(6000).buffer];
		const { store, offset, length, kind } = encodeToStore(value);
		const arrived = decode(store, offset, length, kind, inPlace(store, asked, 4096)) as [
			Uint8Array,
			Uint8Array,
			ArrayBuffer,
		];
		expect(arrived[0].buffer).not.toBe(store.buffer);
		expect(arrived[1].buffer).toBe(store.buffer);
		expect(arrived[2]).toBeInstanceOf(ArrayBuffer);
		expect(asked.map(([, , byteLength]) => byteLength)).toEqual([10, 5000]);
	});

	it("on one ArrayBuffer each lie in place, over the same bytes", () => {
		const { buffer } = bytes(8000);
		const { store, offset, length, kind } = encodeToStore([new Uint8Array(buffer), new Uint8Array(buffer, 100, 50)]);
		const [whole, part] = decode(store, offset, length, kind, inPlace(store, [])) as Uint8Array[];
		expect(part.byteOffset - whole.byteOffset).toBe(100);
	});
});

describe("buffers that cannot be sent", () => {
	it("a transferred one is refused, by its path", () => {
		const gone = new Uint8Array(10);
		structuredClone(gone.buffer, { transfer: [gone.buffer] });
		for (const value of [gone, gone.buffer]) {
			expect(() => roundTrip(value)).toThrow("value is a buffer that was transferred away");
			expect(() => roundTrip({ a: [value] })).toThrow("value.a[0] is a buffer that was transferred away");
		}
	});

	it("one that changes its length while the value is read is refused", () => {
		const buffer = new Uint8Array(100);
		const value = {
			buffer,
			get later() {
				structuredClone(buffer.buffer, { transfer: [buffer.buffer] });
				return 1;
			},
		};
		expect(() => roundTrip(value)).toThrow(SerializationError);
	});

	it("a SharedArrayBuffer itself is refused", () => {
		expect(() => roundTrip({ memory: new SharedArrayBuffer(8) })).toThrow(
			"value.memory is an instance of SharedArrayBuffer",
		);
	});
});

describe("large messages", () => {
	it("give their scratch memory back, and the encoder goes on", () => {
		const encoder = new Encoder();
		const text = "é".repeat(3_000_000);
		const length = encoder.encode([text, text]);
		const store = new Uint8Array(length);
		encoder.writeTo(store, 0);
		expect(decode(store, 0, length, encoder.kind)).toEqual([text, text]);
		const next = encoder.encode({ a: 1 });
		encoder.writeTo(store, 64);
		expect(decode(store, 64, next, encoder.kind)).toEqual({ a: 1 });
	});

	it("write each payload where they are told, at any offset", () => {
		const encoder = new Encoder();
		const target = new Uint8Array(4096);
		for (const offset of [0, 64, 1, 3, 130]) {
			for (const value of [1, "x".repeat(10), "x".repeat(300), [bytes(20)]]) {
				const length = encoder.encode(value);
				encoder.writeTo(target, offset);
				encoder.writeTo(target.subarray(3), offset);
				expect(difference(value, decode(target, offset + 3, length, encoder.kind))).toBeUndefined();
				encoder.writeTo(target, offset);
				expect(difference(value, decode(target, offset, length, encoder.kind))).toBeUndefined();
			}
		}
	});
});

describe("buffers without bytes", () => {
	it("are not taken for those that follow them, nor for each other", () => {
		const buffer = new ArrayBuffer(8192).slice(0);
		const far = new Int8Array(buffer, 8000, 3);
		const empty = [
			new ArrayBuffer(0),
			new ArrayBuffer(0),
			new Int8Array(buffer, 0, 0),
			new Int8Array(buffer, 0, 0),
			far,
		];
		const back = roundTrip(empty);
		expect(difference(empty, back)).toBeUndefined();
		expect(back[0]).not.toBe(back[1]);
		expect(back[2].buffer).toBe(back[3].buffer);
		expect(back[4].buffer).not.toBe(back[3].buffer);
	});
});
