// @ts-nocheck: AssemblyScript
// A lock of one word: 0 free, 1 held, 2 held and somebody may be waiting.

export function lock(at: usize): void {
	if (atomic.cmpxchg<u32>(at, 0, 1) === 0) return;
	while (atomic.xchg<u32>(at, 2) !== 0) {
		atomic.wait<i32>(at, 2, -1);
	}
}

export function unlock(at: usize): void {
	if (atomic.xchg<u32>(at, 0) === 2) atomic.notify(at, 1);
}

/** A plain counter behind the lock. */
export function increment(at: usize): u32 {
	lock(at);
	const value = load<u32>(at, 4) + 1;
	store<u32>(at, value, 4);
	unlock(at);
	return value;
}
