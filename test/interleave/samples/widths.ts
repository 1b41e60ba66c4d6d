// @ts-nocheck: AssemblyScript
// Every width and kind of memory operation once, for comparing the instrumented module with the original.

export function bytesAndHalves(at: usize, value: u32): u32 {
	let sum = <u32>atomic.add<u8>(at, <u8>value);
	sum = sum * 31 + <u32>atomic.sub<u8>(at + 1, <u8>value);
	sum = sum * 31 + <u32>atomic.xchg<u8>(at + 2, <u8>value);
	sum = sum * 31 + <u32>atomic.cmpxchg<u8>(at + 3, <u8>(value >> 1), <u8>value);
	sum = sum * 31 + <u32>atomic.or<u16>(at + 4, <u16>value);
	sum = sum * 31 + <u32>atomic.and<u16>(at + 6, <u16>value);
	sum = sum * 31 + <u32>atomic.xor<u16>(at + 8, <u16>value);
	sum = sum * 31 + <u32>atomic.cmpxchg<u16>(at + 10, <u16>(value >> 2), <u16>value);
	atomic.store<u8>(at + 12, <u8>value);
	atomic.store<u16>(at + 14, <u16>value);
	return sum * 31 + <u32>atomic.load<u8>(at + 13) + <u32>atomic.load<u16>(at + 14);
}

export function words(at: usize, value: u32): u32 {
	let sum = atomic.add<u32>(at + 16, value);
	sum = sum * 31 + atomic.cmpxchg<u32>(at + 20, value >> 3, value);
	sum = sum * 31 + atomic.xchg<u32>(at + 24, value);
	atomic.store<u32>(at + 28, value);
	return sum * 31 + atomic.load<u32>(at + 28);
}

export function longs(at: usize, value: u32): u32 {
	const long = ((<u64>value) << 33) | value;
	let sum = atomic.add<u64>(at + 32, long);
	sum = sum * 31 + atomic.sub<u64>(at + 32, long >> 2);
	sum = sum * 31 + atomic.or<u64>(at + 40, long);
	sum = sum * 31 + atomic.xor<u64>(at + 40, long << 1);
	sum = sum * 31 + atomic.cmpxchg<u64>(at + 48, long >> 1, long);
	sum = sum * 31 + atomic.xchg<u64>(at + 56, long);
	atomic.store<u64>(at + 56, sum);
	return <u32>(sum ^ (sum >> 32)) + <u32>atomic.load<u64>(at + 56);
}

export function plain(at: usize, value: u32): u32 {
	store<u8>(at, value, 64);
	store<u16>(at, value, 67);
	store<f32>(at, <f32>value, 72);
	store<f64>(at, <f64>value, 81);
	store<u64>(at, (<u64>value) << 7, 96);
	memory.copy(at + 104, at + 60, 40);
	memory.fill(at + 150, <u8>value, 9);
	let sum = <u32>load<i8>(at, 104) + <u32>load<u8>(at, 105) * 3 + <u32>load<i16>(at, 107) * 5;
	sum += <u32>load<f32>(at, 72) + <u32>load<f64>(at, 81) + <u32>load<u64>(at, 97);
	return sum + <u32>memory.size();
}

export function grow(pages: u32): i32 {
	return memory.grow(pages);
}

/** The store's operands hold an atomic load: its point comes first. */
export function nested(at: usize): void {
	atomic.store<u32>(at + atomic.load<u32>(at), atomic.add<u32>(at, 4) + atomic.load<u32>(at + 4));
}
