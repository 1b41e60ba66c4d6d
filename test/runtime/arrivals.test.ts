import { describe, expect, it } from "vitest";
import { RefArrivals } from "../../src/engine/local/gets.ts";
import type { Store } from "../../src/engine/local/store/store.ts";
import type { Waits } from "../../src/engine/local/waits.ts";
import type { ObjectRef } from "../../src/engine/ref.ts";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

/** Refs and what is done with them, counted. */
function counted(count: number) {
	const refs = Array.from({ length: count }, (_, slot) => ({ slot, generation: 1 })) as unknown as ObjectRef[];
	const ready = new Set<number>();
	const did = { looks: 0, watches: 0, unwatches: 0 };
	const store = { isReady: (slot: number) => ++did.looks > 0 && ready.has(slot) } as unknown as Store;
	const waits = { add: () => ++did.watches > 0, remove: () => did.unwatches++ } as unknown as Waits;
	return {
		refs,
		ready,
		did,
		make: () =>
			new RefArrivals(
				store,
				waits,
				refs,
				() => undefined,
				() => {},
			),
	};
}

describe("refs that finish one by one", () => {
	it("are each looked at and watched once, however many there are", async () => {
		const count = 10_000;
		const { refs, did, make } = counted(count);
		const arrivals = make();
		const seen: number[] = [];
		for (let i = count - 1; i >= 0; i--) {
			const next = arrivals.next(undefined);
			arrivals.ready((refs[i] as ObjectRef).slot);
			seen.push(...(await next));
		}
		arrivals.close();
		expect(seen).toEqual(refs.map((_, i) => count - 1 - i));
		expect(did).toEqual({ looks: count, watches: count, unwatches: 0 });
	});

	it("are given in input order when they came together, and the others are watched no longer after the end", async () => {
		const { ready, did, make } = counted(6);
		ready.add(3).add(1);
		const arrivals = make();
		arrivals.ready(5);
		arrivals.ready(0);
		expect(await arrivals.next(undefined)).toEqual([0, 1, 3, 5]);
		expect(await arrivals.next(1)).toEqual([]);
		arrivals.close();
		expect(did).toEqual({ looks: 6, watches: 4, unwatches: 2 });
	});
});

describe("asCompleted in a runtime", () => {
	const wait = ray.remote(() => new Promise<never>(() => {}), { numCpus: 0 });

	it("gives thousands of refs, each once, in a task too", () =>
		withRuntime({}, async () => {
			const square = ray.remote((x: number) => x * x);
			const all = ray.remote(async (count: number) => {
				const refs = Array.from({ length: count }, (_, i) => square.remote(i));
				const seen = new Set<number>();
				for await (const ref of ray.asCompleted(refs)) seen.add(await ref.get());
				return seen.size;
			});
			const there = all.remote(500);
			const refs = new Set(Array.from({ length: 3000 }, (_, i) => square.remote(i)));
			for await (const ref of ray.asCompleted(refs)) expect(refs.delete(ref)).toBe(true);
			expect(refs.size).toBe(0);
			expect(await there.get()).toBe(500);
		}));

	it("rejects at its timeout, and when the runtime ends", () =>
		withRuntime({}, async (runtime) => {
			const refs = [wait.remote(), ray.put(1)];
			const late = ray.asCompleted(refs, { timeout: 20 });
			expect((await late.next()).value).toBe(refs[1]);
			expect(await failure(late.next())).toBeInstanceOf(ray.GetTimeoutError);
			const cut = failure(ray.asCompleted([refs[0] as ray.ObjectRef]).next());
			runtime.shutdownNow();
			expect(await cut).toBeInstanceOf(ray.RuntimeShutdownError);
		}));
});
