// An error arrives with its class, its fields, its cause and the stack of the place where it was thrown.
import * as ray from "wasmray";

const readConfig = ray.remote(
	(path) => {
		try {
			return JSON.parse(`{ broken ${path}`);
		} catch (cause) {
			throw Object.assign(new RangeError(`cannot read ${path}`, { cause }), { code: "E_CONFIG" });
		}
	},
	{ name: "readConfig" },
);
const useConfig = ray.remote((config) => config.size, { name: "useConfig" });

await ray.main(async () => {
	// The second task never runs: its argument failed, and its result is the same error.
	const failed = useConfig.remote(readConfig.remote("app.json"));
	try {
		await failed.get();
	} catch (error) {
		if (!(error instanceof ray.TaskError)) throw error;
		console.log(`${error.taskName} failed after ${error.attempts} attempt`);
		console.log(`cause: ${error.cause.name} ${error.cause.code}: ${error.cause.message}`);
		console.log(`its cause: ${error.cause.cause.name}`);
		console.log(`thrown in this file: ${error.remoteStack.includes("08-errors.mjs")}`);
	}

	// What cannot be sent is refused where it was given, with the path to it.
	try {
		readConfig.remote({ user: { callback: () => 1 } });
	} catch (error) {
		console.log(`${error.name} at ${error.path}`);
	}
});
