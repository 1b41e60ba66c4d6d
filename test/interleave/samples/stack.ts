// @ts-nocheck: AssemblyScript
// A free list as a stack of nodes { next, value }, its top in one word: 0 is empty.

/** Wrong: between the two reads and the exchange the same node may have been taken and put back (ABA). */
export function pop(top: usize): usize {
	while (true) {
		const node = <usize>atomic.load<u32>(top);
		if (node === 0) return 0;
		const next = atomic.load<u32>(node);
		if (atomic.cmpxchg<u32>(top, <u32>node, next) === <u32>node) return node;
	}
}

export function push(top: usize, node: usize): void {
	while (true) {
		const next = atomic.load<u32>(top);
		atomic.store<u32>(node, next);
		if (atomic.cmpxchg<u32>(top, next, <u32>node) === next) return;
	}
}

/** Right: the word's high half counts the exchanges. */
export function popCounted(top: usize): usize {
	while (true) {
		const word = atomic.load<u64>(top);
		const node = <usize>(<u32>word);
		if (node === 0) return 0;
		const next = atomic.load<u32>(node);
		const changed = (((word >> 32) + 1) << 32) | <u64>next;
		if (atomic.cmpxchg<u64>(top, word, changed) === word) return node;
	}
}

export function pushCounted(top: usize, node: usize): void {
	while (true) {
		const word = atomic.load<u64>(top);
		atomic.store<u32>(node, <u32>word);
		const changed = (((word >> 32) + 1) << 32) | <u64>node;
		if (atomic.cmpxchg<u64>(top, word, changed) === word) return;
	}
}
