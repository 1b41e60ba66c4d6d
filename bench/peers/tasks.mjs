/**
 * The functions that every contender's workers run. Each is self-contained (it uses nothing but true globals), because
 * some contenders send a function by its source.
 */

export function echo(value) {
	return value;
}

/**
 * Holds the CPU for `ms` and returns how long it really did, so that a caller can tell the rest of the time apart. A look at the
 * clock allocates a number: without other work in between, garbage collections would be what is measured.
 */
export function spin(ms) {
	const startedAt = performance.now();
	let elapsed = 0;
	let work = 1;
	do {
		for (let i = 0; i < 1000; i++) work = (work * 31 + i) | 0;
		elapsed = performance.now() - startedAt;
	} while (elapsed < ms && work !== 0.5);
	return elapsed;
}

/** The task of poolifier/benchmark: a factorial in BigInt, its result (about 1 KiB) returned. */
export function factorial({ taskSize }) {
	let product = 1n;
	for (let factor = 2n; factor <= BigInt(taskSize); factor++) product *= factor;
	return { ok: 1, factorial: product };
}

/** Leaves a timer running in the worker, which says at its end how often it ticked, to whoever listens on `channel`. */
export function tick({ everyMs, forMs, channel }) {
	let ticks = 0;
	const timer = setInterval(() => {
		ticks += 1;
	}, everyMs);
	setTimeout(() => {
		clearInterval(timer);
		const port = new BroadcastChannel(channel);
		port.postMessage(ticks);
		port.close();
	}, forMs);
	return true;
}
