import { describe, expect, test, vi } from "vitest";
import { collectGarbage } from "../../src/platform/collect.ts";
import { machineMemory, parallelism } from "../../src/platform/machine.ts";
import { yieldToEventLoop } from "../../src/platform/yield.ts";
import { bundle, runNode, temporaryFile } from "./bundle.ts";

describe("an exit callback", () => {
	test("is called with the code at the end of the event loop and at process.exit, unless it was withdrawn", async () => {
		const text = await bundle(`
			import { onExit, writeOutput } from "./src/platform/process.ts";
			onExit((code) => writeOutput(1, "first " + code + "\\n"));
			const withdraw = onExit(() => writeOutput(1, "withdrawn\\n"));
			onExit((code) => writeOutput(2, "last " + code + "\\n"));
			withdraw();
			if (process.argv[2]) process.exit(Number(process.argv[2]));
		`);
		const file = temporaryFile("program.cjs", text);
		expect(await runNode([file])).toEqual({ code: 0, out: "first 0\n", error: "last 0\n" });
		expect(await runNode([file, "5"])).toEqual({ code: 5, out: "first 5\n", error: "last 5\n" });
	});

	test("may be asked for by many", async () => {
		const text = await bundle(`
			import { onExit } from "./src/platform/process.ts";
			let called = 0;
			for (let i = 0; i < 50; i++) onExit(() => called++);
			onExit(() => console.log(called));
		`);
		expect(await runNode([temporaryFile("program.cjs", text)])).toEqual({ code: 0, out: "50\n", error: "" });
	});
});

test("what waits for an empty event loop is called after the program's own listeners, and may go on", async () => {
	const text = await bundle(`
		import { onLoopEmpty } from "./src/platform/process.ts";
		const log = [];
		let withdraw = onLoopEmpty(() => {
			log.push("ours");
			withdraw();
			setImmediate(() => console.log(log.join()));
		});
		onLoopEmpty(() => log.push("withdrawn"))();
		for (let i = 0; i < 20; i++) onLoopEmpty(() => {});
		process.once("beforeExit", () => log.push("listener"));
		process.once("beforeExit", async () => {
			for (let i = 0; i < 100; i++) await undefined;
			log.push("after awaits");
		});
	`);
	const result = await runNode([temporaryFile("program.cjs", text)]);
	expect(result).toEqual({ code: 0, out: "listener,after awaits,ours\n", error: "" });
});

test("output to a reader that has gone does not end the process", async () => {
	const text = await bundle(`
		import { writeOutput } from "./src/platform/process.ts";
		process.stdin.once("data", async () => {
			for (let i = 0; i < 20; i++) {
				writeOutput(1, "nobody reads this\\n");
				await new Promise((resolve) => setImmediate(resolve));
			}
			writeOutput(2, "still here\\n");
			process.exit(7);
		});
	`);
	const ended = await runNode([temporaryFile("program.cjs", text)], {
		begin: (child) => {
			child.stdout?.destroy();
			child.stdout?.once("close", () => child.stdin?.write("go"));
		},
	});
	expect(ended).toEqual({ code: 7, out: "", error: "still here\n" });
});

describe("collecting garbage", () => {
	test("lets finalizers of what is unreachable run", async () => {
		let finalized = 0;
		const registry = new FinalizationRegistry(() => {
			finalized++;
		});
		for (let i = 0; i < 100; i++) registry.register({ i }, i);
		await yieldToEventLoop();
		expect(collectGarbage()).toBe(true);
		await vi.waitUntil(() => finalized >= 99);
	});

	test("gives threads and contexts that begin later no global of its own", async () => {
		const text = await bundle(`
			import { runInNewContext } from "node:vm";
			import { Worker } from "node:worker_threads";
			import { collectGarbage } from "./src/platform/collect.ts";
			const ask = (code) => new Promise((resolve) => new Worker(code, { eval: true }).once("message", resolve));
			console.log(collectGarbage(), typeof gc, runInNewContext("typeof gc"));
			ask('const gc = 1; require("node:worker_threads").parentPort.postMessage("own gc " + gc)').then(console.log);
		`);
		expect((await runNode([temporaryFile("program.cjs", text)])).out).toBe("true undefined undefined\nown gc 1\n");
	});

	test("uses the program's own gc if it has one, and leaves it there", async () => {
		const text = await bundle(`
			import { collectGarbage } from "./src/platform/collect.ts";
			console.log(collectGarbage(), typeof gc);
		`);
		expect((await runNode(["--expose-gc", temporaryFile("program.cjs", text)])).out).toBe("true function\n");
	});
});

describe("a yield", () => {
	test("lets timers run that are due", async () => {
		let fired = false;
		setTimeout(() => {
			fired = true;
		}, 0);
		while (!fired) await yieldToEventLoop();
	});

	test("does not depend on a program's fake timers", async () => {
		vi.useFakeTimers();
		try {
			await yieldToEventLoop();
		} finally {
			vi.useRealTimers();
		}
	});
});

test("the machine has at least one processor, and memory", () => {
	expect(Number.isInteger(parallelism()) && parallelism() >= 1).toBe(true);
	expect(machineMemory()).toBeGreaterThan(2 ** 26);
	expect(machineMemory()).toBeLessThan(2 ** 50);
});
