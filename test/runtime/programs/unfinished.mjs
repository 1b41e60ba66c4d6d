// A task is unfinished when the program's own code is over.
import * as ray from "wasmray";

const late = ray.remote(
	async () => {
		await new Promise((resolve) => setTimeout(resolve, 300));
		console.log("the task is done");
	},
	{ name: "late" },
);
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
const ref = late.remote();
process.on("exit", () => console.log("exit", ref.id.length > 0));
