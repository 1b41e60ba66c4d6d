// Counts its threads: before it has blocked, after a moment, after a while, and again.
import * as ray from "wasmray";

const threads = new Set();
process.on("worker", (worker) => {
	threads.add(worker);
	worker.once("exit", () => threads.delete(worker));
});
const nap = ray.remote((milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)));
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
await nap.remote(100).get();
const counts = [threads.size];
// The event comes a moment after the start.
const count = async () => {
	await new Promise((resolve) => setImmediate(resolve));
	counts.push(threads.size);
};
await count(ray.getSync(ray.put(1)));
await count(ray.getSync(nap.remote(200)));
await count(ray.getSync(nap.remote(200)));
console.log(counts.join(" "));
if (process.argv[2] === "shutdown") {
	await ray.shutdown();
	while (threads.size > 0) await new Promise((resolve) => setImmediate(resolve));
	console.log(threads.size);
}
