// A slow function over many inputs, on all cores: count the primes below two million, in sixteen pieces.
import * as ray from "wasmray";

const countPrimes = ray.remote(
	(from, to) => {
		let count = 0;
		for (let n = Math.max(from, 2); n < to; n++) {
			let prime = true;
			for (let d = 2; d * d <= n && prime; d++) prime = n % d !== 0;
			if (prime) count++;
		}
		return count;
	},
	{ name: "countPrimes" },
);

await ray.main(async () => {
	const below = 2_000_000;
	const pieces = 16;
	const step = below / pieces;
	const refs = Array.from({ length: pieces }, (_, i) => countPrimes.remote(i * step, (i + 1) * step));
	const counts = await ray.get(refs);
	const total = counts.reduce((sum, count) => sum + count, 0);
	console.log(`${total} primes below ${below}`);
});
