// @ts-nocheck: AssemblyScript
// A bounded queue for many producers and consumers (Vyukov's): each cell's sequence number says whose turn it is.
//
//     0 tail   4 head   8 mask   16 + 8·i  { sequence, value }

const TAIL: usize = 0;
const HEAD: usize = 4;
const MASK: usize = 8;
const CELLS: usize = 16;

export function init(at: usize, capacity: u32): void {
	store<u32>(at + TAIL, 0);
	store<u32>(at + HEAD, 0);
	store<u32>(at + MASK, capacity - 1);
	for (let i: u32 = 0; i < capacity; i++) store<u32>(at + CELLS + <usize>(i << 3), i);
}

export function push(at: usize, value: u32): bool {
	const mask = load<u32>(at + MASK);
	let position = atomic.load<u32>(at + TAIL);
	while (true) {
		const cell = at + CELLS + <usize>((position & mask) << 3);
		const ahead = <i32>(atomic.load<u32>(cell) - position);
		if (ahead < 0) return false;
		if (ahead === 0) {
			const before = atomic.cmpxchg<u32>(at + TAIL, position, position + 1);
			if (before === position) {
				store<u32>(cell + 4, value);
				atomic.store<u32>(cell, position + 1);
				return true;
			}
			position = before;
		} else position = atomic.load<u32>(at + TAIL);
	}
}

export function pop(at: usize): u32 {
	const mask = load<u32>(at + MASK);
	let position = atomic.load<u32>(at + HEAD);
	while (true) {
		const cell = at + CELLS + <usize>((position & mask) << 3);
		const ahead = <i32>(atomic.load<u32>(cell) - (position + 1));
		if (ahead < 0) return 0;
		if (ahead === 0) {
			const before = atomic.cmpxchg<u32>(at + HEAD, position, position + 1);
			if (before === position) {
				const value = load<u32>(cell + 4);
				atomic.store<u32>(cell, position + mask + 1);
				return value;
			}
			position = before;
		} else position = atomic.load<u32>(at + HEAD);
	}
}
