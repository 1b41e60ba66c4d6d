import { fileURLToPath } from "node:url";
import { FixedQueue, Piscina } from "piscina";

/** Made once: an options object for each call would be measured too. */
const BY_NAME = Object.fromEntries(["echo", "spin", "factorial", "tick", "move"].map((name) => [name, { name }]));

export function create({ move = false } = {}) {
	let pool;
	const submit = (name, value) => pool.run(value, BY_NAME[name]);
	return {
		/** The result may have to be sent next, since the value itself is gone. */
		moves: move,
		async start(workers) {
			pool = new Piscina({
				filename: fileURLToPath(new URL(move ? "../workers/piscina-move.mjs" : "../tasks.mjs", import.meta.url)),
				minThreads: workers,
				maxThreads: workers,
				taskQueue: new FixedQueue(),
				recordTiming: false,
			});
		},
		submit,
		all: (submitted) => Promise.all(submitted),
		call: move ? (_name, value) => pool.run(value, { name: "move", transferList: [value.buffer] }) : submit,
		stop: () => pool.destroy(),
	};
}
