// Between threads: one thread submits empty tasks in windows and takes the results' messages, others run them; and threads
// that have nothing to do with each other, all on one store.

import { Worker } from "node:worker_threads";
import { median } from "../lib/statistics.mjs";
import { CHURN, check, createStore, GO, joinStore, prepareTasks, STOP } from "./store.mjs";

/** Tasks under way at most; results are taken and tasks submitted again when half of them are done. */
const WINDOW = 2000;
/** Looks at the inbox before the submitting thread sleeps. */
const SPINS = 5000;

async function startWorkers(core, url, store, driver, count, data) {
	const workers = [];
	for (let i = 0; i < count; i++) {
		const index = check(driver.calls.reserve(0, core.THREAD_FLAG_MAY_BLOCK | core.THREAD_FLAG_WORKER), "reserve");
		const worker = new Worker(new URL("worker.mjs", import.meta.url), {
			workerData: { url, store, index, ...data },
		});
		workers.push({ worker, index });
		await message(worker);
	}
	return workers;
}

function message(worker) {
	return new Promise((resolve, reject) => {
		worker.once("message", resolve);
		worker.once("error", reject);
	});
}

/** Submits `total` tasks, watches each result, and releases it when its message comes. */
function produce(thread, total) {
	const { calls, views } = thread;
	const { u32, i32 } = views;
	let submitted = 0;
	let done = 0;
	while (done < total) {
		while (submitted < total && submitted - done < WINDOW) {
			const slot = check(calls.submit(), "submit");
			const generation = thread.generation;
			submitted++;
			// Sealed already: no message will come.
			if (calls.watch(slot, generation, 0) !== 0) {
				check(calls.release(slot, generation), "release");
				done++;
			}
		}
		let count = check(calls.drain(), "drain");
		while (count > 0) {
			for (let i = 0; i < count; i++) {
				const message = thread.message(i);
				check(calls.release(u32[message + 1], u32[message + 2]), "release");
			}
			done += count;
			count = check(calls.drain(), "drain");
		}
		if (done < total && submitted - done > WINDOW / 2) sleep(thread, i32);
	}
}

/** Until there is a message. */
function sleep(thread, i32) {
	for (let spin = 0; spin < SPINS; spin++) if (thread.hasMail()) return;
	const seen = Atomics.load(i32, thread.wakeWord);
	if (!thread.hasMail()) Atomics.wait(i32, thread.wakeWord, seen);
}

/** Tasks a second, from this thread to so many workers and back: the median of rounds, and all of them. */
export async function measureExchange({ url, core }, { workers: count, rounds, tasks }) {
	const store = createStore(core);
	const driver = joinStore(core, store);
	prepareTasks(core, driver);
	const workers = await startWorkers(core, url, store, driver, count, {});
	produce(driver, 2 * tasks);
	const rates = [];
	for (let round = 0; round < rounds; round++) {
		const start = performance.now();
		produce(driver, tasks);
		rates.push((tasks / (performance.now() - start)) * 1000);
	}
	// A worker that is awake stops by itself, so its last message is awaited before any is told.
	const over = workers.map(({ worker }) => message(worker));
	const { i32 } = driver.views;
	Atomics.store(i32, STOP, 1);
	for (const { index } of workers) {
		Atomics.add(i32, driver.wakeWordOf(index), 1);
		Atomics.notify(i32, driver.wakeWordOf(index));
	}
	await Promise.all(over);
	return { median: median(rates), min: Math.min(...rates), max: Math.max(...rates), rates };
}

/** Nanoseconds of operations that share nothing but the store, in so many threads at once. */
export async function measureChurn({ url, core }, { workers: count, calls }) {
	const store = createStore(core, { megabytes: 1024 });
	const driver = joinStore(core, store);
	const workers = await startWorkers(core, url, store, driver, count, { role: CHURN, calls });
	const { i32 } = driver.views;
	const answers = workers.map(({ worker }) => message(worker));
	for (let word = GO; word < GO + 3; word++) {
		Atomics.store(i32, word, 1);
		Atomics.notify(i32, word);
		await new Promise((resolve) => setTimeout(resolve, 1));
	}
	const figures = await Promise.all(answers);
	return Object.fromEntries(Object.keys(figures[0]).map((name) => [name, median(figures.map((one) => one[name]))]));
}
