import * as ray from "wasmray";
import { echo, factorial, spin, tick } from "../tasks.mjs";

const remote = {
	echo: ray.remote(echo),
	factorial: ray.remote(factorial),
	spin: ray.remote(spin),
	tick: ray.remote(tick),
};

export function create({ each = false, copy = false } = {}) {
	const getOptions = copy ? { copy: true } : undefined;
	const submit = (name, value) => remote[name].remote(value);
	const call = (name, value) => ray.get(remote[name].remote(value), getOptions);
	return {
		async start(workers) {
			await ray.init({ numCpus: workers });
		},
		submit: each ? call : submit,
		all: each ? (promises) => Promise.all(promises) : (refs) => ray.get(refs),
		call,
		stop: () => ray.shutdown(),
	};
}
