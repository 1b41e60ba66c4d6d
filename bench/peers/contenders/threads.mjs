import { Worker } from "node:worker_threads";

const WORKER = new URL("../workers/threads.mjs", import.meta.url);

export function create() {
	const threads = [];
	const waiting = new Map();
	let calls = 0;
	const submit = (name, value) =>
		new Promise((resolve) => {
			calls += 1;
			waiting.set(calls, resolve);
			threads[calls % threads.length].postMessage([calls, name, value]);
		});
	return {
		async start(workers) {
			for (let index = 0; index < workers; index++) {
				const thread = new Worker(WORKER);
				thread.on("message", ([call, result]) => {
					waiting.get(call)(result);
					waiting.delete(call);
				});
				threads.push(thread);
			}
		},
		submit,
		all: (submitted) => Promise.all(submitted),
		call: submit,
		async stop() {
			await Promise.all(threads.map((thread) => thread.terminate()));
		},
	};
}
