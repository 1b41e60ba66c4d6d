import { percentile } from "../../lib/statistics.mjs";
import { settleWorkers, startContender, warmUp } from "./common.mjs";

const QUICK_CALLS = { 0.1: 300, 0.5: 200, 1: 100, 5: 40, 20: 10 };
const CALLS = { 0.1: 2000, 0.5: 1500, 1: 1000, 5: 200, 20: 60 };

export const spin = {
	name: "spin",
	title: "Added latency",
	method:
		"Tasks that hold their worker for a given time, one at a time; what is left when the time the task itself took is subtracted. The longer the task, the deeper both sides have gone to sleep.",
	cases: ({ quick }) => {
		const calls = quick ? QUICK_CALLS : CALLS;
		return [
			{
				label: "tasks of 0.1–20 ms",
				parameters: { calls, warmUp: quick ? 300 : 2000 },
				rounds: quick ? 1 : 3,
				limitSeconds: 60,
				figures: Object.keys(calls)
					.map(Number)
					.sort((a, b) => a - b)
					.flatMap((ms) => [
						{
							key: `p50.${ms}`,
							label: `added to a ${ms} ms task, p50`,
							unit: "µs",
							better: "lower",
							headline: ms === 1 ? "Added to a task of 1 ms, p50" : undefined,
						},
						{ key: `p99.${ms}`, label: `added to a ${ms} ms task, p99`, unit: "µs", better: "lower" },
					]),
			},
		];
	},
	async run(context) {
		const contender = await startContender(context);
		await settleWorkers(contender, context.workers);
		await warmUp(() => contender.call("spin", 0.02), context.parameters.warmUp);
		const figures = {};
		for (const [ms, calls] of Object.entries(context.parameters.calls)) {
			const times = new Float64Array(calls);
			for (let call = 0; call < calls; call++) {
				const startedAt = performance.now();
				const inWorker = await contender.call("spin", Number(ms));
				times[call] = performance.now() - startedAt - inWorker;
			}
			figures[`p50.${ms}`] = percentile(times, 0.5) * 1000;
			figures[`p99.${ms}`] = percentile(times, 0.99) * 1000;
		}
		return figures;
	},
};
