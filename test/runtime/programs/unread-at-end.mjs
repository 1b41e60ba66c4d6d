// An error that nobody asks for is told when the process ends by itself, though nobody shuts down.
import * as ray from "wasmray";

await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
const fail = ray.remote(
	(name) => {
		throw new RangeError(name);
	},
	{ name: "lonely" },
);
fail.remote("dropped");
globalThis.held = fail.remote("held");
await fail
	.remote("asked for")
	.get()
	.catch(() => {});
fail.options({ numReturns: 0, name: "nothing" }).remote("no results");
