import { PLACE_ROOT, ROOT_OBJECT_TABLE, ROOT_TASK_TABLE, ROOT_THREAD_TABLE } from "./layout.ts";

/** At 65536 pages one of the hosts sees a memory of size 0. */
export const MAX_PAGES = 65535;
export const PAGE_BYTES = 65536;

/** A shared memory at its full size: nothing grows, so no view is ever stale. Untouched pages cost nothing. */
export function createMemory(pages: number): WebAssembly.Memory {
	return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** One thread's views of the memory. Fields that the schema marks as atomic are accessed through `Atomics` on `i32`. */
export class Views {
	readonly buffer: ArrayBufferLike;
	readonly u8: Uint8Array;
	readonly u16: Uint16Array;
	readonly i32: Int32Array;
	readonly u32: Uint32Array;
	readonly f64: Float64Array;

	constructor(memory: WebAssembly.Memory) {
		this.buffer = memory.buffer;
		this.u8 = new Uint8Array(memory.buffer);
		this.u16 = new Uint16Array(memory.buffer);
		this.i32 = new Int32Array(memory.buffer);
		this.u32 = new Uint32Array(memory.buffer);
		this.f64 = new Float64Array(memory.buffer);
	}

	get objectTable(): number {
		return this.u32[(PLACE_ROOT + ROOT_OBJECT_TABLE) >> 2] as number;
	}

	get taskTable(): number {
		return this.u32[(PLACE_ROOT + ROOT_TASK_TABLE) >> 2] as number;
	}

	get threadTable(): number {
		return this.u32[(PLACE_ROOT + ROOT_THREAD_TABLE) >> 2] as number;
	}
}
