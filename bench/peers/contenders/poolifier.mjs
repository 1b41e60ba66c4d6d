import { fileURLToPath } from "node:url";
import { FixedThreadPool } from "poolifier";

const WORKER = fileURLToPath(new URL("../workers/poolifier.mjs", import.meta.url));

export function create({ queue = false } = {}) {
	let pool;
	const submit = (name, value) => pool.execute(value, name);
	return {
		async start(workers) {
			pool = new FixedThreadPool(workers, WORKER, { enableTasksQueue: queue, enableEvents: false });
		},
		submit,
		all: (submitted) => Promise.all(submitted),
		call: submit,
		stop: () => pool.destroy(),
	};
}
