// Nothing but the runtime keeps the process, and it is shut down while a task is unfinished.
import * as ray from "wasmray";

const never = ray.remote(() => new Promise(() => {}));
const soon = ray.remote(() => "soon");
for (const timeout of [10, 0, 100]) {
	await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
	await soon.remote().get();
	never.remote();
	await ray.shutdown({ timeout });
	console.log("down");
}
