// What main's function throws is the program's end.
import * as ray from "wasmray";

const bad = ray.remote(
	() => {
		throw new RangeError("the program's own");
	},
	{ name: "bad" },
);
await ray.main(() => bad.remote().get(), { numCpus: 1, objectStoreMemory: "8MiB" });
