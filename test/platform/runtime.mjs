// The runtime from end to end, under the host that runs this: `npm run test:runtimes` runs it under all.
// A program of its own: some hosts do not show a function's variables, so workers import this file down to init().
import assert from "node:assert/strict";
import os from "node:os";
import { basename } from "node:path";
import process from "node:process";
import * as ray from "wasmray";

const host = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

const add = ray.remote((a, b) => a + b, { name: "add" });
const after = ray.remote((milliseconds, value) => new Promise((resolve) => setTimeout(resolve, milliseconds, value)), {
	numCpus: 0,
});
const fibonacci = ray.remote(async (n) => {
	if (n < 2) return n;
	const [a, b] = await ray.get([fibonacci.remote(n - 1), fibonacci.remote(n - 2)]);
	return a + b;
});
const fibonacciSync = ray.remote((n) => {
	if (n < 2) return n;
	const [a, b] = ray.getSync([fibonacciSync.remote(n - 1), fibonacciSync.remote(n - 2)]);
	return a + b;
});
const sum = ray.remote((view) => ({
	sum: view.reduce((a, b) => a + b, 0),
	shared: view.buffer instanceof SharedArrayBuffer,
}));
const numbers = ray.remote(
	async function* (count) {
		for (let i = 0; i < count; i++) yield i;
		throw new RangeError("no more");
	},
	{ generatorBackpressure: 2 },
);
const divide = ray.remote((a, b) => [Math.floor(a / b), a % b], { numReturns: 2 });
const fails = ray.remote(
	() => {
		throw Object.assign(new RangeError("on purpose"), { code: "E_FAR" });
	},
	{ name: "fails" },
);
const third = ray.remote(
	() => {
		const { attempt } = ray.getRuntimeContext();
		if (attempt < 3) throw new Error("not yet");
		return attempt;
	},
	{ maxRetries: 5, retryExceptions: true },
);
const exits = ray.remote(() => process.exit(7), { maxRetries: 0, name: "exits" });
const exitsOnce = ray.remote(() => {
	if (ray.getRuntimeContext().attempt === 1) process.exit(7);
	return "second";
});
const throwsLater = ray.remote(
	() => {
		setTimeout(() => {
			throw new RangeError("nobody catches this");
		}, 1);
		return new Promise(() => {});
	},
	{ maxRetries: 0 },
);
const exhausts = ray.remote(
	() => {
		const kept = [];
		for (;;) kept.push(new Array(1000).fill(kept.length));
	},
	{ maxRetries: 0, runtimeEnv: { resourceLimits: { maxOldGenerationSizeMb: 24 } } },
);
const overflows = ray.remote(() => {
	const dive = () => dive() + 1;
	return dive();
});
const polls = ray.remote(function* () {
	yield "started";
	const { signal } = ray.getRuntimeContext();
	while (!signal.aborted);
	yield "ended";
});
const sleeps = ray.remote(
	() => {
		const { signal } = ray.getRuntimeContext();
		signal.throwIfAborted();
		return new Promise((resolve) => signal.addEventListener("abort", resolve));
	},
	{ numCpus: 0 },
);
const spins = ray.remote(function* () {
	yield "started";
	for (;;);
});
const talks = ray.remote(
	(count) => {
		for (let i = 0; i < count; i++) console.log(`line ${i}`);
	},
	{ name: "talks" },
);
const lastWords = ray.remote(
	(count) => {
		for (let i = 0; i < count; i++) process.stdout.write(`word ${i}\n`);
		process.stdout.write("the last");
		process.exit(1);
	},
	{ name: "dies", maxRetries: 0 },
);
const colour = ray.remote(() => process.env.SMOKE_COLOUR);
const blue = ray.remote(
	async () => [
		await colour.remote().get(),
		await colour
			.options({ runtimeEnv: { envVars: { SMOKE_COLOUR: "green" } } })
			.remote()
			.get(),
	],
	{ runtimeEnv: { envVars: { SMOKE_COLOUR: "blue" } } },
);
class Point {
	constructor(x, y) {
		Object.assign(this, { x, y });
	}
}
const same = ray.remote((value) => value);

/** The task that it runs is started, and it fails as the name says. */
const failure = (promise) =>
	promise.then(
		() => assert.fail("It was to fail, and did not."),
		(error) => error,
	);
const soon = { timeout: 20_000 };
const failsSync = (ref) => {
	try {
		ray.getSync(ref, soon);
	} catch (error) {
		return error;
	}
	return assert.fail("It was to fail, and did not.");
};

const checks = {
	async "tasks run, with refs as arguments, and by the thousand"() {
		assert.equal(await add.remote(add.remote(1, 2), 3).get(), 6);
		const refs = Array.from({ length: 2000 }, (_, i) => add.remote(i, 1));
		assert.deepEqual(
			await ray.get(refs),
			refs.map((_, i) => i + 1),
		);
		const [quotient, rest] = divide.remote(17, 5);
		assert.deepEqual(await ray.get([quotient, rest]), [3, 2]);
	},
	async "tasks submit tasks, awaiting them and blocking for them"() {
		assert.equal(await fibonacci.remote(8).get(), 21);
		assert.equal(await fibonacciSync.remote(5).get(), 5);
	},
	async "some of many are waited for, and come as they are completed"() {
		const refs = [after.remote(200, "slow"), after.remote(1, "fast")];
		const [ready, pending] = await ray.wait(refs, { numReturns: 1 });
		assert.deepEqual([await ready[0].get(), pending.length], ["fast", 1]);
		const order = [];
		for await (const ref of ray.asCompleted(refs)) order.push(await ref.get());
		assert.deepEqual(order, ["fast", "slow"]);
		const asleep = sleeps.remote();
		assert.equal((await failure(asleep.get({ timeout: 1 }))).name, "GetTimeoutError");
		ray.cancel(asleep);
	},
	async "values arrive as they were, large arrays as views that hold their memory"() {
		const value = {
			date: new Date(0),
			map: new Map([[1, new Set(["a"])]]),
			big: 2n ** 70n,
			zero: -0,
			bytes: new Uint8Array([1]),
		};
		assert.deepEqual(await same.remote(value).get(), value);
		const ref = ray.put(new Float64Array(100_000).fill(0.5));
		assert.deepEqual(await sum.remote(ref).get(), { sum: 50_000, shared: true });
		const view = await ref.get();
		assert.ok(view.buffer instanceof SharedArrayBuffer && view.length === 100_000);
		assert.ok(ray.storeStats().pinned >= 800_000);
		assert.ok(!((await ref.get({ copy: true })).buffer instanceof SharedArrayBuffer));
		ray.free(ref);
		assert.equal((await failure(ref.get())).name, "ObjectFreedError");
		assert.equal(view[99_999], 0.5);
		assert.deepEqual({ ...(await same.remote(new Point(1, 2)).get()) }, { x: 1, y: 2 });
		assert.equal(failureOf(() => ray.put({ a: [() => 1] })).path, "value.a[0]");
	},
	async "functions below init use this package and Node's modules, and codecs are known there"() {
		const inner = ray.remote(async (x) => [basename("/a/b"), os.EOL.length, await ray.put(x).get()]);
		assert.deepEqual(await inner.remote(3).get(), ["b", 1, 3]);
		class Length {
			constructor(x, y) {
				this.length = Math.hypot(x, y);
			}
		}
		ray.registerSerializer(Length, {
			name: "Length",
			serialize: ({ length }) => length,
			deserialize: (length) => new Length(length, 0),
		});
		assert.equal(
			await ray
				.remote((value) => value.length)
				.remote(new Length(3, 4))
				.get(),
			5,
		);
	},
	async "generators give their items as they come, and what they throw at last"() {
		const got = [];
		const error = await failure(
			(async () => {
				for await (const ref of numbers.remote(5)) got.push(await ref.get());
			})(),
		);
		assert.deepEqual([got, error.cause.message], [[0, 1, 2, 3, 4], "no more"]);
		for await (const _ of numbers.remote(1000)) break;
	},
	async "errors keep their cause, and failed tasks are tried again"() {
		const error = await failure(add.remote(fails.remote(), 1).get());
		assert.ok(error instanceof ray.TaskError && error.cause instanceof RangeError);
		assert.deepEqual([error.taskName, error.cause.code, error.attempts], ["fails", "E_FAR", 1]);
		assert.equal(await third.remote().get(), 3);
		assert.ok((await failure(overflows.remote().get())).cause instanceof RangeError);
	},
	async "tasks are cancelled: waiting ones, computing ones that look, and by force"() {
		const refs = [sleeps.remote(), sleeps.remote()];
		const items = polls.remote();
		assert.equal(await (await items.next()).value.get(), "started");
		ray.cancel(items);
		for (const ref of refs) ray.cancel(ref);
		for (const ref of [...refs, items.completed()]) assert.equal((await failure(ref.get())).name, "TaskCancelledError");
		assert.equal((await failure(sleeps.options({ timeout: 10 }).remote().get())).name, "TaskTimeoutError");
		const stuck = spins.remote();
		await stuck.next();
		ray.cancel(stuck, { force: true });
		assert.equal((await failure(stuck.completed().get())).name, "TaskCancelledError");
		// Its thread is replaced, and its CPU is free again.
		assert.deepEqual(await ray.get([add.options({ numCpus: 2 }).remote(1, 1), add.remote(2, 2)]), [2, 4]);
	},
	async "workers that end are replaced, and their tasks fail or are tried again"() {
		assert.match((await failure(exits.remote().get())).message, /code 7/);
		assert.match((await failure(throwsLater.remote().get())).message, /nobody catches this/);
		assert.equal(await exitsOnce.remote().get(), "second");
		// On Bun all memory would be used up; on Deno the thread stands still if a timer or an immediate called what does it.
		if (host === "node") assert.equal((await failure(exhausts.remote().get())).name, "OutOfMemoryError");
		assert.equal(await add.remote(1, 2).get(), 3);
	},
	"a blocked thread goes on with its duties"() {
		assert.deepEqual(ray.getSync([after.remote(20, "a"), add.remote(1, 2), ray.put("b")], soon), ["a", 3, "b"]);
		assert.match(failsSync(exits.remote()).message, /code 7/);
		assert.match(failsSync(throwsLater.remote()).message, /nobody catches this|code 1/);
		assert.equal(ray.getSync(exitsOnce.remote(), soon), "second");
		if (host === "node") assert.equal(failsSync(exhausts.remote()).name, "OutOfMemoryError");
		assert.equal(failsSync(sleeps.options({ timeout: 100 }).remote()).name, "TaskTimeoutError");
		assert.equal(ray.getSync(third.options({ retryDelay: 5 }).remote(), soon), 3);
	},
	async "tasks have the environment they ask for, also inside others"() {
		assert.deepEqual(await ray.get([colour.remote(), blue.remote()]), [undefined, ["blue", "green"]]);
	},
	async "what workers print comes in order, before their results, with a prefix, also when they end by it"() {
		let printed = "";
		const { write } = process.stdout;
		process.stdout.write = (text, ...others) => {
			printed += text;
			others.find((other) => typeof other === "function")?.();
			return true;
		};
		try {
			await talks.remote(500).get();
			await failure(lastWords.remote(500).get());
			failsSync(lastWords.remote(500));
		} finally {
			process.stdout.write = write;
		}
		const words = [...Array.from({ length: 500 }, (_, i) => `dies word ${i}`), "dies the last"];
		assert.deepEqual(
			printed.split("\n").map((line) => line.replace(/^\((\w+) pid=\d+ worker=\d+\)/, "$1")),
			[...Array.from({ length: 500 }, (_, i) => `talks line ${i}`), ...words, ...words, ""],
		);
	},
	async "several runtimes live side by side, and end for good"() {
		const [a, b] = await Promise.all([ray.createRuntime({ numCpus: 1 }), ray.createRuntime({ numCpus: 1 })]);
		assert.deepEqual(await Promise.all([a, b].map((one) => one.run(() => add.remote(1, 2).get()))), [3, 3]);
		const pending = failure(a.run(() => sleeps.remote().get()));
		await Promise.all([a.shutdown(), b.shutdown({ drain: true })]);
		assert.equal((await pending).name, "RuntimeShutdownError");
		assert.throws(() => a.put(1), ray.RuntimeShutdownError);
	},
};

function failureOf(call) {
	try {
		call();
	} catch (error) {
		return error;
	}
	return assert.fail("It was to fail, and did not.");
}

await ray.init({ numCpus: 2, objectStoreMemory: "64MiB" });
let current = "";
process.on("exit", () => {
	if (current === "") console.log(`${host}: ${Object.keys(checks).length} checks of the runtime passed`);
	else {
		console.error(`${host}: not so, or it did not end: ${current}`);
		process.exitCode = 1;
	}
});
for (const [name, check] of Object.entries(checks)) {
	current = name;
	await check();
}
current = "the runtime is shut down and started again";
await ray.shutdown();
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
assert.equal(await add.remote(20, 22).get(), 42);
// And now the program ends by itself.
current = "";
