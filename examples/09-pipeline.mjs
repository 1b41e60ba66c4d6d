// Work as results come, whatever their order: `wait` for the first few, `asCompleted` for one after another.
import * as ray from "wasmray";

const download = ray.remote(
	async (page) => {
		await new Promise((resolve) => setTimeout(resolve, (page * 37) % 60));
		return `text of page ${page}`;
	},
	{ name: "download" },
);
const countWords = ray.remote((text) => text.split(" ").length, { name: "countWords" });

await ray.main(async () => {
	const pages = Array.from({ length: 12 }, (_, i) => i);

	// At most four downloads at once: one more is begun for each that is done.
	let pending = [];
	let words = 0;
	while (pages.length > 0 || pending.length > 0) {
		while (pages.length > 0 && pending.length < 4) pending.push(countWords.remote(download.remote(pages.shift())));
		const [ready, rest] = await ray.wait(pending, { numReturns: 1 });
		words += await ready[0].get();
		pending = rest;
	}
	console.log(`${words} words in 12 pages`);

	// The same without the limit.
	const order = [];
	for await (const ref of ray.asCompleted([4, 1, 3].map((page) => download.remote(page)))) {
		order.push((await ref.get()).at(-1));
	}
	console.log(`${order.length} pages as they came: ${[...order].sort().join(" ")}`);
});
