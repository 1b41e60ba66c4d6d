// The memory under test and the instances on it: one for each thread, and one for setup and check.
//
// Between two schedules memory goes back to how setup left it. Every write is reported by the instrumented code, so only
// the 64-byte lines that were written are copied back. The suspended stacks lie behind the program's pages.
import type { Instrumented } from "./instrument.ts";
import { addNumber, type Digest } from "./states.ts";

export type Calls = Readonly<Record<string, (...args: number[]) => number>>;

/** What the instrumented module imports, for one instance. */
export interface Reports {
	access(site: number, writes: number, address: number, width: number): void;
	load(site: number, address: number): number;
	store(site: number, address: number, low: number, high: number): number;
	cas(site: number, address: number, low: number, high: number, newLow: number, newHigh: number): number;
	wait(site: number, address: number, expected: number, timeoutLow: number, timeoutHigh: number): number;
	notify(site: number, address: number, count: number): number;
}

export interface Asyncify {
	asyncify_start_unwind(stack: number): void;
	asyncify_stop_unwind(): void;
	asyncify_start_rewind(stack: number): void;
	asyncify_stop_rewind(): void;
}

const PAGE = 65536;
const LINE_SHIFT = 6;
const LINE_WORDS = 16;
const modules = new WeakMap<Uint8Array, WebAssembly.Module>();

export class World {
	readonly memory: WebAssembly.Memory;
	/** Bytes that the program may use. */
	readonly size: number;
	readonly pages: number;
	readonly words: Int32Array;
	readonly bytes: Uint8Array;
	readonly #snapshot: Int32Array;
	readonly #dirty: Int32Array;
	readonly #lineEpoch: Int32Array;
	#epoch = 1;
	#dirtyCount = 0;
	readonly #stacks: number;

	constructor(pages: number, threads: number, stackPages: number) {
		const total = pages + threads * stackPages;
		this.pages = pages;
		this.size = pages * PAGE;
		this.memory = new WebAssembly.Memory({ initial: total, maximum: total, shared: true });
		this.words = new Int32Array(this.memory.buffer);
		this.bytes = new Uint8Array(this.memory.buffer);
		this.#snapshot = new Int32Array(this.size >>> 2);
		this.#dirty = new Int32Array(this.size >>> LINE_SHIFT);
		this.#lineEpoch = new Int32Array(this.size >>> LINE_SHIFT);
		this.#stacks = stackPages * PAGE;
	}

	/** An Asyncify descriptor for the thread's own region: where its stack starts and ends. */
	stack(thread: number): number {
		const start = this.size + thread * this.#stacks;
		this.words[start >>> 2] = start + 16;
		this.words[(start >>> 2) + 1] = start + this.#stacks;
		return start;
	}

	/** These bytes are about to be written. */
	touch(address: number, width: number): void {
		const last = (address + width - 1) >>> LINE_SHIFT;
		for (let line = address >>> LINE_SHIFT; line <= last; line++) {
			if (this.#lineEpoch[line] !== this.#epoch) {
				this.#lineEpoch[line] = this.#epoch;
				this.#dirty[this.#dirtyCount++] = line;
			}
		}
	}

	/** Every byte zero, as in a new memory. */
	wipe(): void {
		this.words.fill(0);
		this.#forget();
	}

	/** `restore` comes back to here. A whole copy, so that setup may write through views of its own. */
	takeSnapshot(): void {
		this.#snapshot.set(this.words.subarray(0, this.size >>> 2));
		this.#forget();
	}

	restore(): void {
		const { words } = this;
		const snapshot = this.#snapshot;
		const dirty = this.#dirty;
		for (let i = 0; i < this.#dirtyCount; ) {
			const first = dirty[i++];
			let lines = 1;
			while (i < this.#dirtyCount && dirty[i] === first + lines) {
				lines++;
				i++;
			}
			const from = first * LINE_WORDS;
			const to = from + lines * LINE_WORDS;
			if (lines > 16) words.set(snapshot.subarray(from, to), from);
			else for (let word = from; word < to; word++) words[word] = snapshot[word];
		}
		this.#forget();
	}

	/** What differs from the snapshot. */
	digest(into: Digest): void {
		const { words } = this;
		const snapshot = this.#snapshot;
		let low = 0;
		let high = 0;
		for (let i = 0; i < this.#dirtyCount; i++) {
			const from = this.#dirty[i] * LINE_WORDS;
			for (let word = from; word < from + LINE_WORDS; word++) {
				const value = words[word];
				if (value === snapshot[word]) continue;
				// A sum, since lines are in the order in which they were written.
				let mixed = Math.imul(value ^ Math.imul(word, 0x9e3779b1), 0x85ebca6b);
				mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d) + word;
				low = (low + Math.imul(mixed ^ (mixed >>> 13), 0x297a2d39)) | 0;
				let other = Math.imul(value + Math.imul(word, 0xc2b2ae35), 0x27d4eb2f);
				other = Math.imul(other ^ (other >>> 16), 0x165667b1);
				high = (high + (other ^ (other >>> 14))) | 0;
			}
		}
		into.add(17, low, high);
	}

	#forget(): void {
		this.#epoch++;
		this.#dirtyCount = 0;
	}
}

export class CoreInstance {
	readonly calls: Calls;
	readonly asyncify: Asyncify;
	readonly #globals: WebAssembly.Global[] = [];
	#initial: (number | bigint)[];
	#saved: (number | bigint)[];

	constructor(core: Instrumented, world: World, reports: Reports) {
		let module = modules.get(core.bytes);
		if (!module) {
			module = new WebAssembly.Module(core.bytes);
			modules.set(core.bytes, module);
		}
		const size = () => world.pages;
		const env = { memory: world.memory };
		const imports = { env, explorer: { ...reports, size } } as unknown as WebAssembly.Imports;
		const { exports } = new WebAssembly.Instance(module, imports);
		this.calls = exports as unknown as Calls;
		this.asyncify = exports as unknown as Asyncify;
		for (let i = 0; i < core.globals; i++) this.#globals.push(exports[`global:${i}`] as WebAssembly.Global);
		this.#initial = this.#globals.map((global) => global.value);
		this.#saved = this.#initial;
	}

	/** The module's own globals are this thread's variables: they go back with the memory. */
	save(): void {
		this.#saved = this.#globals.map((global) => global.value);
	}

	restore(): void {
		for (let i = 0; i < this.#globals.length; i++) this.#globals[i].value = this.#saved[i];
	}

	digest(into: Digest): void {
		for (const global of this.#globals) addNumber(into, Number(global.value));
	}

	reset(): void {
		this.#saved = this.#initial;
		this.restore();
	}
}
