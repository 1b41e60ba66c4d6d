import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { encodeToStore, payloadOf, roundTrip } from "./support.ts";

const numRuns = Number(process.env.WASMRAY_FUZZ_RUNS ?? 400);

type Resizable = ArrayBuffer & { resizable: boolean; maxByteLength: number; resize(length: number): void };
type Growable = SharedArrayBuffer & { grow(length: number): void };
const resizable = (length: number, maxByteLength: number): Resizable => {
	const buffer = new (ArrayBuffer as unknown as new (n: number, o: object) => Resizable)(length, { maxByteLength });
	new Uint8Array(buffer).forEach((_, i, bytes) => {
		bytes[i] = i * 7 + 1;
	});
	return buffer;
};
const growable = (length: number, maxByteLength: number) =>
	new (SharedArrayBuffer as unknown as new (n: number, o: object) => Growable)(length, { maxByteLength });

const types = [Uint8Array, Int8Array, Int16Array, Float32Array, Float64Array, BigUint64Array, DataView];
type ViewType = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ArrayBufferView;

/** All that can be seen of the buffers and views in a list, which differ in nothing else. */
function describeAll(list: readonly object[]): unknown {
	const buffers = list.map((one) => (ArrayBuffer.isView(one) ? one.buffer : one) as Resizable);
	return list.map((one, i) => {
		const isView = ArrayBuffer.isView(one);
		return {
			type: Object.prototype.toString.call(one),
			same: list.indexOf(one),
			buffer: buffers.indexOf(buffers[i]),
			resizable: buffers[i].resizable,
			maximum: buffers[i].maxByteLength,
			bytes: [...new Uint8Array(buffers[i])],
			place: isView ? [one.byteOffset, one.byteLength] : undefined,
		};
	});
}

/** What becomes of the views' lengths when their buffer gets each of these lengths. */
function lengthsOf(list: readonly object[], buffer: Resizable, lengths: readonly number[]): unknown {
	return lengths.map((length) => {
		buffer.resize(length);
		return list.map((one) => {
			try {
				return (one as ArrayBufferView).byteLength;
			} catch (error) {
				return (error as Error).name;
			}
		});
	});
}

/** Resizable buffers and views on them, in any order, that `structuredClone` accepts. */
const lists = fc
	.tuple(
		fc.nat(100),
		fc.nat(40),
		fc.array(
			fc.record({
				what: fc.constantFrom("buffer", ...types),
				from: fc.nat(1000),
				count: fc.nat(1000),
				tracks: fc.boolean(),
			}),
			{ minLength: 1, maxLength: 6 },
		),
	)
	.map(([length, more, items]) => {
		// Made as views of whole elements; the buffer may then end within one.
		const whole = length - (length % 8);
		const buffer = resizable(whole, length + more);
		const list = items.map(({ what, from, count, tracks }): object => {
			if (typeof what === "string") return buffer;
			const unit = "BYTES_PER_ELEMENT" in what ? what.BYTES_PER_ELEMENT : 1;
			const units = whole / unit;
			const first = Math.floor((units * from) / 1000);
			// Often exactly to the end, where nothing but a change of length tells one from the other.
			const rest = count > 500 ? units - first : Math.floor(((units - first) * count) / 500);
			return new (what as ViewType)(buffer, first * unit, tracks ? undefined : rest);
		});
		buffer.resize(length);
		return { buffer, list };
	});

const isMayHaveNoBuffer = (list: readonly object[]) =>
	list.every((one) => one === list[0]) && list[0] instanceof Uint8Array && list[0].length <= 64;

describe("resizable ArrayBuffers and views on them", () => {
	it("arrive as structuredClone has them, in whatever order", () => {
		fc.assert(
			fc.property(lists, ({ buffer, list }) => {
				fc.pre(!isMayHaveNoBuffer(list));
				const before = describeAll(list);
				const cloned = structuredClone(list);
				const arrived = roundTrip(list) as object[];
				expect(describeAll(list)).toEqual(before);
				expect(describeAll(arrived)).toEqual(describeAll(cloned));
				const bufferOf = (of: object[]) => (ArrayBuffer.isView(of[0]) ? of[0].buffer : of[0]) as Resizable;
				const { maxByteLength, byteLength } = buffer;
				const lengths = [maxByteLength, byteLength, 1, 0, maxByteLength].map((n) => Math.min(n, maxByteLength));
				expect(lengthsOf(arrived, bufferOf(arrived), lengths)).toEqual(lengthsOf(cloned, bufferOf(cloned), lengths));
			}),
			{ numRuns },
		);
	});

	it("arrive so alone, of any size", () => {
		for (const length of [72, 2048, 100_000]) {
			for (const type of types) {
				const view = new (type as ViewType)(resizable(length, length + 800));
				for (const arrived of [roundTrip(view), roundTrip({ a: [view] }).a[0]]) {
					expect(arrived.buffer.maxByteLength).toBe(length + 800);
					expect(Buffer.from(arrived.buffer).equals(Buffer.from(view.buffer))).toBe(true);
					arrived.buffer.resize(length + 80);
					expect(arrived.byteLength).toBe(length + 80);
				}
			}
		}
	});

	it("arrive so beside a buffer of another kind", () => {
		const tracking = new Uint8Array(resizable(8, 100));
		const [other, arrived] = roundTrip([new Uint8Array(3), tracking, new Uint8Array(5000)]);
		expect(other.buffer.resizable).toBe(false);
		arrived.buffer.resize(20);
		expect(arrived.length).toBe(20);
	});

	it("a small Uint8Array that is the only buffer arrives on one that is not resizable", () => {
		const tracking = new Uint8Array(resizable(8, 100));
		for (const arrived of [roundTrip(tracking), roundTrip([tracking])[0]]) {
			expect(arrived).toEqual(new Uint8Array(tracking));
			expect(arrived.buffer.resizable).toBe(false);
		}
	});

	it("a Buffer that follows its length stays one, and goes on following", () => {
		const buffer = resizable(100, 200);
		const tracking = Object.setPrototypeOf(new Uint8Array(buffer), Buffer.prototype);
		const fixed = Buffer.from(buffer, 10, 20);
		const arrived = roundTrip({ tracking, fixed });
		expect(Buffer.isBuffer(arrived.tracking)).toBe(true);
		expect(arrived.tracking.buffer).toBe(arrived.fixed.buffer);
		arrived.fixed.buffer.resize(150);
		expect([arrived.tracking.length, arrived.fixed.length]).toEqual([150, 20]);
	});

	it("are never given out in place", () => {
		const value = [new Uint8Array(resizable(5000, 6000)), new Uint8Array(5000)];
		const { store, offset, length, kind } = encodeToStore(value);
		const asked: number[] = [];
		const [, inPlace] = decode(store, offset, length, kind, {
			view(type, byteOffset, byteLength) {
				asked.push(byteLength);
				return type.make(store.buffer, byteOffset, byteLength);
			},
		}) as Uint8Array[];
		expect(asked).toEqual([5000]);
		expect(inPlace.buffer).toBe(store.buffer);
		const encoder = new Encoder();
		encoder.encode(value);
		expect(encoder.largestView).toBe(5000);
		encoder.encode([value[0]]);
		expect(encoder.largestView).toBe(0);
	});

	it("are refused where structuredClone refuses them, or what they may become cannot be sent", () => {
		const shrunk = resizable(100, 200);
		const views = [new Uint8Array(shrunk, 50, 10), new DataView(shrunk, 50, 10), new Float32Array(shrunk, 96)];
		shrunk.resize(40);
		for (const view of views) {
			expect(() => structuredClone(view)).toThrow();
			expect(() => roundTrip(view)).toThrow("value is a view of what its ArrayBuffer no longer has");
			expect(() => roundTrip({ a: [view] })).toThrow("value.a[0] is a view of what its ArrayBuffer no longer has");
		}
		expect(() => roundTrip(resizable(8, 2 ** 32))).toThrow("may grow to at most 4 GiB");
	});

	it("are refused if one changes its length while the value is read", () => {
		for (const length of [2000, 4000]) {
			const buffer = resizable(3000, 5000);
			const value = {
				view: new Uint8Array(buffer),
				get later() {
					buffer.resize(length);
					return 1;
				},
			};
			expect(() => roundTrip(value)).toThrow("changed its length");
		}
	});

	it("are refused where damaged bytes contradict themselves", () => {
		const buffer = resizable(16, 32);
		const bytes = payloadOf([new Int8Array(buffer), buffer]);
		const kinds = [bytes.indexOf(0xc0 + 5), bytes.indexOf(0x40 + 1)];
		const read = (at: number, value: number) => {
			const damaged = bytes.slice();
			damaged[at] = value;
			return () => decode(damaged, 0, damaged.length, 0);
		};
		expect(read(kinds[0], 0x80 + 5)).toThrow("there is no buffer kind 133");
		expect(read(kinds[0], 5)).toThrow("two maxima");
		expect(read(kinds[1], 1)).toThrow("two maxima");
		expect(read(kinds[0] + 16, 8)).toThrow("said to end before its buffer");
		expect(read(bytes.length - 1, 8)).toThrow("cannot be made");
	});
});

describe("views on a growable SharedArrayBuffer", () => {
	it("arrive with the bytes they had, each on an ArrayBuffer of its own that does not grow", () => {
		for (const length of [8, 64, 72, 5000]) {
			const buffer = growable(length, length * 2);
			new Uint8Array(buffer).fill(3);
			const views = [new Uint8Array(buffer), new Float64Array(buffer), new DataView(buffer, 1), Buffer.from(buffer)];
			for (const view of views) {
				for (const arrived of [roundTrip(view), roundTrip([view])[0], roundTrip([views[0], view])[1]]) {
					expect(arrived.byteLength).toBe(view.byteLength);
					expect(arrived.buffer.byteLength).toBe(view.byteLength);
					expect(arrived.buffer.resizable).toBe(false);
					expect(new Uint8Array(arrived.buffer).every((byte) => byte === 3)).toBe(true);
				}
			}
		}
	});

	it("that grows once it is encoded is written as it was, and nothing behind it", () => {
		for (const wrap of [
			(view: object) => view,
			(view: object) => [view],
			(view: object) => [view, view.constructor.name],
		]) {
			for (const length of [8, 64, 72, 5000]) {
				const buffer = growable(length, length * 2);
				const encoder = new Encoder();
				const payload = encoder.encode(wrap(new Uint8Array(buffer)));
				buffer.grow(length * 2);
				const target = new Uint8Array(payload + 64).fill(0xee);
				encoder.writeTo(target, 0);
				expect(target.subarray(payload).every((byte) => byte === 0xee)).toBe(true);
			}
		}
	});
});
