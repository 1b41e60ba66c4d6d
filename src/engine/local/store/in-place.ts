/** The arrays of a message, where they lie: in the object that is read, or in others that it keeps pinned. */
import { NESTED_PIN, OBJECT_ENTRY_VALUE } from "../../../core/layout.ts";
import type { CoreThread } from "../../../core/thread.ts";
import type { BufferType } from "../../../values/buffers.ts";
import type { Views, Whole } from "./views.ts";

/** Arrays from `least` bytes on are views, others copies. The object is pinned while it is read. */
export class InPlace {
	readonly #thread: CoreThread;
	readonly #views: Views;
	readonly #own: Whole;
	readonly #references: number;
	readonly #count: number;
	readonly #least: number;
	/** By the slot of the object that has the bytes. */
	readonly #buffers = new Map<number, ArrayBufferLike>();

	constructor(thread: CoreThread, views: Views, slot: number, generation: number, least: number) {
		this.#thread = thread;
		this.#views = views;
		this.#own = this.#whole(slot, generation);
		const { address, size } = this.#own;
		this.#references = ((address + size + 7) & ~7) >>> 2;
		this.#count = thread.views.u32[(thread.objectAt(slot) + OBJECT_ENTRY_VALUE + 8) >> 2] as number;
		this.#least = least;
	}

	#whole(slot: number, generation: number): Whole {
		const { u32 } = this.#thread.views;
		const at = (this.#thread.objectAt(slot) + OBJECT_ENTRY_VALUE) >> 2;
		const pinning = { slot: (slot | NESTED_PIN) >>> 0, generation };
		return { slot, generation, address: u32[at] as number, size: u32[at + 1] as number, pinning };
	}

	/** A view on bytes of the object itself. */
	view(type: BufferType, at: number, byteLength: number): ArrayBufferView | undefined {
		return this.#view(type, this.#own, at, byteLength);
	}

	/** An array on bytes of the object that its `index`-th reference pins. */
	part(type: BufferType, index: number, offset: number, byteLength: number): ArrayBufferView | undefined {
		if (index >= this.#count) return undefined;
		const { u8, u32 } = this.#thread.views;
		const at = this.#references + index * 2;
		const slot = u32[at] as number;
		// What the reference pins is sealed, and no number but that of an object.
		if ((slot & NESTED_PIN) === 0) return undefined;
		const whole = this.#whole(slot & ~NESTED_PIN, u32[at + 1] as number);
		if (offset + byteLength > whole.size) return undefined;
		const start = whole.address + offset;
		return (
			this.#view(type, whole, start, byteLength) ?? type.make(u8.slice(start, start + byteLength).buffer, 0, byteLength)
		);
	}

	#view(type: BufferType, whole: Whole, at: number, byteLength: number): ArrayBufferView | undefined {
		if (byteLength < this.#least || byteLength === 0) return undefined;
		let buffer = this.#buffers.get(whole.slot);
		if (buffer === undefined) {
			buffer = this.#views.bufferFor(this.#own.slot, this.#own.generation, whole);
			this.#buffers.set(whole.slot, buffer);
		}
		return type.make(buffer, at, byteLength);
	}
}
