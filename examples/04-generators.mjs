// A task that yields: its items arrive as they are made. With `generatorBackpressure` it is never more than so many items
// ahead, so an endless generator needs little memory.
import * as ray from "wasmray";

const fibonacci = ray.remote(
	function* () {
		for (let [a, b] = [1n, 1n]; ; [a, b] = [b, a + b]) yield a;
	},
	{ name: "fibonacci", generatorBackpressure: 4 },
);

const digits = ray.remote((number) => number.toString().length, { name: "digits" });

await ray.main(async () => {
	const first = [];
	for await (const ref of fibonacci.remote()) {
		first.push(await ref.get());
		if (first.length === 10) break; // Leaving the loop cancels the task.
	}
	console.log(`the first ten: ${first.join(" ")}`);

	// An item is a ref like any other: it can go straight into the next task.
	let seen = 0;
	for await (const ref of fibonacci.remote()) {
		seen++;
		if ((await digits.remote(ref).get()) > 20) break;
	}
	console.log(`the first with more than 20 digits is number ${seen}`);
});
