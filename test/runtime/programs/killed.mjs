// Ends in the middle of everything.
import * as ray from "wasmray";

await ray.init({ numCpus: 2, objectStoreMemory: "8MiB" });
const busy = ray.remote(function* () {
	yield 1;
	for (;;);
});
await busy.remote().next();
if (process.argv[2] === "exit") process.exit(7);
if (process.argv[2] === "now") {
	ray.shutdownNow();
	console.log(ray.isInitialized());
}
if (process.argv[2] === "signal") process.kill(process.pid, "SIGTERM");
