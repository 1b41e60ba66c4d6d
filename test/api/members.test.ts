import { describe, expect, test, vi } from "vitest";
import { packageNamespace } from "../../src/api/members.ts";
import { packageMember } from "../../src/engine/members.ts";
import { RayError } from "../../src/errors.ts";
import * as ray from "../../src/index.ts";

describe("what a function may use of the package in a worker", () => {
	test("is all that the package exports", () => {
		expect({ ...packageNamespace }).toEqual({ ...ray });
	});

	test("is known by name, and the whole by no name", () => {
		for (const [name, value] of Object.entries(ray)) expect(packageMember(value)).toBe(name);
		expect(packageMember(ray)).toBe("");
		expect(packageMember({ ...ray })).toBe("");
		const bundled = Object.defineProperties(
			{},
			Object.fromEntries(Object.entries(ray).map(([name, value]) => [name, { get: () => value, enumerable: true }])),
		);
		expect(packageMember(bundled)).toBe("");
	});

	test("is known in other copies of the package", async () => {
		vi.resetModules();
		const copy = await import("../../src/index.ts");
		expect(copy.get).not.toBe(ray.get);
		expect(packageMember(copy.get)).toBe("get");
		expect(packageMember(copy)).toBe("");
	});

	test("is nothing of the user's", () => {
		class Mine extends RayError {}
		const others = [
			Mine,
			() => 1,
			{},
			{ init: () => 1, remote: () => 2 },
			{ remote: ray.remote },
			null,
			undefined,
			"get",
		];
		for (const value of others) expect(packageMember(value)).toBeUndefined();
	});
});
