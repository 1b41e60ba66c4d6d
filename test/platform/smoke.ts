/**
 * What the runtime asks of a host, tried under the one that runs this. A program of its own, without a test runner:
 * `npm run test:runtimes` runs it under all. Its file is the workers' text, too.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import { Logs } from "../../src/engine/local/logs.ts";
import type { MessagePort } from "../../src/platform/channel.ts";
import { onClose, openChannel, takeMessage } from "../../src/platform/channel.ts";
import { collectGarbage } from "../../src/platform/collect.ts";
import { hostName } from "../../src/platform/host.ts";
import { machineMemory, parallelism } from "../../src/platform/machine.ts";
import { onExit, writeOutput } from "../../src/platform/process.ts";
import {
	importUrl,
	startWorker,
	type WorkerOptions,
	type WorkerThread,
	workerSelf,
} from "../../src/platform/threads.ts";
import { yieldToEventLoop } from "../../src/platform/yield.ts";
import { forwardConsole } from "../../src/worker/console.ts";

interface Given {
	readonly role: keyof typeof roles;
	readonly memory: WebAssembly.Memory;
	readonly module?: WebAssembly.Module;
	readonly port?: MessagePort;
}

/** Word 0: how far the worker is. Word 1: what it waits for. Word 2: its log. Word 3: any log. */
const wordsOf = (memory: WebAssembly.Memory) => new Int32Array(memory.buffer);
const { waitAsync: wait } = Atomics as unknown as {
	waitAsync(words: Int32Array, index: number, value: number): { value: unknown };
};
const waitAsync = async (words: Int32Array, index: number, value: number) => wait(words, index, value).value;
const reach = (words: Int32Array, step: number) => {
	Atomics.store(words, 0, step);
	Atomics.notify(words, 0);
};

// ── in workers ──

const roles = {
	memory(words: Int32Array, { memory, module }: Given) {
		assert.ok(memory instanceof WebAssembly.Memory && module instanceof WebAssembly.Module);
		new WebAssembly.Instance(module, { env: { memory } });
		reach(words, 1);
	},
	async park(words: Int32Array) {
		workerSelf()?.onMessage(() => {});
		const wait = waitAsync(words, 1, 0);
		reach(words, 1);
		await wait;
		reach(words, 2);
	},
	spin(words: Int32Array) {
		reach(words, 1);
		for (;;);
	},
	block(words: Int32Array) {
		reach(words, 1);
		Atomics.wait(words, 1, 0);
	},
	post(words: Int32Array, { port }: Given) {
		for (const message of [1, "two", { three: 3 }]) port?.postMessage(message);
		reach(words, 1);
	},
	watch(_words: Int32Array, { port }: Given) {
		onClose(port as MessagePort, () => workerSelf()?.postMessage("closed"));
		workerSelf()?.onMessage(() => {});
	},
	exit(words: Int32Array) {
		onExit((code) => Atomics.store(words, 1, code));
		process.exit(3);
	},
	fail() {
		throw new RangeError("nobody catches this");
	},
	exhaust() {
		const held: unknown[] = [];
		for (;;) held.push({ text: `${held.length}`, more: [held.length] });
	},
	environment() {
		workerSelf()?.postMessage([process.env.SMOKE_GIVEN, process.env.SMOKE_PROCESS]);
		process.env.SMOKE_LEAK = "yes";
	},
	async print(words: Int32Array, { port }: Given) {
		let label = "first";
		forwardConsole({ port, unread: { words, index: 2, any: 3 }, label: () => label, wakeDriver: () => {} });
		console.log("one %d", 1);
		console.error("two");
		label = "second";
		process.stdout.write(new Uint8Array([0xc3]));
		process.stdout.write(new Uint8Array([0xa4, 0x0a]));
		await new Promise<void>((resolve) => process.stdout.write("written\n", () => resolve()));
		const { stdout } = (await importUrl("node:process")) as typeof process;
		stdout.write("by name\n");
		console.table([{ x: 1 }]);
		process.exit(0);
	},
};

// ── in the driver ──

const checks: Record<string, (memory: WebAssembly.Memory, words: Int32Array) => Promise<void> | void> = {
	"a worker starts while this thread is blocked, and instantiates a module over the same memory"(memory, words) {
		start("memory", memory, { module: new WebAssembly.Module(importsMemory) });
		assert.notEqual(Atomics.wait(words, 0, 0, 10_000), "timed-out");
		assert.equal(words[0], 1);
	},
	async "a parked worker is woken, and its event loop turns meanwhile"(memory, words) {
		const worker = start("park", memory);
		Atomics.wait(words, 0, 0, 10_000);
		const reached = waitAsync(words, 0, 1);
		Atomics.store(words, 1, 1);
		assert.equal(Atomics.notify(words, 1), 1);
		// The wait alone would not keep the process alive.
		worker.ref();
		await reached;
		assert.equal(words[0], 2);
		await worker.terminate();
	},
	async "a worker is stopped while it computes, while it blocks, while it parks, and twice"(memory, words) {
		for (const role of ["spin", "block", "park"] as const) {
			Atomics.store(words, 0, 0);
			const worker = start(role, memory);
			const exited = exitOf(worker);
			Atomics.wait(words, 0, 0, 10_000);
			await worker.terminate();
			await exited;
			await worker.terminate();
		}
	},
	async "process.exit in a worker runs its exit handlers and is reported with its code"(memory, words) {
		assert.equal(await exitOf(start("exit", memory)), 3);
		assert.equal(words[1], 3);
	},
	async "what nobody catches in a worker is reported and ends the worker alone"(memory) {
		const worker = start("fail", memory);
		const errors: unknown[] = [];
		worker.onError((error) => errors.push(error));
		assert.equal(await exitOf(worker), 1);
		assert.equal(errors.length, 1);
		assert.match(String(errors[0]), /nobody catches this/);
	},
	async "a worker's heap has a limit of its own, but on Bun"(memory) {
		// There, all memory would be used up.
		if (hostName === "bun") return;
		const worker = start("exhaust", memory, {}, { resourceLimits: { maxOldGenerationSizeMb: 16 } });
		const error = new Promise((resolve) => worker.onError(resolve));
		assert.equal(await exitOf(worker), 1);
		assert.equal(((await error) as { code?: string }).code, "ERR_WORKER_OUT_OF_MEMORY");
	},
	async "a worker has a copy of the environment"(memory) {
		process.env.SMOKE_PROCESS = "process";
		const worker = start("environment", memory, {}, { env: { SMOKE_GIVEN: "given" } });
		const message = new Promise((resolve) => worker.onMessage(resolve));
		worker.ref();
		assert.deepEqual(await message, ["given", "process"]);
		await worker.terminate();
		assert.equal(process.env.SMOKE_LEAK, undefined);
	},
	async "a worker's output arrives in order, whole, and by every way"(memory, words) {
		let out = "";
		const logs = new Logs({
			words,
			wordOf: () => 2,
			anyWord: 3,
			enabled: true,
			write: (stream, text) => {
				out += text.replace(/^/gm, `${stream}`).replace(/\d$/, "");
			},
		});
		const port = logs.open(7) as MessagePort;
		await exitOf(start("print", memory, { port }, { transferList: [port] }));
		logs.end(7);
		const lines = out.replaceAll(`pid=${process.pid} `, "").split("\n");
		assert.deepEqual(lines.slice(0, 6), [
			"1(first worker=7) one 1",
			"2(first worker=7) two",
			"1(second worker=7) ä",
			"1(second worker=7) written",
			"1(second worker=7) by name",
			"1(second worker=7) ┌─────────┬───┐",
		]);
		assert.equal(lines.length, 11);
		assert.equal(words[2], 0);
	},
	"messages to a port are taken in order, also while this thread is blocked"(memory, words) {
		const [near, far] = openChannel();
		start("post", memory, { port: far }, { transferList: [far] });
		assert.notEqual(Atomics.wait(words, 0, 0, 10_000), "timed-out");
		assert.deepEqual(
			[1, 2, 3, 4].map(() => takeMessage(near)),
			[1, "two", { three: 3 }, undefined],
		);
		near.close();
	},
	async "the ports of a thread close when it has stopped, whatever by, wherever their other ends are"(memory, words) {
		for (const role of ["exit", "fail", "park", "spin"] as const) {
			// There, one that computes is never stopped.
			if (hostName === "deno" && role === "spin") continue;
			Atomics.store(words, 0, 0);
			const [near, far] = openChannel();
			const watcher = start("watch", memory, { port: near }, { transferList: [near] });
			const closed = new Promise((resolve) => watcher.onMessage(resolve));
			const worker = start(role, memory, { port: far }, { transferList: [far] });
			if (role === "park" || role === "spin") {
				Atomics.wait(words, 0, 0, 10_000);
				void worker.terminate();
			}
			watcher.ref();
			await closed;
			await watcher.terminate();
		}
	},
	async "a clone of the memory's buffer is another object over the same bytes, and is finalized"(memory, words) {
		let finalized = 0;
		const registry = new FinalizationRegistry(() => {
			finalized++;
		});
		const clone = () => {
			const buffer = structuredClone(memory.buffer);
			registry.register(buffer, 0);
			return new Uint8Array(buffer, 4, 4).subarray(1);
		};
		const [kept] = [clone(), clone()];
		assert.ok(kept.buffer instanceof SharedArrayBuffer && kept.buffer !== memory.buffer);
		words[1] = 0x0100;
		assert.equal(kept[0], 1);
		for (let turn = 0; turn < 100 && finalized < 1; turn++) {
			await yieldToEventLoop();
			assert.ok(collectGarbage());
			await yieldToEventLoop();
		}
		assert.equal(finalized, 1);
		assert.equal(kept[0], 1);
	},
	"collecting garbage leaves no global behind"() {
		assert.ok(collectGarbage());
		assert.equal("gc" in globalThis, false);
	},
	"the machine is known"() {
		assert.ok(parallelism() >= 1);
		assert.ok(machineMemory() > 2 ** 26 && machineMemory() < 2 ** 50);
	},
	"workers that go on do not keep the process alive"(memory, words) {
		const logs = new Logs({ words, wordOf: () => 2, anyWord: 3, enabled: true });
		const port = logs.open(1) as MessagePort;
		start("park", memory, { port }, { transferList: [port] });
		Atomics.wait(words, 0, 0, 10_000);
		start("spin", memory);
	},
};

/** (module (import "env" "memory" (memory 1 1 shared))) */
const importsMemory = new Uint8Array([
	...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, 16, 1, 3, 0x65, 0x6e, 0x76],
	...[6, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 2, 3, 1, 1],
]);

function start(
	role: keyof typeof roles,
	memory: WebAssembly.Memory,
	given: Partial<Given> = {},
	options: Partial<WorkerOptions> = {},
): WorkerThread {
	const code = readFileSync(process.argv[1] as string, "utf8");
	return startWorker({ code, name: role, workerData: { role, memory, ...given }, ...options });
}

/** Keeps the process alive until then. */
function exitOf(worker: WorkerThread): Promise<number> {
	worker.ref();
	return new Promise((resolve) => worker.onExit(resolve));
}

async function main(): Promise<void> {
	let current = "";
	onExit(() => {
		if (current === "") writeOutput(1, `${hostName}: ${Object.keys(checks).length} checks passed\n`);
		else {
			writeOutput(2, `${hostName}: not so, or it did not end: ${current}\n`);
			process.exitCode = 1;
		}
	});
	for (const [name, check] of Object.entries(checks)) {
		current = name;
		const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
		await check(memory, wordsOf(memory));
	}
	current = "";
}

const given = workerSelf()?.workerData as Given | undefined;
const work = given === undefined ? main() : (async () => roles[given.role](wordsOf(given.memory), given))();
work.catch((error: unknown) => {
	// As an uncaught exception it ends the program, and is reported.
	setImmediate(() => {
		throw error;
	});
});
