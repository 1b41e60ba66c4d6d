/** A contender with its workers started. Nobody stops it: its process ends after the sample, whatever it still does. */
export async function startContender({ load, workers }) {
	const contender = await load();
	await contender.start(workers);
	return contender;
}

/** Resolves when every worker has run something: tasks that hold their worker go to all of them. */
export async function settleWorkers(contender, workers) {
	const submitted = [];
	for (let index = 0; index < workers; index++) submitted.push(contender.submit("spin", 30));
	await contender.all(submitted);
}

/** The main thread's own wait. */
export function pause(ms) {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Calls one after the other until the engine has compiled what they need: what is measured then is what a service sees. */
export async function warmUp(call, milliseconds) {
	const until = performance.now() + milliseconds;
	for (let calls = 0; performance.now() < until; calls++) await call(calls);
}
