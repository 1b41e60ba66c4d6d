// What one thread's atomic operations mean to everything that watches: races, dependence, spinning, waiters, the trace.
import { DROP, PERFORM, SPLIT } from "./helpers.ts";
import type { Machine } from "./machine.ts";
import { Spin } from "./spin.ts";
import { Digest } from "./states.ts";
import type { Thread } from "./thread.ts";

export class Operations {
	readonly spin: Spin;
	/** What the thread has learnt since its call began. */
	readonly digest = new Digest();
	/** A plain read-modify-write between its read and its write (a mutation). */
	halfway = false;
	readonly #machine: Machine;
	readonly #thread: Thread;

	constructor(machine: Machine, thread: Thread) {
		this.#machine = machine;
		this.#thread = thread;
		this.spin = new Spin(machine);
	}

	begin(): void {
		this.halfway = false;
		this.spin.advance();
		this.digest.clear();
	}

	read(site: number, address: number, width: number): void {
		const machine = this.#machine;
		machine.look(address, width);
		this.spin.read(site, address);
		this.digest.add(site, machine.low, machine.high);
		machine.races.meetings?.pass(this.#thread.index, site, address, machine.low, machine.low);
		machine.didRead(this.#thread, site, address, width);
		if (machine.trace !== undefined) {
			machine.note(this.#thread.index, site, address, width, `reads ${shown(machine.low, machine.high, width)}`);
		}
	}

	/** A store, or a read-modify-write that changes the memory to what the operands say. */
	write(site: number, address: number, width: number, low: number, high: number): void {
		const machine = this.#machine;
		const { kind } = machine.sites[site];
		if (this.changes(site, address, low, high)) this.spin.advance();
		else this.spin.read(site, address);
		if (kind === "store") this.digest.add(site, 0, 0);
		else this.digest.add(site, machine.low, machine.high);
		// Locks are only stored to and exchanged.
		machine.races.meetings?.pass(this.#thread.index, site, address, machine.low, low);
		machine.willWrite(this.#thread, site, kind !== "store", address, width);
		if (machine.trace !== undefined) {
			const text = `${kind} ${shown(low, high, width)} (was ${shown(machine.low, machine.high, width)})`;
			machine.note(this.#thread.index, site, address, width, text);
		}
	}

	/** Does the memory hold the value, cut to the width? */
	matches(address: number, width: number, low: number, high: number): boolean {
		const machine = this.#machine;
		machine.look(address, width);
		const mask = width === 1 ? 0xff : width === 2 ? 0xffff : -1;
		return machine.low === (low & mask) && (width < 8 || machine.high === high);
	}

	/** Would the memory be another one after this store or read-modify-write? Leaves the value it has in `machine.low` and `.high`. */
	changes(site: number, address: number, low: number, high: number): boolean {
		const machine = this.#machine;
		const { kind, width } = machine.sites[site];
		machine.look(address, width);
		const { low: oldLow, high: oldHigh } = machine;
		const mask = width === 1 ? 0xff : width === 2 ? 0xffff : -1;
		if (kind === "or") return (oldLow | (low & mask)) !== oldLow || (oldHigh | high) !== oldHigh;
		if (kind === "and") return (oldLow & low) !== oldLow || (oldHigh & high) !== oldHigh;
		if (kind === "add" || kind === "sub" || kind === "xor") return (low & mask) !== 0 || high !== 0;
		return oldLow !== (low & mask) || (width === 8 && oldHigh !== high);
	}

	/** Waits in line if the word has the expected value. False: it has not. */
	wait(site: number, address: number, expected: number, timed: boolean): boolean {
		const machine = this.#machine;
		machine.look(address, 4);
		const value = machine.low;
		const blocks = value === expected;
		this.digest.add(site, value, 0);
		machine.races.atomic(this.#thread.index, site, true, false, address, 4);
		machine.didMeet(this.#thread, site, address);
		if (machine.trace !== undefined) {
			const found = blocks ? "blocks" : `does not block: the value is ${value >>> 0}`;
			machine.note(this.#thread.index, site, address, 4, `waits while ${expected >>> 0}, ${found}`);
		}
		if (blocks) {
			machine.waits.add(this.#thread.index, address);
			this.#thread.block(address, timed);
		}
		return blocks;
	}

	notify(site: number, address: number, count: number): number {
		const machine = this.#machine;
		machine.didMeet(this.#thread, site, address);
		const woken = machine.wake(this.#thread, address, count);
		this.digest.add(site, woken, 0);
		if (machine.trace !== undefined) {
			const all = count >= 0xffffffff ? "all" : String(count);
			machine.note(this.#thread.index, site, address, 4, `notifies ${all}, wakes ${woken}`);
		}
		return woken;
	}

	/**
	 * What the mutant does instead. A store is dropped, or done plain (the machine tells the race detector so); a
	 * read-modify-write only reads, or reads and, a point later, writes.
	 */
	mutated(site: number, address: number, width: number): number {
		const machine = this.#machine;
		const isStore = machine.sites[site].kind === "store";
		if (machine.mutation === "plain") {
			if (isStore) return PERFORM;
			this.halfway = true;
		}
		if (!isStore) this.read(site, address, width);
		return machine.mutation === "plain" ? SPLIT : DROP;
	}
}

function shown(low: number, high: number, width: number): string {
	return width === 8
		? `0x${(high >>> 0).toString(16)}_${(low >>> 0).toString(16).padStart(8, "0")}`
		: String(low >>> 0);
}
