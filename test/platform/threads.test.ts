import { sep } from "node:path";
import { describe, expect, test } from "vitest";
import { refusedExecArgv, workerExecArgv } from "../../src/platform/exec-argv.ts";
import { compileProgram, openThread, startWorker, type WorkerOptions } from "../../src/platform/threads.ts";
import { bundle, runNode, temporaryFile } from "./bundle.ts";

/** Runs a text in a worker to its end; gives its messages, errors and exit code. */
function run(code: WorkerOptions["code"], options: Partial<WorkerOptions> = {}) {
	const worker = startWorker({ code, workerData: undefined, ...options });
	const messages: unknown[] = [];
	const errors: unknown[] = [];
	worker.onMessage((message) => messages.push(message));
	worker.onError((error) => errors.push(error));
	return new Promise<{ messages: unknown[]; errors: unknown[]; code: number }>((resolve) => {
		worker.onExit((exitCode) => resolve({ messages, errors, code: exitCode }));
	});
}

const post = 'require("node:worker_threads").parentPort.postMessage';

describe("a worker thread", () => {
	test("gets what is set for it over the process's environment", async () => {
		process.env.WASMRAY_TEST_BOTH = "process";
		process.env.WASMRAY_TEST_OWN = "process";
		try {
			const names = "[process.env.WASMRAY_TEST_BOTH, process.env.WASMRAY_TEST_OWN]";
			const given = await run(`${post}(${names})`, { env: { WASMRAY_TEST_BOTH: "given" } });
			expect(given.messages).toEqual([["given", "process"]]);
			const plain = await run(`${post}(${names}); process.env.WASMRAY_TEST_OWN = "worker"`);
			expect(plain.messages).toEqual([["process", "process"]]);
			expect(process.env.WASMRAY_TEST_OWN).toBe("process");
		} finally {
			delete process.env.WASMRAY_TEST_BOTH;
			delete process.env.WASMRAY_TEST_OWN;
		}
	});

	test("gets options beside the process's own, and its heap limits", async () => {
		const { messages } = await run(`${post}([process.execArgv, require("node:worker_threads").resourceLimits])`, {
			execArgv: ["--no-warnings"],
			resourceLimits: { maxOldGenerationSizeMb: 64 },
		});
		const [[execArgv, limits]] = messages as [[string[], { maxOldGenerationSizeMb: number }]];
		expect(execArgv.at(-1)).toBe("--no-warnings");
		expect(limits.maxOldGenerationSizeMb).toBe(64);
	});

	test("keeps its number when it has ended", async () => {
		const worker = startWorker({ code: "", workerData: undefined });
		const number = worker.threadId;
		await new Promise((resolve) => worker.onExit(resolve));
		expect(number).toBeGreaterThan(0);
		expect(worker.threadId).toBe(number);
		await worker.terminate();
	});

	test("cannot end this process by an error that nobody listens for", async () => {
		const worker = startWorker({ code: 'throw new Error("unheard")', workerData: undefined });
		expect(await new Promise((resolve) => worker.onExit(resolve))).toBe(1);
	});

	test("is not started with data that cannot be cloned", () => {
		expect(() => startWorker({ code: "", workerData: () => {} })).toThrow("could not be cloned");
	});
});

describe("a thread that is opened before there is a program for it", () => {
	test("runs that when it comes, also long after its start", async () => {
		const thread = openThread();
		// Another one that is opened later has started, so this one has too.
		await run("");
		const message = new Promise((resolve) => thread.onMessage(resolve));
		thread.run({ code: `${post}(wasmrayGiven * 2)`, workerData: 21 });
		expect(await message).toBe(42);
	});

	test("tells also those who ask when it has ended what ended it", async () => {
		const preload = temporaryFile("preload.cjs", 'throw new RangeError("not today");');
		const thread = openThread({ execArgv: ["--require", preload] });
		await new Promise((resolve) => thread.onExit(resolve));
		thread.run({ code: "", workerData: undefined });
		const told: unknown[] = [];
		thread.onError((error) => told.push(String(error)));
		const code = await new Promise((resolve) => thread.onExit(resolve));
		expect([...told, code]).toEqual(["RangeError: not today", 1]);
	});
});

describe("a program compiled for many threads", () => {
	const program = compileProgram(
		`"use strict"; ${post}([wasmrayGiven, typeof require, new Error().stack]);
		wasmrayImport("node:path").then(({ sep }) => ${post}(sep));
		//# sourceURL=some/name.js`,
	);

	test("runs as its text would, under its name, and can import modules", async () => {
		for (const given of [1, 2]) {
			const { messages, errors } = await run(program, { workerData: given });
			expect(errors).toEqual([]);
			expect(messages).toEqual([[given, "function", expect.stringMatching(/at some\/name\.js:1:\d+/)], sep]);
		}
	});

	test("runs also where what V8 had made of it is refused", async () => {
		const refused = { ...program, cachedData: new Uint8Array(64) };
		const { messages, errors } = await run(refused);
		expect(errors).toEqual([]);
		expect(messages).toHaveLength(2);
	});
});

describe("the options of a worker's host", () => {
	test("are inherited when nothing speaks against it", () => {
		expect(refusedExecArgv(process.execArgv)).toEqual([]);
		expect(refusedExecArgv([])).toEqual([]);
	});

	test("are refused by name when they are the process's alone", () => {
		expect(refusedExecArgv(["--no-warnings", "--max-old-space-size=100", "--nonsense"])).toEqual([
			"--max-old-space-size=100",
			"--nonsense",
		]);
		expect(() => startWorker({ code: "", workerData: undefined, execArgv: ["--nonsense"] })).toThrow("--nonsense");
	});

	test("are added to the inherited ones", () => {
		expect(workerExecArgv(["--no-warnings"])?.at(-1)).toBe("--no-warnings");
	});

	const program = `
		import { startWorker } from "./src/platform/threads.ts";
		import { workerExecArgv } from "./src/platform/exec-argv.ts";
		const worker = startWorker({
			code: \`require("node:worker_threads").parentPort.postMessage([globalThis.preloaded, typeof require, process.sourceMapsEnabled])\`,
			workerData: undefined,
			execArgv: process.env.EXTRA ? [process.env.EXTRA] : [],
		});
		worker.onMessage((message) => console.log(JSON.stringify({ message, execArgv: workerExecArgv() })));
		worker.onError((error) => console.log(String(error)));
		worker.ref();
	`;

	test("of a program given on the command line as an ES module do not make the worker one", async () => {
		const text = await bundle(program, "esm");
		const preload = temporaryFile("preload.cjs", "globalThis.preloaded = true;");
		const { out, error } = await runNode([
			...["--require", preload, "--max-old-space-size=200", "--enable-source-maps"],
			...["--input-type=module", "--eval", text],
		]);
		expect(error).toBe("");
		expect(JSON.parse(out)).toEqual({
			message: [true, "function", true],
			execArgv: ["--require", preload, "--enable-source-maps"],
		});
	});

	test("of the process that a worker cannot have do not keep it from options of its own", async () => {
		const file = temporaryFile("program.cjs", await bundle(program));
		const { out } = await runNode(["--max-old-space-size=200", "--expose-gc", file], {
			env: { EXTRA: "--enable-source-maps" },
		});
		expect(JSON.parse(out)).toEqual({ message: [null, "function", true] });
	});
});
