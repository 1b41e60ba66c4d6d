// Resources say how many tasks of a sort may run at once; priorities say which of those that wait goes first.
import * as ray from "wasmray";

// Two licences, one for each task: never more than two at once, however many CPUs there are.
const convert = ray.remote(
	async (name) => {
		const from = Date.now();
		await new Promise((resolve) => setTimeout(resolve, 20));
		return { name, from, to: Date.now() };
	},
	{ name: "convert", numCpus: 0, resources: { licence: 1 } },
);

const note = ray.remote((name) => ({ name, at: performance.timeOrigin + performance.now() }), { name: "note" });
const occupy = ray.remote(() => {
	const until = Date.now() + 50;
	while (Date.now() < until);
});

await ray.main(
	async () => {
		const done = await ray.get(["a", "b", "c", "d", "e", "f"].map((name) => convert.remote(name)));
		const most = Math.max(...done.map((one) => done.filter((two) => two.from <= one.from && one.from < two.to).length));
		console.log(`licences in use at once: at most 2: ${most <= 2}`);

		// The only CPU is taken while these are submitted.
		const busy = occupy.remote();
		const late = note.options({ priority: -5 }).remote("backup");
		const early = note.options({ priority: 5 }).remote("request");
		const order = (await ray.get([late, early])).sort((a, b) => a.at - b.at).map(({ name }) => name);
		console.log(`order: ${order.join(", ")}`);
		await busy.get();

		// What asks for more than there is fails at once.
		try {
			await ray.get(convert.options({ resources: { licence: 3 } }).remote("g"));
		} catch (error) {
			console.log(`too many: ${error.name}`);
		}
	},
	{ numCpus: 1, resources: { licence: 2 } },
);
