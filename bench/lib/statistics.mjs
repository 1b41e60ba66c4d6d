/** The value below which `fraction` of the samples lie, interpolated between neighbours. NaN without samples. */
export function percentile(samples, fraction) {
	if (samples.length === 0) return Number.NaN;
	const sorted = Float64Array.from(samples).sort();
	const position = (sorted.length - 1) * fraction;
	const below = Math.floor(position);
	const above = Math.min(below + 1, sorted.length - 1);
	return sorted[below] + (sorted[above] - sorted[below]) * (position - below);
}

export function median(samples) {
	return percentile(samples, 0.5);
}

export function mean(samples) {
	let sum = 0;
	for (const sample of samples) sum += sample;
	return sum / samples.length;
}

/** Standard deviation of the samples themselves (divided by n), as Ray's own microbenchmark prints it. */
export function standardDeviation(samples) {
	const center = mean(samples);
	let sum = 0;
	for (const sample of samples) sum += (sample - center) ** 2;
	return Math.sqrt(sum / samples.length);
}

/** What the rounds of one figure come to. The median is the figure; the rest shows how much it wandered. */
export function summarize(samples) {
	return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
}

/** The name and value of the best entry of `{ name: value }`, or undefined without a finite one. */
export function bestOf(values, better) {
	let best;
	for (const [name, value] of Object.entries(values)) {
		if (!Number.isFinite(value)) continue;
		if (best === undefined || (better === "higher" ? value > best.value : value < best.value)) best = { name, value };
	}
	return best;
}

/** How many times as good as `base`: above 1 is better, whether the figure should be high or low. */
export function advantage(value, base, better) {
	return better === "higher" ? value / base : base / value;
}
