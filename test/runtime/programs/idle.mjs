// Nothing is unfinished, and nobody shuts down.
import * as ray from "wasmray";

await ray.init({ numCpus: 2, objectStoreMemory: "8MiB" });
console.log(
	await ray
		.remote((x) => x + 1)
		.remote(1)
		.get(),
);
ray.put(new Float64Array(10_000));
