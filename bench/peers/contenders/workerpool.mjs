import { fileURLToPath } from "node:url";
import workerpool from "workerpool";

const WORKER = fileURLToPath(new URL("../workers/workerpool.mjs", import.meta.url));

export function create() {
	let pool;
	const submit = (name, value) => pool.exec(name, [value]);
	return {
		async start(workers) {
			pool = workerpool.pool(WORKER, { workerType: "thread", minWorkers: "max", maxWorkers: workers });
		},
		submit,
		all: (submitted) => Promise.all(submitted),
		call: submit,
		stop: () => pool.terminate(true),
	};
}
