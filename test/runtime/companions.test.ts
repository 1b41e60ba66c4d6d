// Refs that come in one value share registrations for garbage collection.
import { expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { settledObjects, withRuntime } from "./with-runtime.ts";

const COUNT = 300;

/** Refs that came in one value, which is given up. */
async function come(): Promise<ray.ObjectRef<string>[]> {
	const list = ray.put(Array.from({ length: COUNT }, (_, i) => ray.put(`object ${i}`)));
	const refs = await list.get();
	list[Symbol.dispose]();
	return refs;
}

it("go by collection when none of those that came together is reachable", () =>
	withRuntime({ numCpus: 1 }, async () => {
		const before = await settledObjects();
		await (async () => {
			const refs = await come();
			expect(await ray.get(refs)).toEqual(refs.map((_, i) => `object ${i}`));
		})();
		expect(await settledObjects()).toBe(before);
	}));

it("stay while they can be reached, whatever becomes of the others", () =>
	withRuntime({ numCpus: 1 }, async () => {
		const before = await settledObjects();
		let kept: ray.ObjectRef<string>[] = [];
		await (async () => {
			const refs = await come();
			kept = [refs[3], refs[COUNT - 1]] as ray.ObjectRef<string>[];
		})();
		// At most the 63 that came with the last one stay with it, and none with the first.
		const between = await settledObjects();
		expect(between).toBeGreaterThanOrEqual(before + 2);
		expect(between).toBeLessThanOrEqual(before + 2 + 63);
		await (async () => {
			expect(await ray.get(kept)).toEqual(["object 3", `object ${COUNT - 1}`]);
			for (const ref of kept) ref[Symbol.dispose]();
			kept = [];
		})();
		expect(await settledObjects()).toBe(before);
	}));

it("go at once when they are given up by name, and only once", () =>
	withRuntime({ numCpus: 1 }, async () => {
		const before = await settledObjects();
		await (async () => {
			const refs = await come();
			// The handles by which they were put are collected.
			expect(await settledObjects()).toBe(before + COUNT);
			for (const ref of refs.slice(0, -1)) ref[Symbol.dispose]();
			const last = refs.at(-1) as ray.ObjectRef<string>;
			expect(await last.get()).toBe(`object ${COUNT - 1}`);
			expect(await settledObjects()).toBe(before + 1);
			last[Symbol.dispose]();
		})();
		expect(await settledObjects()).toBe(before);
	}));
