import { describe, expect, it } from "vitest";
import { RefDisposedError, SerializationError } from "../../src/errors.ts";
import { decode } from "../../src/values/decoder.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { EXT_HOST_FIRST, EXT_REF } from "../../src/values/format.ts";
import { type DecodeHooks, type EncodeHooks, SENDABLE } from "../../src/values/hooks.ts";
import { encodeToStore, payloadOf, roundTrip } from "./support.ts";

class Ref {
	readonly id: number;
	constructor(id: number) {
		this.id = id;
	}
}
Object.defineProperty(Ref.prototype, SENDABLE, { value: "ref" });

class Handle {
	readonly name: string;
	readonly owner: unknown;
	constructor(name: string, owner: unknown) {
		this.name = name;
		this.owner = owner;
	}
}
Object.defineProperty(Handle.prototype, SENDABLE, { value: "handle" });

const HANDLE = EXT_HOST_FIRST + 1;
const FUNCTION = EXT_HOST_FIRST + 2;

const encodeHooks: EncodeHooks = {
	toExtension(value) {
		if (value instanceof Ref) return { type: EXT_REF };
		if (value instanceof Handle) return { type: HANDLE, description: { name: value.name, owner: value.owner } };
		if (typeof value === "function") return { type: FUNCTION, description: value.name };
		return undefined;
	},
};
const decodeHooks: DecodeHooks = {
	ref: (index) => `ref ${index}`,
	extension(type, description) {
		if (type === FUNCTION) return () => description;
		const { name, owner } = description as Handle;
		return new Handle(name, owner);
	},
};
const options = { encodeHooks, decodeHooks };

describe("store references in a value", () => {
	it("are collected in the order of their numbers, and given back by number", () => {
		const refs = [new Ref(1), new Ref(2), new Ref(3)];
		const value = { a: refs[2], list: [refs[0], new Map([[refs[1], 1]])] };
		expect(encodeToStore(value, options).refs).toEqual([refs[2], refs[0], refs[1]]);
		expect(roundTrip(value, options)).toEqual({ a: "ref 0", list: ["ref 1", new Map([["ref 2", 1]])] });
	});

	it("are collected once if the same one occurs twice", () => {
		const ref = new Ref(1);
		expect(encodeToStore([ref, { ref }, ref], options).refs).toEqual([ref]);
		const made: object[] = [];
		const hooks: DecodeHooks = { ref: (index) => made[made.push({ index }) - 1] };
		const [first, second] = roundTrip([ref, { ref }, ref], { encodeHooks, decodeHooks: hooks });
		expect(made).toEqual([{ index: 0 }]);
		expect(second.ref).toBe(first);
	});

	it("are a new list for each message, empty if there are none", () => {
		const encoder = new Encoder(undefined, encodeHooks);
		encoder.encode([new Ref(1)]);
		const first = encoder.refs;
		encoder.encode([new Ref(2)]);
		expect(first).toEqual([new Ref(1)]);
		encoder.encode([3]);
		expect(encoder.refs).toEqual([]);
		encoder.encode([new Ref(2)]);
		encoder.reset();
		expect(encoder.refs).toEqual([]);
	});

	it("deep down in a value are found as well", () => {
		let value: unknown = new Ref(7);
		for (let i = 0; i < 300; i++) value = [value];
		expect(encodeToStore(value, options).refs).toEqual([new Ref(7)]);
		expect(JSON.stringify(roundTrip(value, options))).toBe(`${"[".repeat(300)}"ref 0"${"]".repeat(300)}`);
	});
});

describe("what the host layer sends as itself", () => {
	it("goes by its description, with references in it", () => {
		const handle = new Handle("h", [new Ref(4), new Handle("inner", undefined)]);
		expect(encodeToStore(handle, options).refs).toEqual([new Ref(4)]);
		expect(roundTrip([handle, handle], options)).toEqual([
			new Handle("h", ["ref 0", new Handle("inner", undefined)]),
			new Handle("h", ["ref 0", new Handle("inner", undefined)]),
		]);
		const [first, second] = roundTrip([handle, handle], options);
		expect(second).toBe(first);
	});

	it("may be a function that carries the symbol; others are refused", () => {
		const sendable = Object.assign(function square() {}, { [SENDABLE]: "function" });
		const [first, second] = roundTrip([sendable, sendable], options);
		expect(first()).toBe("square");
		expect(second).toBe(first);
		expect(() => roundTrip([function plain() {}], options)).toThrow("value[0] is the function plain");
	});

	it("is sent as its fields where the hook does not know it", () => {
		class Other {
			x = 1;
		}
		Object.defineProperty(Other.prototype, SENDABLE, { value: "other" });
		expect(roundTrip([new Other()], options)).toEqual([{ x: 1 }]);
		expect(roundTrip([new Other()])).toEqual([{ x: 1 }]);
	});

	it("may not contain itself", () => {
		const owner: unknown[] = [];
		const handle = new Handle("h", owner);
		owner.push(handle);
		expect(() => roundTrip({ handle }, options)).toThrow(SerializationError);
	});

	it("that cannot be sent is refused by the path", () => {
		expect(() => roundTrip({ handle: new Handle("h", { bad: Symbol("s") }) }, options)).toThrow(
			"value.handle.owner.bad is a symbol",
		);
	});
});

describe("a hook", () => {
	it("may refuse with an error of its own, which is passed on", () => {
		const refusal = new RefDisposedError("gone");
		const refusing: EncodeHooks = {
			toExtension() {
				throw refusal;
			},
		};
		expect(() => encodeToStore([new Ref(1)], { encodeHooks: refusing })).toThrow(refusal);
	});

	it("may say what it is that cannot be sent, and the encoder says where", () => {
		const refusing: EncodeHooks = {
			toExtension: () => ({ what: "a ref from elsewhere", advice: "send another" }),
		};
		expect(() => encodeToStore({ a: [new Ref(1)] }, { encodeHooks: refusing })).toThrow(
			expect.objectContaining({
				path: "value.a[0]",
				message: "value.a[0] is a ref from elsewhere, which cannot be sent; send another",
			}),
		);
	});

	it("that reads may refuse, too", () => {
		const refusal = new RefDisposedError("gone");
		const refusing: DecodeHooks = {
			ref() {
				throw refusal;
			},
		};
		expect(() => roundTrip([new Ref(1)], { encodeHooks, decodeHooks: refusing })).toThrow(refusal);
		expect(roundTrip([1])).toEqual([1]);
	});

	it("that is needed for reading and not there is an error that says so", () => {
		const { store, offset, length, kind } = encodeToStore([new Ref(1)], options);
		expect(() => decode(store, offset, length, kind)).toThrow("references to the store cannot be read without a store");
		const handle = encodeToStore([new Handle("h", 1)], options);
		expect(() => decode(handle.store, handle.offset, handle.length, handle.kind)).toThrow(
			"cannot be read without its host",
		);
	});
});

describe("arrays whose bytes are another object's", () => {
	const stored = Uint8Array.from({ length: 1000 }, (_, i) => i);
	const whole = { slot: 1 };
	const parts: EncodeHooks = {
		...encodeHooks,
		part: (view) => (view.buffer === stored.buffer ? { whole, offset: view.byteOffset } : undefined),
	};
	const found: DecodeHooks = {
		...decodeHooks,
		part: (type, index, offset, byteLength) =>
			index === 0 && offset + byteLength <= 1000 ? type.make(stored.buffer, offset, byteLength) : undefined,
	};
	const both = { encodeHooks: parts, decodeHooks: found };

	it("are sent as places in it, also when one is the whole value", () => {
		const value = [stored.subarray(8, 900), new Float64Array(stored.buffer, 16, 5), new Uint8Array([1, 2])];
		expect(encodeToStore(value, both).refs).toEqual([whole]);
		expect(payloadOf(value, both).length).toBeLessThan(100);
		const back = roundTrip(value, both) as Uint8Array[];
		expect(back).toEqual(value);
		expect(back.map(({ buffer }) => buffer === stored.buffer)).toEqual([true, true, false]);
		expect((roundTrip(stored, both) as Uint8Array).buffer).toBe(stored.buffer);
	});

	it("keep their identity", () => {
		const view = stored.subarray(1);
		const [a, b] = roundTrip([view, view], both) as Uint8Array[];
		expect(a).toBe(b);
	});

	it("are numbered among the refs", () => {
		const refs = [new Ref(1), new Ref(2)];
		const value = [refs[0], stored, refs[1], stored.subarray(3)];
		expect(encodeToStore(value, both).refs).toEqual([refs[0], whole, refs[1], whole]);
	});

	it("cannot be read without a store, nor where they are not", () => {
		const bytes = payloadOf([stored], both);
		expect(() => decode(bytes, 0, bytes.length, 0, decodeHooks)).toThrow(SerializationError);
		const nowhere = { ...found, part: () => undefined };
		expect(() => decode(bytes, 0, bytes.length, 0, nowhere)).toThrow(/part of what does not have it/);
	});
});
