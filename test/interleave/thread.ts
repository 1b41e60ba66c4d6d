// One thread of a program: an instance of the core, a generator of steps, and an Asyncify stack of its own.
//
// A suspended call keeps its frames in that stack; going on means calling the export again, which winds back to where
// it stood.
import type { HostOperation } from "./host.ts";
import type { Machine } from "./machine.ts";
import { Operations } from "./operations.ts";
import { pointsOf } from "./points.ts";
import { addNumber, Digest } from "./states.ts";
import { NOT_EQUAL, type Step, type Steps, WOKEN } from "./steps.ts";
import { CoreInstance } from "./world.ts";

// Where the generator stands.
const AT_START = 0;
const IN_CALL = 1;
const AT_STEP = 2;
const BLOCKED_IN_STEP = 3;
const OVER = 4;

export interface ThreadTraits {
	readonly name: string;
	readonly body: () => Steps;
	/** Index of the thread that recovers this one if it dies at a boundary; −1: it does not die. */
	readonly recovery: number;
	/** Runs only because a thread died. */
	readonly recovers: boolean;
	readonly optional: boolean;
	readonly daemon: boolean;
}

export class Thread {
	readonly index: number;
	readonly name: string;
	readonly daemon: boolean;
	readonly instance: CoreInstance;
	/** Chosen by the strategy: its next operation needs no further decision. */
	granted = false;
	blocked = false;
	dead = false;
	/** The address it is blocked on, −1 for tickets. */
	waitsAt = -1;
	readonly #machine: Machine;
	readonly #traits: ThreadTraits;
	readonly #stack: number;
	#generator: Steps | undefined;
	#phase = AT_START;
	#step: Step | undefined;
	#result = 0;
	#rewinding = false;
	#unwinding = false;
	/** The answer to the wait it was blocked in, −1 if it has not been blocked. */
	#answer = -1;
	#tickets: readonly number[] = [];
	/** What the steps so far sent back: with the call in progress, all that the thread knows. */
	readonly #history = new Digest();
	readonly #operations: Operations;

	constructor(machine: Machine, index: number, traits: ThreadTraits) {
		this.#machine = machine;
		this.index = index;
		this.name = traits.name;
		this.daemon = traits.daemon;
		this.#traits = traits;
		this.#stack = machine.world.stack(index);
		this.#operations = new Operations(machine, this);
		this.instance = new CoreInstance(machine.core, machine.world, pointsOf(machine, this, this.#operations));
	}

	begin(): void {
		this.instance.restore();
		this.#generator = undefined;
		this.#phase = AT_START;
		this.granted = this.blocked = this.dead = false;
		this.#rewinding = this.#unwinding = false;
		this.#answer = -1;
		this.#operations.begin();
		this.#history.clear();
		if (this.#traits.recovers) return;
		this.#machine.turns.ready |= 1 << this.index;
		if (this.#traits.optional) this.#machine.turns.fresh |= 1 << this.index;
	}

	/** Runs until the thread suspends, blocks, ends or dies. */
	proceed(): void {
		try {
			this.#proceed();
		} catch (error) {
			const message = error instanceof Error ? error.message : String(error);
			const trap = error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
			const inside = this.#phase === IN_CALL ? `in ${this.#step?.op === "call" ? this.#step.name : ""}: ` : "";
			this.#machine.fail(trap ? "trap" : "error", `${this.name}: ${inside}${message}`);
		}
	}

	#proceed(): void {
		const machine = this.#machine;
		let value = 0;
		if (this.#phase === AT_START) {
			this.#generator = this.#traits.body();
		} else if (this.#phase === IN_CALL) {
			if (this.#answer < 0) this.granted = false;
			this.#rewinding = true;
			this.instance.asyncify.asyncify_start_rewind(this.#stack);
			if (!this.#enter()) return;
			value = this.#result;
		} else if (this.#phase === AT_STEP) {
			this.granted = false;
			if (!this.#perform(this.#step as Step)) return;
			value = this.#result;
		} else {
			value = this.#answer;
			this.#answer = -1;
		}
		const generator = this.#generator as Steps;
		for (;;) {
			this.#operations.begin();
			addNumber(this.#history, value);
			const { done, value: step } = generator.next(value);
			if (machine.stop !== "") return;
			if (this.#traits.recovery >= 0) {
				if (machine.strategy.flip(this.index, true)) {
					this.die(this.index);
					return;
				}
				if (machine.stop !== "") return;
				machine.passed(this);
			}
			if (done) break;
			this.#step = step;
			if (step.op === "call") {
				if (machine.trace !== undefined)
					machine.note(this.index, -1, -1, 0, `calls ${step.name}(${step.args.join(", ")})`);
				this.#phase = IN_CALL;
				if (!this.#enter()) return;
			} else {
				this.#phase = AT_STEP;
				if (!this.#arriveStep(step)) return;
				if (!this.#perform(step)) return;
			}
			value = this.#result;
		}
		this.#leave();
		machine.recording.close(false);
	}

	/** Calls the export, anew or to wind back. False: it was suspended, or the run is over. */
	#enter(): boolean {
		const machine = this.#machine;
		const { name, args } = this.#step as Extract<Step, { op: "call" }>;
		const call = this.instance.calls[name];
		if (call === undefined) throw new Error(`the core exports no "${name}"`);
		const result = call(...args);
		if (this.#unwinding) {
			this.#unwinding = false;
			this.instance.asyncify.asyncify_stop_unwind();
			return false;
		}
		this.#result = result;
		if (machine.trace !== undefined) machine.note(this.index, -1, -1, 0, `${name} returns ${result}`);
		if (machine.stop !== "") return false;
		machine.returned();
		return machine.stop === "";
	}

	/** Unwinds the call, from inside an import: what is returned to the core now is never seen. */
	suspend(): number {
		this.#unwinding = true;
		this.#machine.world.stack(this.index);
		this.instance.asyncify.asyncify_start_unwind(this.#stack);
		return 0;
	}

	/** Ends winding back: true if this is the point where the thread was suspended. */
	rewound(): boolean {
		if (!this.#rewinding) return false;
		this.#rewinding = false;
		this.instance.asyncify.asyncify_stop_rewind();
		return true;
	}

	/** The answer to the wait that the thread was blocked in; −1: it was only suspended. */
	takeAnswer(): number {
		const answer = this.#answer;
		this.#answer = -1;
		return answer;
	}

	/** Gone for good: nothing of it waits or runs any more. */
	die(by: number): void {
		const machine = this.#machine;
		this.#leave();
		this.dead = true;
		machine.waits.drop(this.index);
		if (by === this.index) machine.recording.close(true);
		if (machine.trace !== undefined) machine.note(this.index, -1, -1, 0, "is dead");
		const heir = by === this.index ? this.#traits.recovery : by;
		machine.races.order(this.index, heir);
		machine.dependence.order(this.index, heir, 7);
		if (by === this.index) machine.turns.ready |= 1 << heir;
	}

	#leave(): void {
		this.#phase = OVER;
		this.blocked = false;
		this.#machine.turns.leave(this.index);
	}

	get over(): boolean {
		return this.#phase === OVER;
	}

	/** `timed`: it may time out; a wait of the core's only early, unless the program says otherwise. */
	block(address: number, timed: boolean): void {
		const machine = this.#machine;
		this.blocked = true;
		this.waitsAt = address;
		const early = this.#phase === IN_CALL && !machine.limits.rescue;
		machine.turns.block(this.index, !timed ? "none" : early ? "early" : "any");
		machine.recording.close(false);
	}

	unblock(answer: number): void {
		this.blocked = false;
		this.#answer = answer;
		this.#machine.turns.unblock(this.index);
	}

	/** A notification reached its wait (ticket −1) or one of its tickets. */
	notified(ticket: number): void {
		if (ticket < 0) this.unblock(WOKEN);
		else if (this.blocked && this.waitsAt < 0 && this.#tickets.includes(ticket)) {
			this.#machine.races.acquire(this.index, ticket);
			this.unblock(ticket);
		}
	}

	describe(): string {
		if (this.blocked) {
			const rescued =
				(this.#machine.turns.sliced & (1 << this.index)) !== 0 ? " (only its time-out would end that)" : "";
			const where = this.waitsAt < 0 ? "for a ticket" : `at 0x${this.waitsAt.toString(16)}`;
			return `${this.name} waits ${where}${rescued}`;
		}
		return this.name;
	}

	stillSpins(): boolean {
		return this.#operations.spin.unchanged();
	}

	/** Where it stands and what it knows. */
	digest(into: Digest): void {
		const { digest, spin } = this.#operations;
		into.add(this.#phase, this.#answer, spin.rounds);
		into.add(this.dead ? 3 : this.blocked ? 1 : 0, this.#history.low, this.#history.high);
		into.add(this.waitsAt, digest.low, digest.high);
		this.instance.digest(into);
	}

	// ── steps of the host ─────────────────────────────────────────────────────

	#arriveStep(step: Step): boolean {
		const machine = this.#machine;
		const { dependence } = machine;
		if (step.op === "pause") return machine.giveWay(this);
		let visible = true;
		if (step.op === "read") {
			visible = dependence.visible(this.index, false, step.address, 4);
		} else if ("address" in step) {
			visible = dependence.visible(this.index, true, step.address, 4);
		}
		return machine.arrive(this, visible, 0);
	}

	/** Does the step. False: the thread blocks, or the run is over. */
	#perform(step: Step): boolean {
		const machine = this.#machine;
		const operations = this.#operations;
		const { words } = machine.world;
		this.#result = 0;
		switch (step.op) {
			case "read":
				this.#result = words[step.address >>> 2];
				operations.read(machine.hostSite("read"), step.address, 4);
				break;
			case "write":
			case "exchange":
			case "add": {
				const old = words[step.address >>> 2];
				operations.write(machine.hostSite(step.op), step.address, 4, step.value | 0, 0);
				words[step.address >>> 2] = step.op === "add" ? old + step.value : step.value;
				this.#result = old;
				break;
			}
			case "compareExchange": {
				const old = words[step.address >>> 2];
				const site = machine.hostSite(step.op);
				if (old === (step.expected | 0)) {
					operations.write(site, step.address, 4, step.value | 0, 0);
					words[step.address >>> 2] = step.value;
				} else {
					operations.read(site, step.address, 4);
				}
				this.#result = old;
				break;
			}
			case "park":
				this.#result = NOT_EQUAL;
				if (operations.wait(machine.hostSite("park"), step.address, step.value | 0, step.timeout !== undefined)) {
					this.#phase = BLOCKED_IN_STEP;
					return false;
				}
				break;
			case "waitAsync": {
				const site = machine.hostSite("waitAsync");
				machine.races.atomic(this.index, site, true, false, step.address, 4);
				machine.didMeet(this, site, step.address);
				const equal = words[step.address >>> 2] === (step.value | 0);
				this.#result = equal ? machine.waits.addTicket(this.index, step.address) : -1;
				break;
			}
			case "settled":
				return this.#awaitTickets(step.tickets, step.timeout !== undefined);
			case "notify": {
				const count = Math.min(step.count, 0xffffffff);
				this.#result = operations.notify(machine.hostSite("notify"), step.address, count);
				break;
			}
			case "stop":
				machine.stopThread(this, machine.threads[step.thread]);
				break;
			case "mark":
				machine.didMeet(this, machine.hostSite("mark"), -1);
				machine.logged(this, step.entry);
				break;
			case "pause":
			case "boundary":
				machine.passed(this);
				break;
		}
		return machine.stop === "";
	}

	#awaitTickets(tickets: readonly number[], timed: boolean): boolean {
		const machine = this.#machine;
		const site = machine.hostSite("settled");
		for (const ticket of tickets) {
			const address = machine.waits.addressOf(ticket);
			if (address >= 0) machine.dependence.record(this.index, site, true, address, 4);
		}
		machine.passed(this);
		const settled = machine.waits.settledOf(tickets);
		this.#result = settled;
		if (settled >= 0) {
			machine.races.acquire(this.index, settled);
			return true;
		}
		this.#tickets = tickets;
		this.block(-1, timed);
		this.#phase = BLOCKED_IN_STEP;
		return false;
	}

	/** A plain access of the host, outside of steps. */
	plain(operation: HostOperation, address: number, width: number): void {
		const machine = this.#machine;
		machine.plain(this.index, machine.hostSite(operation), operation === "poke", address, width);
		if (operation === "peek") this.#history.addBytes(machine.world.bytes, address, width);
	}
}
