// Performs protocols on the real core, for one thread.
import type { CoreExports } from "../../../core/abi.ts";
import { type CallStep, NOT_EQUAL, type Protocol, type Step, Steps, TIMED_OUT, WOKEN } from "./steps.ts";

type PauseStep = Extract<Step, { op: "pause" }>;
type GoOn = (answer: number) => void;

/** What stands behind it comes in a microtask. */
const soon = Promise.resolve(0);

interface AsyncWait {
	readonly async: boolean;
	readonly value: Promise<string> | string;
}
const { waitAsync } = Atomics as unknown as { waitAsync(words: Int32Array, index: number, value: number): AsyncWait };

/** What the platform has to give the event loop a turn: timers, input and finalizers run before `then`. */
export type GiveTurn = (then: () => void) => void;

/** Milliseconds. A turn of the event loop costs 1 to 2 µs, a microtask 0.1: so between these it is one of those. */
const TURN_EVERY = 4;
/** Reading the clock costs 40 ns: tasks that are short are not asked each time, but so often (milliseconds) and at most so many. */
const ASK_EVERY = 0.5;
const ASK_MOST = 16;

/** Looks at the wake word between two at the clock, while spinning: a few microseconds. */
const SPIN = 1000;

export class Runner {
	readonly steps: Steps;
	readonly #core: CoreExports;
	readonly #words: Int32Array;
	readonly #giveTurn: GiveTurn;
	readonly #nap: GiveTurn;
	#lastTurn = performance.now();
	#lastAsked = 0;
	#askAfter = 1;
	#asks = 1;
	/** The ticket of the pending `waitAsync`, and whether it has been notified. */
	#ticket = 0;
	#notified = false;
	#nudged = false;
	#wake: (() => void) | undefined;

	/** `words`: the whole memory. */
	constructor(core: CoreExports, words: Int32Array, giveTurn: GiveTurn, nap: GiveTurn = giveTurn) {
		this.steps = new Steps(core);
		this.#core = core;
		this.#words = words;
		this.#giveTurn = giveTurn;
		this.#nap = nap;
	}

	/** Runs a protocol that never lets the event loop live. */
	runSync<Result>(protocol: Protocol<Result>): Result {
		let answer = 0;
		while (true) {
			const { done, value } = protocol.next(answer);
			if (done) return value;
			if (value.op === "settled" || value.op === "pause")
				throw new Error("A blocking protocol has let go of its thread.");
			answer = this.#perform(value);
		}
	}

	/**
	 * Runs a protocol that sleeps. A thread has one such at a time that waits for its wake word. It leaves this function whenever it waits: of
	 * a loop that awaits inside, the engine would make two optimized versions, and each of the waits a promise more.
	 */
	run<Result>(protocol: Protocol<Result>): Promise<Result> {
		return new Promise((resolve, reject) => {
			const goOn = (given: number): void => {
				try {
					for (let answer = given; ; ) {
						const { done, value } = protocol.next(answer);
						if (done) resolve(value);
						else if (value.op === "settled") this.#settle(goOn);
						else if (value.op === "pause") this.#pause(value, goOn);
						else {
							answer = this.#perform(value);
							continue;
						}
						return;
					}
				} catch (error) {
					reject(error);
				}
			};
			goOn(0);
		});
	}

	/** Runs what attends to a thread for as long as that lives. */
	attend(protocol: Protocol<unknown>, wakeWord: number): void {
		void this.run(protocol).finally(() => {
			// A `waitAsync` that nobody notifies would keep the whole memory for as long as the process lives.
			Atomics.notify(this.#words, wakeWord);
		});
	}

	/** The sleeping protocol, or the next that sleeps, looks again: something in this thread wants its attention. */
	nudge(): void {
		this.#nudged = true;
		this.#wake?.();
	}

	/** Asked after each task: whether the event loop has had no turn for some milliseconds. */
	isTurnDue(): boolean {
		if (--this.#asks > 0) return false;
		const now = performance.now();
		const each = (now - this.#lastAsked) / this.#askAfter;
		this.#lastAsked = now;
		this.#askAfter = this.#asks = Math.max(1, Math.min(ASK_MOST, Math.floor(ASK_EVERY / each)));
		return now - this.#lastTurn >= TURN_EVERY;
	}

	#perform(step: Exclude<Step, { op: "settled" | "pause" }>): number {
		switch (step.op) {
			case "call":
				return call(step);
			case "read":
				return this.#read(step.address >>> 2, step.spinsOn, step.spins);
			case "write":
				return Atomics.exchange(this.#words, step.address >>> 2, step.value);
			case "park": {
				const ended = Atomics.wait(this.#words, step.address >>> 2, step.value, step.timeout);
				return ended === "ok" ? WOKEN : ended === "not-equal" ? NOT_EQUAL : TIMED_OUT;
			}
			case "waitAsync":
				return this.#begin(step.address >>> 2, step.value);
		}
	}

	/** The core spins: it is compiled as well as it ever will be, which a loop here is only when it has cost much. */
	#read(word: number, value: number, spins: number): number {
		if (spins > 0) {
			const until = performance.now() + spins / 1000;
			while (this.#core.spin(value, SPIN) === 0 && performance.now() < until);
		}
		return Atomics.load(this.#words, word);
	}

	#begin(word: number, value: number): number {
		const wait = waitAsync(this.#words, word, value);
		if (!wait.async) return -1;
		this.#notified = false;
		(wait.value as Promise<string>).then(() => {
			this.#notified = true;
			this.#wake?.();
		});
		return ++this.#ticket;
	}

	#settle(goOn: GoOn): void {
		const settled = () => {
			this.#nudged = false;
			goOn(this.#notified ? this.#ticket : -1);
		};
		if (this.#notified || this.#nudged) {
			void soon.then(settled);
			return;
		}
		this.#wake = () => {
			this.#wake = undefined;
			void soon.then(() => {
				this.#lastTurn = performance.now();
				settled();
			});
		};
	}

	#pause({ turn, nap }: PauseStep, goOn: GoOn): void {
		if (!turn && performance.now() - this.#lastTurn < TURN_EVERY) {
			void soon.then(goOn);
			return;
		}
		(nap ? this.#nap : this.#giveTurn)(() => {
			this.#lastTurn = performance.now();
			goOn(0);
		});
	}
}

/** With as many arguments as any call has, of which it takes its own: one place to compile instead of one for each number of them. */
function call({ name, bound, args }: CallStep): number {
	if (bound === undefined) throw new Error(`There is no core to call ${name} on.`);
	return bound(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
}
