import { describe, expect, test } from "vitest";
import { getRuntimeContext } from "../../src/api/context.ts";
import { init } from "../../src/api/lifecycle.ts";
import { putBatch } from "../../src/api/objects.ts";
import { listObjects, storeStats } from "../../src/api/state.ts";
import { RuntimeNotInitializedError } from "../../src/errors.ts";
import { startFakes } from "./start.ts";

const started = startFakes();

describe("listObjects", () => {
	test("lists all objects, those that match every filter, or the first few", async () => {
		await init();
		putBatch([0, 1, 2, 3]);
		started.engines[0]?.pending();
		const sizes = async (filter?: Parameters<typeof listObjects>[0]) =>
			(await listObjects(filter)).map(({ size }) => size);
		expect(await sizes()).toEqual([0, 1, 2, 3, 4]);
		expect(await sizes({ filters: [["state", "=", "READY"]] })).toEqual([0, 1, 2, 3]);
		expect(await sizes({ filters: [["state", "!=", "READY"]] })).toEqual([4]);
		expect(
			await sizes({
				filters: [
					["state", "=", "READY"],
					["size", "!=", 1],
				],
				limit: 2,
			}),
		).toEqual([0, 2]);
		expect(await sizes({ filters: [["createdBy", "=", undefined]], limit: 1 })).toEqual([0]);
		expect(await sizes({ limit: 0 })).toEqual([]);
	});
});

test("state and context are the current runtime's", async () => {
	expect(() => storeStats()).toThrow(RuntimeNotInitializedError);
	expect(() => getRuntimeContext()).toThrow(RuntimeNotInitializedError);
	await expect(listObjects()).rejects.toThrow(RuntimeNotInitializedError);
	const { id } = await init();
	putBatch([1, 2]);
	expect(storeStats().objects).toBe(2);
	expect(getRuntimeContext().runtimeId).toBe(id);
});
