import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, settledObjects, withRuntime } from "./with-runtime.ts";

describe("nested tasks", () => {
	it("by await go deeper than there are workers", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deep = ray.remote(
				async (n: number): Promise<number> => (n === 0 ? 0 : 1 + (await deep.remote(n - 1).get())),
			);
			expect(await deep.remote(50).get()).toBe(50);
		}));

	it("by await go on after calls of the same function that awaited nothing, in their own context", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const next = ray.remote((n: number) => n + 1);
			const context = () => ray.getRuntimeContext().taskName;
			const memo = ray.remote(
				(n: number) =>
					n < 0
						? 0
						: next
								.remote(n)
								.get()
								.then((m) => next.remote(m).get())
								.then((m) => [m, context()]),
				{ name: "memo" },
			);
			for (let i = 0; i < 3; i++) {
				expect(await memo.remote(-1).get()).toBe(0);
				expect(await memo.remote(1).get({ timeout: 20_000 })).toEqual([3, "memo"]);
			}
			const thenable = ray.remote(
				(n: number) =>
					n < 0
						? 0
						: {
								// biome-ignore lint/suspicious/noThenProperty: what is looked at.
								then: (resolve: (value: unknown) => void) => {
									next
										.remote(n)
										.get()
										.then((m) => {
											resolve([m, context()]);
											resolve("once more");
										});
								},
							},
				{ name: "thenable" },
			);
			expect(await thenable.remote(-1).get()).toBe(0);
			expect(await thenable.remote(1).get({ timeout: 20_000 })).toEqual([2, "thenable"]);
		}));

	it("are cancelled with the task that submitted them, also after an await in a function that awaited nothing before", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const marks = await mkdtemp(join(tmpdir(), "wasmray-test-"));
			const quick = ray.remote(() => {});
			const child = ray.remote(async (mark: string) => {
				writeFileSync(`${mark} begun`, "");
				await once(ray.getRuntimeContext().signal, "abort");
				writeFileSync(`${mark} ended`, "");
			});
			const parent = ray.remote((mark: string) =>
				mark === ""
					? undefined
					: quick
							.remote()
							.get()
							.then(() => child.remote(mark).get()),
			);
			await parent.remote("").get();
			const mark = join(marks, "child");
			const ref = parent.remote(mark);
			await vi.waitUntil(() => existsSync(`${mark} begun`), 20_000);
			ray.cancel(ref);
			await vi.waitUntil(() => existsSync(`${mark} ended`), 20_000);
		}));

	it("by getSync go deeper than there are workers, and past the cap say so", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deep = ray.remote((n: number): number => (n === 0 ? 0 : 1 + ray.getSync(deep.remote(n - 1))));
			expect(await deep.remote(6).get()).toBe(6);
			const tooDeep = await failure(deep.remote(80).get());
			expect(tooDeep.message).toMatch(/64 tasks already block their threads.*Await get\(\)/);
			// The nearest first.
			const named = /Waiting: ((?:\w+ \(\S+\), ){7}\w+ \(\S+\)) and 56 more\./.exec(tooDeep.message)?.[1] ?? "";
			const numbers = named.match(/-t[0-9a-f]+\./g)?.map((id) => Number.parseInt(id.slice(2), 16)) ?? [];
			expect(numbers).toHaveLength(8);
			expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
			expect(await deep.remote(2).get()).toBe(2);
		}));

	it("call a function that captures itself, made inside a function", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const fib = ray.remote(async (n: number): Promise<number> => {
				if (n < 2) return n;
				const [a, b] = await ray.get([fib.remote(n - 1), fib.remote(n - 2)]);
				return a + b;
			});
			expect(await fib.remote(10).get()).toBe(55);
		}));

	it("may capture each other, in circles of any length, and leave nothing behind", () =>
		withRuntime({ numCpus: 1 }, async () => {
			type Step = ray.RemoteFunction<(n: number) => Promise<string>>;
			const round = async () => {
				const even: Step = ray.remote(async (n) => (n === 0 ? "even" : odd.remote(n - 1).get()));
				const odd: Step = ray.remote(async (n) => (n === 0 ? "odd" : even.remote(n - 1).get()), { name: "odd" });
				const a: Step = ray.remote(async (n) => (n === 0 ? "a" : b.remote(n - 1).get()));
				const b: Step = ray.remote(async (n) => (n === 0 ? "b" : c.remote(n - 1).get()));
				const c: Step = ray.remote(async (n) =>
					n === 0 ? `c ${ray.getRuntimeContext().taskName}` : n % 2 ? even.remote(n).get() : a.remote(n - 1).get(),
				);
				const refs = [
					even.remote(5),
					odd.remote(4),
					a.remote(2),
					a.remote(6),
					a.remote(4),
					c.options({ name: "see" }).remote(0),
				];
				expect(await ray.get(refs)).toEqual(["odd", "odd", "c anonymous", "odd", "b", "c see"]);
				for (const ref of refs) ref[Symbol.dispose]();
			};
			await round();
			const before = await settledObjects();
			for (let i = 0; i < 4; i++) await round();
			// What holds what is let go of one after the other, by a collection each.
			while ((await settledObjects()) > before);
		}));

	it("hold what they captured no longer than they can be called", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const round = async () => {
				const refs = [ray.put({ n: 1 }), ray.put({ n: 2 })];
				const other = ray.remote(async () => (await ray.get(refs)).length);
				const uses = ray.remote(() => other.remote().get());
				using result = uses.remote();
				expect(await result.get()).toBe(2);
			};
			await round();
			const before = await settledObjects();
			for (let i = 0; i < 8; i++) await round();
			expect(await settledObjects()).toBeLessThanOrEqual(before);
		}));

	it("may be made in a task, with what they capture there", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const outer = ray.remote(async (k: number) => {
				const plus = (x: number) => x + k;
				const inner = ray.remote((x: number) => plus(x) * k);
				return Promise.all([1, 2].map((x) => inner.remote(x).get()));
			});
			expect(await outer.remote(10).get()).toEqual([110, 120]);
		}));

	it("may stand in objects that they use, but not when they are given by closure", () =>
		withRuntime({ numCpus: 1 }, async () => {
			type Some = ray.RemoteFunction<(n: number) => Promise<string>>;
			const [f, g]: Record<"fn", Some>[] = [{}, {}] as never;
			f.fn = ray.remote(async (n) => (n === 0 ? "f" : g.fn.remote(n - 1).get()));
			g.fn = ray.remote(async (n) => (n === 0 ? "g" : f.fn.remote(n - 1).get()));
			expect(await ray.get([f.fn.remote(3), g.fn.remote(3), f.fn.remote(4)])).toEqual(["g", "f", "f"]);
			const box: { h?: Some } = {};
			const given: Some = ray.remote(async (n) => box.h?.remote(n).get() ?? "", { closure: { box } });
			box.h = ray.remote(async (n) => given.remote(n).get());
			expect(() => given.remote(1)).toThrow(/part of a value that it uses itself.*a variable of its own/s);
		}));

	it("take remote functions as arguments, sent for the first time", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const factor = 3;
			const times = ray.remote((n: number) => n * factor);
			const apply = ray.remote(async (fn: typeof times, n: number) => fn.remote(n).get());
			expect(await apply.remote(times as never, 5).get()).toBe(15);
		}));
});
