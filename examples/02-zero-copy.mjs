// A large array is written into the shared memory once. Every task that gets its ref reads it in place.
import * as ray from "wasmray";

const sumOf = ray.remote(
	(array, from, to) => {
		let sum = 0;
		for (let i = from; i < to; i++) sum += array[i];
		return sum;
	},
	{ name: "sumOf" },
);

await ray.main(async () => {
	const length = 4_000_000;
	const array = ray.put(Float64Array.from({ length }, (_, i) => i % 10));

	// The ref is the argument: 32 MB stay where they are, whatever the number of tasks.
	const quarter = length / 4;
	const sums = await ray.get([0, 1, 2, 3].map((i) => sumOf.remote(array, i * quarter, (i + 1) * quarter)));
	console.log(`sum ${sums.reduce((a, b) => a + b, 0)}`);

	const view = await array.get();
	console.log(`a view on shared memory: ${view.buffer instanceof SharedArrayBuffer}`);

	// Objects are immutable. Whoever wants to write asks for a copy.
	const mine = await array.get({ copy: true });
	mine[0] = -1;
	console.log(`the object is as it was: ${view[0] === 0}`);
});
