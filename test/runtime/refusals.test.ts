import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import { withRuntime } from "./with-runtime.ts";

const small = { numCpus: 1, objectStoreMemory: "64MiB" } as const;
const count = ray.remote((...args: unknown[]) => args.length);
const leaf = () => 1;

/** Nothing may be encoded meanwhile: that would let go of what the last message was made of. */
async function usedAfterCollection(): Promise<number> {
	for (let i = 0; i < 5; i++) {
		await new Promise((resolve) => setImmediate(resolve));
		collectGarbage();
	}
	await new Promise((resolve) => setImmediate(resolve));
	return ray.storeStats().used;
}

describe("what a refused value holds can be freed", () => {
	const bytes = 8_000_000;
	const refused: Record<string, (ref: ray.ObjectRef<Uint8Array>) => unknown> = {
		"a ref that was put": (ref) => ray.put([ref, leaf]),
		"a ref in arguments": (ref) => count.remote({ ref }, leaf),
		"a view of an object": (ref) => ray.put([ray.getSync(ref), leaf]),
		"a view of an object in arguments": (ref) => count.remote(ray.getSync(ref), leaf),
	};
	for (const [name, refuse] of Object.entries(refused)) {
		it(name, () =>
			withRuntime(small, async () => {
				const attempt = () => {
					const ref = ray.put(new Uint8Array(bytes));
					expect(() => refuse(ref)).toThrow(ray.SerializationError);
				};
				attempt();
				expect(await usedAfterCollection()).toBeLessThan(bytes);
			}),
		);
	}
});

describe("the error of a value that cannot be sent says where", () => {
	const at = (path: string) => expect.objectContaining({ name: "SerializationError", path });

	it("in which of many values that are put", () =>
		withRuntime(small, async () => {
			const good = Array.from({ length: 50 }, (_, i) => i);
			const { objects } = ray.storeStats();
			expect(() => ray.putBatch<unknown>([...good, { a: leaf }])).toThrow(at("values[50].a"));
			expect(ray.storeStats().objects).toBe(objects);
			expect(() => ray.put({ a: leaf })).toThrow(at("value.a"));
		}));

	it("in which argument, also beside a ref that the task waits for", () =>
		withRuntime(small, async () => {
			const ref = ray.put(1);
			expect(() => count.remote(1, { q: leaf })).toThrow(at("args[1].q"));
			expect(() => count.remote(ref, { q: leaf })).toThrow(at("args[1].q"));
			expect(() => count.remote({ q: leaf }, ref)).toThrow(at("args[0].q"));
		}));

	it("a revoked proxy is, be it the value itself", () =>
		withRuntime(small, async () => {
			const { proxy, revoke } = Proxy.revocable({}, {});
			revoke();
			expect(() => ray.put(proxy)).toThrow(at("value"));
			expect(() => ray.putBatch([{}, proxy])).toThrow(at("values[1]"));
			expect(() => count.remote(1, proxy)).toThrow(at("args[1]"));
		}));

	it("a ref of another runtime is, and whether its value can still be had", async () => {
		const other = await ray.createRuntime(small);
		const foreign = other.put({ here: true });
		await withRuntime(small, async () => {
			const own = ray.put(1);
			const refuse = (what: string) => {
				const said = (path: string) =>
					expect.objectContaining({
						path,
						message: expect.stringContaining(`${path} is object ${foreign.id} of ${what}`),
					});
				expect(() => ray.put({ a: [foreign] })).toThrow(said("value.a[0]"));
				expect(() => ray.putBatch<unknown>([1, [foreign]])).toThrow(said("values[1][0]"));
				expect(() => count.remote({ q: [foreign] })).toThrow(said("args[0].q[0]"));
				expect(() => count.remote(own, { q: foreign })).toThrow(said("args[1].q"));
				expect(() => count.remote(own, foreign)).toThrow(said("args[1]"));
			};
			refuse("another runtime, which cannot be sent; get its value there, and put it here");
			await other.shutdown();
			refuse("a runtime that is shut down, which cannot be sent; its value went with that runtime");
		});
	});
});
