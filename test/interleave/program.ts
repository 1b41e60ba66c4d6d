// A program to explore: a core, what it is set up with, a few threads, and what must hold at the end.
import { type Instrumented, instrument } from "./instrument.ts";
import { Machine } from "./machine.ts";
import type { Place } from "./meetings.ts";
import type { Limits, LogEntry, MutationKind, Strategy } from "./model.ts";
import { directPointsOf, observingPointsOf } from "./points.ts";
import { type Steps, steps } from "./steps.ts";
import { Thread } from "./thread.ts";
import { type Calls, CoreInstance, World } from "./world.ts";

/** What a thread's body works with: the steps to yield, and what the host does beside them. */
export type ThreadHandle = typeof steps & {
	readonly index: number;
	/** For `check`. The order of different threads' entries is not explored: see `mark`. */
	log(...entry: unknown[]): void;
	/** Plain accesses of the host, watched for races: an unsigned integer of 1, 2 or 4 bytes. */
	peek(address: number, width?: 1 | 2 | 4): number;
	poke(address: number, value: number, width?: 1 | 2 | 4): void;
	/** A plain access to many bytes at once; the view is for this moment only. */
	bytes(address: number, length: number, access: "read" | "write"): Uint8Array;
};

export type Body<Given> = (thread: ThreadHandle, given: Given) => Steps;

export interface ThreadOptions<Given> {
	readonly name?: string;
	readonly run: Body<Given>;
	/** The thread may end before any of its steps and after the last; this then runs as a thread of its own. */
	readonly recover?: Body<Given>;
	/** Runs or not, from whenever on; its start is no preemption. For supervisors. */
	readonly optional?: boolean;
	/** May be blocked at the end. */
	readonly daemon?: boolean;
}

export interface SetupContext {
	/** Calls on an instance that no thread has. */
	readonly core: Calls;
	/** Each thread's own instance: what it does to its globals stays. Those of `recover` bodies come last. */
	readonly threads: readonly Calls[];
	readonly memory: Uint8Array;
	readonly words: Int32Array;
	/** Pages that the program may use. */
	readonly pages: number;
	/** Calls on another module over the same memory, such as a debug build that checks invariants. The same bytes give the same instance. */
	observer(wasm: Uint8Array): Calls;
}

export interface End<Given> extends SetupContext {
	readonly given: Given;
	readonly log: readonly LogEntry[];
	/** What thread `index` logged: the entries' first values. */
	logOf(index: number): unknown[];
	/** Died at a boundary, or was stopped. */
	dead(index: number): boolean;
}

export interface ProgramOptions<Given> {
	readonly name: string;
	/** Any threaded module that imports only env.memory. */
	readonly wasm: Uint8Array | (() => Uint8Array);
	/** The same code with a name section. */
	readonly namesFrom?: Uint8Array | (() => Uint8Array);
	/** Size of its memory in 64 KiB pages. Default 16. */
	readonly pages?: number;
	/** Of each thread, for suspended calls. Default 1. */
	readonly stackPages?: number;
	/** Runs once, alone; every schedule starts from the memory and the globals that it leaves. */
	readonly setup?: (context: SetupContext) => Given;
	readonly threads: readonly (Body<NoInfer<Given>> | ThreadOptions<NoInfer<Given>>)[];
	/** Before each schedule: puts back what the program keeps outside of the memory. */
	readonly begin?: () => void;
	/** After each schedule that ran to its end: says what is wrong, if anything. */
	readonly check?: (end: End<NoInfer<Given>>) => string | undefined;
	/** After each call that returns in a schedule. */
	readonly invariant?: (end: End<NoInfer<Given>>) => string | undefined;
	/** What stands at an address of the memory, once it is set up, and which bits there are a lock. */
	readonly placesOf?: (words: Int32Array) => (address: number) => Place;
	readonly limits?: Partial<Limits>;
}

export interface Program extends ProgramOptions<unknown> {}

export function program<Given = undefined>(options: ProgramOptions<Given>): Program {
	return options as ProgramOptions<unknown>;
}

export interface Mutant {
	readonly site: number;
	readonly mutation: MutationKind;
	readonly name: string;
}

const defaultLimits: Limits = { steps: 5000, spin: 300, timeouts: 0, rescue: false };

/** A program made ready to run: its memory, instances and machine. They are reused for all its mutants. */
export class Prepared {
	readonly program: Program;
	readonly machine: Machine;
	readonly core: Instrumented;
	readonly #main: CoreInstance;
	readonly #observers = new Map<Uint8Array, CoreInstance>();
	readonly #context: SetupContext;
	readonly #end: End<unknown>;
	#given: unknown;

	constructor(program: Program, limits: Partial<Limits> = {}) {
		this.program = program;
		const wasm = bytesOf(program.wasm);
		const names = program.namesFrom === undefined ? {} : { namesFrom: bytesOf(program.namesFrom) };
		this.core = instrument(wasm, names);
		const bodies = program.threads.map((thread) => (typeof thread === "function" ? { run: thread } : thread));
		const heirs = bodies.filter((thread) => thread.recover !== undefined);
		const count = bodies.length + heirs.length;
		if (count > 30) throw new RangeError(`${program.name}: ${count} threads; at most 30`);
		const world = new World(program.pages ?? 16, count, program.stackPages ?? 1);
		this.machine = new Machine(this.core, world, count, { ...defaultLimits, ...program.limits, ...limits });
		const threads = bodies.map((options, index) => {
			const recovery = options.recover === undefined ? -1 : bodies.length + heirs.indexOf(options);
			return this.#thread(index, options, recovery, false);
		});
		for (const [at, { recover, name }] of heirs.entries()) {
			const run = recover as Body<unknown>;
			const named = name === undefined ? {} : { name: `recovery of ${name}` };
			threads.push(this.#thread(bodies.length + at, { run, ...named }, -1, true));
		}
		this.machine.threads = threads;
		this.#main = new CoreInstance(this.core, world, directPointsOf(this.machine));
		const { words, bytes: memory } = world;
		const calls = threads.map((thread) => thread.instance.calls);
		const observer = (bytes: Uint8Array) => this.#observer(bytes);
		this.#context = { core: this.#main.calls, threads: calls, memory, words, pages: world.pages, observer };
		this.#end = this.#makeEnd();
		const { invariant } = program;
		if (invariant) {
			this.machine.onReturn = () => {
				const message = invariant(this.#end);
				if (message !== undefined) this.machine.fail("check", message);
			};
		}
	}

	/** Sets the program up in an empty memory, with at most one operation mutated. */
	reset(mutant?: Mutant): void {
		const { machine } = this;
		machine.mutantSite = mutant?.site ?? -1;
		machine.mutation = mutant?.mutation ?? "drop";
		machine.world.wipe();
		machine.dependence.forget();
		machine.alone();
		this.#observers.clear();
		for (const instance of this.#instances()) instance.reset();
		this.#given = this.program.setup?.(this.#context);
		for (const instance of this.#instances()) instance.save();
		machine.world.takeSnapshot();
	}

	/** One schedule, and the check behind it. What became of it is in `machine.stop` and `machine.failure`. */
	run(strategy: Strategy): void {
		const { machine, program } = this;
		this.#main.restore();
		for (const observer of this.#observers.values()) observer.restore();
		program.begin?.();
		machine.run(strategy);
		if (machine.stop !== "" || program.check === undefined) return;
		machine.alone();
		try {
			const message = program.check(this.#end);
			if (message !== undefined) machine.fail("check", message);
		} catch (error) {
			machine.fail("error", `check: ${error instanceof Error ? error.message : String(error)}`);
		}
	}

	#instances(): CoreInstance[] {
		return [this.#main, ...this.#observers.values(), ...this.machine.threads.map((thread) => thread.instance)];
	}

	#observer(wasm: Uint8Array): Calls {
		let observer = this.#observers.get(wasm);
		if (observer === undefined) {
			const { machine } = this;
			observer = new CoreInstance(instrument(wasm, { observing: true }), machine.world, observingPointsOf(machine));
			this.#observers.set(wasm, observer);
		}
		return observer.calls;
	}

	#thread(index: number, options: ThreadOptions<unknown>, recovery: number, recovers: boolean): Thread {
		const { machine } = this;
		const { words, bytes } = machine.world;
		const halves = new Uint16Array(words.buffer);
		const view = (width: 1 | 2 | 4) => (width === 4 ? words : width === 2 ? halves : bytes);
		const handle: ThreadHandle = {
			...steps,
			index,
			log: (...entry) => machine.logged(machine.threads[index], entry),
			peek: (address, width = 4) => {
				machine.threads[index].plain("peek", address, width);
				return view(width)[address / width] >>> 0;
			},
			poke: (address, value, width = 4) => {
				machine.threads[index].plain("poke", address, width);
				view(width)[address / width] = value;
			},
			bytes: (address, length, access) => {
				machine.threads[index].plain(access === "read" ? "peek" : "poke", address, length);
				return bytes.subarray(address, address + length);
			},
		};
		return new Thread(machine, index, {
			name: options.name ?? (recovers ? `recovery ${index}` : `thread ${index}`),
			body: () => options.run(handle, this.#given),
			recovery,
			recovers,
			optional: options.optional ?? false,
			daemon: options.daemon ?? false,
		});
	}

	#makeEnd(): End<unknown> {
		const { machine } = this;
		const given = () => this.#given;
		return {
			...this.#context,
			get given() {
				return given();
			},
			get log() {
				return machine.log;
			},
			logOf: (index) => machine.log.filter((entry) => entry.thread === index).map((entry) => entry.entry[0]),
			dead: (index) => machine.threads[index].dead,
		};
	}
}

function bytesOf(source: Uint8Array | (() => Uint8Array)): Uint8Array {
	return typeof source === "function" ? source() : source;
}
