import { afterEach, describe, expect, it, vi } from "vitest";
import { difference } from "./support.ts";

const text = [
	"a long text, beyond what is read by hand, é",
	"short é",
	"\ud800 alone in a text of some length, to be sure",
];

/** The codec as it is where the platform differs. */
async function freshRoundTrip(value: unknown): Promise<unknown> {
	vi.resetModules();
	const { roundTrip } = await import("./support.ts");
	return roundTrip(value);
}

afterEach(() => {
	vi.unstubAllGlobals();
	vi.restoreAllMocks();
});

describe("on a platform", () => {
	it("whose TextDecoder refuses shared memory, texts are copied out of it first", async () => {
		const refused = vi.fn();
		vi.stubGlobal(
			"TextDecoder",
			class extends TextDecoder {
				override decode(bytes?: Uint8Array): string {
					if (bytes?.buffer instanceof SharedArrayBuffer) {
						refused();
						throw new TypeError("shared");
					}
					return super.decode(bytes);
				}
			},
		);
		expect(difference(text, await freshRoundTrip(text))).toBeUndefined();
		// Once, to find out.
		expect(refused).toHaveBeenCalledTimes(1);
	});

	it("without String.prototype.isWellFormed, lone surrogates are found all the same", async () => {
		const prototype = String.prototype as { isWellFormed?: unknown };
		const { isWellFormed } = prototype;
		delete prototype.isWellFormed;
		try {
			expect(difference(text, await freshRoundTrip(text))).toBeUndefined();
		} finally {
			Object.defineProperty(prototype, "isWellFormed", { value: isWellFormed, configurable: true, writable: true });
		}
	});

	it("without Buffer, what was one arrives as a Uint8Array", async () => {
		const { encodeToStore } = await import("./support.ts");
		const { store, offset, length, kind } = encodeToStore([Buffer.from("text")]);
		vi.stubGlobal("Buffer", undefined);
		vi.resetModules();
		const { decode } = await import("../../src/values/decoder.ts");
		const [arrived] = decode(store, offset, length, kind) as [Uint8Array];
		expect(Object.getPrototypeOf(arrived)).toBe(Uint8Array.prototype);
		expect(String.fromCharCode(...arrived)).toBe("text");
	});

	it("without SharedArrayBuffer, values are encoded and read", async () => {
		vi.stubGlobal("SharedArrayBuffer", undefined);
		vi.resetModules();
		const { Encoder } = await import("../../src/values/encoder.ts");
		const { decode } = await import("../../src/values/decoder.ts");
		const encoder = new Encoder();
		const value = [...text, new Uint8Array(3000), new Map([[1, 2]])];
		const bytes = new Uint8Array(encoder.encode(value));
		encoder.writeTo(bytes, 0);
		expect(difference(value, decode(bytes, 0, bytes.length, encoder.kind))).toBeUndefined();
	});

	it("that lacks the type of a typed array, reading one is an error that names it", async () => {
		const { encodeToStore } = await import("./support.ts");
		const { store, offset, length, kind } = encodeToStore([new BigInt64Array(2)]);
		vi.stubGlobal("BigInt64Array", undefined);
		vi.resetModules();
		const { decode } = await import("../../src/values/decoder.ts");
		expect(() => decode(store, offset, length, kind)).toThrow(
			"The value has a BigInt64Array, which this engine does not know; send another typed array",
		);
	});
});
