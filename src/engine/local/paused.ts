/**
 * Generators that pause until their items are read. One that nobody can read any more goes with its handle, but a thread in which
 * nothing happens has no garbage collection by itself. So if nothing was read of one for a while, one is asked for: after a
 * second, and then at twice the time each, since a slow reader has to pay for it.
 */
import {
	OBJECT_ENTRY_STREAM,
	OBJECT_ENTRY_WORD,
	PHASE_PENDING,
	STATE_PHASE_MASK,
	STATE_STREAM,
	STREAM_PAUSED,
	STREAM_PRODUCED,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";

/** Milliseconds. */
const FIRST = 1000;
/** So many times as long as a collection took, none is asked for: a hundredth of the time at most. */
const SPARED = 100;

interface Reading {
	readonly generation: number;
	/** How many items there were, and since when it is so. */
	produced: number;
	since: number;
	/** Milliseconds after that. */
	wait: number;
}

export class PausedStreams {
	readonly #thread: CoreThread;
	readonly #collect: () => boolean;
	readonly #bySlot = new Map<number, Reading>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#notBefore = 0;

	/** `collect`: collects garbage; false: the host offers no way to. */
	constructor(thread: CoreThread, collect: () => boolean) {
		this.#thread = thread;
		this.#collect = collect;
	}

	add({ slot, generation }: { readonly slot: number; readonly generation: number }): void {
		this.#bySlot.set(slot, { generation, produced: 0, since: performance.now(), wait: FIRST });
		this.#lookLater();
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#bySlot.clear();
	}

	#lookLater(): void {
		if (this.#timer !== undefined || this.#bySlot.size === 0) return;
		this.#timer = setTimeout(() => {
			this.#timer = undefined;
			this.#look();
			this.#lookLater();
		}, FIRST);
		this.#timer.unref();
	}

	#look(): void {
		const now = performance.now();
		let due = false;
		for (const [slot, reading] of this.#bySlot) {
			const produced = this.#pausedAfter(slot, reading.generation);
			if (produced === undefined) {
				this.#bySlot.delete(slot);
			} else if (produced < 0 || produced !== reading.produced) {
				Object.assign(reading, { produced, since: now, wait: FIRST });
			} else if (now - reading.since >= reading.wait && now >= this.#notBefore) {
				reading.wait *= 2;
				due = true;
			}
		}
		if (!due) return;
		if (!this.#collect()) this.#bySlot.clear();
		const end = performance.now();
		this.#notBefore = end + SPARED * (end - now);
	}

	/** How many items a paused stream has had; −1: it is not paused; undefined: it has ended. Others change it meanwhile: it is a hint. */
	#pausedAfter(slot: number, generation: number): number | undefined {
		const { i32, u32 } = this.#thread.views;
		const at = this.#thread.objectAt(slot);
		const open = (this.#thread.stateOf(slot) & (STATE_STREAM | STATE_PHASE_MASK)) === (STATE_STREAM | PHASE_PENDING);
		if (!open || Atomics.load(i32, (at + OBJECT_ENTRY_WORD + 4) >> 2) !== generation) return undefined;
		const stream = u32[(at + OBJECT_ENTRY_STREAM) >> 2] as number;
		return u32[(stream + STREAM_PAUSED) >>> 2] === 0 ? -1 : (u32[(stream + STREAM_PRODUCED) >>> 2] as number);
	}
}
