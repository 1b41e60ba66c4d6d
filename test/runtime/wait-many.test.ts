// Waiting for some of many refs: a wait leaves its watches to the next one.
import { expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

const value = ray.remote((n: number) => n);
const after = ray.remote(
	async (ms: number) => {
		await new Promise((resolve) => setTimeout(resolve, ms));
		return ms;
	},
	{ numCpus: 0 },
);
const never = ray.remote(
	() => {
		const { signal } = ray.getRuntimeContext();
		return new Promise<number>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
	},
	{ numCpus: 0 },
);
const items = ray.remote(async function* () {
	yield 1;
	await new Promise((resolve) => setTimeout(resolve, 500));
});
const several = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

it("gives each of many refs once, in a loop", () =>
	withRuntime({ numCpus: 2 }, async () => {
		for (let round = 0; round < 3; round++) {
			let pending = several(400, (i) => value.remote(i));
			const all = new Set(pending);
			const seen: number[] = [];
			while (pending.length > 0) {
				const [ready, rest] = await ray.wait(pending);
				expect(ready.length).toBe(1);
				expect(rest.length).toBe(pending.length - 1);
				for (const ref of ready) {
					expect(all.delete(ref)).toBe(true);
					seen.push(await ref.get());
				}
				pending = rest;
			}
			expect(seen.sort((a, b) => a - b)).toEqual(several(400, (i) => i));
		}
	}));

it("gives ready and pending ones in the order of the list, and no more than were asked for", () =>
	withRuntime({ numCpus: 1 }, async () => {
		const hangs = several(10, () => never.remote());
		const refs = several(20, (i) => (i % 2 === 0 ? value.remote(i) : (hangs[(i - 1) / 2] as ray.ObjectRef<number>)));
		const [ready, pending] = await ray.wait(refs, { numReturns: 10 });
		expect([ready, pending]).toEqual([refs.filter((_, i) => i % 2 === 0), hangs]);
		const [four, rest] = await ray.wait(refs, { numReturns: 4 });
		expect([four, rest]).toEqual([ready.slice(0, 4), refs.filter((ref) => !four.includes(ref))]);
		expect(await ray.wait(refs, { numReturns: 11, timeout: 30 })).toEqual([ready, hangs]);
		expect(await ray.wait(hangs, { timeout: 0 })).toEqual([[], hangs]);
		for (const ref of hangs) ray.cancel(ref);
		expect((await ray.wait(hangs, { numReturns: 10 }))[0]).toEqual(hangs);
	}));

it("may be asked for the same refs many times at once, and each is answered", () =>
	withRuntime({ numCpus: 2 }, async () => {
		const refs = several(30, (i) => after.remote(i * 2));
		const waits = several(12, (i) => ray.wait(i % 2 ? refs : refs.slice(5), { numReturns: i + 1 }));
		const counts = (await Promise.all(waits)).map(([ready]) => ready.length);
		expect(counts).toEqual(several(12, (i) => i + 1));
		expect((await ray.get(refs)).length).toBe(30);
	}));

it("still hears of a ref for which another wait has been given up", () =>
	withRuntime({ numCpus: 2 }, async () => {
		const refs = several(10, () => after.remote(150));
		const first = ray.wait(refs, { timeout: 20 });
		const given = failure(ray.get(refs[3] as ray.ObjectRef<number>, { timeout: 40 }));
		const all = ray.wait(refs, { numReturns: 10 });
		expect((await first)[0]).toEqual([]);
		expect((await given).name).toBe("GetTimeoutError");
		expect((await all)[0]).toEqual(refs);
	}));

it("waits for generators among others", () =>
	withRuntime({ numCpus: 2 }, async () => {
		const refs = several(12, (i) => value.remote(i));
		const stream = items.remote().completed() as ray.ObjectRef<never>;
		const [ready, pending] = await ray.wait([...refs, stream], { numReturns: 12 });
		expect([ready.length, pending]).toEqual([12, [stream]]);
		expect((await ray.wait([...refs, stream], { numReturns: 13 }))[0].length).toBe(13);
	}));

it("is told when the runtime ends", async () => {
	let waits: Promise<unknown>[] = [];
	await withRuntime({ numCpus: 1 }, async (runtime) => {
		const refs = several(10, () => never.remote());
		waits = several(6, () => failure(ray.wait(refs)));
		await new Promise((resolve) => setTimeout(resolve, 20));
		runtime.shutdownNow();
	});
	for (const wait of waits) expect(((await wait) as Error).name).toBe("RuntimeShutdownError");
});

it("leaves nothing of refs that were dropped while they were pending", () =>
	withRuntime({ numCpus: 1 }, async () => {
		await ray.get([value.remote(0), after.remote(0)]);
		const before = await settledObjects();
		await (async () => {
			const slow = several(20, () => after.remote(60));
			const [ready] = await ray.wait([value.remote(1), ...slow]);
			expect(await ready[0]?.get()).toBe(1);
		})();
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect(await settledObjects()).toBe(before);
	}));
