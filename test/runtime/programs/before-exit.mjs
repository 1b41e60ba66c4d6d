// Nobody shuts down; the program has a last idea when its event loop has run dry, and once more.
import * as ray from "wasmray";

await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
const square = ray.remote((n) => n * n);
const left = [4, 3];
process.on("beforeExit", async () => {
	await undefined;
	const n = left.pop();
	if (n !== undefined) console.log(await square.remote(n).get());
});
