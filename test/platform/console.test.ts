import { inspect } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { Logs, UNREAD_LIMIT } from "../../src/engine/local/logs.ts";
import { processId } from "../../src/platform/process.ts";
import { startWorker, type WorkerOptions } from "../../src/platform/threads.ts";
import { bundle, temporaryFile } from "./bundle.ts";

/** Words that a worker and its driver share: the unread count, a wake word, how far the worker is, whether any is unread. */
const UNREAD = 0;
const WAKE = 1;
const STEP = 2;
const ANY = 3;

let forwarding: string;
beforeAll(async () => {
	forwarding = await bundle(`
		import { workerSelf } from "./src/platform/threads.ts";
		import { forwardConsole } from "./src/worker/console.ts";
		const { words, port } = workerSelf().workerData;
		globalThis.words = words;
		globalThis.label = "f";
		forwardConsole({
			port,
			unread: { words, index: ${UNREAD}, any: ${ANY} },
			label: () => globalThis.label,
			wakeDriver: () => {
				Atomics.add(words, ${WAKE}, 1);
				Atomics.notify(words, ${WAKE});
			},
		});
	`);
});

function start(code: string, options: Partial<WorkerOptions> & { enabled?: boolean } = {}) {
	const words = new Int32Array(new SharedArrayBuffer(64));
	const written: [stream: number, text: string][] = [];
	const write = (stream: number, text: string) => {
		const last = written.at(-1);
		// How much goes out in one write depends on when it is read.
		if (last?.[0] === stream) last[1] += text;
		else written.push([stream, text]);
	};
	const { enabled = true, ...others } = options;
	const logs = new Logs({ words, wordOf: () => UNREAD, anyWord: ANY, enabled, write });
	const port = logs.open(1);
	const worker = startWorker({
		code: `${forwarding}\n;(async () => {${code}\n})()`,
		workerData: { words, port },
		...(port && { transferList: [port] }),
		...others,
	});
	const errors: unknown[] = [];
	worker.onError((error) => errors.push(error));
	const exited = new Promise<number>((resolve) => {
		worker.onExit((code) => {
			logs.end(1);
			resolve(code);
		});
	});
	return { words, written, logs, worker, errors, exited };
}

/** Runs code in a worker to its end; gives what each stream received, without the prefixes. */
async function print(code: string, options?: Partial<WorkerOptions>): Promise<{ out: string; error: string }> {
	const { written, errors, exited } = start(code, options);
	await exited;
	expect(errors).toEqual([]);
	const textOf = (number: number) =>
		written
			.filter(([stream]) => stream === number)
			.map(([, text]) => text.replaceAll(`(f pid=${processId} worker=1) `, ""))
			.join("");
	return { out: textOf(1), error: textOf(2) };
}

describe("a worker's console", () => {
	test("goes to the driver, each stream to its own, in order", async () => {
		const { written, exited } = start(`
			console.log("log %s", "x"); console.info("info"); console.debug("debug");
			console.error("error"); console.warn("warn");
			console.log("end");
		`);
		await exited;
		const prefix = `(f pid=${processId} worker=1)`;
		expect(written).toEqual([
			[1, `${prefix} log x\n${prefix} info\n${prefix} debug\n`],
			[2, `${prefix} error\n${prefix} warn\n`],
			[1, `${prefix} end\n`],
		]);
	});

	test("formats as it does elsewhere, without colours unless they are asked for", async () => {
		const { out } = await print(`
			console.log({ a: [1, "two"], nested: { m: new Map([[1, 2]]) } });
			console.log(require("node:util").inspect("red", { colors: true }));
			console.dir({ deep: { er: { still: { more: 1 } } } }, { depth: 0 });
		`);
		expect(out).toBe(
			`${inspect({ a: [1, "two"], nested: { m: new Map([[1, 2]]) } })}\n${inspect("red", { colors: true })}\n{ deep: [Object] }\n`,
		);
	});

	test("has tables, groups, counters, timers, assertions and traces", async () => {
		const { out, error } = await print(`
			console.table([{ x: 1 }]);
			console.group("outer"); console.log("inner"); console.warn("warned"); console.groupEnd();
			console.count(); console.count("named"); console.countReset(); console.count();
			console.time("t"); console.timeLog("t", "more"); console.timeEnd("t");
			console.assert(1 === 2, "no");
			console.trace("here");
		`);
		expect(out).toMatch(/^┌.*\n│ \(index\) │ x │\n.*\n│ 0 {7}│ 1 │\n└.*\nouter\n {2}inner\n/);
		expect(out).toMatch(/default: 1\nnamed: 1\ndefault: 1\nt: [\d.]+m?s more\nt: [\d.]+m?s\n$/);
		expect(error).toMatch(/^ {2}warned\nAssertion failed: no\nTrace: here\n {4}at /);
	});

	test("carries warnings of the host", async () => {
		expect((await print('process.emitWarning("careful")')).error).toContain("Warning: careful\n");
	});

	test("says with each write what was running then", async () => {
		const { written, exited } = start(`
			process.stdout.write("one, ");
			console.log("two");
			label = "g";
			console.log("three");
		`);
		await exited;
		const [text] = written.map(([, part]) => part);
		expect(text).toBe(`(f pid=${processId} worker=1) one, two\n(g pid=${processId} worker=1) three\n`);
	});

	test("is dropped where nobody wants it", async () => {
		const { words, written, exited, errors } = start('console.log("unheard"); process.stderr.write("unseen")', {
			enabled: false,
		});
		expect(await exited).toBe(0);
		expect({ errors, written, unread: words[UNREAD] }).toEqual({ errors: [], written: [], unread: 0 });
	});
});

describe("a worker's standard streams", () => {
	test("take bytes, in pieces that may split a character, and other encodings", async () => {
		const { out } = await print(`
			const bytes = Buffer.from("a€ä");
			for (const byte of bytes) process.stdout.write(new Uint8Array([byte]));
			process.stdout.write(" 21 " + "\\n");
			process.stdout.write("686578 0a".replace(" ", ""), "hex");
			process.stdout.write(bytes.toString("base64"), "base64");
			const shared = new Uint8Array(new SharedArrayBuffer(1)).fill(0x21);
			process.stdout.write(Buffer.from(shared.buffer));
		`);
		expect(out).toBe("a€ä 21 \nhex\na€ä!\n");
	});

	test("call back when text is written, later and in order, and never ask to wait", async () => {
		const { out } = await print(`
			const done = [];
			const answers = [
				process.stdout.write("x".repeat(100000) + "\\n", () => done.push(1)),
				process.stdout.write("y\\n", "utf8", () => done.push(2)),
			];
			done.push("later");
			await new Promise((resolve) => process.stdout.write("z\\n", resolve));
			console.log(JSON.stringify([answers, done, process.stdout.isTTY, process.stderr.isTTY]));
		`);
		expect(out.slice(100_001)).toBe('y\nz\n[[true,true],["later",1,2],false,false]\n');
	});

	test("can be piped into, and be ended without losing the end", async () => {
		const { out } = await print(`
			const { Readable } = require("node:stream");
			const big = "0123456789".repeat(10000);
			const source = Readable.from([big, Buffer.from(" and bytes\\n"), "end of pipe\\n"]);
			await new Promise((resolve) => source.pipe(process.stdout).on("unpipe", resolve));
			process.stdout.end("last");
		`);
		expect(out).toBe(`${"0123456789".repeat(10_000)} and bytes\nend of pipe\nlast\n`);
	});

	test("may have been imported by name", async () => {
		const { out } = await print('const { stdout } = await wasmrayImport("node:process"); stdout.write("by name")');
		expect(out).toBe("by name\n");
	});

	test("refuse what cannot be written", async () => {
		const { out } = await print(`
			for (const chunk of [undefined, null, 5, {}]) {
				try { process.stdout.write(chunk) } catch (error) { console.log(error.code) }
			}
		`);
		expect(out).toBe("ERR_INVALID_ARG_TYPE\nERR_STREAM_NULL_VALUES\nERR_INVALID_ARG_TYPE\nERR_INVALID_ARG_TYPE\n");
	});

	test("take a text of megabytes whole, its characters unbroken", async () => {
		const { out } = await print('process.stdout.write("a" + "😀".repeat(300000)); process.stdout.write("\\n")');
		expect(out).toBe(`a${"😀".repeat(300_000)}\n`);
	});
});

describe("a worker's last words arrive", () => {
	const steps = `console.log("last"); process.stdout.write("words"); Atomics.store(words, ${STEP}, 1); Atomics.notify(words, ${STEP});`;

	test.each([
		["it calls process.exit", "process.exit(3)"],
		["nobody catches its exception", 'setImmediate(() => { throw new Error("thrown") })'],
	])("when %s", async (_, end) => {
		const { written, exited } = start(`${steps} ${end}`);
		await exited;
		expect(written.map(([, text]) => text).join("")).toMatch(/last\n.*words\n$/);
	});

	test("when it is terminated in the middle of its work", async () => {
		const { words, written, exited, worker } = start(`${steps} for (;;);`);
		expect(Atomics.wait(words, STEP, 0, 20_000)).not.toBe("timed-out");
		await worker.terminate();
		await exited;
		expect(written.map(([, text]) => text).join("")).toMatch(/last\n.*words\n$/);
	});

	test("before anything that follows them, though the driver's event loop stands still", () => {
		const { words, written, logs, worker } = start(`${steps} for (;;);`);
		expect(Atomics.wait(words, STEP, 0, 20_000)).not.toBe("timed-out");
		logs.drain();
		expect(written).toEqual([[1, `(f pid=${processId} worker=1) last\n`]]);
		void worker.terminate();
	});

	test("also behind output from before, which waits for the driver's event loop", () => {
		const preload = temporaryFile("preload.cjs", 'process.stdout.write("");');
		const { words, written, logs, worker } = start(`${steps} for (;;);`, { execArgv: ["--require", preload] });
		expect(Atomics.wait(words, STEP, 0, 20_000)).not.toBe("timed-out");
		logs.drain();
		expect(written).toEqual([[1, `(f pid=${processId} worker=1) last\n`]]);
		void worker.terminate();
	});
});

describe("a worker that prints faster than the driver reads", () => {
	const flood = (pieces: number) => `
		const piece = "x".repeat(99999) + "\\n";
		for (let i = 0; i < ${pieces}; i++) process.stdout.write(piece);
		Atomics.store(words, ${STEP}, 1);
		Atomics.add(words, ${WAKE}, 1);
		Atomics.notify(words, ${WAKE});
	`;

	test("waits for it, and wakes it though it is blocked", () => {
		const { words, written, logs, worker } = start(`${flood(400)} for (;;);`);
		let most = 0;
		for (;;) {
			const wake = Atomics.load(words, WAKE);
			const done = Atomics.load(words, STEP) === 1;
			most = Math.max(most, Atomics.load(words, UNREAD));
			logs.drain();
			if (done) break;
			expect(Atomics.wait(words, WAKE, wake, 20_000)).not.toBe("timed-out");
		}
		void worker.terminate();
		const size = written.reduce((sum, [, text]) => sum + text.length, 0);
		expect(size).toBe(400 * (100_000 + `(f pid=${processId} worker=1) `.length));
		expect(most).toBeLessThan(UNREAD_LIMIT + 2 * 100_001);
	});

	test("waits with its memory bounded until the driver comes back, and can be ended meanwhile", async () => {
		const { words, worker, exited, logs, written } = start(flood(400));
		// It wakes us when there is something to read, and again when it begins to wait.
		for (let wakes = 0; Atomics.load(words, UNREAD) <= UNREAD_LIMIT; wakes++) {
			expect(Atomics.wait(words, WAKE, wakes, 20_000)).not.toBe("timed-out");
		}
		await worker.terminate();
		await exited;
		logs.drain();
		expect(words[STEP]).toBe(0);
		const size = written.reduce((sum, [, text]) => sum + text.length, 0);
		expect(size).toBeGreaterThan(UNREAD_LIMIT);
	});
});
