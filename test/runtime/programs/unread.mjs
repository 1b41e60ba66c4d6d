// An error that nobody asks for is told at the end, and does not change the exit code.
import * as ray from "wasmray";

await ray.main(
	async () => {
		const ref = ray
			.remote(
				() => {
					throw new RangeError("nobody asked");
				},
				{ name: "lonely" },
			)
			.remote();
		await ray.wait([ref]);
	},
	{ numCpus: 1, objectStoreMemory: "8MiB" },
);
