// Runs one schedule: threads one at a time, a decision before each operation that others could notice.
//
// A thread runs until it arrives at such an operation. The strategy then says who goes on. If it is the same thread, the
// operation is simply done and nothing is suspended; else the thread is unwound and another one continues, whose own
// pending operation is done without a second decision. The code between two operations counts as one step, which is
// sound as long as no schedule shows a data race (races.ts).
import { Cells, MARK_CELL } from "./cells.ts";
import { Dependence } from "./dependence.ts";
import { DROP, PERFORM, SPLIT } from "./helpers.ts";
import { type HostOperation, withHostSites } from "./host.ts";
import type { Instrumented, Site } from "./instrument.ts";
import type { Failure, Limits, LogEntry, MutationKind, Stop, Strategy, TraceEvent, ViolationKind } from "./model.ts";
import { type Access, RaceDetector } from "./races.ts";
import { Recording } from "./schedule.ts";
import { Digest } from "./states.ts";
import { TIMED_OUT } from "./steps.ts";
import type { Thread } from "./thread.ts";
import { Turns } from "./turns.ts";
import { WaitList } from "./waiting.ts";
import type { World } from "./world.ts";

/** Calls in setup and check run alone: a wait there, or this many operations, means that they would never end. */
const DIRECT_LIMIT = 20_000_000;
/** Plain accesses in one schedule, or in setup or check. */
const PLAIN_LIMIT = 100_000_000;

export class Machine {
	readonly world: World;
	readonly core: Instrumented;
	readonly sites: readonly Site[];
	readonly limits: Limits;
	readonly cells: Cells;
	readonly races: RaceDetector;
	readonly dependence: Dependence;
	readonly turns = new Turns();
	readonly waits = new WaitList();
	readonly recording = new Recording();
	/** Which sites were reached: 1 in setup and check, 2 in a schedule. */
	readonly coverage: Uint8Array;
	threads: readonly Thread[] = [];
	strategy!: Strategy;
	/** Setup and check: calls run alone, without decisions. */
	direct = true;
	stop: Stop = "";
	failure: Failure | undefined;
	trace: ((event: TraceEvent) => void) | undefined;
	mutantSite = -1;
	mutation: MutationKind = "drop";
	/** Operations done in this run. */
	events = 0;
	/** The value read last by `look`. */
	low = 0;
	high = 0;
	/** States are compared by their content (states.ts), so reads have to be followed. */
	merging = false;
	/** The marks of this run, in order. */
	readonly marks = new Digest();
	/** What the threads logged in this run. */
	log: LogEntry[] = [];
	/** Called after each call of the core that returned in a schedule. */
	onReturn: (() => void) | undefined;
	/** Threads that some run stopped. */
	#stoppable = 0;
	#directEvents = 0;
	#plainEvents = 0;
	#next = -1;
	readonly #widths: Uint8Array;
	readonly #hostSites = new Map<HostOperation, number>();
	readonly #halves: Uint16Array;

	constructor(core: Instrumented, world: World, threads: number, limits: Limits) {
		this.core = core;
		this.world = world;
		this.limits = limits;
		const sites = withHostSites(core.sites);
		for (const { id, instruction } of sites.slice(core.sites.length)) {
			this.#hostSites.set(instruction as HostOperation, id);
		}
		this.sites = sites;
		this.coverage = new Uint8Array(sites.length);
		this.#widths = Uint8Array.from(sites, (site) => site.width);
		this.#halves = new Uint16Array(world.memory.buffer);
		this.cells = new Cells(world.size);
		this.races = new RaceDetector(this.cells, threads, world.size);
		this.dependence = new Dependence(this.cells, threads);
	}

	hostSite(operation: HostOperation): number {
		return this.#hostSites.get(operation) as number;
	}

	/** Back to the start of a schedule, then through it. */
	run(strategy: Strategy): void {
		this.strategy = strategy;
		this.world.restore();
		this.stop = "";
		this.failure = undefined;
		this.events = 0;
		this.turns.begin(this.limits.timeouts);
		this.#next = -1;
		this.alone();
		if (this.log.length > 0) this.log = [];
		this.marks.clear();
		this.waits.clear();
		this.recording.clear();
		this.races.begin();
		this.dependence.begin();
		this.cells.learnt = false;
		for (const thread of this.threads) thread.begin();
		strategy.begin(this);
		this.direct = false;
		for (;;) {
			const index = this.#pick();
			if (index < 0 || this.stop !== "") break;
			const thread = this.threads[index];
			const timesOut = (this.turns.ready & (1 << index)) === 0;
			this.recording.open(index, timesOut);
			if (timesOut) this.#timeOut(thread);
			this.turns.take(index);
			// Whether a wait may end by its timeout depends on what others can do: that is a step of its own.
			thread.granted = !timesOut;
			thread.proceed();
		}
		this.direct = true;
	}

	#pick(): number {
		if (this.#next >= 0) {
			const next = this.#next;
			this.#next = -1;
			return next;
		}
		if (this.stop !== "") return -1;
		let candidates = this.turns.candidates(this.threads);
		if ((candidates & ~this.turns.fresh) === 0) candidates |= this.turns.timed;
		if (candidates !== 0 && (candidates & ~this.turns.fresh) === 0) {
			// Only optional threads are left: each may run now or never.
			for (let rest = candidates; rest !== 0; rest &= rest - 1) {
				const index = 31 - Math.clz32(rest & -rest);
				if (this.strategy.flip(index, false)) return index;
				if (this.stop !== "") return -1;
			}
			candidates = 0;
		}
		if (candidates !== 0) return this.strategy.choose(-1, candidates, true);
		const blocked = this.threads.filter((thread) => thread.blocked && !thread.daemon);
		if (blocked.length > 0) {
			this.fail("deadlock", `blocked for ever: ${blocked.map((thread) => thread.describe()).join("; ")}`);
		}
		return -1;
	}

	/**
	 * The thread stands before the operation. True: it is to do it now. False: it has to suspend; somebody else goes on, or the run is over.
	 * `rounds`: for how many it has spun here.
	 */
	arrive(thread: Thread, visible: boolean, rounds: number): boolean {
		if (this.stop !== "") return false;
		if (this.events >= this.limits.steps) {
			this.stop = "cut";
			return false;
		}
		const bit = 1 << thread.index;
		let candidates: number;
		let chosen: number;
		if (rounds >= this.limits.spin) {
			this.turns.spinning |= bit;
			candidates = this.turns.candidates(this.threads);
			if ((candidates & ~bit) === 0) {
				this.turns.spinning &= ~bit;
				if (rounds > 4 * this.limits.spin) {
					this.fail("livelock", `${thread.describe()} spins for ever, and nobody is left to change what it reads`);
					return false;
				}
			}
			if (this.strategy.everyPoint) {
				this.turns.spinning &= ~bit;
				candidates |= bit;
				chosen = this.strategy.choose(thread.index, candidates, true);
			} else {
				if (candidates === bit) return true;
				chosen = this.strategy.choose(-1, candidates & ~bit, true);
			}
		} else if (this.strategy.everyPoint) {
			chosen = this.strategy.choose(thread.index, this.turns.candidates(this.threads), rounds > 0);
		} else {
			// Further rounds lead nowhere new: only the first one is a place to switch.
			if (rounds > 1) return true;
			// One that may be stopped may be stopped before any operation, and behind what it did since the last one.
			if ((this.#stoppable & bit) === 0) {
				if (!visible) return true;
				if (thread.granted) {
					thread.granted = false;
					return true;
				}
			}
			if (this.turns.ready === bit && this.turns.timeoutsLeft === 0) return true;
			chosen = this.strategy.choose(thread.index, this.turns.candidates(this.threads), rounds > 0);
		}
		if (this.stop !== "") return false;
		if (chosen === thread.index) return true;
		this.#next = chosen;
		return false;
	}

	/** Like `arrive`, but somebody else has to go on, if anybody can. */
	giveWay(thread: Thread): boolean {
		if (this.strategy.everyPoint || this.events >= this.limits.steps) return this.arrive(thread, true, 0);
		const others = this.turns.candidates(this.threads) & ~(1 << thread.index);
		if (this.stop !== "") return false;
		if (others === 0) return true;
		const chosen = this.strategy.choose(-1, others, true);
		if (this.stop === "") this.#next = chosen;
		return false;
	}

	/** Reads the operand: how the memory is now. */
	look(address: number, width: number): void {
		const { words, bytes } = this.world;
		this.high = 0;
		if (width === 4) this.low = words[address >>> 2];
		else if (width === 8) {
			this.low = words[address >>> 2];
			this.high = words[(address >>> 2) + 1];
		} else if (width === 2) this.low = this.#halves[address >>> 1];
		else this.low = bytes[address];
	}

	didRead(thread: Thread, site: number, address: number, width: number): void {
		this.#count(site);
		if (site === this.mutantSite && this.mutation === "plain")
			this.races.plain(thread.index, site, false, address, width);
		else this.races.atomic(thread.index, site, true, false, address, width);
		this.dependence.record(thread.index, site, false, address, width);
		if (this.races.race !== undefined) this.#failRace();
	}

	willWrite(thread: Thread, site: number, reads: boolean, address: number, width: number): void {
		this.#count(site);
		this.world.touch(address, width);
		if (site === this.mutantSite && this.mutation === "plain")
			this.races.plain(thread.index, site, true, address, width);
		else this.races.atomic(thread.index, site, reads, true, address, width);
		this.dependence.record(thread.index, site, true, address, width);
		if (this.races.race !== undefined) this.#failRace();
	}

	/** Plain accesses are no points: they are only watched for races, and for the lines to restore. */
	plain(thread: number, site: number, writes: boolean, address: number, width: number): void {
		if (width === 0) return;
		if (address + width > this.world.size) throw new RangeError(this.outside(site, address));
		if (writes) this.world.touch(address, width);
		this.coverage[site] |= this.direct ? 1 : 2;
		if (++this.#plainEvents > PLAIN_LIMIT) throw new Error("a loop of plain reads does not end");
		if (this.direct) return;
		this.races.plain(thread, site, writes, address, width);
		if (this.races.race !== undefined) this.#failRace();
		if (this.trace !== undefined) this.note(thread, site, address, width, writes ? "writes" : "reads", false);
	}

	/** An operation on the waiters of an address, or on the marks: a write, as far as others are concerned. */
	didMeet(thread: Thread, site: number, address: number): void {
		this.#count(site);
		if (address < 0) {
			this.dependence.recordCell(thread.index, site, true, MARK_CELL);
			this.marks.add(thread.index, site, this.marks.low);
		} else this.dependence.record(thread.index, site, true, address, 4);
	}

	/** The thread waits until `other` has ended, which it makes it do. */
	stopThread(thread: Thread, other: Thread): void {
		this.passed(thread);
		const bit = 1 << other.index;
		if ((this.#stoppable & bit) === 0) {
			this.#stoppable |= bit;
			this.dependence.learnt = true;
		}
		if (other.over) this.races.order(other.index, thread.index);
		else other.die(thread.index);
	}

	/** One more round of a loop that only reads: nothing that anybody could notice, and no place to switch (see `arrive`). */
	spins(thread: Thread, site: number, address: number, width: number): number {
		this.events++;
		this.recording.count++;
		if (this.trace !== undefined) this.note(thread.index, site, address, width, "reads the same again");
		return PERFORM;
	}

	/** The thread has taken a step that touches no memory. */
	passed(thread: Thread): void {
		this.recording.count++;
		this.events++;
		this.dependence.step(thread.index, 9);
	}

	/** Wakes up to `count` waiters, oldest first. */
	wake(thread: Thread, address: number, count: number): number {
		let woken = 0;
		while (woken < count) {
			const waiter = this.waits.take(address);
			if (waiter === undefined) break;
			woken++;
			const other = this.threads[waiter.thread];
			// Who has only a ticket learns of it later, by asking.
			if (waiter.ticket >= 0) this.races.release(thread.index, waiter.ticket);
			else this.races.order(thread.index, other.index);
			this.dependence.order(thread.index, other.index, 3);
			other.notified(waiter.ticket);
		}
		return woken;
	}

	#timeOut(thread: Thread): void {
		if (this.turns.ready !== 0) this.turns.timeoutsLeft--;
		this.dependence.step(thread.index, 5);
		if (this.trace !== undefined) this.note(thread.index, -1, thread.waitsAt, 4, "times out", true);
		this.waits.leave(thread.index);
		thread.unblock(TIMED_OUT);
	}

	/** A direct call's operation; also where mutations of setup happen. */
	directly(site: number, writes: boolean, address: number): number {
		this.coverage[site] |= 1;
		if (++this.#directEvents > DIRECT_LIMIT) throw new Error("a call in setup or check does not end");
		const width = this.#widths[site];
		if (address + width <= this.world.size && writes) this.world.touch(address, width);
		return site === this.mutantSite ? this.mutatedAnswer() : PERFORM;
	}

	mutatedAnswer(): number {
		return this.mutation === "drop" ? DROP : this.mutation === "plain" ? SPLIT : PERFORM;
	}

	/** Is this where a new conflict was learnt that earlier runs did not know of? */
	get learnt(): boolean {
		return this.cells.learnt || this.dependence.learnt;
	}

	/** Setup or check begins: what it may do is counted anew. */
	alone(): void {
		this.#directEvents = this.#plainEvents = 0;
		this.direct = true;
	}

	returned(): void {
		if (this.onReturn === undefined) return;
		this.direct = true;
		this.onReturn();
		this.direct = false;
	}

	logged(thread: Thread, entry: readonly unknown[]): void {
		this.log.push({ thread: thread.index, entry });
		if (this.trace !== undefined) this.note(thread.index, -1, -1, 0, `logs ${entry.map(String).join(" ")}`);
	}

	fail(kind: ViolationKind, message: string): void {
		this.failure ??= { kind, message };
		this.stop = "failed";
	}

	note(thread: number, site: number, address: number, width: number, text: string, atomic = true): void {
		this.trace?.({ thread, site, address, width, text, atomic });
	}

	outside(site: number, address: number): string {
		const at = `0x${(address >>> 0).toString(16)}`;
		return `${this.sites[site].name} touches ${at}, outside of the program's ${this.world.pages} pages`;
	}

	#count(site: number): void {
		this.events++;
		this.recording.count++;
		this.coverage[site] |= 2;
	}

	#failRace(): void {
		const race = this.races.race;
		if (race === undefined) return;
		const side = ({ thread, site, writes, atomic }: Access) =>
			`${this.threads[thread].name} ${atomic ? "atomically " : ""}${writes ? "writes" : "reads"} (${this.sites[site].name})`;
		const at = `0x${race.address.toString(16)}`;
		this.fail("race", `data race at ${at}: ${side(race.earlier)}, ${side(race.later)}, and nothing orders them`);
	}
}
