import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as ray from "../../src/index.ts";
import { failure, withRuntime } from "./with-runtime.ts";

const bad = ray.remote(
	(message: string) => {
		throw Object.assign(new RangeError(message), { code: "E_FAR", detail: { n: 1 } });
	},
	{ name: "bad" },
);

describe("a failed task's error", () => {
	it("names the task, its id, attempt and worker, keeps the cause and where it was thrown", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const error = await failure(bad.remote("too far").get());
			expect(error).toBeInstanceOf(ray.TaskError);
			expect(error).toMatchObject({ name: "TaskError", taskName: "bad", attempts: 1 });
			expect(error.taskId).toMatch(/-t/);
			expect(error.message).toBe(`Task bad (${error.taskId}, attempt 1, worker 1) failed: RangeError: too far`);
			expect(error.cause).toBeInstanceOf(RangeError);
			expect(error.cause).toMatchObject({ code: "E_FAR", detail: { n: 1 } });
			expect(error.remoteStack).toMatch(/RangeError: too far[\s\S]*errors\.test/);
		}));

	it("names them too if it was cancelled or late, running or queued, and says why, to whoever reads it", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const stays = ray.remote(
				async function* () {
					const { signal } = ray.getRuntimeContext();
					yield "running";
					await new Promise((resolve) => signal.addEventListener("abort", resolve));
				},
				{ name: "stays", numCpus: 0 },
			);
			const look = ray.remote(
				async ({ refs }: { refs: ray.ObjectRef<void>[] }) =>
					Promise.all(refs.map((ref) => ref.get().catch((error: Error) => error.message))),
				{ numCpus: 0 },
			);
			const holds = ray.remote(
				function* () {
					yield 1;
					while (!ray.getRuntimeContext().signal.aborted);
				},
				{ name: "holds" },
			);
			await look.remote({ refs: [] }).get();
			const holding = holds.options({ timeout: 200 }).remote();
			await holding.next();
			const queued = bad.options({ timeout: 20 }).remote("never");
			const dropped = bad.remote("never");
			ray.cancel(dropped);
			const late = await failure(holding.completed().get());
			expect(late.message).toBe(
				`Task holds (${late.taskId}, attempt 1, worker 1) was not done within its timeout of 200 ms.`,
			);
			const tooLate = await failure(queued.get());
			expect(tooLate).toBeInstanceOf(ray.TaskTimeoutError);
			expect(tooLate.message).toBe(
				`Task bad (${tooLate.taskId}, not started) was not done within its timeout of 20 ms.`,
			);
			expect((await failure(dropped.get())).message).toMatch(/^Task bad \(.*-t.*, not started\) was cancelled\.$/);
			const items = stays.remote();
			await items.next();
			ray.cancel(items);
			const cancelled = await failure(items.completed().get());
			expect(cancelled.message).toBe(`Task stays (${cancelled.taskId}, attempt 1, worker 1) was cancelled.`);
			expect(await look.remote({ refs: [items.completed(), holding.completed()] }).get()).toEqual([
				cancelled.message,
				late.message,
			]);
		}));

	it("names the task with which it was cancelled", () =>
		withRuntime({ numCpus: 2, resources: { gate: 1 } }, async () => {
			const gated = { name: "waits", numCpus: 0, resources: { gate: 1 } };
			const waits = ray.remote(
				() =>
					new Promise<never>((_, reject) => {
						ray.getRuntimeContext().signal.addEventListener("abort", reject);
					}),
				gated,
			);
			const sleeps = ray.remote(() => new Promise((resolve) => setTimeout(resolve, 20)));
			const gives = ray.remote(
				async function* () {
					const children = [waits.remote(), waits.remote()];
					await sleeps.remote().get();
					yield children;
					await ray.get(children);
				},
				{ name: "gives" },
			);
			const controller = new AbortController();
			const ways = [
				["was cancelled as a part of task gives (ID)", {}],
				["was cancelled as a part of task gives (ID), whose signal was aborted", { signal: controller.signal }],
				[
					"was cancelled as a part of task gives (ID), which was not done within its timeout of 1000 ms",
					{ timeout: 1000 },
				],
			] as const;
			for (const [said, options] of ways) {
				const items = gives.options(options).remote();
				const children = (await (await items.next()).value?.get()) as ray.ObjectRef<never>[];
				if ("signal" in options) controller.abort(new Error("reason!"));
				else if (!("timeout" in options)) ray.cancel(items);
				const { taskId } = await failure(items.completed().get());
				const errors = await Promise.all(children.map((ref) => failure(ref.get())));
				expect(errors.map(({ message, taskId: id }) => message.replace(id, "").replace(taskId, "ID"))).toEqual([
					expect.stringMatching(/^Task waits \(, attempt 1, worker \d\) /),
					expect.stringMatching(/^Task waits \(, not started\) /),
				]);
				for (const { message } of errors) expect(message.replace(taskId, "ID")).toContain(`) ${said}.`);
				if ("signal" in options) expect(errors[0]?.cause).toMatchObject({ message: "reason!" });
			}
		}));

	it("has the signal's reason as its cause, and so has the signal of the task, also of one that polls", () =>
		withRuntime({ numCpus: 2 }, async () => {
			const folder = await mkdtemp(join(tmpdir(), "wasmray-"));
			const tells = ray.remote(
				async (file: string, polls: boolean) => {
					const { signal } = ray.getRuntimeContext();
					const over = new Promise((resolve) => signal.addEventListener("abort", resolve));
					writeFileSync(file, "");
					if (polls) while (!signal.aborted);
					await over;
					writeFileSync(`${file}-over`, `${signal.reason.message} ${signal.reason.cause?.message}`);
				},
				{ name: "tells", numReturns: 2 },
			);
			const until = async (file: string) => {
				while (!existsSync(file) || (file.endsWith("over") && readFileSync(file, "utf8") === "")) {
					await new Promise((resolve) => setTimeout(resolve, 2));
				}
			};
			for (const polls of [true, false]) {
				const controller = new AbortController();
				const file = join(folder, String(polls));
				const refs = tells.options({ signal: controller.signal }).remote(file, polls) as unknown as ray.ObjectRef[];
				await until(file);
				controller.abort(new Error("reason!"));
				const errors = await Promise.all(refs.map((ref) => failure(ref.get())));
				for (const error of errors) {
					expect(error).toBeInstanceOf(ray.TaskCancelledError);
					expect(error.message).toMatch(
						/^Task tells \(.*, attempt 1, worker \d\) was cancelled: its signal was aborted\.$/,
					);
					expect(error.cause).toMatchObject({ message: "reason!" });
				}
				await until(`${file}-over`);
				expect(readFileSync(`${file}-over`, "utf8")).toBe(`${errors[0]?.message} reason!`);
			}
		}));

	it("is printed under its own name, with the user's frames alone, each once", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const error = await failure(bad.remote("too far").get());
			const printed = inspect(error);
			expect(printed).toMatch(/^TaskError: Task bad \(/);
			expect(printed).not.toMatch(/remoteStack|worker\.js|thread\.js|evalmachine|node:internal/);
			expect(printed).toMatch(/\[cause\]: RangeError: too far/);
			const frozen = ray.remote(() => {
				throw Object.freeze(new Error("hard"));
			});
			expect((await failure(frozen.remote().get())).remoteStack).not.toContain("worker.js");
		}));

	it("passes through arguments and awaiting tasks without being wrapped anew", () =>
		withRuntime({}, async () => {
			const pass = ray.remote((value: unknown) => value, { name: "pass" });
			const outer = ray.remote(
				async () => {
					await bad.remote("inside").get();
				},
				{ name: "outer" },
			);
			for (const ref of [pass.remote(pass.remote(pass.remote(bad.remote("inside")))), pass.remote(outer.remote())]) {
				const error = await failure(ref.get());
				expect(error).toMatchObject({
					taskName: "bad",
					message: expect.stringMatching(/^Task bad \(.*\) failed: RangeError: inside$/),
				});
				expect(error.cause).toBeInstanceOf(RangeError);
			}
		}));

	it("passes also where each task may be retried after it, as often as its own rule says", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const chain = async (options: ray.TaskOptions) => {
				const b = ray.remote(async () => bad.remote("inside").get(), { ...options, name: "b" });
				const c = ray.remote(async () => b.remote().get(), { ...options, name: "c" });
				return failure(c.remote().get());
			};
			const passes = {
				taskName: "bad",
				attempts: 1,
				message: expect.stringMatching(/^Task bad \(.*\) failed: RangeError: inside$/),
				cause: expect.objectContaining({ name: "RangeError", code: "E_FAR" }),
			};
			for (const retryExceptions of [true, () => false, [RangeError]]) {
				expect(await chain({ maxRetries: 0, retryExceptions })).toMatchObject(passes);
				expect(await chain({ maxRetries: 1, retryExceptions })).toMatchObject(passes);
			}
			const attempts = async (retryExceptions: NonNullable<ray.TaskOptions["retryExceptions"]>) => {
				const marks = await mkdtemp(join(tmpdir(), "wasmray-test-"));
				const counts = ray.remote(
					async (folder: string) => {
						writeFileSync(join(folder, `${ray.getRuntimeContext().attempt}`), "");
						await bad.remote("inside").get();
					},
					{ maxRetries: 2, retryExceptions },
				);
				await failure(counts.remote(marks).get());
				return (await readdir(marks)).length;
			};
			expect(await attempts([RangeError])).toBe(3);
			expect(await attempts([ray.TaskError])).toBe(3);
			expect(await attempts([TypeError])).toBe(1);
			const seen: unknown[] = [];
			const rule = (error: unknown) => seen.push(error) < 2;
			expect(await attempts(rule)).toBe(2);
			expect(seen).toEqual(Array(2).fill(expect.objectContaining({ name: "TaskError", taskName: "bad" })));
		}));

	it("is the task's own, whatever cannot be looked at was thrown, and the worker lives on", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const worker = ray.remote(() => ray.getRuntimeContext().workerId);
			const before = await worker.remote().get();
			const throwHostile = (kind: string) => {
				const trap = () => {
					throw new Error("trapped");
				};
				const traps = new Proxy({}, { get: () => trap });
				if (kind === "proxy") throw new Proxy(new Error("hidden"), traps);
				if (kind === "function") throw new Proxy(() => {}, traps);
				if (kind === "part") throw Object.assign(new Error("seen"), { part: new Proxy({}, traps) });
				if (kind === "array") return new Proxy([], traps);
				throw Object.defineProperty(new Error("hidden"), kind, { get: trap });
			};
			const hostile = ray.remote(throwHostile, { name: "hostile", maxRetries: 0 });
			const later = ray.remote(async (kind: string) => throwHostile(kind), { name: "later", maxRetries: 0 });
			for (const task of [hostile, later, hostile.options({ maxRetries: 1, retryExceptions: [TypeError] })]) {
				for (const kind of ["proxy", "function", "name", "message", "stack", "array", "part"]) {
					const error = await failure(task.remote(kind).get());
					expect(error).toBeInstanceOf(ray.TaskError);
					expect(error.message).toMatch(
						kind === "part" ? /^Task \w+ \(.*\) failed: Error: seen$/ : /^Task \w+ \(.*\) failed: .*trapped$/,
					);
				}
			}
			const leaves = ray.remote(
				async () => {
					void Promise.reject({
						[Symbol.for("nodejs.util.inspect.custom")]() {
							throw new Error("shown");
						},
					});
					await new Promise((resolve) => setTimeout(resolve, 5));
				},
				{ maxRetries: 0 },
			);
			expect(await leaves.remote().get()).toBeUndefined();
			expect(await worker.remote().get()).toBe(before);
		}));

	it("keeps what was thrown when that is no error, and describes what cannot be sent", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const thrower = ray.remote((value: unknown) => {
				throw value;
			});
			expect((await failure(thrower.remote({ odd: 1 }).get())).cause).toEqual({ odd: 1 });
			expect((await failure(thrower.remote(undefined).get())).cause).toBeUndefined();
			const wild = ray.remote(() => {
				throw Object.assign(new Error("wild"), { callback: () => 1 });
			});
			expect((await failure(wild.remote().get())).message).toContain("wild");
		}));

	it("is every result's when there are several, also if their number is wrong", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const [a, b] = ray.remote(() => ["x", "y"], { numReturns: 2 }).remote() as ReturnType<typeof ray.put>[];
			expect(await ray.get([a, b] as never)).toEqual(["x", "y"]);
			const refs = ray.remote(() => [1, 2, 3], { numReturns: 2 }).remote() as ReturnType<typeof ray.put>[];
			for (const ref of refs) expect((await failure(ref.get())).message).toMatch(/array of 2 values.*array of 3/);
		}));
});

describe("retries", () => {
	it("are made for what was thrown when asked, with a rule, and end with the number of attempts", () =>
		withRuntime({ numCpus: 1 }, async () => {
			class Far extends RangeError {}
			const run = (retryExceptions: never) =>
				failure(bad.options({ maxRetries: 2, retryExceptions }).remote("again").get());
			expect((await run(true as never)).attempts).toBe(3);
			expect((await run(false as never)).attempts).toBe(1);
			expect((await run([RangeError] as never)).attempts).toBe(3);
			expect((await run([TypeError, Far] as never)).attempts).toBe(1);
			const seen: [unknown, number][] = [];
			const rule = (error: unknown, attempt: number) => {
				seen.push([(error as Error).message, attempt]);
				return attempt < 2;
			};
			expect((await run(rule as never)).attempts).toBe(2);
			expect(seen).toEqual([
				["again", 1],
				["again", 2],
			]);
		}));

	it("match a class by its name in the worker, which has one of its own", () =>
		withRuntime({ numCpus: 1 }, async () => {
			class Busy extends Error {}
			const busy = ray.remote(
				() => {
					throw new Busy("later");
				},
				{ maxRetries: 1, retryExceptions: [Busy] },
			);
			expect((await failure(busy.remote().get())).attempts).toBe(2);
		}));

	it("wait for their delay, which may depend on the attempt", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const asked: number[] = [];
			const retryDelay = (attempt: number) => {
				asked.push(attempt);
				return 1;
			};
			const ref = bad.options({ maxRetries: 3, retryExceptions: true, retryDelay }).remote("later");
			expect((await failure(ref.get())).attempts).toBe(4);
			expect(asked).toEqual([1, 2, 3]);
		}));

	it("end when the user's own rule or delay throws: the error tells of both", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const broken = () => {
				throw new TypeError("the rule's own");
			};
			const run = (options: ray.TaskOptions) =>
				failure(
					bad
						.options({ maxRetries: 2, retryExceptions: true, ...options })
						.remote("far")
						.get(),
				);
			for (const option of ["retryExceptions", "retryDelay"]) {
				const error = await run({ [option]: broken });
				expect(error.message).toMatch(
					new RegExp(`^Task bad \\(.*\\) failed: RangeError: far. Its ${option} threw TypeError: the rule's own$`),
				);
				expect(error.cause).toBeInstanceOf(TypeError);
				expect(error.failure).toMatchObject({ taskName: "bad", attempts: 1 });
			}
			for (const delay of [Number.NaN, -1, Number.POSITIVE_INFINITY, "soon"]) {
				expect((await run({ retryDelay: () => delay as number })).message).toContain("Its retryDelay threw");
			}
			for (const [answer, text] of [
				[undefined, "undefined"],
				[1, "1"],
				[Promise.resolve(false), "a Promise"],
			] as const) {
				expect((await run({ retryExceptions: () => answer as never })).message).toMatch(
					new RegExp(`Its retryExceptions threw TypeError: what it returns must be true or false, not ${text}$`),
				);
			}
			const unlooked = () => {
				throw new Proxy({}, { get: broken });
			};
			expect((await run({ retryExceptions: unlooked })).message).toMatch(/far. Its retryExceptions threw something/);
			const dies = ray.remote(() => process.exit(1), { name: "dies", retryDelay: broken });
			expect((await failure(dies.remote().get())).message).toMatch(
				/^Task dies was lost.*Its retryDelay threw TypeError/,
			);
		}));

	it("know their attempt, and one of them may succeed", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const third = ray.remote(
				() => {
					const attempt = ray.getRuntimeContext().attempt ?? 0;
					if (attempt < 3) throw new Error("not yet");
					return attempt;
				},
				{ maxRetries: 5, retryExceptions: true },
			);
			expect(await third.remote().get()).toBe(3);
		}));
});

describe("a task that ends its worker", () => {
	it("fails with a WorkerCrashedError, or is retried, and others go on", () =>
		withRuntime({}, async () => {
			const marks = await mkdtemp(join(tmpdir(), "wasmray-test-"));
			const exits = ray.remote(() => process.exit(7), { maxRetries: 0, name: "exits" });
			const once = ray.remote(
				(mark: string) => {
					if (!existsSync(mark)) {
						writeFileSync(mark, "");
						process.exit(1);
					}
					return "second time";
				},
				{ maxRetries: 1 },
			);
			const good = Array.from({ length: 20 }, (_, i) => ray.remote((n: number) => n + 1).remote(i));
			const error = await failure(exits.remote().get());
			expect(error).toBeInstanceOf(ray.WorkerCrashedError);
			expect(error.message).toMatch(/^Worker \d+ ended while it ran task exits \(ray\S+, attempt 1\): .*code 7\.$/);
			expect(error.stack).toBe(`WorkerCrashedError: ${error.message}`);
			expect(await once.remote(join(marks, "once")).get()).toBe("second time");
			expect(await ray.get(good)).toEqual(good.map((_, i) => i + 1));
			await writeFile(join(marks, "gone"), "");
			const twice = ray.remote(() => process.exit(7), { maxRetries: 1 });
			expect((await failure(twice.remote().get())).message).toMatch(/attempt 2/);
		}));

	it("by what nobody caught, by the heap's end: the error says by what", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const throwsLater = ray.remote(
				() =>
					new Promise(() => {
						setImmediate(() => {
							throw new RangeError("nobody caught this");
						});
					}),
				{ maxRetries: 0 },
			);
			expect(await failure(throwsLater.remote().get())).toMatchObject({
				name: "WorkerCrashedError",
				message: expect.stringContaining("nobody caught this"),
			});
			const hungry = ray.remote(
				() => {
					const kept: unknown[] = [];
					for (;;) kept.push(new Array(1000).fill(kept.length));
				},
				{ maxRetries: 0, runtimeEnv: { resourceLimits: { maxOldGenerationSizeMb: 24 } } },
			);
			expect(await failure(hungry.remote().get())).toBeInstanceOf(ray.OutOfMemoryError);
			expect(
				await ray
					.remote(() => "alive")
					.remote()
					.get(),
			).toBe("alive");
		}));

	it("leaves nothing in the store", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const dies = ray.remote(
				(_large: Uint8Array) => {
					ray.put("held by this worker");
					process.exit(1);
				},
				{ maxRetries: 0 },
			);
			const round = async () => {
				using ref = dies.remote(new Uint8Array(100_000));
				await failure(ref.get());
			};
			await round();
			const { objects, used } = ray.storeStats();
			for (let i = 0; i < 5; i++) await round();
			expect(ray.storeStats()).toMatchObject({ objects, used });
		}));
});

describe("a task whose stack overflows", () => {
	it("fails with a RangeError, and its worker lives on", () =>
		withRuntime({ numCpus: 1 }, async () => {
			const deep = ray.remote(() => {
				const dive = (): number => dive() + 1;
				return dive();
			});
			const put = ray.remote(() => {
				const dive = (): number => {
					ray.put(1);
					return dive() + 1;
				};
				return dive();
			});
			const worker = ray.remote(() => ray.getRuntimeContext().workerId);
			const before = await worker.remote().get();
			expect((await failure(deep.remote().get())).cause).toBeInstanceOf(RangeError);
			expect((await failure(put.remote().get())).cause).toBeInstanceOf(Error);
			expect(await worker.remote().get()).toBe(before);
		}));
});
