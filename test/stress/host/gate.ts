import { GATE_EPOCH_SHIFT, GATE_STATE_MASK, THREAD_GATE, THREAD_SIZE } from "../../../src/core/layout.ts";
import { Views } from "../../../src/core/memory.ts";

/** How a thread slot's gate is now. */
export function gateOf(memory: WebAssembly.Memory, index: number): { readonly state: number; readonly epoch: number } {
	const views = new Views(memory);
	const word = Atomics.load(views.i32, (views.threadTable + index * THREAD_SIZE + THREAD_GATE) >> 2);
	return { state: word & GATE_STATE_MASK, epoch: word >>> GATE_EPOCH_SHIFT };
}
