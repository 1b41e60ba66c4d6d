import { describe, expect, test } from "vitest";
import { createRuntime, init } from "../../src/api/lifecycle.ts";
import { free, get, getSync, put, putBatch } from "../../src/api/objects.ts";
import { asCompleted, wait } from "../../src/api/wait.ts";
import type { ObjectRef as Ref } from "../../src/engine/ref.ts";
import { GetTimeoutError, ObjectFreedError, RefDisposedError } from "../../src/errors.ts";
import type { ObjectRef } from "../../src/types.ts";
import type { FakeEngine } from "./fake-engine.ts";
import { startFakes } from "./start.ts";

const started = startFakes();

async function start(): Promise<FakeEngine> {
	await init();
	return started.engines[0] as FakeEngine;
}

const pendingOn = (engine: FakeEngine, count: number) =>
	Array.from({ length: count }, () => engine.pending() as Ref as ObjectRef<unknown>);

function disposed(): ObjectRef<number> {
	const ref = put(1);
	ref[Symbol.dispose]();
	return ref;
}

describe("put", () => {
	test("refuses a ref itself, but not one inside a value", async () => {
		await start();
		const ref = put(1);
		expect(() => put(ref)).toThrow(TypeError);
		expect(() => put(ref)).toThrow(`put(): the value is an ObjectRef (${ref.id}): its value is in the store already`);
		expect(() => put({ ref })).not.toThrow();
	});

	test("of a batch gives the refs in order", async () => {
		await start();
		expect(await get(putBatch(["a", "b"]))).toEqual(["a", "b"]);
		expect(putBatch([])).toEqual([]);
	});

	test("of a batch with a ref in it puts nothing", async () => {
		const engine = await start();
		const ref = put(1);
		expect(() => putBatch([1, ref] as unknown[])).toThrow("putBatch(): values[1] is an ObjectRef");
		expect(() => putBatch("ab" as never)).toThrow('putBatch(): the argument must be an array of values, not "ab"');
		expect(engine.called("put")).toHaveLength(1);
	});

	test("of a batch that does not fit keeps nothing of it", async () => {
		const engine = await start();
		engine.room = 2;
		expect(() => putBatch([1, 2, 3])).toThrow("full");
		expect(engine.called("release")).toHaveLength(2);
	});
});

describe("get", () => {
	test("gives one value, or a list's in its order", async () => {
		await start();
		const [a, b] = [put("a"), put(2)];
		expect(await get(a)).toBe("a");
		expect(await a.get()).toBe("a");
		expect(await get([b, a, b])).toEqual([2, "a", 2]);
		expect(await get([])).toEqual([]);
	});

	test("hands its options on", async () => {
		const engine = await start();
		const { signal } = new AbortController();
		const options = { timeout: 5, copy: true, signal };
		const ref = put(1);
		await get(ref, options);
		await ref.get(options);
		await get([ref], options);
		expect(engine.called("get").map(([, given]) => given)).toEqual([options, options]);
		expect(engine.called("getAll").map(([, given]) => given)).toEqual([options]);
	});

	test.each([
		[undefined, "get(): the first argument must be an ObjectRef or an array of them, not undefined"],
		[5, "get(): the first argument must be an ObjectRef or an array of them, not 5"],
		[Promise.resolve(1), "get(): the first argument must be an ObjectRef or an array of them, not a Promise"],
		[new Set(), "get(): the first argument must be an ObjectRef or an array of them, not a Set"],
		[[1], "get(): refs[0] must be an ObjectRef, not 1"],
		[new Array(2), "get(): refs[0] must be an ObjectRef, not undefined"],
	])("rejects %s, saying what was wrong", async (given, message) => {
		await start();
		const refusal = await get(given as never).catch((error: unknown) => error);
		expect(refusal).toBeInstanceOf(TypeError);
		expect((refusal as Error).message).toBe(message);
	});

	test("names the place of what is no ref", async () => {
		const engine = await start();
		await expect(get([put(1), put(2), "x"] as never)).rejects.toThrow('get(): refs[2] must be an ObjectRef, not "x"');
		expect(engine.called("getAll")).toEqual([]);
	});

	test("rejects handles that were given up", async () => {
		await start();
		const ref = disposed();
		for (const call of [get(ref), get([put(1), ref]), ref.get()]) await expect(call).rejects.toThrow(RefDisposedError);
		await expect(get(ref)).rejects.toThrow(ref.id);
		expect(() => getSync(ref)).toThrow(RefDisposedError);
		expect(() => ref[Symbol.dispose]()).not.toThrow();
	});

	test("rejects with the reason of a signal that was aborted before", async () => {
		const engine = await start();
		const reason = new Error("enough");
		const signal = AbortSignal.abort(reason);
		const ref = put(1);
		for (const call of [get(ref, { signal }), get([ref], { signal }), ref.get({ signal })]) {
			await expect(call).rejects.toBe(reason);
		}
		expect([engine.called("get"), engine.called("getAll")]).toEqual([[], []]);
	});

	test("is not disturbed when its list changes", async () => {
		const engine = await start();
		const refs = pendingOn(engine, 2);
		const values = get(refs);
		const [first, second] = refs as unknown as [Ref, Ref];
		refs.length = 0;
		engine.settle(second, "b");
		engine.settle(first, "a");
		expect(await values).toEqual(["a", "b"]);
	});

	test("gives the values of several runtimes' refs in their order, or the first error", async () => {
		const one = await start();
		const two = await createRuntime();
		const [mine] = pendingOn(one, 1) as [ObjectRef];
		const values = get([two.put("b"), mine, two.put("c")]);
		one.settle(mine as Ref, "a");
		expect(await values).toEqual(["b", "a", "c"]);
		one.settle(mine as Ref, new Error("mine"), true);
		await expect(get([two.put("b"), mine])).rejects.toThrow("mine");
	});
});

describe("getSync", () => {
	test("gives one value, or a list's in its order, of several runtimes too", async () => {
		const engine = await start();
		const two = await createRuntime();
		expect(getSync(put(1))).toBe(1);
		expect(getSync([put(1), put(2)])).toEqual([1, 2]);
		expect(getSync([])).toEqual([]);
		expect(getSync([put(1), two.put(2), put(3)], { timeout: 1000, copy: true })).toEqual([1, 2, 3]);
		expect(engine.called("getSync").at(-1)?.[1]).toMatchObject({ copy: true });
	});

	test("refuses what is no ref", async () => {
		await start();
		expect(() => getSync(7 as never)).toThrow(
			"getSync(): the first argument must be an ObjectRef or an array of them, not 7",
		);
	});
});

describe("wait", () => {
	test("gives the same handles as ready and pending, each in input order", async () => {
		const engine = await start();
		const refs = pendingOn(engine, 4);
		engine.settle(refs[3] as Ref, 1);
		engine.settle(refs[1] as Ref, 1);
		const [ready, pending] = await wait(refs, { numReturns: 2 });
		expect(ready).toEqual([refs[1], refs[3]]);
		expect(pending).toEqual([refs[0], refs[2]]);
		expect(ready[0]).toBe(refs[1]);
	});

	test("gives exactly as many as were asked for", async () => {
		await start();
		const refs = [put(1), put(2), put(3)];
		expect((await wait(refs)).map((list) => list.length)).toEqual([1, 2]);
		expect((await wait(refs, { numReturns: 3 })).map((list) => list.length)).toEqual([3, 0]);
	});

	test("at its timeout gives those that are ready", async () => {
		const engine = await start();
		const refs = [...pendingOn(engine, 2), put(1)];
		expect((await wait(refs, { numReturns: 3, timeout: 0 })).map((list) => list.length)).toEqual([1, 2]);
	});

	test("refuses an object twice, by whatever handles, and no refs at all", async () => {
		const engine = await start();
		const ref = put(1);
		const again = Object.assign(Object.create(Object.getPrototypeOf(ref)), ref);
		for (const twice of [
			[ref, put(2), ref],
			[ref, put(2), again],
		]) {
			const refusal = await wait(twice).catch((error: unknown) => error);
			expect(refusal).toBeInstanceOf(RangeError);
			expect((refusal as Error).message).toBe(`wait(): refs[0] and refs[2] are the same object, ${ref.id}`);
		}
		await expect(wait([])).rejects.toThrow(RangeError);
		expect(engine.called("wait")).toEqual([]);
	});

	test("refuses what is no list of refs, given-up handles, and refs of several runtimes", async () => {
		await start();
		const other = await createRuntime();
		await expect(wait(put(1) as never)).rejects.toThrow(
			"wait(): refs must be an array of ObjectRefs, not an ObjectRef",
		);
		await expect(wait([1] as never)).rejects.toThrow("wait(): refs[0] must be an ObjectRef, not 1");
		await expect(wait([put(1), disposed()])).rejects.toThrow(RefDisposedError);
		await expect(wait([put(1), other.put(2)])).rejects.toThrow(
			"wait(): refs[1] belongs to another runtime than refs[0]",
		);
	});
});

describe("asCompleted", () => {
	test("gives refs as they become ready", async () => {
		const engine = await start();
		const refs = pendingOn(engine, 4);
		const [a, b, c, d] = refs as unknown as [Ref, Ref, Ref, Ref];
		engine.settle(c, 1);
		const seen: unknown[] = [];
		for await (const ref of asCompleted(new Set(refs))) {
			seen.push(ref);
			if (ref === (c as unknown)) {
				engine.settle(d, 1);
				engine.settle(a, 1);
			} else if (ref === (d as unknown)) {
				setImmediate(() => engine.settle(b, new Error("failed"), true));
			}
		}
		expect(seen).toEqual([c, a, d, b]);
		expect(seen[0]).toBe(c);
	});

	test("throws GetTimeoutError at its timeout, after what is ready", async () => {
		const engine = await start();
		const ready = put(1);
		const completed = asCompleted([...pendingOn(engine, 2), ready], { timeout: 0 });
		expect((await completed.next()).value).toBe(ready);
		await expect(completed.next()).rejects.toThrow(GetTimeoutError);
		await expect(asCompleted(pendingOn(engine, 2), { timeout: 0 }).next()).rejects.toThrow(
			"2 of 2 objects were not ready",
		);
	});

	test("of no refs is over at once", async () => {
		await start();
		expect(await asCompleted([]).next()).toEqual({ done: true, value: undefined });
	});

	test("notices a handle that was given up meanwhile, when its turn comes", async () => {
		const engine = await start();
		const [pending] = pendingOn(engine, 1) as [Ref];
		const completed = asCompleted([put(1), pending as unknown as ObjectRef]);
		await completed.next();
		pending[Symbol.dispose]();
		engine.settle(pending, 1);
		await expect(completed.next()).rejects.toThrow(RefDisposedError);
		expect(engine.called("close")).toHaveLength(1);
		const given = put(2);
		given[Symbol.dispose]();
		expect(() => asCompleted([given])).toThrow(RefDisposedError);
	});

	test("looks at refs once, not once again for each one that comes, and waits no longer for those it is not asked for", async () => {
		const engine = await start();
		const refs = pendingOn(engine, 3);
		for await (const ref of asCompleted([...refs, put(1)])) {
			engine.settle(refs[0] as unknown as Ref, 1);
			if ((ref as unknown) === refs[0]) break;
		}
		expect(engine.called("arrivals")).toHaveLength(1);
		expect(engine.called("next")).toHaveLength(2);
		expect(engine.called("close")).toHaveLength(1);
		expect(engine.called("wait")).toEqual([]);
	});

	test("refuses what is wrong where it is called", async () => {
		await start();
		const other = await createRuntime();
		const ref = put(1);
		expect(() => asCompleted(5 as never)).toThrow("asCompleted(): refs must be an iterable of ObjectRefs, not 5");
		expect(() => asCompleted([5] as never)).toThrow("asCompleted(): refs[0] must be an ObjectRef, not 5");
		expect(() => asCompleted([ref, ref])).toThrow(RangeError);
		expect(() => asCompleted([ref, other.put(1)])).toThrow("belongs to another runtime");
	});
});

describe("free", () => {
	test("deletes one object or several, of whatever runtimes", async () => {
		await start();
		const other = await createRuntime();
		const refs = [put(1), other.put(2), put(3)];
		free(refs);
		for (const ref of refs) await expect(get(ref)).rejects.toThrow(ObjectFreedError);
		const single = put(4);
		free(single);
		await expect(get(single)).rejects.toThrow(ObjectFreedError);
		expect(() => free([])).not.toThrow();
	});

	test("deletes nothing if one of the list is no ref", async () => {
		const engine = await start();
		expect(() => free([put(1), 5] as never)).toThrow("free(): refs[1] must be an ObjectRef, not 5");
		expect(engine.called("free")).toEqual([]);
	});
});
