import { describe, expect, it } from "vitest";
import { collectGarbage } from "../../src/platform/collect.ts";
import { Encoder } from "../../src/values/encoder.ts";
import { EXT_REF } from "../../src/values/format.ts";
import { type EncodeHooks, SENDABLE } from "../../src/values/hooks.ts";
import { SerializerRegistry } from "../../src/values/registry.ts";

class Ref {}
Object.defineProperty(Ref.prototype, SENDABLE, { value: "ref" });
class Broken {}

const whole = new Ref();
const hooks: EncodeHooks = {
	toExtension: () => ({ type: EXT_REF }),
	part: (view) => (view.byteLength === 96 ? { whole, offset: 0 } : undefined),
};
const registry = new SerializerRegistry();
registry.register(Broken, {
	name: "broken",
	serialize() {
		throw new Error("broken");
	},
	deserialize: () => new Broken(),
});

/** What is refused, made of something that nobody else has. */
const refused: Record<string, (kept: object) => unknown> = {
	"a ref before a function": (kept) => [kept, () => 1],
	"a ref before what throws": (kept) => ({
		kept,
		get next() {
			throw new Error("no");
		},
	}),
	"a ref before an instance whose codec throws": (kept) => [kept, new Broken()],
	"a ref before a revoked proxy": (kept) => {
		const { proxy, revoke } = Proxy.revocable({}, {});
		revoke();
		return [kept, proxy];
	},
	"a ref in a map, before a function": (kept) => new Map<unknown, unknown>([[kept, [() => 1]]]),
	"a ref too deep": (kept) => {
		let deep: unknown = [kept, () => 1];
		for (let i = 0; i < 250; i++) deep = [deep];
		return deep;
	},
};

async function isCollected(weak: WeakRef<object>): Promise<boolean> {
	for (let i = 0; i < 5; i++) {
		// A WeakRef that was made or asked keeps its target until the job is over.
		await new Promise((resolve) => setImmediate(resolve));
		collectGarbage();
	}
	return weak.deref() === undefined;
}

describe("an encoder that refused a value", () => {
	for (const [name, make] of Object.entries(refused)) {
		it(`keeps nothing of it: ${name}`, async () => {
			const encoder = new Encoder(registry, hooks);
			const refuse = () => {
				const kept = new Ref();
				expect(() => encoder.encode(make(kept))).toThrow();
				return new WeakRef(kept);
			};
			expect(await isCollected(refuse())).toBe(true);
			expect(encoder.refs).toEqual([]);
		});
	}

	it("keeps no bytes, no views, and no parts of what is in the store", async () => {
		for (const length of [96, 100_000]) {
			const encoder = new Encoder(registry, hooks);
			const refuse = () => {
				const view = new Uint8Array(length);
				expect(() => encoder.encode([view, { next: () => 1 }])).toThrow();
				return new WeakRef(view);
			};
			expect(await isCollected(refuse())).toBe(true);
			expect(encoder.hasParts).toBe(false);
			expect(encoder.refs).toEqual([]);
		}
	});

	it("keeps nothing of it that was nested in another, which goes on undisturbed", async () => {
		const encoder = new Encoder(registry, hooks);
		const outer = new Ref();
		let weak: WeakRef<object> | undefined;
		const value = {
			outer,
			get inner() {
				const kept = new Ref();
				weak = new WeakRef(kept);
				expect(() => encoder.encode([kept, () => 1])).toThrow();
				return 1;
			},
		};
		encoder.encode(value);
		expect(encoder.refs).toEqual([outer]);
		expect(await isCollected(weak as unknown as WeakRef<object>)).toBe(true);
	});
});

it("an encoder that was reset keeps no key of a map that it wrote", async () => {
	const encoder = new Encoder(registry, hooks);
	const write = () => {
		const key = new Ref();
		encoder.encode(new Map([[key, { a: 1 }]]));
		encoder.reset();
		return new WeakRef(key);
	};
	expect(await isCollected(write())).toBe(true);
});
