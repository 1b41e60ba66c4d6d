// Data races by vector clocks, in every schedule that is run.
//
// Two accesses to the same byte race if at least one writes, at least one is plain (or both are atomic with different
// ranges), and neither happens before the other. Happens-before is program order, an atomic read that reads from an
// atomic write, notify before what it wakes, and a thread's end before what runs because of it.
//
// Only because this finds nothing may the explorer treat the code between two atomic operations as one step: without
// races nobody can tell in which order the plain accesses of two threads were done, but through the atomics.
import { type Cells, grown } from "./cells.ts";
import type { Meetings } from "./meetings.ts";

const LINE_SHIFT = 6;
const LINE = 1 << LINE_SHIFT;
/** An access of so many bytes is kept by lines. */
const BULK = 256;

/** One side of a race. */
export interface Access {
	readonly thread: number;
	readonly site: number;
	readonly writes: boolean;
	readonly atomic: boolean;
}

export interface Race {
	readonly address: number;
	readonly earlier: Access;
	readonly later: Access;
}

export class RaceDetector {
	/** The first race of this run. */
	race: Race | undefined;
	/** If set, notes which atomic operations meet. */
	meetings: Meetings | undefined;
	readonly #cells: Cells;
	/** Threads, rounded up to a power of two. */
	readonly #stride: number;
	readonly #shift: number;
	readonly #tokens = new Map<number, Float64Array>();
	/** What each thread knows of each: row t is thread t's clock. */
	readonly #clocks: Float64Array;
	// Clocks only grow, also from run to run. What an earlier run left behind is older than every thread's start in
	// this one, so nothing has to be cleared.
	#latest = 1;
	#start = 1;
	#capacity = 0;
	// Of each cell: the last plain write, and each thread's last plain read, atomic read and atomic write.
	#writeClock = new Float64Array(0);
	#writeThread = new Int32Array(0);
	#writeSite = new Int32Array(0);
	#readClock = new Float64Array(0);
	#readSite = new Int32Array(0);
	#atomicRead = new Float64Array(0);
	#atomicWrite = new Float64Array(0);
	#atomicSite = new Int32Array(0);
	/** When the cell was accessed atomically at all, and with which range. */
	#atomicSince = new Float64Array(0);
	#range = new Int32Array(0);
	/** What an atomic read of the cell learns: the clock of the write that it reads from. */
	#released = new Float64Array(0);
	// Fills and copies of many bytes are kept by lines of 64 bytes, until something else is done to the line; so are one
	// thread's reads by one instruction, as in a loop over a table, with a bit for each word of the line.
	#run = 0;
	readonly #lineTouched: Int32Array;
	readonly #bulkRun: Int32Array;
	readonly #bulkClock: Float64Array;
	readonly #bulkThread: Int32Array;
	readonly #bulkSite: Int32Array;
	readonly #bulkWrites: Uint8Array;
	readonly #scanRun: Int32Array;
	readonly #scanClock: Float64Array;
	readonly #scanThread: Int32Array;
	readonly #scanSite: Int32Array;
	readonly #scanWords: Int32Array;

	constructor(cells: Cells, threads: number, byteLength: number) {
		this.#cells = cells;
		const lines = byteLength >>> LINE_SHIFT;
		this.#lineTouched = new Int32Array(lines);
		this.#bulkRun = new Int32Array(lines);
		this.#bulkClock = new Float64Array(lines);
		this.#bulkThread = new Int32Array(lines);
		this.#bulkSite = new Int32Array(lines);
		this.#bulkWrites = new Uint8Array(lines);
		this.#scanRun = new Int32Array(lines);
		this.#scanClock = new Float64Array(lines);
		this.#scanThread = new Int32Array(lines);
		this.#scanSite = new Int32Array(lines);
		this.#scanWords = new Int32Array(lines);
		this.#shift = Math.ceil(Math.log2(Math.max(threads, 2)));
		this.#stride = 1 << this.#shift;
		this.#clocks = new Float64Array(this.#stride * this.#stride);
	}

	begin(): void {
		this.race = undefined;
		this.#tokens.clear();
		this.meetings?.begin();
		this.#run++;
		this.#start = this.#latest + 1;
		this.#latest = this.#start + 1;
		this.#clocks.fill(this.#start);
		for (let thread = 0; thread < this.#stride; thread++) this.#clocks[thread * this.#stride + thread]++;
	}

	plain(thread: number, site: number, writes: boolean, address: number, width: number): void {
		if (!writes && width === 4 && (address & 3) === 0 && this.#scan(thread, site, address)) return;
		if (width >= BULK) this.#bulk(thread, site, writes, address, width);
		else {
			this.#touchLines(address, width);
			this.#plainCells(thread, site, writes, address, width);
		}
	}

	/** A word of a line of which nothing is known by cells. False: it has to be. */
	#scan(thread: number, site: number, address: number): boolean {
		const line = address >>> LINE_SHIFT;
		if (this.#lineTouched[line] === this.#run) return false;
		const row = thread << this.#shift;
		const now = this.#clocks[row + thread];
		if (this.#scanRun[line] !== this.#run) {
			this.#scanRun[line] = this.#run;
			this.#scanClock[line] = now;
			this.#scanThread[line] = thread;
			this.#scanSite[line] = site;
			this.#scanWords[line] = 0;
		} else if (this.#scanClock[line] !== now || this.#scanThread[line] !== thread || this.#scanSite[line] !== site) {
			return false;
		}
		// A bulk write that this thread does not know of is told by the cells.
		if (this.#bulkRun[line] === this.#run && this.#bulkClock[line] > this.#clocks[row + this.#bulkThread[line]])
			return false;
		this.#scanWords[line] |= 1 << ((address >>> 2) & 15);
		return true;
	}

	#bulk(thread: number, site: number, writes: boolean, address: number, width: number): void {
		const now = this.#clocks[(thread << this.#shift) + thread];
		const end = address + width;
		for (let at = address; at < end; ) {
			const line = at >>> LINE_SHIFT;
			const next = Math.min(end, (line + 1) << LINE_SHIFT);
			const known = this.#bulkRun[line] === this.#run || this.#scanRun[line] === this.#run;
			if (!known && this.#lineTouched[line] !== this.#run && next - at === LINE) {
				this.#bulkRun[line] = this.#run;
				this.#bulkClock[line] = now;
				this.#bulkThread[line] = thread;
				this.#bulkSite[line] = site;
				this.#bulkWrites[line] = writes ? 1 : 0;
			} else {
				this.#touchLines(at, next - at);
				this.#plainCells(thread, site, writes, at, next - at);
			}
			at = next;
		}
	}

	/** Something is done to parts of these lines: what was kept for them as a whole now goes to their cells. */
	#touchLines(address: number, width: number): void {
		const last = (address + width - 1) >>> LINE_SHIFT;
		for (let line = address >>> LINE_SHIFT; line <= last; line++) {
			if (this.#bulkRun[line] === this.#run) this.#spread(line);
			if (this.#scanRun[line] === this.#run) this.#spreadScan(line);
			this.#lineTouched[line] = this.#run;
		}
	}

	#spread(line: number): void {
		this.#bulkRun[line] = 0;
		const count = this.#cells.select(line << LINE_SHIFT, LINE);
		if (this.#cells.count > this.#capacity) this.#grow();
		const thread = this.#bulkThread[line];
		for (let i = 0; i < count; i++) {
			const cell = this.#cells.list[i];
			if (this.#bulkWrites[line] === 1) {
				this.#writeClock[cell] = this.#bulkClock[line];
				this.#writeThread[cell] = thread;
				this.#writeSite[cell] = this.#bulkSite[line];
			} else {
				this.#readClock[(cell << this.#shift) + thread] = this.#bulkClock[line];
				this.#readSite[(cell << this.#shift) + thread] = this.#bulkSite[line];
			}
		}
	}

	#spreadScan(line: number): void {
		this.#scanRun[line] = 0;
		const thread = this.#scanThread[line];
		for (let words = this.#scanWords[line], at = line << LINE_SHIFT; words !== 0; words >>>= 1, at += 4) {
			if ((words & 1) === 0) continue;
			const count = this.#cells.select(at, 4);
			if (this.#cells.count > this.#capacity) this.#grow();
			for (let i = 0; i < count; i++) {
				const entry = (this.#cells.list[i] << this.#shift) + thread;
				this.#readClock[entry] = this.#scanClock[line];
				this.#readSite[entry] = this.#scanSite[line];
			}
		}
	}

	#plainCells(thread: number, site: number, writes: boolean, address: number, width: number): void {
		const count = this.#cells.select(address, width);
		if (this.#cells.count > this.#capacity) this.#grow();
		const stride = this.#stride;
		const row = thread << this.#shift;
		const now = this.#clocks[row + thread];
		for (let i = 0; i < count; i++) {
			const cell = this.#cells.list[i];
			if (this.#writeClock[cell] > this.#clocks[row + this.#writeThread[cell]]) {
				this.#report(address, this.#lastWrite(cell), thread, site, writes, false);
			}
			const base = cell << this.#shift;
			if (this.#atomicSince[cell] > this.#start) {
				for (let other = 0; other < stride; other++) {
					const known = this.#clocks[row + other];
					const wrote = this.#atomicWrite[base + other] > known;
					if (wrote || (writes && this.#atomicRead[base + other] > known)) {
						this.#report(address, this.#lastAtomic(cell, other, wrote), thread, site, writes, false);
					}
				}
			}
			if (writes) {
				this.#checkReads(cell, address, thread, site, false);
				this.#writeClock[cell] = now;
				this.#writeThread[cell] = thread;
				this.#writeSite[cell] = site;
			} else {
				this.#readClock[base + thread] = now;
				this.#readSite[base + thread] = site;
			}
		}
	}

	atomic(thread: number, site: number, reads: boolean, writes: boolean, address: number, width: number): void {
		this.#touchLines(address, width);
		const count = this.#cells.select(address, width);
		if (this.#cells.count > this.#capacity) this.#grow();
		const stride = this.#stride;
		const row = thread << this.#shift;
		const now = this.#clocks[row + thread];
		const range = (address << 4) | width;
		for (let i = 0; i < count; i++) {
			const cell = this.#cells.list[i];
			const base = cell << this.#shift;
			if (this.meetings !== undefined) this.#meet(this.meetings, cell, thread, site, writes);
			if (this.#atomicSince[cell] <= this.#start) {
				this.#range[cell] = range;
			} else {
				// Ranges that differ do not synchronise, and are a race if nothing else orders them.
				if (this.#range[cell] !== range) this.#checkRange(cell, address, thread, site, writes);
				this.#range[cell] = range;
				if (reads) {
					for (let other = 0; other < stride; other++) {
						const released = this.#released[base + other];
						if (released > this.#clocks[row + other]) this.#clocks[row + other] = released;
					}
				}
			}
			if (this.#writeClock[cell] > this.#clocks[row + this.#writeThread[cell]]) {
				this.#report(address, this.#lastWrite(cell), thread, site, writes, true);
			}
			this.#atomicSince[cell] = now;
			this.#atomicSite[base + thread] = site;
			if (reads) this.#atomicRead[base + thread] = now;
			if (writes) {
				this.#checkReads(cell, address, thread, site, true);
				this.#atomicWrite[base + thread] = now;
				for (let other = 0; other < stride; other++) this.#released[base + other] = this.#clocks[row + other];
			}
		}
		if (writes) this.#tick(thread);
	}

	#meet(meetings: Meetings, cell: number, thread: number, site: number, writes: boolean): void {
		const row = thread << this.#shift;
		for (let other = 0; other < this.#stride; other++) {
			if (other !== thread) meetings.meet((cell << this.#shift) + other, this.#clocks[row + other], site, writes);
		}
		meetings.add((cell << this.#shift) + thread, this.#clocks[row + thread], site, writes);
	}

	/** What `from` did so far happens before what `to` does next. */
	order(from: number, to: number): void {
		for (let other = 0; other < this.#stride; other++) {
			const known = this.#clocks[(from << this.#shift) + other];
			const at = (to << this.#shift) + other;
			if (known > this.#clocks[at]) this.#clocks[at] = known;
		}
		this.#tick(from);
	}

	/** What `from` did so far happens before what anyone does who acquires the token. */
	release(from: number, token: number): void {
		const row = from << this.#shift;
		this.#tokens.set(token, this.#clocks.slice(row, row + this.#stride));
		this.#tick(from);
	}

	acquire(to: number, token: number): void {
		const released = this.#tokens.get(token);
		if (released === undefined) return;
		const row = to << this.#shift;
		for (const [other, known] of released.entries())
			this.#clocks[row + other] = Math.max(this.#clocks[row + other], known);
	}

	#tick(thread: number): void {
		const clock = ++this.#clocks[(thread << this.#shift) + thread];
		if (clock > this.#latest) this.#latest = clock;
	}

	/** A write against the plain reads. */
	#checkReads(cell: number, address: number, thread: number, site: number, atomic: boolean): void {
		const base = cell << this.#shift;
		const row = thread << this.#shift;
		for (let other = 0; other < this.#stride; other++) {
			if (this.#readClock[base + other] > this.#clocks[row + other]) {
				const earlier = { thread: other, site: this.#readSite[base + other], writes: false, atomic: false };
				this.#report(address, earlier, thread, site, true, atomic);
			}
		}
	}

	/** An atomic access against those of other ranges. */
	#checkRange(cell: number, address: number, thread: number, site: number, writes: boolean): void {
		const base = cell << this.#shift;
		const row = thread << this.#shift;
		for (let other = 0; other < this.#stride; other++) {
			const known = this.#clocks[row + other];
			const wrote = this.#atomicWrite[base + other] > known;
			if (wrote || (writes && this.#atomicRead[base + other] > known)) {
				this.#report(address, this.#lastAtomic(cell, other, wrote), thread, site, writes, true);
			}
		}
	}

	#lastWrite(cell: number): Access {
		return { thread: this.#writeThread[cell], site: this.#writeSite[cell], writes: true, atomic: false };
	}

	#lastAtomic(cell: number, thread: number, writes: boolean): Access {
		return { thread, site: this.#atomicSite[(cell << this.#shift) + thread], writes, atomic: true };
	}

	#report(address: number, earlier: Access, thread: number, site: number, writes: boolean, atomic: boolean): void {
		this.race ??= { address, earlier, later: { thread, site, writes, atomic } };
	}

	#grow(): void {
		const capacity = Math.max(1024, this.#cells.count * 2);
		const each = capacity << this.#shift;
		this.#capacity = capacity;
		this.#writeClock = grown(this.#writeClock, capacity);
		this.#writeThread = grown(this.#writeThread, capacity);
		this.#writeSite = grown(this.#writeSite, capacity);
		this.#atomicSince = grown(this.#atomicSince, capacity);
		this.#range = grown(this.#range, capacity);
		this.#readClock = grown(this.#readClock, each);
		this.#readSite = grown(this.#readSite, each);
		this.#atomicRead = grown(this.#atomicRead, each);
		this.#atomicWrite = grown(this.#atomicWrite, each);
		this.#atomicSite = grown(this.#atomicSite, each);
		this.#released = grown(this.#released, each);
	}
}
