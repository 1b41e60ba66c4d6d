/** One row, in a process of its own. Timed as Ray times its rows: a warm-up, then the mean of a few rounds. */
import { answerParent } from "../lib/child.mjs";
import { mean, standardDeviation } from "../lib/statistics.mjs";
import { rows } from "./rows.mjs";

await answerParent(async ({ id, workers, timing }) => {
	const row = rows.find((candidate) => candidate.id === id);
	const ray = await import("wasmray");
	const remote = await import("./remote-functions.mjs");
	await ray.init({ numCpus: workers, ...row.init });
	const call = await row.prepare({ ray, remote });
	const repeat = row.sync ? repeatSync : repeatAsync;

	const warmUp = await repeatFor(repeat, call, timing.warmUpSeconds, 1);
	// The clock is read once for a tenth of a round's calls, so that it is not what is measured.
	const step = Math.floor(warmUp.calls / 10) + 1;
	const rates = [];
	for (let round = 0; round < timing.rounds; round++) {
		const { calls, seconds } = await repeatFor(repeat, call, timing.roundSeconds, step);
		rates.push((row.count * calls) / seconds);
	}
	return { mean: mean(rates), deviation: standardDeviation(rates) };
});

async function repeatFor(repeat, call, seconds, step) {
	const startedAt = performance.now();
	let calls = 0;
	let elapsed = 0;
	do {
		await repeat(call, step);
		calls += step;
		elapsed = (performance.now() - startedAt) / 1000;
	} while (elapsed < seconds);
	return { calls, seconds: elapsed };
}

async function repeatAsync(call, times) {
	for (let index = 0; index < times; index++) await call();
}

function repeatSync(call, times) {
	for (let index = 0; index < times; index++) call();
}
