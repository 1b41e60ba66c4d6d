// Words that the stress's threads share beside the core's memory, by which tasks check the core from the outside.
//
//   once[i]      a bit for each attempt of task i that has begun; numbers come again when nobody remembers them
//   gpu[i]       who has GPU i
//   licences     what each thread slot has of a resource, 3 bits each: one word, so its sum is exact at any time
import { SLOT_WORDS } from "./host/driver.ts";

export const ONCE = 1 << 20;
export const GPUS = 2;
export const LICENCES = 3;
const SLOTS = 21;

const onceAt = SLOT_WORDS;
const gpuAt = onceAt + ONCE;
const licencesAt = (gpuAt + GPUS + 1) & ~1;
export const jobsAt = licencesAt + 2;
export const SHARED_WORDS = jobsAt + 2 - SLOT_WORDS;

export class Shared {
	readonly #words: Int32Array;
	readonly #licences: BigInt64Array;

	constructor(words: Int32Array) {
		this.#words = words;
		this.#licences = new BigInt64Array(words.buffer, licencesAt * 4, 1);
	}

	/** A task numbered anew. */
	renew(serial: number): void {
		Atomics.store(this.#words, onceAt + serial, 0);
	}

	/** Throws if this attempt has begun before. */
	begin(serial: number, attempt: number): void {
		if (attempt >= 32) return;
		const before = Atomics.or(this.#words, onceAt + serial, 1 << attempt);
		if (before & (1 << attempt)) throw new Error(`attempt ${attempt} of task ${serial} runs a second time`);
	}

	acquire(slot: number, amount: number): void {
		const before = Atomics.add(this.#licences, 0, BigInt(amount) << BigInt(slot * 3));
		let sum = amount;
		for (let i = 0; i < SLOTS; i++) sum += Number((before >> BigInt(i * 3)) & 7n);
		if (sum > LICENCES) throw new Error(`${sum} of ${LICENCES} licences are in use`);
	}

	giveBack(slot: number, amount: number): void {
		Atomics.sub(this.#licences, 0, BigInt(amount) << BigInt(slot * 3));
	}

	acquireGpus(slot: number, bits: number, count: number): void {
		let found = 0;
		for (let i = 0; i < GPUS; i++) {
			if (!(bits & (1 << i))) continue;
			found++;
			const owner = Atomics.compareExchange(this.#words, gpuAt + i, 0, slot + 1);
			if (owner !== 0) throw new Error(`GPU ${i} was given to thread ${slot} while ${owner - 1} has it`);
		}
		if (found !== count) throw new Error(`a task that needs ${count} GPUs was given ${found}`);
	}

	giveGpusBack(bits: number): void {
		for (let i = 0; i < GPUS; i++) if (bits & (1 << i)) Atomics.store(this.#words, gpuAt + i, 0);
	}

	/** A thread is gone; its tasks hold nothing any more. */
	forget(slot: number): void {
		Atomics.and(this.#licences, 0, ~(7n << BigInt(slot * 3)));
		for (let i = 0; i < GPUS; i++) Atomics.compareExchange(this.#words, gpuAt + i, slot + 1, 0);
	}
}
