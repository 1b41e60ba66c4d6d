import { pause } from "./common.mjs";

/** A stop that takes longer counts as this long: one that never ends is not worth the wait. */
const LONGEST_STOP_MS = 2000;

export const start = {
	name: "start",
	title: "Start-up to the first result",
	method: "A fresh process each time: import the library, start the workers, await one echo, stop.",
	cases: ({ quick }) => [
		{
			label: "start-up",
			parameters: {},
			rounds: quick ? 3 : 15,
			limitSeconds: 20,
			figures: [
				{
					key: "first",
					label: "start-up to first result",
					unit: "ms",
					better: "lower",
					headline: "Start-up to first result",
				},
				{ key: "import", label: "  of which importing the library", unit: "ms", better: "lower", compare: false },
				{ key: "stop", label: "stopping an idle pool", unit: "ms", better: "lower", compare: false },
			],
		},
	],
	async run({ load, workers }) {
		const startedAt = performance.now();
		const contender = await load();
		const importedAt = performance.now();
		await contender.start(workers);
		await contender.call("echo", { a: 1, b: 2 });
		const firstAt = performance.now();
		await Promise.race([contender.stop(), pause(LONGEST_STOP_MS)]);
		return { first: firstAt - startedAt, import: importedAt - startedAt, stop: performance.now() - firstAt };
	},
};
