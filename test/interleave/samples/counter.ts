// @ts-nocheck: AssemblyScript
// Counters, most of them wrong.

/** Loses updates: the load and the store are atomic, the increment is not. */
export function incrementInTwo(at: usize): void {
	atomic.store<u32>(at, atomic.load<u32>(at) + 1);
}

export function increment(at: usize): u32 {
	return atomic.add<u32>(at, 1);
}

/** A data race. */
export function incrementPlain(at: usize): void {
	store<u32>(at, load<u32>(at) + 1);
}

/** Generation in the high half, count in the low one: takes a reference if the generation is still the same. */
export function retain(at: usize, generation: u32): bool {
	let word = atomic.load<u64>(at);
	while (<u32>(word >> 32) === generation && <u32>word !== 0) {
		const before = atomic.cmpxchg<u64>(at, word, word + 1);
		if (before === word) return true;
		word = before;
	}
	return false;
}

/** Gives one back; the last one starts the next generation. */
export function release(at: usize): bool {
	let word = atomic.load<u64>(at);
	while (true) {
		const next = <u32>word === 1 ? ((word >> 32) + 1) << 32 : word - 1;
		const before = atomic.cmpxchg<u64>(at, word, next);
		if (before === word) return <u32>next === 0;
		word = before;
	}
}
