// Which operations can matter to another thread, and a fingerprint of what has happened.
//
// *Visible*: two operations are dependent if they touch the same cell and one writes. An operation that is dependent
// with nothing that any other thread does needs no decision before it: switching there leads to the same executions as
// switching at the thread's next visible operation, with no more preemptions. Which cells are shared is learnt while
// exploring; when a conflict is learnt that earlier runs did not know, the search starts over (`learnt`), so that in
// the end every run knew every conflict that any run showed. Plain accesses do not count: in the absence of races they
// are ordered by atomics.
//
// *Fingerprint*: two prefixes with the same operations in each thread and the same order of dependent ones lead to the
// same state (Mazurkiewicz traces), races included. A thread's hash covers its operations and, by what it reads off the
// cells, everything that happened before them; the sum over the threads stands for the prefix. 64 bits.
import { type Cells, grown } from "./cells.ts";

export class Dependence {
	/** A conflict was seen that was not known when the run began. */
	learnt = false;
	/** Takes every operation for visible. */
	everything = false;
	/** The fingerprint of the run so far. */
	low = 0;
	high = 0;
	readonly #cells: Cells;
	/** Bit masks of the threads that read and write each cell by atomics, over all runs. */
	#readers = new Int32Array(0);
	#writers = new Int32Array(0);
	/** Of each cell in this run: the hash of the last write, and the sum of the reads since. */
	#writeLow = new Int32Array(0);
	#writeHigh = new Int32Array(0);
	#readLow = new Int32Array(0);
	#readHigh = new Int32Array(0);
	#run = new Int32Array(0);
	#currentRun = 0;
	readonly #threadLow: Int32Array;
	readonly #threadHigh: Int32Array;
	#capacity = 0;

	constructor(cells: Cells, threads: number) {
		this.#cells = cells;
		this.#threadLow = new Int32Array(threads);
		this.#threadHigh = new Int32Array(threads);
	}

	begin(): void {
		this.learnt = false;
		this.low = 0;
		this.high = 0;
		this.#currentRun++;
		this.#threadLow.fill(0);
		this.#threadHigh.fill(0);
	}

	/** Another core, another setup: which memory is shared is learnt anew. */
	forget(): void {
		this.#readers.fill(0);
		this.#writers.fill(0);
	}

	/** May the operation conflict with what another thread does? */
	visible(thread: number, writes: boolean, address: number, width: number): boolean {
		if (this.everything) return true;
		const count = this.#cells.select(address, width);
		if (this.#cells.count > this.#capacity) this.#grow();
		const others = ~(1 << thread);
		for (let i = 0; i < count; i++) {
			const cell = this.#cells.list[i];
			const conflicts = writes ? this.#readers[cell] | this.#writers[cell] : this.#writers[cell];
			if ((conflicts & others) !== 0) return true;
		}
		return false;
	}

	/** The operation is done now. */
	record(thread: number, site: number, writes: boolean, address: number, width: number): void {
		const count = this.#cells.select(address, width);
		if (this.#cells.count > this.#capacity) this.#grow();
		for (let i = 0; i < count; i++) this.recordCell(thread, site, writes, this.#cells.list[i]);
	}

	recordCell(thread: number, site: number, writes: boolean, cell: number): void {
		if (cell >= this.#capacity) this.#grow();
		const bit = 1 << thread;
		const readers = this.#readers[cell];
		const writers = this.#writers[cell];
		if (writes) {
			if ((writers & bit) === 0) {
				this.#writers[cell] = writers | bit;
				if (((readers | writers) & ~bit) !== 0) this.learnt = true;
			}
			if (((readers | writers) & ~bit) === 0) {
				this.step(thread, site);
				return;
			}
		} else {
			if ((readers & bit) === 0) {
				this.#readers[cell] = readers | bit;
				if ((writers & ~bit) !== 0) this.learnt = true;
			}
			if ((writers & ~bit) === 0) {
				this.step(thread, site);
				return;
			}
		}
		if (this.#run[cell] !== this.#currentRun) {
			this.#run[cell] = this.#currentRun;
			this.#writeLow[cell] = this.#writeHigh[cell] = 0;
			this.#readLow[cell] = this.#readHigh[cell] = 0;
		}
		if (writes) {
			this.#mix(
				thread,
				site + 1,
				this.#writeLow[cell] + this.#readLow[cell],
				this.#writeHigh[cell] ^ this.#readHigh[cell],
			);
			this.#writeLow[cell] = this.#threadLow[thread];
			this.#writeHigh[cell] = this.#threadHigh[thread];
			this.#readLow[cell] = this.#readHigh[cell] = 0;
		} else {
			this.#mix(thread, ~site, this.#writeLow[cell], this.#writeHigh[cell]);
			this.#readLow[cell] = (this.#readLow[cell] + Math.imul(this.#threadLow[thread], 0x9e3779b1)) | 0;
			this.#readHigh[cell] = (this.#readHigh[cell] + Math.imul(this.#threadHigh[thread], 0x85ebca77)) | 0;
		}
	}

	/** The thread did something that nobody else can notice: it stands elsewhere now. */
	step(thread: number, what: number): void {
		this.#mix(thread, what, 0, 0);
	}

	/** `to` was influenced by `from` outside of memory: woken, ended, timed out (from itself). */
	order(from: number, to: number, what: number): void {
		this.#mix(to, what, this.#threadLow[from], this.#threadHigh[from]);
	}

	#mix(thread: number, what: number, low: number, high: number): void {
		const oldLow = this.#threadLow[thread];
		const oldHigh = this.#threadHigh[thread];
		let a = Math.imul(oldLow ^ Math.imul(low, 0xcc9e2d51), 0x1b873593) + what;
		let b = Math.imul(oldHigh ^ Math.imul(high, 0x85ebca6b), 0xc2b2ae35) ^ Math.imul(what + thread, 0x27d4eb2f);
		a ^= a >>> 15;
		b ^= b >>> 13;
		const newLow = Math.imul(a + Math.imul(b, 0x165667b1), 0x9e3779b1) ^ (b >>> 16);
		const newHigh = Math.imul(b + Math.imul(a, 0x2c1b3c6d), 0x297a2d39) ^ (a >>> 14);
		this.#threadLow[thread] = newLow;
		this.#threadHigh[thread] = newHigh;
		this.low = (this.low - contribution(thread, oldLow, oldHigh) + contribution(thread, newLow, newHigh)) | 0;
		this.high = (this.high - contribution(~thread, oldHigh, oldLow) + contribution(~thread, newHigh, newLow)) | 0;
	}

	#grow(): void {
		this.#capacity = Math.max(1024, this.#cells.count * 2);
		this.#readers = grown(this.#readers, this.#capacity);
		this.#writers = grown(this.#writers, this.#capacity);
		this.#writeLow = grown(this.#writeLow, this.#capacity);
		this.#writeHigh = grown(this.#writeHigh, this.#capacity);
		this.#readLow = grown(this.#readLow, this.#capacity);
		this.#readHigh = grown(this.#readHigh, this.#capacity);
		this.#run = grown(this.#run, this.#capacity);
	}
}

function contribution(thread: number, a: number, b: number): number {
	let h = Math.imul(a ^ Math.imul(thread + 77, 0x9e3779b1), 0x85ebca6b) + b;
	h ^= h >>> 16;
	h = Math.imul(h, 0x21f0aaad);
	h ^= h >>> 15;
	return Math.imul(h, 0x735a2d97) ^ (h >>> 15);
}

/** Prefixes whose continuations were explored, with the preemptions they had used; it forgets when full, which costs time only. */
export class SeenStates {
	readonly #keys: Int32Array;
	/** What had been spent, and above it in which epoch: clearing is the next epoch. */
	readonly #spent: Int32Array;
	readonly #mask: number;
	#epoch = 1;

	constructor(bits = 20) {
		this.#keys = new Int32Array(2 << bits);
		this.#spent = new Int32Array(1 << bits);
		this.#mask = (1 << bits) - 1;
	}

	/** Was this prefix explored with no more preemptions spent? If not, it is now. */
	visit(low: number, high: number, spent: number): boolean {
		const at = (low ^ Math.imul(high, 0x85ebca6b) ^ (low >>> 15)) & this.#mask;
		const entry = (this.#epoch << 8) | spent;
		const same = this.#keys[2 * at] === low && this.#keys[2 * at + 1] === high;
		const old = this.#spent[at];
		if (same && old >>> 8 === this.#epoch && old <= entry) return true;
		this.#keys[2 * at] = low;
		this.#keys[2 * at + 1] = high;
		this.#spent[at] = entry;
		return false;
	}

	clear(): void {
		if (++this.#epoch < 1 << 22) return;
		this.#epoch = 1;
		this.#spent.fill(0);
	}
}
