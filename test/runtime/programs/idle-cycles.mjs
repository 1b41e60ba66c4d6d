// Runtimes that were started and shut down give their address space back, whatever they were doing.
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import * as ray from "wasmray";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
const gigabytes = () => Number(/VmSize:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) / 2 ** 20;
const options = { numCpus: 1, objectStoreMemory: "8MiB" };

await ray.main(
	() =>
		ray
			.remote(() => 1)
			.remote()
			.get(),
	options,
);
const before = gigabytes();
for (const work of [() => {}, () => new Promise((resolve) => setTimeout(resolve, 50))]) {
	for (let i = 0; i < 4; i++) await ray.main(work, options);
}
let after = Number.POSITIVE_INFINITY;
for (let i = 0; i < 50 && after - before > 25; i++) {
	collect();
	await new Promise((resolve) => setImmediate(resolve));
	after = gigabytes();
}
// Each shared memory takes some ten gigabytes of addresses.
console.log(after - before > 25 ? `${Math.round(after - before)} GiB more` : "given back");
