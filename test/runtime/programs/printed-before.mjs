// A task has printed and ended while the program was busy; then the program asks for what came of it, or for nothing, and ends.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ray from "wasmray";

const [how, end] = process.argv.slice(2);
const talk = () => {
	for (let i = 0; i < 100; i++) console.log(`line ${i}`);
	process.stdout.write("no end");
};
const task = ray.remote(() => talk(), { name: "talk", closure: { talk } });
const items = ray.remote(
	function* () {
		talk();
		yield 1;
	},
	{ name: "talk", closure: { talk } },
);
const mark = ray.remote((path) => writeFileSync(path, ""), { closure: { writeFileSync } });
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
const folder = mkdtempSync(join(tmpdir(), "wasmray-printed-"));
const made = how === "items" ? items.remote() : task.remote();
// The only worker comes to this one when the other is over.
mark.remote(join(folder, "mark"));
while (!existsSync(join(folder, "mark")));
rmSync(folder, { recursive: true });
const ways = {
	get: () => made.get(),
	all: () => ray.get([made]),
	sync: () => ray.getSync(made),
	wait: () => ray.wait([made]),
	completed: () => ray.asCompleted([made]).next(),
	items: () => made.next(),
	nothing: () => {},
};
await ways[how]();
console.log("got");
if (end === "exit") process.exit(0);
if (end === "throw") throw new Error("the program's own");
await ray.shutdown();
