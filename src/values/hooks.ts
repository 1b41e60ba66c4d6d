/** What the engine plugs into the codec: how its refs and handles are sent, and where large arrays come from. */
import type { BufferType } from "./buffers.ts";

/**
 * Classes whose instances the encoder hands to `EncodeHooks.toExtension` carry this symbol on their prototype (any value);
 * functions carry it themselves. Plain objects (directly under Object.prototype) are not asked: that keeps them fast.
 */
export const SENDABLE: unique symbol = Symbol.for("wasmray.sendable") as never;

export interface Extension {
	/** EXT_REF: the value is noted in `Encoder.refs`, and its place there is sent. EXT_HOST_FIRST … EXT_HOST_LAST: `description` is sent. */
	readonly type: number;
	/** Any sendable value; refs nested in it are noted like all others. */
	readonly description?: unknown;
}

/** It cannot be sent. The error says where it is, what it is, and what to do. */
export interface Refusal {
	readonly what: string;
	readonly advice: string;
}

/** Bytes that another object of the store has already. */
export interface Part {
	/** What stands for that object in `Encoder.refs`: the same for all of its parts. */
	readonly whole: object;
	/** Where in its payload they start. */
	readonly offset: number;
}

export interface EncodeHooks {
	/** How this value is sent; undefined: as if it had no SENDABLE. What it throws is passed on as it is. */
	toExtension?(value: object): Extension | Refusal | undefined;
	/** What this view is a part of, if its bytes need not be sent. */
	part?(view: ArrayBufferView): Part | undefined;
}

export interface DecodeHooks {
	/** The store reference that stood at `index` of `Encoder.refs`. */
	ref?(index: number): unknown;
	/** What a host extension of that type stands for. */
	extension?(type: number, description: unknown): unknown;
	/**
	 * A view on the bytes in place, or undefined for a private copy. `byteOffset` counts in the `bytes` given to `decode`.
	 * Asked for views only; an ArrayBuffer is always copied.
	 */
	view?(type: BufferType, byteOffset: number, byteLength: number): ArrayBufferView | undefined;
	/** The array on bytes of the object that stood at `index` of `Encoder.refs`; undefined if it has none there. */
	part?(type: BufferType, index: number, offset: number, byteLength: number): ArrayBufferView | undefined;
}
