// Cores for tests: a memory, and "threads" that are instances on it, all called from one JavaScript thread. So every call is
// a step of its own, and tests are deterministic.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../scripts/paths.mjs";
import type { CoreExports } from "../../../src/core/abi.ts";
import * as layout from "../../../src/core/layout.ts";
import { PAGE_BYTES } from "../../../src/core/memory.ts";
import { named, Thread } from "./thread.ts";
import { checkInvariants, debugModule, type WalkOptions, walkerRoom } from "./walk.ts";

export type Build = "core" | "core.single" | "core.debug" | "core.single.debug";

export const builds: readonly Build[] = ["core", "core.single", "core.debug", "core.single.debug"];

export interface CoreOptions {
	readonly build?: Build;
	/** Bytes of the memory that `init` is told of. */
	readonly size?: number;
	readonly objects?: number;
	readonly tasks?: number;
	readonly threads?: number;
	readonly capacity?: number;
	/** False: the memory is left as it is, of zeros. */
	readonly initialise?: boolean;
}

const modules = new Map<Build, WebAssembly.Module>();

export function moduleOf(build: Build): WebAssembly.Module {
	if (build.endsWith(".debug")) return debugModule(build === "core.debug");
	let module = modules.get(build);
	if (module === undefined) {
		module = new WebAssembly.Module(readFileSync(join(root, "build", `${build}.wasm`)));
		modules.set(build, module);
	}
	return module;
}

export class Core {
	readonly build: Build;
	readonly memory: WebAssembly.Memory;
	readonly size: number;
	readonly objects: number;
	readonly tasks: number;
	readonly threadCount: number;
	readonly u8: Uint8Array;
	readonly u32: Uint32Array;
	readonly #module: WebAssembly.Module;

	constructor(options: CoreOptions = {}) {
		const { build = "core", size = 4 * 1024 * 1024, objects = 4096, tasks = 1024, threads = 8 } = options;
		this.build = build;
		this.size = size;
		this.objects = objects;
		this.tasks = tasks;
		this.threadCount = threads;
		const pages = Math.ceil((size + walkerRoom(size, objects, tasks, threads)) / PAGE_BYTES) + 1;
		const shared = !build.startsWith("core.single");
		this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
		this.u8 = new Uint8Array(this.memory.buffer);
		this.u32 = new Uint32Array(this.memory.buffer);
		this.#module = moduleOf(build);
		if (options.initialise === false) return;
		const status = this.instance().init(size, objects, tasks, threads, options.capacity ?? 0xffffffff);
		if (status !== 0) throw new Error(`init answered ${named(status)}`);
	}

	/** An instance that stands on no thread slot. */
	instance(): CoreExports {
		return new WebAssembly.Instance(this.#module, { env: { memory: this.memory } }).exports as unknown as CoreExports;
	}

	/** A thread of its own: reserved and attached. */
	start({ kind = 0, worker = true }: { kind?: number; worker?: boolean } = {}): Thread {
		const calls = this.instance();
		const index = calls.reserve(kind, worker ? layout.THREAD_FLAG_WORKER : 0);
		if (index < 0) throw new Error(`reserve answered ${named(index)}`);
		const epoch = this.epochOf(index);
		const status = calls.attach(index, epoch);
		if (status !== 0) throw new Error(`attach answered ${named(status)}`);
		return new Thread(this, calls, index, epoch);
	}

	threadAddress(index: number): number {
		return this.rootField(layout.ROOT_THREAD_TABLE) + index * layout.THREAD_SIZE;
	}

	epochOf(index: number): number {
		return this.u32[this.threadAddress(index) >> 2] >>> layout.GATE_EPOCH_SHIFT;
	}

	objectAddress(slot: number): number {
		return this.rootField(layout.ROOT_OBJECT_TABLE) + slot * layout.OBJECT_ENTRY_SIZE;
	}

	taskAddress(task: number): number {
		return this.rootField(layout.ROOT_TASK_TABLE) + task * layout.TASK_ENTRY_SIZE;
	}

	rootField(offset: number): number {
		return this.read(layout.PLACE_ROOT + offset);
	}

	objectField(slot: number, offset: number): number {
		return this.read(this.objectAddress(slot) + offset);
	}

	taskField(task: number, offset: number): number {
		return this.read(this.taskAddress(task) + offset);
	}

	/** An object's value: its 16 bytes, or the payload's address, size, references and granules. */
	valueOf(slot: number): number[] {
		const at = (this.objectAddress(slot) + layout.OBJECT_ENTRY_VALUE) >> 2;
		return [...this.u32.subarray(at, at + 4)];
	}

	stateOf(slot: number): number {
		return this.objectField(slot, layout.OBJECT_ENTRY_STATE);
	}

	phaseOf(slot: number): number {
		return this.stateOf(slot) & layout.STATE_PHASE_MASK;
	}

	holdersOf(slot: number): number {
		return this.objectField(slot, layout.OBJECT_ENTRY_WORD);
	}

	taskPhaseOf(task: number): number {
		return this.taskField(task, layout.TASK_ENTRY_STATE) & 0xff;
	}

	read(address: number): number {
		return this.u32[address >> 2];
	}

	write(address: number, value: number): void {
		this.u32[address >> 2] = value;
	}

	/** Throws unless every invariant holds. */
	check(options: WalkOptions = {}): void {
		checkInvariants(this.memory, { inPlace: true, ...options });
	}
}
