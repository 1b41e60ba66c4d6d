/**
 * For tests: a checksum behind each payload, taken when it is written, and looked at before a view's pin is given back and
 * at the end. Any thread can check any payload, so it does not matter who wrote and who looks.
 *
 *     payload | references | checksum
 *
 * And, in the driver, where objects and tasks were made: by its own code, by stacks; by others, as all threads note it.
 */
import {
	NESTED_PIN,
	OBJECT_ENTRY_LINK,
	OBJECT_ENTRY_STREAM,
	OBJECT_ENTRY_VALUE,
	OBJECT_ENTRY_WORD,
	PHASE_SEALED,
	PLACE_ROOT,
	ROOT_OBJECT_FRESH,
	STATE_ALIAS,
	STATE_INLINE,
	STATE_PHASE_MASK,
	STATE_STREAM,
	STATE_SYSTEM,
	STATUS_OK,
	STREAM_HEAD,
	STREAM_TASK,
	STREAM_UNREAD,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import type { AuditSettings } from "../inspection.ts";
import { type Maker, Makers } from "./makers.ts";
import { callerStack, type Origin, Origins } from "./origins.ts";

const TRAILER_BYTES = 4;

interface Place {
	readonly slot: number;
	readonly generation: number;
}

/** An object, and what is known of where it came from: a slot may be another object's later. */
export interface Traced extends Place {
	readonly maker: Maker | undefined;
	/** Where in the driver it was made, or first had. */
	readonly origin: Origin | undefined;
}

interface Viewed {
	readonly address: number;
	readonly size: number;
	readonly references: number;
	count: number;
}

export class Audit {
	/** Undefined: not wanted, or this is no driver. */
	readonly objects: Origins | undefined;
	readonly tasks: Origins | undefined;
	/** Undefined: not wanted. */
	readonly makers: Makers | undefined;
	/** Slots of objects that describe functions, with their generations: remote functions hold them as long as they live. */
	readonly functions = new Map<number, number>();
	readonly #checks: boolean;
	readonly #thread: CoreThread;
	/** The task that runs here now. A worker has one, and leaves a changed object pinned for the driver to find. */
	readonly #origin: (() => Maker) | undefined;
	readonly #viewed = new Map<string, Viewed>();
	readonly #changed = new Map<string, Traced>();
	/** The object with the arguments of the task that is being submitted. */
	#arguments: Place | undefined;

	constructor(thread: CoreThread, settings: AuditSettings, origin?: () => Maker) {
		this.#thread = thread;
		this.#checks = settings.checkImmutability;
		this.#origin = origin;
		if (!settings.traceCreation) return;
		this.makers = new Makers(settings.makers);
		if (origin !== undefined) return;
		this.objects = new Origins();
		this.tasks = new Origins();
	}

	/** What a block needs beside payload and references. */
	get extra(): number {
		return TRAILER_BYTES;
	}

	/** A payload was written: of `size` bytes, with so many references behind it. */
	sealed(address: number, size: number, references: number): void {
		this.#thread.views.u32[trailerAt(address, size, references)] = this.#checks ? this.#sum(address, size) : 0;
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
		this.#changed.set(key, this.trace(slot, generation));
		return true;
	}

	/** Objects that were written to: those found before, those viewed here, and all that have a payload now. */
	changed(slots: Iterable<Place>): Traced[] {
		if (!this.#checks) return [];
		this.noteUnread();
		for (const [key, viewed] of this.#viewed) {
			if (this.#isIntact(viewed)) continue;
			const [slot, generation] = key.split(".").map(Number) as [number, number];
			this.#changed.set(key, this.trace(slot, generation));
		}
		for (const { slot, generation } of slots) {
			if (this.#isIntactInStore(slot, generation)) continue;
			this.#changed.set(`${slot}.${generation}`, this.trace(slot, generation));
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
	nested(slot: number): Place[] {
		if (!this.#hasPayload(slot)) return [];
		const { u32 } = this.#thread.views;
		const { address, size, references } = this.#payload(slot);
		const first = (address + aligned(size)) >>> 2;
		return Array.from({ length: references }, (_, i) => ({
			slot: (u32[first + i * 2] as number) & ~NESTED_PIN,
			generation: u32[first + i * 2 + 1] as number,
		}));
	}

	// ── where objects came from ──

	/** The code that runs here has made an object. */
	made(slot: number, generation: number): void {
		if (this.#origin !== undefined) this.makers?.note(slot, generation, this.#origin());
		else this.objects?.note(slot, generation);
	}

	/** The arguments of the task that is being submitted are an object. */
	madeArguments(slot: number, generation: number): void {
		this.#arguments = { slot, generation };
	}

	/** A handle is here; `task`: of its result, or 0. */
	held(slot: number, generation: number, task: number, taskGeneration: number): void {
		if (task !== 0) this.makers?.note(slot, generation, { parent: task, parentGeneration: taskGeneration });
		this.objects?.note(slot, generation);
	}

	/** An item of a generator's task was taken out of its stream. */
	taken(slot: number, generation: number, stream: { readonly task: number; readonly taskGeneration: number }): void {
		this.makers?.note(slot, generation, { parent: stream.task, parentGeneration: stream.taskGeneration });
	}

	/** A task was submitted here, of which this is a result, if it has one. */
	submitted(
		{ task, taskGeneration: generation }: { readonly task: number; readonly taskGeneration: number },
		name: string,
		result: Place | undefined,
	): void {
		const args = this.#arguments;
		this.#arguments = undefined;
		if (this.tasks === undefined) {
			this.makers?.name(task, generation, name);
			return;
		}
		const stack = (result && this.objects?.of(result.slot, result.generation)?.stack) ?? callerStack();
		this.tasks.set(task, { generation, name, stack });
		if (args === undefined) return;
		const origin = this.objects?.of(args.slot, args.generation);
		const argumentsOf = { parent: task, parentGeneration: generation };
		if (origin !== undefined) this.objects?.set(args.slot, { ...origin, argumentsOf });
	}

	trace(slot: number, generation: number): Traced {
		return { slot, generation, maker: this.makers?.of(slot, generation), origin: this.objects?.of(slot, generation) };
	}

	/** Items of generators that nobody has taken are known by their streams alone: from now on they can be traced. */
	noteUnread(): void {
		if (this.makers === undefined) return;
		const { u32 } = this.#thread.views;
		const end = Atomics.load(u32, (PLACE_ROOT + ROOT_OBJECT_FRESH) >> 2);
		for (let slot = 1; slot < end; slot++) {
			if ((this.#thread.stateOf(slot) & STATE_STREAM) === 0) continue;
			const stream = (u32[(this.#thread.objectAt(slot) + OBJECT_ENTRY_STREAM) >> 2] as number) >>> 2;
			if (stream !== 0) this.#noteItems(stream, end, this.makers);
		}
	}

	/** Others may take items meanwhile: what is no object any more is passed over, and what follows it may be missed. */
	#noteItems(stream: number, end: number, makers: Makers): void {
		const { u32 } = this.#thread.views;
		const task = stream + (STREAM_TASK >> 2);
		const maker = { parent: u32[task] as number, parentGeneration: u32[task + 1] as number };
		let item = u32[stream + (STREAM_HEAD >> 2)] as number;
		for (let left = u32[stream + (STREAM_UNREAD >> 2)] as number; left > 0 && item > 0 && item < end; left--) {
			const word = (this.#thread.objectAt(item) + OBJECT_ENTRY_WORD) >> 2;
			if (Atomics.load(u32, word) > 0) makers.note(item, Atomics.load(u32, word + 1), maker);
			item = u32[(this.#thread.objectAt(item) + OBJECT_ENTRY_LINK) >> 2] as number;
		}
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
