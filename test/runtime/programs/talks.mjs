// What workers print comes in order, complete, before the results, with a prefix; and not at all if it is not wanted.
import * as ray from "wasmray";

const talk = ray.remote(
	(n) => {
		for (let i = 0; i < n; i++) console.log(`line ${i}`);
		console.error("on stderr");
		process.stdout.write("no newline at the end");
	},
	{ name: "talk" },
);
const dies = ray.remote(
	() => {
		console.log("last words");
		process.exit(1);
	},
	{ name: "dies", maxRetries: 0 },
);
const careless = ray.remote(
	async () => {
		Promise.reject(new Error("left alone"));
		await new Promise((resolve) => setImmediate(resolve));
		return ray.getRuntimeContext().workerId;
	},
	{ name: "careless" },
);
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB", logToDriver: process.argv[2] !== "quiet" });
await talk.remote(200).get();
console.log("after talk");
await dies
	.remote()
	.get()
	.catch((error) => console.log(error.name));
const [a, b] = [await careless.remote().get(), await careless.remote().get()];
console.log("same worker", a === b);
await ray.shutdown();
console.log("down");
