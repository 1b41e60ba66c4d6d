import { Bench } from "tinybench";
import { CALLS } from "./operations.mjs";

/**
 * Nanoseconds of one call of each operation: the median of samples of a thousand. `onDone` is called after each.
 * @returns {Promise<{ name: string, ns: number, p75: number, samples: number }[]>}
 */
export async function measureOperations(operations, { milliseconds, onDone }) {
	const bench = new Bench({ time: milliseconds, warmupTime: milliseconds / 2 });
	for (const [name, { before, run, after }] of Object.entries(operations)) {
		bench.add(name, () => {
			before?.(CALLS);
			const start = performance.now();
			run(CALLS);
			const overriddenDuration = performance.now() - start;
			after?.(CALLS);
			return { overriddenDuration };
		});
	}
	bench.addEventListener("cycle", () => onDone?.());
	await bench.run();
	return bench.tasks.map(({ name, result }) => {
		if (result.state !== "completed") throw new Error(`${name}: ${result.error?.message ?? result.state}`);
		const perCall = 1e6 / CALLS;
		const { p50, p75, samplesCount } = result.latency;
		return { name, ns: p50 * perCall, p75: p75 * perCall, samples: samplesCount };
	});
}
