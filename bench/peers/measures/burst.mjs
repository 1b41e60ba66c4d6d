import { settleWorkers, startContender } from "./common.mjs";

/** The size whose figure goes into the picture, in a quick run and in a full one. */
const HEADLINES = { 50000: "Burst of 50,000 echo tasks", 100000: "Burst of 100,000 echo tasks" };

export const burst = {
	name: "burst",
	title: "Burst",
	method:
		"All echo tasks { a: i, b: 2 } submitted up front, then all results awaited; every result is checked afterwards. A process for each burst; RSS is its peak.",
	cases: ({ quick }) =>
		(quick ? [10_000, 50_000] : [10_000, 100_000, 1_000_000]).map((tasks) => {
			const size = tasks >= 1_000_000 ? `${tasks / 1e6}M` : `${tasks / 1e3}k`;
			return {
				label: `burst ${size}`,
				parameters: { tasks, warmUp: 2000 },
				rounds: quick || tasks >= 1_000_000 ? 1 : 3,
				limitSeconds: tasks >= 1_000_000 ? 60 : 30,
				figures: [
					{ key: "rate", label: `burst ${size}`, unit: "tasks/s", better: "higher", headline: HEADLINES[tasks] },
					{ key: "rss", label: `  peak RSS`, unit: "MiB", better: "lower" },
					{ key: "submit", label: "  submitting a task, first tenth", unit: "µs", better: "lower", compare: false },
					{ key: "submitLast", label: "  submitting a task, last tenth", unit: "µs", better: "lower", compare: false },
				],
			};
		}),
	async run(context) {
		const contender = await startContender(context);
		const { tasks, warmUp } = context.parameters;
		await settleWorkers(contender, context.workers);
		// One by one: a pool that has had a burst before may be slower in the next (poolifier's queue, by half).
		for (let call = 0; call < warmUp; call++) await contender.call("echo", { a: call, b: 2 });

		const tenth = tasks / 10;
		const submitted = new Array(tasks);
		const marks = new Float64Array(10 + 1);
		marks[0] = performance.now();
		for (let task = 0; task < tasks; task++) {
			submitted[task] = contender.submit("echo", { a: task, b: 2 });
			if ((task + 1) % tenth === 0) marks[(task + 1) / tenth] = performance.now();
		}
		const results = await contender.all(submitted);
		const elapsed = performance.now() - marks[0];

		for (let task = 0; task < tasks; task++) {
			if (results[task].a !== task || results[task].b !== 2)
				throw new Error(`task ${task} came back as ${JSON.stringify(results[task])}`);
		}
		return {
			rate: tasks / (elapsed / 1000),
			rss: process.resourceUsage().maxRSS / 1024,
			submit: ((marks[1] - marks[0]) * 1000) / tenth,
			submitLast: ((marks[10] - marks[9]) * 1000) / tenth,
		};
	},
};
