import { pause, settleWorkers, startContender } from "./common.mjs";

export const memory = {
	name: "memory",
	title: "Memory",
	method:
		"RSS of the process when all workers have run a task, and again after bursts whose results were dropped and garbage was collected in the main thread.",
	cases: ({ quick }) => [
		{
			label: "memory",
			parameters: quick ? { bursts: 1, tasks: 10_000 } : { bursts: 3, tasks: 100_000 },
			rounds: 1,
			limitSeconds: 60,
			execArgv: ["--expose-gc"],
			figures: [
				{ key: "start", label: "RSS after start", unit: "MiB", better: "lower" },
				{ key: "after", label: "RSS after bursts", unit: "MiB", better: "lower" },
				{ key: "heap", label: "  main thread's heap after bursts", unit: "MiB", better: "lower", compare: false },
			],
		},
	],
	async run(context) {
		const contender = await startContender(context);
		const { bursts, tasks } = context.parameters;
		await settleWorkers(contender, context.workers);
		const start = await afterCollection();
		for (let index = 0; index < bursts; index++) await runBurst(contender, tasks);
		const after = await afterCollection();
		return { start: start.rss, after: after.rss, heap: after.heap };
	},
};

/** A function of its own, so that no local variable of the caller keeps results alive. */
async function runBurst(contender, tasks) {
	const submitted = [];
	for (let task = 0; task < tasks; task++) submitted.push(contender.submit("echo", { a: task, b: 2 }));
	await contender.all(submitted);
}

/** Finalizers run in a turn of their own, and may free what only the next collection can take. */
async function afterCollection() {
	for (let pass = 0; pass < 3; pass++) {
		globalThis.gc();
		await pause(30);
	}
	const { rss, heapUsed } = process.memoryUsage();
	return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}
