import { percentile } from "../../lib/statistics.mjs";
import { settleWorkers, startContender, warmUp } from "./common.mjs";

export const latency = {
	name: "latency",
	title: "Round trip",
	method:
		"Echo { a: 1, b: 2 }, each call awaited before the next: the first 1,000 in a new process, and after two seconds of them.",
	cases: ({ quick }) => [
		{
			label: "round trip",
			parameters: { first: 1000, warmUp: quick ? 300 : 2000, calls: quick ? 1000 : 5000 },
			rounds: quick ? 3 : 9,
			limitSeconds: 60,
			figures: [
				{ key: "p50", label: "round trip p50", unit: "µs", better: "lower", headline: "Round trip of one call, p50" },
				{ key: "p99", label: "round trip p99", unit: "µs", better: "lower" },
				{ key: "first", label: "the first 1,000, mean", unit: "µs", better: "lower" },
			],
		},
	],
	async run(context) {
		const contender = await startContender(context);
		const { first, warmUp: milliseconds, calls } = context.parameters;
		const call = () => contender.call("echo", { a: 1, b: 2 });
		await settleWorkers(contender, context.workers);
		const times = new Float64Array(calls);
		const coldAt = performance.now();
		for (let index = 0; index < first; index++) await call();
		const cold = (performance.now() - coldAt) / first;
		await warmUp(call, milliseconds);
		for (let index = 0; index < calls; index++) {
			const startedAt = performance.now();
			await call();
			times[index] = performance.now() - startedAt;
		}
		return { p50: percentile(times, 0.5) * 1000, p99: percentile(times, 0.99) * 1000, first: cold * 1000 };
	},
};
