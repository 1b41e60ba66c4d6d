import { describe, expect, test } from "vitest";
import * as ray from "../../src/index.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import { faults, withTestRuntime } from "../../src/testing/index.ts";
import { failure } from "./support.ts";

const LARGE = 100_000;
/** What a program might keep by mistake. */
const kept: unknown[] = [];
const one = { numCpus: 1 };

const forever = ray.remote(async function forever() {
	await new Promise(() => {});
});
const parent = ray.remote(async function parent() {
	const child = ray.remote(async function child() {
		await new Promise(() => {});
	});
	child.remote();
});
const untilAborted = ray.remote(async function untilAborted() {
	const { signal } = ray.getRuntimeContext();
	if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
});
const sum = ray.remote((numbers: Float64Array) => numbers.reduce((a, b) => a + b, 0));
const scribble = ray.remote(function scribble(numbers: Float64Array) {
	numbers[7] = 1;
});
const scribbleAndSpin = ray.remote(function* scribbleAndSpin(numbers: Float64Array) {
	numbers[7] = 1;
	yield "written";
	for (;;);
});
const putInside = ray.remote(function putInside(size: number) {
	return [ray.put(new Float64Array(size))];
});
const putSmall = ray.remote(function putSmall() {
	return [ray.put("small")];
});
const putBelow = ray.remote(async function putBelow() {
	const below = ray.remote(() => [ray.put("small")], { name: "below: ä, 名" });
	return below.remote().get();
});
const items = ray.remote(function* items() {
	yield "first";
	yield new Float64Array(LARGE);
});
const changeOwn = ray.remote(async function changeOwn() {
	const numbers = await ray.put(new Float64Array(LARGE)).get();
	numbers[7] = 1;
});
const fill = ray.remote((size: number) => new Float64Array(size).fill(1));

describe("the check for leaks", () => {
	test("finds a ref that is still held, and says where its object was made", async () => {
		const { message } = await failure(
			withTestRuntime(() => {
				kept.push(ray.put(new Float64Array(100)));
			}, one),
		);
		expect(message).toMatch(
			/left objects behind.*\n {2}object \S+-o1\.1 \(READY, 800 bytes, 1 holder\), made here:\n.*checks\.test\.ts/,
		);
		// The frames of the package itself say nothing to its user.
		expect(message).not.toContain("/src/");
	});

	test("finds a view that is still held", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				kept.push(await ray.put(new Float64Array(LARGE)).get());
			}, one),
		);
		expect(message).toMatch(/object \S+ \(READY, 800000 bytes, 1 holder, viewed\), made here:\n.*checks\.test\.ts/);
	});

	test("finds what a task made, and names the task", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				kept.push(await putInside.remote(LARGE).get());
			}, one),
		);
		expect(message).toMatch(/object \S+ \(READY, 800000 bytes, 1 holder\), made by task putInside \(\S+-t\w+\.\w+\)/);
	});

	test("names the task that made a small object, where it was submitted, and no line of the package", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				kept.push(await putSmall.remote().get());
			}, one),
		);
		expect(message).toMatch(
			/object \S+ \(READY, 16 bytes, 1 holder\), made by task putSmall \(\S+-t\w+\.\w+\), (?:submitted|and had) here:\n.*checks\.test\.ts/,
		);
		expect(message).not.toContain("/src/");
	});

	test("names a task that another task submitted", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				kept.push(await putBelow.remote().get());
			}, one),
		);
		expect(message).toMatch(/object \S+ \(READY, 16 bytes, 1 holder\), made by task below: ä, 名 \(\S+-t\w+\.\w+\)/);
		expect(message).not.toContain("/src/");
	});

	test("names the generator's task of items that nobody has read", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				const stream = items.remote();
				await stream.completed().get();
				kept.push(stream);
			}, one),
		);
		expect(message.match(/made by task items \(\S+-t\w+\.\w+\), submitted here:\n.*checks\.test\.ts/g)).toHaveLength(3);
		expect(message).toMatch(/object \S+ \(READY, 16 bytes, 1 holder\), made by task items/);
	});

	test("names the generator's task of an item that was read", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				for await (const ref of items.remote()) if (kept.push(ref) > 0) break;
			}, one),
		);
		expect(message).toMatch(
			/object \S+ \(READY, 16 bytes, 1 holder\), made by task items \(\S+\), and had here:\n.*checks/,
		);
	});

	test("names the task of a result, and where it was submitted", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				const ref = fill.options({ name: "fill" }).remote(3);
				await ref.get();
				kept.push(ref);
			}, one),
		);
		expect(message).toMatch(
			/object \S+ \(.*\), made by task fill \(\S+-t\w+\.\w+\), submitted here:\n.*checks\.test\.ts/,
		);
	});

	test("finds a task that is still running, and says where it was submitted", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				// A worker that has yet to start might not run it before the test looks.
				await fill.remote(1).get();
				forever.remote();
			}, one),
		);
		expect(message).toMatch(
			/left unfinished tasks behind.*\n {2}task forever \(\S+-t\w+\.\w+\), running on worker \d+, submitted here:\n.*checks\.test\.ts/,
		);
	});

	test("finds a task that a task submitted, and names that one", async () => {
		const { message } = await failure(withTestRuntime(() => parent.remote().get(), one));
		expect(message).toMatch(/task child \(\S+\), [^,]+, submitted by task parent \(\S+-t\w+\.\w+\)/);
	});

	test("lets refs pass that nothing holds any more, and tasks that are about to end", async () => {
		const got = await withTestRuntime(async () => {
			const refs = Array.from({ length: 50 }, () => ray.put(new Float64Array(1000).fill(1)));
			const sums = await ray.get(refs.map((ref) => sum.remote(ref)));
			ray.cancel(untilAborted.remote());
			fill.remote(10);
			const view = await fill.remote(LARGE).get();
			return sums.length + view.length;
		}, one);
		expect(got).toBe(50 + LARGE);
	});

	test("lets a function pass that is used in one runtime after the other, with what it captured", async () => {
		for (let i = 0; i < 2; i++) {
			await withTestRuntime(async () => {
				expect(await ray.get([sum.remote(new Float64Array([1, 2])), sum.remote(new Float64Array([3]))])).toEqual([
					3, 3,
				]);
			}, one);
		}
	});

	test("is not made where it is not wanted", async () => {
		const ran = withTestRuntime(
			() => {
				kept.push(ray.put("kept"));
				forever.remote();
				return true;
			},
			{ ...one, checkLeaks: false },
		);
		expect(await ran).toBe(true);
	});
});

describe("the check for writes through views", () => {
	test("finds one here, and says where the object was made", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				const numbers = await ray.put(new Float64Array(LARGE)).get();
				numbers[5] = 1;
			}, one),
		);
		expect(message).toMatch(/wrote through a view[^\n]*\n {2}object \S+-o1\.1, made here:\n.*checks\.test\.ts/);
	});

	test("finds one in a task", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				await scribble.remote(ray.put(new Float64Array(LARGE))).get();
			}, one),
		);
		expect(message).toMatch(/wrote through a view[^\n]*\n {2}object \S+, made here:\n.*checks\.test\.ts/);
	});

	test("finds one in a task's own arguments, and names the task and where it was submitted", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				await scribble.remote(new Float64Array(LARGE)).get();
			}, one),
		);
		expect(message).toMatch(
			/object \S+, the arguments of task scribble \(\S+-t\w+\.\w+\), submitted here:\n.*checks\.test\.ts/,
		);
		expect(message).not.toContain("/src/");
	});

	test("finds one on what the task made itself, and names it", async () => {
		const { message } = await failure(withTestRuntime(() => changeOwn.remote().get(), one));
		expect(message).toMatch(/object \S+, made by task changeOwn \(\S+\), submitted here:\n.*checks\.test\.ts/);
	});

	test("says where an object was made whose place another has taken since", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				const change = async () => {
					(await ray.put(new Float64Array(LARGE)).get())[0] = 1;
				};
				await change();
				for (let i = 0; i < 5; i++) {
					collectGarbage();
					await new Promise((resolve) => setImmediate(resolve));
				}
				for (let i = 0; i < 300; i++) ray.put(i)[Symbol.dispose]();
			}, one),
		);
		expect(message).toMatch(/wrote through a view[^\n]*\n {2}object \S+-o1\.1, made here:\n.*checks\.test\.ts/);
	});

	test("finds one in a task whose worker is killed, though nothing else holds the object", async () => {
		const { message } = await failure(
			withTestRuntime(async (runtime) => {
				const ref = ray.put(new Float64Array(LARGE));
				const spinning = scribbleAndSpin.options({ maxRetries: 0 }).remote(ref);
				ref[Symbol.dispose]();
				await spinning.next();
				await faults(runtime).killWorkerOf(spinning);
				await failure(spinning.completed().get());
			}, one),
		);
		expect(message).toMatch(/wrote through a view[^\n]*\n {2}object \S+, made here:\n.*checks\.test\.ts/);
	});

	test("finds one on what a task made", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				(await fill.remote(LARGE).get())[3] = 2;
			}, one),
		);
		expect(message).toMatch(/wrote through a view/);
	});

	test("finds one in an object that was freed meanwhile", async () => {
		const { message } = await failure(
			withTestRuntime(async () => {
				const ref = ray.put(new Float64Array(LARGE));
				const numbers = await ref.get();
				ray.free(ref);
				numbers[0] = 1;
				kept.push(numbers);
			}, one),
		);
		expect(message).toMatch(/wrote through a view/);
	});

	test("lets private copies be changed", async () => {
		const body = async () => {
			const ref = ray.put(new Float64Array(LARGE));
			(await ref.get({ copy: true }))[0] = 1;
			const small = await ray.put(new Float64Array(8)).get();
			small[0] = 1;
			return (await ref.get())[0];
		};
		expect(await withTestRuntime(body, one)).toBe(0);
	});

	test("is not made where it is not wanted", async () => {
		const body = async () => {
			const numbers = await ray.put(new Float64Array(LARGE)).get();
			numbers[5] = 1;
			return numbers[5];
		};
		expect(await withTestRuntime(body, { ...one, checkImmutability: false })).toBe(1);
	});
});
