/**
 * For tests: a checksum behind each payload, taken when it is written, and looked at before a view's pin is given back and
 * at the end. Any thread can check any payload, so it does not matter who wrote and who looks.
 *
 *     payload | references | checksum | the task that made it, its generation
 */
import {
	NESTED_PIN,
	OBJECT_ENTRY_VALUE,
	PHASE_SEALED,
	STATE_ALIAS,
	STATE_INLINE,
	STATE_PHASE_MASK,
	STATE_STREAM,
	STATE_SYSTEM,
	STATUS_OK,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { AuditSettings } from "../inspection.ts";
import { Origins } from "./origins.ts";

const TRAILER_BYTES = 12;

interface Maker {
	readonly parent: number;
	readonly parentGeneration: number;
}

interface Viewed {
	readonly address: number;
	readonly size: number;
	readonly references: number;
	count: number;
}

export class Audit {
	/** Undefined: not wanted. */
	readonly objects: Origins | undefined;
	readonly tasks: Origins | undefined;
	/** Slots of objects that describe functions, with their generations: remote functions hold them as long as they live. */
	readonly functions = new Map<number, number>();
	readonly #checks: boolean;
	readonly #thread: CoreThread;
	/** The task that runs here now. A worker has one, and leaves a changed object pinned for the driver to find. */
	readonly #origin: (() => Maker) | undefined;
	readonly #viewed = new Map<string, Viewed>();
	readonly #changed = new Map<string, { slot: number; generation: number }>();

	constructor(thread: CoreThread, settings: AuditSettings, origin?: () => Maker) {
		this.#thread = thread;
		this.#checks = settings.checkImmutability;
		this.#origin = origin;
		if (settings.traceCreation && origin === undefined) {
			this.objects = new Origins();
			this.tasks = new Origins();
		}
	}

	/** What a block needs beside payload and references. */
	get extra(): number {
		return TRAILER_BYTES;
	}

	/** A payload was written: of `size` bytes, with so many references behind it. */
	sealed(address: number, size: number, references: number): void {
		const { u32 } = this.#thread.views;
		const at = trailerAt(address, size, references);
		const { parent = 0, parentGeneration = 0 } = this.#origin?.() ?? {};
		u32[at] = this.#checks ? this.#sum(address, size) : 0;
		u32[at + 1] = parent;
		u32[at + 2] = parentGeneration;
	}

	/** Somebody here has one more view on a pinned object. */
	viewed(slot: number, generation: number): void {
		if (!this.#checks) return;
		const key = `${slot}.${generation}`;
		const known = this.#viewed.get(key);
		if (known !== undefined) known.count++;
		else this.#viewed.set(key, { ...this.#payload(slot), count: 1 });
	}

	/** A view is gone. False: the object was written to, and its pin is to stay. */
	unviewed(slot: number, generation: number): boolean {
		if (!this.#checks) return true;
		const key = `${slot}.${generation}`;
		const viewed = this.#viewed.get(key);
		if (viewed === undefined) return true;
		const intact = this.#isIntact(viewed);
		if (--viewed.count === 0) this.#viewed.delete(key);
		if (intact) return true;
		if (this.#origin !== undefined) return false;
		this.#changed.set(key, { slot, generation });
		return true;
	}

	/** Objects that were written to: those found before, those viewed here, and all that have a payload now. */
	changed(slots: Iterable<{ slot: number; generation: number }>): { slot: number; generation: number }[] {
		if (!this.#checks) return [];
		for (const [key, viewed] of this.#viewed) {
			if (this.#isIntact(viewed)) continue;
			const [slot, generation] = key.split(".").map(Number) as [number, number];
			this.#changed.set(key, { slot, generation });
		}
		for (const { slot, generation } of slots) {
			if (!this.#isIntactInStore(slot, generation)) this.#changed.set(`${slot}.${generation}`, { slot, generation });
		}
		return [...this.#changed.values()];
	}

	#isIntactInStore(slot: number, generation: number): boolean {
		const { calls } = this.#thread;
		if (calls.retain(slot, generation) !== STATUS_OK) return true;
		try {
			if (!this.#hasPayload(slot) || (calls.pin(slot, generation) & 63) !== 0) return true;
			const intact = this.#isIntact(this.#payload(slot));
			calls.unpin(slot, generation);
			return intact;
		} finally {
			calls.release(slot, generation);
		}
	}

	#hasPayload(slot: number): boolean {
		const state = this.#thread.stateOf(slot);
		const elsewhere = STATE_INLINE | STATE_ALIAS | STATE_SYSTEM | STATE_STREAM;
		return (state & STATE_PHASE_MASK) === PHASE_SEALED && (state & elsewhere) === 0;
	}

	#payload(slot: number): Omit<Viewed, "count"> {
		const { u32 } = this.#thread.views;
		const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
		return { address: u32[at] as number, size: u32[at + 1] as number, references: u32[at + 2] as number };
	}

	/** The objects whose references stand behind an object's payload. */
	nested(slot: number): { slot: number; generation: number }[] {
		if (!this.#hasPayload(slot)) return [];
		const { u32 } = this.#thread.views;
		const { address, size, references } = this.#payload(slot);
		const first = (address + aligned(size)) >>> 2;
		return Array.from({ length: references }, (_, i) => ({
			slot: (u32[first + i * 2] as number) & ~NESTED_PIN,
			generation: u32[first + i * 2 + 1] as number,
		}));
	}

	/** The task that made an object, as far as it is known. */
	makerOf(slot: number): Maker | undefined {
		if (!this.#hasPayload(slot)) return undefined;
		const { u32 } = this.#thread.views;
		const { address, size, references } = this.#payload(slot);
		const at = trailerAt(address, size, references);
		return u32[at + 1] === 0 ? undefined : { parent: u32[at + 1] as number, parentGeneration: u32[at + 2] as number };
	}

	#isIntact({ address, size, references }: Omit<Viewed, "count">): boolean {
		return this.#thread.views.u32[trailerAt(address, size, references)] === this.#sum(address, size);
	}

	/** FNV-1a over words, then over the bytes that are left. */
	#sum(address: number, size: number): number {
		const { u8, u32 } = this.#thread.views;
		const words = address >>> 2;
		const end = words + (size >>> 2);
		let sum = 0x811c9dc5;
		for (let at = words; at < end; at++) sum = Math.imul(sum ^ (u32[at] as number), 0x01000193);
		for (let at = end * 4; at < address + size; at++) sum = Math.imul(sum ^ (u8[at] as number), 0x01000193);
		return sum >>> 0;
	}
}

/** How many bytes the payload takes before what stands behind it. */
function aligned(size: number): number {
	return Math.ceil(size / 8) * 8;
}

/** As an index of words. */
function trailerAt(address: number, size: number, references: number): number {
	return (address + aligned(size) + references * 8) >>> 2;
}
