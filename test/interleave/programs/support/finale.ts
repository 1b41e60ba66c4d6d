// The end of every explored schedule: the invariant walker, and then the proof that nothing leaks. All threads are ended and
// recovered, what is unfinished is cancelled, what the driver holds is released; then every table must be empty and the heap
// one free block.
//
// It runs on a copy, in the debug build, at full speed: the explored memory stays as it is.
import * as layout from "../../../../src/core/layout.ts";
import { checkInvariants, debugModule, walkerRoom } from "../../../core/support/walk.ts";
import type { Calls } from "../../world.ts";
import { ERROR, SIZE, type Stage } from "./stage.ts";

const { STATUS_OK } = layout;

class Finale {
	readonly #memory: WebAssembly.Memory;
	readonly #bytes: Uint8Array;
	readonly #words: Int32Array;
	readonly #driver: Calls;
	#attached = false;

	constructor(stage: Stage) {
		const at = (offset: number) => stage.word(layout.PLACE_ROOT + offset);
		const room = walkerRoom(SIZE, at(layout.ROOT_OBJECT_MAX), at(layout.ROOT_TASK_MAX), at(layout.ROOT_THREAD_MAX));
		const pages = Math.ceil((SIZE + room) / 65536) + 1;
		this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
		this.#bytes = new Uint8Array(this.#memory.buffer);
		this.#words = new Int32Array(this.#memory.buffer);
		const { exports } = new WebAssembly.Instance(debugModule(false), { env: { memory: this.#memory } });
		this.#driver = exports as unknown as Calls;
	}

	/** Throws if anything is wrong. */
	run(stage: Stage): void {
		this.#bytes.set(stage.context.memory.subarray(0, SIZE));
		checkInvariants(this.#memory, { inPlace: true });
		this.#standOnSlot(stage);
		for (const { index } of stage.actors) this.#retire(stage, index);
		for (let round = 0; this.#settle(stage); round++) {
			if (round > 20) throw new Error("the end comes to no end");
		}
		this.#expect("flush", this.#driver.flush());
		checkInvariants(this.#memory, { inPlace: true, over: true });
	}

	/** The instance is put on the driver's slot once: every copy has it there, outside of the core. */
	#standOnSlot(stage: Stage): void {
		if (this.#attached) return;
		const gate = stage.driver.record + layout.THREAD_GATE;
		this.#words[gate >>> 2] = (1 << layout.GATE_EPOCH_SHIFT) | layout.GATE_RESERVED;
		this.#expect("attach", this.#driver.attach(stage.driver.index, 1));
		this.#attached = true;
	}

	#retire(stage: Stage, index: number): void {
		const gate = this.#word(stage.driver.record + index * layout.THREAD_SIZE + layout.THREAD_GATE);
		if ((gate & layout.GATE_STATE_MASK) === layout.GATE_VACANT) return;
		const epoch = gate >>> layout.GATE_EPOCH_SHIFT;
		this.#expect("end", this.#driver.end(index, epoch));
		this.#expect("recover", this.#driver.recover(index, epoch));
	}

	/** One round of giving back; false: there was nothing to do. */
	#settle(stage: Stage): boolean {
		let did = this.#cancelAll(stage);
		for (let count = this.#driver.drain(); count > 0; count = this.#driver.drain()) {
			did = true;
			for (let i = 0; i < count; i++) this.#act(stage.driver.record + layout.THREAD_MESSAGES + i * layout.MESSAGE_SIZE);
		}
		while (this.#driver.takeUnread() >= 0) did = true;
		return this.#releaseAll(stage) || did;
	}

	#act(message: number): void {
		const kind = this.#word(message + layout.MESSAGE_KIND);
		if (kind !== layout.MESSAGE_KIND_LOST && kind !== layout.MESSAGE_KIND_DECIDE) return;
		const [task, generation] = [message + layout.MESSAGE_SLOT, message + layout.MESSAGE_GENERATION].map((at) =>
			this.#word(at),
		) as [number, number];
		const status = this.#driver.fail(task, generation, ERROR, 0, 0, 0, 0);
		if (status !== layout.STATUS_STALE) this.#expect("fail", status);
	}

	#cancelAll(stage: Stage): boolean {
		let did = false;
		const fresh = this.#word(layout.PLACE_ROOT + layout.ROOT_TASK_FRESH);
		for (let task = 1; task < fresh; task++) {
			const phase = this.#word(stage.taskAt(task) + layout.TASK_ENTRY_STATE) & 0xff;
			if (phase === layout.TASK_PHASE_VACANT || phase === layout.TASK_PHASE_ENDED) continue;
			const generation = this.#word(stage.taskAt(task) + layout.TASK_ENTRY_GENERATION);
			this.#expect("cancel", this.#driver.cancel(task, generation, layout.REASON_SHUTDOWN, 0));
			did = true;
		}
		return did;
	}

	#releaseAll(stage: Stage): boolean {
		const chunk = this.#word(stage.driver.record + layout.THREAD_CHUNKS);
		if (chunk === 0) return false;
		let did = false;
		const most = this.#word(layout.PLACE_ROOT + layout.ROOT_OBJECT_MAX);
		for (let slot = 1; slot < most; slot++) {
			const held = this.#word(chunk + slot * 4);
			const generation = this.#word(stage.objectAt(slot) + layout.OBJECT_ENTRY_WORD + 4);
			for (let pins = held >>> layout.HANDLE_PIN_SHIFT; pins > 0; pins--) {
				this.#expect("unpin", this.#driver.unpin(slot, generation));
			}
			for (let count = held & layout.HANDLE_COUNT_MASK; count > 0; count--) {
				this.#expect("release", this.#driver.release(slot, generation));
				did = true;
			}
		}
		return did;
	}

	#word(address: number): number {
		return this.#words[address >>> 2] >>> 0;
	}

	#expect(what: string, status: number): void {
		if (status !== STATUS_OK) throw new Error(`at the end, ${what} answered ${status}`);
	}
}

const finales = new Map<string, Finale>();

/** What is wrong with the memory, if anything. */
export function faultAtEnd(stage: Stage): string | undefined {
	// Places depend on the sizes alone: programs with the same ones share a copy.
	const words = new Uint32Array(stage.context.words.buffer, layout.PLACE_ROOT, (layout.ROOT_HEAP_END >> 2) + 1);
	const key = words.join();
	let finale = finales.get(key);
	if (finale === undefined) {
		finale = new Finale(stage);
		finales.set(key, finale);
	}
	try {
		finale.run(stage);
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
	return undefined;
}
