// @ts-nocheck: AssemblyScript
// Plain accesses of all sizes, for the race detector.

export function setByte(at: usize, value: u32): void {
	store<u8>(at, value);
}

export function byteOf(at: usize): u32 {
	return load<u8>(at);
}

export function setWord(at: usize, value: u32): void {
	store<u32>(at, value);
}

export function fill(at: usize, value: u32, size: usize): void {
	memory.fill(at, <u8>value, size);
}

export function copy(to: usize, from: usize, size: usize): void {
	memory.copy(to, from, size);
}

export function sumOf(at: usize, words: u32): u32 {
	let sum: u32 = 0;
	for (let i: u32 = 0; i < words; i++) sum += load<u32>(at + <usize>(i << 2));
	return sum;
}

export function publish(at: usize, value: u32): void {
	atomic.store<u32>(at, value);
}

export function awaitValue(at: usize, value: u32): void {
	while (atomic.load<u32>(at) !== value) {}
}

export function publishLong(at: usize, value: u32): void {
	atomic.store<u64>(at, value);
}

/** Ends in a trap. */
export function divide(value: u32, by: u32): u32 {
	return value / by;
}

export function spin(at: usize): void {
	while (atomic.load<u32>(at) === 0) {}
}

/** Ends only when the word is set, and changes memory meanwhile. */
export function busy(at: usize): void {
	while (atomic.load<u32>(at) === 0) atomic.add<u32>(at + 4, 1);
}
