// Three ways to end a task early: cancel it, give it a signal, give it a time.
import * as ray from "wasmray";

const endless = ray.remote(
	() => {
		const { signal } = ray.getRuntimeContext();
		let rounds = 0;
		// `aborted` turns true in the middle of synchronous code too.
		while (!signal.aborted) rounds++;
		return rounds;
	},
	{ name: "endless" },
);

const patient = ray.remote(
	async (ms) => {
		const { signal } = ray.getRuntimeContext();
		signal.throwIfAborted();
		await new Promise((resolve, reject) => {
			setTimeout(resolve, ms);
			signal.addEventListener("abort", () => reject(signal.reason));
		});
	},
	{ name: "patient" },
);

/** The class of the error with which a ref's task ended. */
async function ending(ref) {
	try {
		await ref.get();
		return "no error";
	} catch (error) {
		return error.name;
	}
}

await ray.main(async () => {
	const running = endless.remote();
	ray.cancel(running);
	console.log(`cancelled: ${await ending(running)}`);

	const controller = new AbortController();
	const signalled = patient.options({ signal: controller.signal }).remote(60_000);
	controller.abort();
	console.log(`signalled: ${await ending(signalled)}`);

	const late = patient.options({ timeout: 50 }).remote(60_000);
	console.log(`out of time: ${await ending(late)}`);

	// The wait has a limit, the task has none: it goes on, and can be asked again.
	const slow = patient.remote(100);
	const impatient = await slow.get({ timeout: 1 }).catch((error) => error.name);
	console.log(`${impatient}, then ${await ending(slow)}`);
});
