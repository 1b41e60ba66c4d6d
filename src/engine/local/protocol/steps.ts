// The instructions of which the host's waiting protocols are made.
//
// A protocol is a generator: it yields steps and is sent their answers. `run.ts` performs them on the real core; a test's
// machine that interleaves threads performs the same steps on a simulated one, so that what is explored is what runs.
//
// A thread's steps are objects that are filled in anew each time: making one for each step would cost 20 ns more. Whoever
// performs a step is done with it before asking for the next.
import type { CoreExports } from "../../../core/abi.ts";

/** How a blocking wait ended. */
export const WOKEN = 0;
export const NOT_EQUAL = 1;
export const TIMED_OUT = 2;

type Bound = (...args: number[]) => number;
const MOST_ARGUMENTS = 7;

export interface CallStep {
	readonly op: "call";
	readonly name: keyof CoreExports;
	readonly args: number[];
	/** The export itself; there is none on a simulated core. */
	readonly bound: Bound | undefined;
}

export type Step =
	/** A call of the core. Answer: what it returns. */
	| CallStep
	/** An atomic access to a word. Answer: the word as it was. The own wake word is read again while it is `spinsOn`, for `spins` microseconds at most. */
	| { readonly op: "read"; readonly address: number; readonly spins: number; readonly spinsOn: number }
	| { readonly op: "write"; readonly address: number; readonly value: number }
	/** Blocks the thread while the word has this value. Answer: WOKEN, NOT_EQUAL or TIMED_OUT. Milliseconds. */
	| { readonly op: "park"; readonly address: number; readonly value: number; readonly timeout: number | undefined }
	/** Begins to wait without blocking. Answer: a ticket, or −1 if the word has another value. */
	| { readonly op: "waitAsync"; readonly address: number; readonly value: number }
	/**
	 * Lets the event loop live until the ticket is notified. Answer: the ticket, or −1 if something else wants the thread's
	 * attention.
	 */
	| { readonly op: "settled"; readonly tickets: readonly number[]; readonly timeout: number | undefined }
	/** Lets others go on first: other threads, this thread's promises, and its event loop: now and then, in any case, or for a millisecond. */
	| { readonly op: "pause"; readonly turn: boolean; readonly nap: boolean };

/** A protocol, and what it comes to. */
export type Protocol<Result> = Generator<Step, Result, number>;

type Mutable<T> = T extends unknown ? { -readonly [K in keyof T]: T[K] } : never;
type StepOf<Op> = Mutable<Extract<Step, { op: Op }>>;

/** One thread's steps. */
export class Steps {
	readonly #core: CoreExports | undefined;
	readonly #read: StepOf<"read"> = { op: "read", address: 0, spins: 0, spinsOn: 0 };
	readonly #write: StepOf<"write"> = { op: "write", address: 0, value: 0 };
	readonly #block: StepOf<"park"> = { op: "park", address: 0, value: 0, timeout: undefined };
	readonly #waitAsync: StepOf<"waitAsync"> = { op: "waitAsync", address: 0, value: 0 };
	readonly #tickets = [0];
	readonly #settled: StepOf<"settled"> = { op: "settled", tickets: this.#tickets, timeout: undefined };
	readonly #pause: StepOf<"pause"> = { op: "pause", turn: false, nap: false };
	readonly #turn: StepOf<"pause"> = { op: "pause", turn: true, nap: false };
	readonly #nap: StepOf<"pause"> = { op: "pause", turn: true, nap: true };
	readonly #take: CallStep;
	readonly #park: CallStep;
	readonly #unpark: CallStep;
	readonly #untake: CallStep;
	readonly #drain: CallStep;
	readonly #finish: CallStep;
	readonly #finishMany: CallStep;
	readonly #ask: CallStep;
	readonly #watch: CallStep;
	readonly #unwatch: CallStep;
	readonly #suspend: CallStep;
	readonly #resume: CallStep;
	readonly #end: CallStep;
	readonly #recover: CallStep;

	/** Without a core the steps can only be simulated. */
	constructor(core?: CoreExports) {
		this.#core = core;
		this.#take = this.#call("take");
		this.#park = this.#call("park");
		this.#unpark = this.#call("unpark");
		this.#untake = this.#call("untake");
		this.#drain = this.#call("drain");
		this.#finish = this.#call("finish");
		this.#finishMany = this.#call("finishMany");
		this.#ask = this.#call("ask");
		this.#watch = this.#call("watch");
		this.#unwatch = this.#call("unwatch");
		this.#suspend = this.#call("suspend");
		this.#resume = this.#call("resume");
		this.#end = this.#call("end");
		this.#recover = this.#call("recover");
	}

	#call(name: keyof CoreExports): CallStep {
		return {
			op: "call",
			name,
			args: new Array<number>(MOST_ARGUMENTS).fill(0),
			bound: this.#core?.[name] as Bound | undefined,
		};
	}

	read(address: number): Step {
		return this.spin(address, 0, 0);
	}

	/** Reads the own wake word until it has another value, for a moment: it is one read, and not of this moment only. */
	spin(address: number, value: number, spins: number): Step {
		this.#read.address = address;
		this.#read.spinsOn = value;
		this.#read.spins = spins;
		return this.#read;
	}

	write(address: number, value: number): Step {
		this.#write.address = address;
		this.#write.value = value;
		return this.#write;
	}

	/** `timeout` in milliseconds; undefined: for ever. */
	block(address: number, value: number, timeout: number | undefined): Step {
		this.#block.address = address;
		this.#block.value = value;
		this.#block.timeout = timeout;
		return this.#block;
	}

	waitAsync(address: number, value: number): Step {
		this.#waitAsync.address = address;
		this.#waitAsync.value = value;
		return this.#waitAsync;
	}

	settled(ticket: number): Step {
		this.#tickets[0] = ticket;
		return this.#settled;
	}

	pause(): Step {
		return this.#pause;
	}

	turn(): Step {
		return this.#turn;
	}

	nap(): Step {
		return this.#nap;
	}

	take(): Step {
		return this.#take;
	}

	park(busy: boolean): Step {
		this.#park.args[0] = busy ? 1 : 0;
		return this.#park;
	}

	unpark(): Step {
		return this.#unpark;
	}

	untake(task: number, generation: number): Step {
		return pair(this.#untake, task, generation);
	}

	drain(): Step {
		return this.#drain;
	}

	finish(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): Step {
		return ending(this.#finish, task, generation, flags, a, b, c, d);
	}

	finishMany(task: number, generation: number, values: number, count: number): Step {
		const { args } = this.#finishMany;
		args[0] = task;
		args[1] = generation;
		args[2] = values;
		args[3] = count;
		return this.#finishMany;
	}

	ask(task: number, generation: number, flags: number, a: number, b: number, c: number, d: number): Step {
		return ending(this.#ask, task, generation, flags, a, b, c, d);
	}

	watch(slot: number, generation: number, token: number): Step {
		this.#watch.args[2] = token;
		return pair(this.#watch, slot, generation);
	}

	unwatch(slot: number, generation: number): Step {
		return pair(this.#unwatch, slot, generation);
	}

	suspend(task: number, generation: number): Step {
		return pair(this.#suspend, task, generation);
	}

	resume(task: number, generation: number): Step {
		return pair(this.#resume, task, generation);
	}

	end(thread: number, epoch: number): Step {
		return pair(this.#end, thread, epoch);
	}

	recover(thread: number, epoch: number): Step {
		return pair(this.#recover, thread, epoch);
	}
}

function pair(step: CallStep, first: number, second: number): Step {
	step.args[0] = first;
	step.args[1] = second;
	return step;
}

function ending(
	step: CallStep,
	task: number,
	generation: number,
	flags: number,
	a: number,
	b: number,
	c: number,
	d: number,
): Step {
	const { args } = step;
	args[0] = task;
	args[1] = generation;
	args[2] = flags;
	args[3] = a;
	args[4] = b;
	args[5] = c;
	args[6] = d;
	return step;
}
