// What fails by chance is tried again: after a worker's end by default, after an exception if asked.
import * as ray from "wasmray";

class Busy extends Error {
	name = "Busy";
}

const fetchPage = ray.remote(
	(page) => {
		const { attempt } = ray.getRuntimeContext();
		if (attempt < 3) throw new Busy(`page ${page} is busy`);
		return `page ${page} at attempt ${attempt}`;
	},
	{ name: "fetchPage", maxRetries: 5, retryExceptions: [Busy], retryDelay: (attempt) => 5 * 2 ** attempt },
);

const crashOnce = ray.remote(
	() => {
		if (ray.getRuntimeContext().attempt === 1) process.exit(1); // Ends the worker, not the program.
		return "alive";
	},
	{ name: "crashOnce" },
);

await ray.main(async () => {
	console.log(await fetchPage.remote(7).get());
	console.log(`after a crash: ${await crashOnce.remote().get()}`);

	const hopeless = crashOnce.options({ maxRetries: 0 }).remote();
	console.log(await hopeless.get().catch((error) => `without retries: ${error.name}`));
});
