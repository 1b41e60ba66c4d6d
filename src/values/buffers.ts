/** Typed arrays, DataView, Node's Buffer and ArrayBuffer: what each is called in a message, and how it is made again. */

/**
 * What a payload is: 0 is a message, all else exactly the bytes of one buffer of the type with that number.
 * Messages use the same numbers for the buffers in them.
 */
export const KIND_MESSAGE = 0;
export const KIND_ARRAY_BUFFER = 1;
export const KIND_DATA_VIEW = 2;
export const KIND_BUFFER = 3;
export const KIND_UINT8 = 4;
export const KIND_LAST = 15;

interface ViewConstructor {
	readonly BYTES_PER_ELEMENT: number;
	new (buffer: ArrayBufferLike, byteOffset: number, length?: number): ArrayBufferView;
}
interface NodeBuffer {
	readonly prototype: object;
	from(buffer: ArrayBufferLike, byteOffset: number, length: number): Uint8Array;
}

// Asked for by name, so that no bundler adds a substitute for it, and because an engine may lack Float16Array.
const platform = globalThis as unknown as Record<string, unknown>;
const nodeBuffer = platform.Buffer as NodeBuffer | undefined;

/** One type of buffer; hosts get these to make views on their memory. */
export class BufferType {
	readonly kind: number;
	readonly name: string;
	readonly #view: ViewConstructor | undefined;

	constructor(kind: number, name: string) {
		this.kind = kind;
		this.name = name;
		if (kind >= KIND_UINT8) this.#view = platform[name] as ViewConstructor | undefined;
	}

	/** Whether this engine has the type. (Without Buffer, a Uint8Array stands for it.) */
	get available(): boolean {
		return this.kind < KIND_UINT8 || this.#view !== undefined;
	}

	/** Whether one may take so many bytes at that offset of a segment. */
	fits(byteOffset: number, byteLength: number): boolean {
		const elementBytes = this.#view?.BYTES_PER_ELEMENT ?? 1;
		return byteOffset % elementBytes === 0 && byteLength % elementBytes === 0;
	}

	/**
	 * A view on part of a buffer, which must be aligned for the type. There is none of an ArrayBuffer: it owns its bytes.
	 * Where there is no Buffer it is a Uint8Array.
	 */
	make(buffer: ArrayBufferLike, byteOffset: number, byteLength: number): ArrayBufferView {
		if (this.kind === KIND_DATA_VIEW) return new DataView(buffer, byteOffset, byteLength);
		if (this.kind === KIND_BUFFER && nodeBuffer !== undefined) return nodeBuffer.from(buffer, byteOffset, byteLength);
		const type = this.#view ?? (Uint8Array as ViewConstructor);
		return new type(buffer, byteOffset, byteLength / type.BYTES_PER_ELEMENT);
	}

	/** A view from there on to wherever a resizable buffer ends. */
	makeTracking(buffer: ArrayBuffer, byteOffset: number): ArrayBufferView {
		if (this.kind === KIND_DATA_VIEW) return new DataView(buffer, byteOffset);
		const type = this.#view ?? (Uint8Array as ViewConstructor);
		const { byteLength } = buffer;
		const whole = byteLength - ((byteLength - byteOffset) % type.BYTES_PER_ELEMENT);
		// Older engines make none while an element would be cut off by the buffer's end.
		const make = () => new type(buffer, byteOffset);
		const view = whole === byteLength ? make() : whileShorter(buffer, whole, make);
		// Buffer.from() would give it a length of its own.
		if (this.kind === KIND_BUFFER && nodeBuffer !== undefined) Object.setPrototypeOf(view, nodeBuffer.prototype);
		return view;
	}
}

const names =
	"ArrayBuffer DataView Buffer Uint8Array Int8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array Float16Array".split(
		" ",
	);
const types = names.map((name, index) => new BufferType(index + 1, name));
const kinds = new Map<string, number>(types.map((type) => [type.name, type.kind]));

/** The type with that number, if there is one. */
export function bufferType(kind: number): BufferType | undefined {
	return types[kind - 1];
}

type Getter<T> = (this: unknown) => T;
const getterOf = <T>(prototype: object, key: PropertyKey): Getter<T> =>
	Object.getOwnPropertyDescriptor(prototype, key)?.get as Getter<T>;

const typedArrayName = getterOf<string | undefined>(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
const dataViewLength = getterOf<number>(DataView.prototype, "byteLength");
const typedArrayAt = Object.getPrototypeOf(Uint8Array.prototype).at as (this: unknown, index: number) => unknown;
const isResizable = getterOf<boolean>(ArrayBuffer.prototype, "resizable") as Getter<boolean> | undefined;
const resize = (ArrayBuffer.prototype as { resize?: (this: ArrayBufferLike, byteLength: number) => void }).resize;
const maximumLength = getterOf<number>(ArrayBuffer.prototype, "maxByteLength") as Getter<number> | undefined;

/** Told by internal slots, so that realms and changed prototypes do not matter. 0: of a type that is not known here. */
export function viewKindOf(view: ArrayBufferView): number {
	const name = typedArrayName.call(view);
	if (name === undefined) return KIND_DATA_VIEW;
	if (
		name === "Uint8Array" &&
		nodeBuffer !== undefined &&
		Object.prototype.isPrototypeOf.call(nodeBuffer.prototype, view)
	) {
		return KIND_BUFFER;
	}
	return kinds.get(name) ?? 0;
}

/** The bytes it may grow to, if it is resizable. */
export function maximumBytes(buffer: ArrayBuffer): number | undefined {
	return isResizable?.call(buffer) === true ? maximumLength?.call(buffer) : undefined;
}

export type Growth = "fixed" | "resizable" | "shared";

/** Whether a buffer's length may change: its own thread resizes it, or, if it is a growable SharedArrayBuffer, any grows it. */
export function growthOf(buffer: ArrayBufferLike): Growth {
	const { resizable } = buffer as { resizable?: boolean };
	if (resizable === false) return "fixed";
	if (resizable === true) return "resizable";
	return (buffer as { growable?: boolean }).growable === true ? "shared" : "fixed";
}

/** Whether it was not transferred away. */
export function isAttached(buffer: ArrayBufferLike): boolean {
	try {
		return new Uint8Array(buffer) !== undefined;
	} catch {
		return false;
	}
}

/** Whether it lies in its buffer, which may have been transferred away, or made smaller. */
export function isInBounds(view: ArrayBufferView): boolean {
	try {
		if (typedArrayName.call(view) === undefined) dataViewLength.call(view);
		else typedArrayAt.call(view, 0);
		return true;
	} catch {
		return false;
	}
}

/**
 * Whether a view's length follows that of its resizable buffer. No property says so: it shows when the buffer is made longer by
 * an element, or, where it is at its maximum, shorter by one. Nobody else sees it: the buffer is this thread's, and as it was
 * at the end.
 */
export function tracksLength(view: ArrayBufferView, buffer: ArrayBuffer): boolean {
	const { byteLength } = buffer;
	const end = view.byteOffset + view.byteLength;
	const next = end + ((view as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1);
	if (next <= byteLength || resize === undefined) return false;
	if (next <= (maximumBytes(buffer) ?? 0)) {
		resize.call(buffer, next);
		const tracks = view.byteOffset + view.byteLength === next;
		resize.call(buffer, byteLength);
		return tracks;
	}
	// It can never have an element, whichever it is.
	if (view.byteLength === 0) return false;
	return whileShorter(buffer, end - 1, () => isInBounds(view));
}

/** Does something while a resizable buffer has fewer bytes. */
function whileShorter<T>(buffer: ArrayBuffer, byteLength: number, act: () => T): T {
	const { byteLength: before } = buffer;
	const last = new Uint8Array(buffer, byteLength).slice();
	resize?.call(buffer, byteLength);
	try {
		return act();
	} finally {
		resize?.call(buffer, before);
		new Uint8Array(buffer, byteLength).set(last);
	}
}
