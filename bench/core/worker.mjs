// A thread of the benchmark between threads: runs empty tasks, or works on objects of its own beside the others.

import { parentPort, workerData } from "node:worker_threads";
import { CHURN, GO, inlineFlags, joinStore, STOP } from "./store.mjs";

/** Looks at the wake word before sleeping; as the runtime's workers do. */
const SPINS = 5000;

const { url, store, index, role, calls: count } = workerData;
const core = await import(url);
const thread = joinStore(core, store, index);
const { calls } = thread;
const { i32 } = thread.views;
const inline = inlineFlags(core);

function runTasks() {
	let task = calls.take();
	for (;;) {
		while (task > 0) task = calls.finish(task, thread.taskGeneration, inline, 0, 0, 0, 0);
		task = calls.park(0);
		if (task > 0) continue;
		if (Atomics.load(i32, STOP) !== 0) return;
		const seen = thread.wakeValue;
		let spin = 0;
		while (spin < SPINS && Atomics.load(i32, thread.wakeWord) === seen) spin++;
		if (spin === SPINS) Atomics.wait(i32, thread.wakeWord, seen);
		task = calls.take();
	}
}

/** Nanoseconds of an operation on objects that no other thread knows, while the others do the same. */
function churn(operation) {
	const start = performance.now();
	for (let i = 0; i < count; i++) operation();
	return ((performance.now() - start) / count) * 1e6;
}

function waitFor(word) {
	while (Atomics.load(i32, word) === 0) Atomics.wait(i32, word, 0);
}

parentPort.postMessage("ready");
if (role === CHURN) {
	const put = () => calls.release(calls.put(inline, 1, 0, 0, 0), thread.generation);
	const alloc = () => calls.dealloc(calls.alloc(64));
	const large = () => calls.dealloc(calls.alloc(1 << 20));
	const figures = {};
	for (const [word, [name, operation]] of Object.entries({ put, alloc, large }).entries()) {
		churn(operation);
		waitFor(GO + word);
		figures[name] = churn(operation);
	}
	parentPort.postMessage(figures);
} else {
	runTasks();
	parentPort.postMessage("over");
}
