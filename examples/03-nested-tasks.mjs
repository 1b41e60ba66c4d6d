// Tasks that submit tasks: a merge sort that splits until the pieces are small. A task that waits gives its CPU back,
// so any depth works on any number of cores.
import * as ray from "wasmray";

const merge = ray.remote(
	(left, right) => {
		const merged = new Float64Array(left.length + right.length);
		for (let i = 0, l = 0, r = 0; i < merged.length; i++) {
			merged[i] = r >= right.length || (l < left.length && left[l] <= right[r]) ? left[l++] : right[r++];
		}
		return merged;
	},
	{ name: "merge" },
);

const sort = ray.remote(
	async (numbers) => {
		if (numbers.length <= 25_000) return Float64Array.from(numbers).sort();
		const middle = numbers.length >> 1;
		// Refs as arguments: `merge` starts when both halves are sorted, and they never pass through this task.
		const left = sort.remote(numbers.slice(0, middle));
		const right = sort.remote(numbers.slice(middle));
		return await merge.remote(left, right).get();
	},
	{ name: "sort" },
);

await ray.main(async () => {
	const numbers = Float64Array.from({ length: 200_000 }, () => Math.random());
	const sorted = await sort.remote(numbers).get();
	const inOrder = sorted.every((value, i) => i === 0 || sorted[i - 1] <= value);
	console.log(`${sorted.length} numbers, in order: ${inOrder}`);
});
