// Workers of the thin host that end otherwise than by being told to.
import { once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import {
	GATE_EPOCH_SHIFT,
	GATE_IN,
	GATE_OUT,
	GATE_STATE_MASK,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../src/core/layout.ts";
import { bundle } from "./bundle.mjs";
import { Driver } from "./host/driver.ts";
import type { Ref } from "./host/values.ts";

async function start(): Promise<{ driver: Driver; problems: string[]; run: (source: string) => Promise<unknown> }> {
	const problems: string[] = [];
	const driver = Driver.create({
		entry: await bundle("plain/worker"),
		workers: 1,
		megabytes: 4,
		objects: 1024,
		tasks: 64,
		onProblem: (problem) => problems.push(problem),
	});
	onTestFinished(async () => void (await driver.close()));
	const run = (source: string) => driver.get(driver.submit(driver.define(source), [], {}).refs[0] as Ref);
	return { driver, problems, run };
}

test("a worker that is ended before it can attach goes quietly, and its slot has another", async () => {
	const { driver, problems, run } = await start();
	driver.fill();
	const [first] = driver.workers;
	// Its thread has only been asked for, so it cannot have attached yet.
	expect(driver.core.calls.end(first.index, first.epoch)).toBe(0);
	await first.gone;
	expect(await run("() => 5")).toBe(5);
	const [second] = driver.workers;
	expect([second.index, second.epoch]).toEqual([first.index, first.epoch + 1]);
	expect(problems).toEqual([]);
});

test("a worker that ends by an error is told of, recovered and replaced", async () => {
	const { driver, problems, run } = await start();
	driver.fill();
	const [first] = driver.workers;
	const dies = "() => { setImmediate(() => { throw new Error('on purpose'); }); return new Promise(() => undefined); }";
	await expect(run(dies)).rejects.toThrow("its thread died");
	await first.gone;
	expect(await run("() => 6")).toBe(6);
	expect(problems).toEqual([expect.stringContaining("on purpose")]);
	expect(driver.recovered).toBe(1);
});

test("a worker that ends by itself while it is being killed is ended once", async () => {
	const { driver, run } = await start();
	driver.fill();
	// Who kills it and who saw its end both ask until it is outside: whoever is next then, and the other after that.
	for (let round = 0; round < 8; round++) {
		expect(await run("() => 7")).toBe(7);
		const [worker] = driver.workers;
		// In user code it touches the gate no more: an idle one might, at any moment.
		const begun = Atomics.load(driver.shared, worker.index);
		driver.submit(driver.define("() => { for (;;); }"), [], {});
		while (Atomics.load(driver.shared, worker.index) === begun) await new Promise(setImmediate);
		const { views } = driver.core;
		const gate = (views.threadTable + worker.index * THREAD_SIZE + THREAD_GATE) >> 2;
		const out = Atomics.load(views.i32, gate);
		expect(out & GATE_STATE_MASK).toBe(GATE_OUT);
		Atomics.store(views.i32, gate, (worker.epoch << GATE_EPOCH_SHIFT) | GATE_IN);
		const killed = driver.kill(worker.index);
		const exited = once(worker.worker, "exit");
		void worker.worker.terminate();
		await exited;
		for (let i = 0; i < 3; i++) await new Promise(setImmediate);
		for (let i = 0; i < round; i++) await undefined;
		Atomics.store(views.i32, gate, out);
		await killed;
	}
	expect(driver.recovered).toBe(8);
});
