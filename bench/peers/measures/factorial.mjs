import { startContender } from "./common.mjs";

const TASK = { taskSize: 1000 };
/** log2(1000!) is 8529.4. */
const RESULT_BITS = 8530;

export const factorial = {
	name: "factorial",
	title: "poolifier/benchmark's standard workload",
	method:
		"factorial(1000) in BigInt, all tasks submitted up front; the time of the whole process from its start to its end, which is process.exit() after the last result.",
	cases: ({ quick, tasks }) => {
		const count = tasks ?? (quick ? 2000 : 20_000);
		return [
			{
				label: `${count} × factorial(1000)`,
				parameters: { tasks: count },
				rounds: quick ? 1 : 3,
				limitSeconds: 120,
				wallFigure: "process",
				figures: [
					{
						key: "process",
						label: `${count} × factorial(1000), process`,
						unit: "s",
						better: "lower",
						headline: `${count.toLocaleString("en-US")} × factorial(1000), whole process`,
					},
				],
			},
		];
	},
	async run(context) {
		const { tasks } = context.parameters;
		const contender = await startContender(context);
		const submitted = [];
		for (let task = 0; task < tasks; task++) submitted.push(contender.submit("factorial", TASK));
		const results = await contender.all(submitted);
		const bits = results[tasks - 1].factorial.toString(2).length;
		if (results.length !== tasks || bits !== RESULT_BITS)
			throw new Error(`factorial(1000) came back with ${bits} bits`);
		return {};
	},
};
