// A paused generator that nobody can read any more: the program's own, or one of a task that is over.
import * as ray from "wasmray";

const numbers = ray.remote(
	function* (name) {
		try {
			for (let i = 0; ; i++) yield i;
		} finally {
			console.log(`${name} is left`);
		}
	},
	{ generatorBackpressure: 2, numCpus: 0, name: "numbers" },
);
const readOne = async (name) => {
	const { value } = await numbers.remote(name).next();
	return value.get();
};
const nested = ray.remote(() => readOne("a task's"));
await ray.init({ numCpus: 1, objectStoreMemory: "8MiB" });
console.log(process.argv[2] === "nested" ? await nested.remote().get() : await readOne("the program's"));
