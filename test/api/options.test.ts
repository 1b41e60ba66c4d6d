import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { init, shutdown } from "../../src/api/lifecycle.ts";
import { get, getSync, put } from "../../src/api/objects.ts";
import { listObjects } from "../../src/api/state.ts";
import { cancel, capacity, remote } from "../../src/api/tasks.ts";
import { asCompleted, wait } from "../../src/api/wait.ts";
import { startFakes } from "./start.ts";
import type { Wrong } from "./wrong-options.ts";

startFakes();

describe("what is no plain object", () => {
	class Mine {
		timeout = 1;
	}

	test.each([
		["a plain object, not a Map", new Map([["timeout", 1]])],
		["a plain object, not a Mine", new Mine()],
		["a plain object, not an Object", Object.create({ timeout: 1 })],
		["an object, not an array of 1", [1]],
		["an object, not null", null],
		["an object, not 5", 5],
	])("is refused for the options of every call: %s", async (why, options) => {
		const given = options as never;
		const message = (call: string) => `${call}(): the options must be ${why}`;
		await expect(init(given)).rejects.toThrow(message("init"));
		await init();
		const ref = put(1);
		expect(() => remote(() => 1, given)).toThrow(message("remote"));
		expect(() => remote(() => 1).options(given)).toThrow(message("options"));
		expect(() => getSync(ref, given)).toThrow(message("getSync"));
		expect(() => asCompleted([ref], given)).toThrow(message("asCompleted"));
		expect(() => cancel(ref, given)).toThrow(message("cancel"));
		for (const [call, refused] of [
			["get", ref.get(given)],
			["get", get([ref], given)],
			["wait", wait([ref], given)],
			["listObjects", listObjects(given)],
			["shutdown", shutdown(given)],
		] as const) {
			await expect(refused).rejects.toThrow(message(call));
		}
	});

	test("but one without a prototype, or of another realm, is one", async () => {
		await init(Object.assign(Object.create(null), { numCpus: 1 }));
		expect(getSync(put(1), runInNewContext("({ copy: true })"))).toBe(1);
	});
});

describe("other calls", () => {
	test.each([
		[
			{ timeout: "1" },
			TypeError,
			'timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not "1"',
		],
		[{ timeout: -1 }, RangeError, "timeout must be a number of milliseconds from 0 to 2147483647, or Infinity, not -1"],
		[{ copy: 1 }, TypeError, "copy must be true or false, not 1"],
		[{ timout: 1 }, TypeError, 'unknown option "timout"; did you mean "timeout"?'],
	] as Wrong[])("get, getSync and ref.get refuse %j", async (options, type, message) => {
		await init();
		const ref = put(1);
		for (const call of [
			() => get(ref, options as never),
			() => get([ref], options as never),
			() => ref.get(options as never),
		]) {
			const refusal = await call().catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(type);
			expect((refusal as Error).message).toBe(`get(): ${message}`);
		}
		expect(() => getSync(ref, options as never)).toThrow(`getSync(): ${message}`);
	});

	test("get refuses a signal that is none, getSync any", async () => {
		await init();
		const ref = put(1);
		await expect(get(ref, { signal: {} as never })).rejects.toThrow("get(): signal must be an AbortSignal, not {}");
		const { signal } = new AbortController();
		expect(() => getSync(ref, { signal } as never)).toThrow("getSync(): signal cannot be heard by a blocked thread");
	});

	test("wait refuses wrong numbers and times", async () => {
		await init();
		const refs = [put(1), put(2)];
		const refusals: [options: object, message: string][] = [
			[{ numReturns: 0 }, "wait(): numReturns must be a whole number from 1 to 2, not 0"],
			[{ numReturns: 3 }, "wait(): numReturns must be a whole number from 1 to 2, not 3"],
			[{ numReturns: 1.5 }, "wait(): numReturns must be a whole number from 1 to 2, not 1.5"],
			[{ timeout: -1 }, "wait(): timeout must be a number of milliseconds"],
		];
		for (const [options, message] of refusals) {
			const refusal = await wait(refs, options).catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(RangeError);
			expect((refusal as Error).message).toContain(message);
		}
		await expect(wait(refs, { numReturn: 1 } as never)).rejects.toThrow('did you mean "numReturns"?');
	});

	test("asCompleted, cancel, capacity and listObjects refuse theirs", async () => {
		await init();
		expect(() => asCompleted([put(1)], { timeout: -1 })).toThrow("asCompleted(): timeout must be");
		expect(() => asCompleted([put(1)], { numReturns: 1 } as never)).toThrow(
			'asCompleted(): unknown option "numReturns"',
		);
		expect(() => cancel(put(1), { force: 1 } as never)).toThrow("cancel(): force must be true or false, not 1");
		expect(() => cancel(put(1), { recursiv: true } as never)).toThrow('did you mean "recursive"?');
		for (const [n, type] of [
			["5", TypeError],
			[0, RangeError],
			[1.5, RangeError],
		] as const) {
			await expect(capacity(n as number)).rejects.toThrow(type);
		}
		const filters: [filter: unknown, message: string][] = [
			[{ limit: -1 }, "listObjects(): limit must be a whole number from 0 to"],
			[{ filter: [] }, 'listObjects(): unknown option "filter"; did you mean "filters"?'],
			[{ filters: "state=READY" }, "listObjects(): filters must be an array of [key"],
			[{ filters: [["state", "="]] }, "listObjects(): filters[0] must be an array of key"],
			[{ filters: [[1, "=", 1]] }, "listObjects(): filters[0][0] must be a key, not 1"],
			[{ filters: [["status", "=", 1]] }, 'listObjects(): filters[0]: unknown key "status"; did you mean "state"?'],
			[{ filters: [["size", ">", 1]] }, 'listObjects(): filters[0][1] must be "=" or "!=", not ">"'],
		];
		for (const [filter, message] of filters) {
			await expect(listObjects(filter as never)).rejects.toThrow(message);
		}
	});
});
