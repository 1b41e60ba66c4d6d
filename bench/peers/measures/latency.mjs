import { percentile } from "../../lib/statistics.mjs";
import { settleWorkers, startContender } from "./common.mjs";

export const latency = {
	name: "latency",
	title: "Round trip",
	method: "Echo { a: 1, b: 2 }, each call awaited before the next.",
	cases: ({ quick }) => [
		{
			label: "round trip",
			parameters: { warmUp: 1000, calls: quick ? 1000 : 5000 },
			rounds: quick ? 3 : 15,
			limitSeconds: 60,
			figures: [
				{ key: "p50", label: "round trip p50", unit: "µs", better: "lower", headline: "Round trip of one call, p50" },
				{ key: "p99", label: "round trip p99", unit: "µs", better: "lower" },
			],
		},
	],
	async run(context) {
		const contender = await startContender(context);
		const { warmUp, calls } = context.parameters;
		await settleWorkers(contender, context.workers);
		for (let call = 0; call < warmUp; call++) await contender.call("echo", { a: 1, b: 2 });
		const times = new Float64Array(calls);
		for (let call = 0; call < calls; call++) {
			const startedAt = performance.now();
			await contender.call("echo", { a: 1, b: 2 });
			times[call] = performance.now() - startedAt;
		}
		return { p50: percentile(times, 0.5) * 1000, p99: percentile(times, 0.99) * 1000 };
	},
};
