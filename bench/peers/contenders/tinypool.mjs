import { Tinypool } from "tinypool";

/** Made once: an options object for each call would be measured too. */
const BY_NAME = Object.fromEntries(["echo", "spin", "factorial", "tick"].map((name) => [name, { name }]));

export function create() {
	let pool;
	const submit = (name, value) => pool.run(value, BY_NAME[name]);
	return {
		async start(workers) {
			pool = new Tinypool({
				filename: new URL("../tasks.mjs", import.meta.url),
				minThreads: workers,
				maxThreads: workers,
			});
		},
		submit,
		all: (submitted) => Promise.all(submitted),
		call: submit,
		stop: () => pool.destroy(),
	};
}
