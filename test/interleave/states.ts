// Fingerprints of states: the memory, where each thread stands and what it knows, who waits, what was marked.
//
// Equal states have equal futures, whatever led to them, so this merges far more than the order of dependent operations
// does (two orders of taking a lock often lead to the same memory). But not for races: which thread knows of which write
// depends on the way. So the search merges states only beyond the bound up to which it has gone without.
import type { Machine } from "./machine.ts";

/** A running 64-bit hash of a sequence of numbers. */
export class Digest {
	low = 0;
	high = 0;

	clear(): void {
		this.low = 0;
		this.high = 0;
	}

	add(a: number, b: number, c: number): void {
		let x = Math.imul(this.low ^ Math.imul(b, 0xcc9e2d51), 0x1b873593) + a;
		let y = Math.imul(this.high ^ Math.imul(c, 0x85ebca6b), 0xc2b2ae35) ^ Math.imul(a + b, 0x27d4eb2f);
		x ^= x >>> 15;
		y ^= y >>> 13;
		this.low = Math.imul(x + Math.imul(y, 0x165667b1), 0x9e3779b1) ^ (y >>> 16);
		this.high = Math.imul(y + Math.imul(x, 0x2c1b3c6d), 0x297a2d39) ^ (x >>> 14);
	}

	addBytes(bytes: Uint8Array, address: number, width: number): void {
		for (let at = 0; at < width; at += 2)
			this.add(width, bytes[address + at], at + 1 < width ? bytes[address + at + 1] : 0);
	}
}

const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/** Any number, also one that is no integer. */
export function addNumber(digest: Digest, value: number): void {
	scratch[0] = value;
	digest.add(11, scratchWords[0], scratchWords[1]);
}

/** The state between two operations, into `into`. */
export function fingerprint(machine: Machine, into: Digest): void {
	into.clear();
	machine.world.digest(into);
	for (const thread of machine.threads) thread.digest(into);
	machine.waits.digest(into);
	into.add(19, machine.marks.low, machine.marks.high);
}
