// A worker of the thin host: it works until it is ended.
import {
	RUNNER_BIT_CANCEL,
	RUNNER_BIT_CREDIT,
	RUNNER_BIT_RESUME,
	TASK_ENTRY_ARGS,
	TASK_ENTRY_ARGS_SIZE,
	TASK_ENTRY_CODE,
	TASK_ENTRY_CODE_GENERATION,
	TASK_ENTRY_FLAGS,
	TASK_ENTRY_INLINED,
	TASK_FLAG_INLINE_ARGS,
} from "../../../src/core/layout.ts";
import { type WorkHost, work } from "../../../src/engine/local/protocol/execute.ts";
import type { Step } from "../../../src/engine/local/protocol/steps.ts";
import type { TaskCode, TaskCodes } from "./context.ts";
import { Execution } from "./execution.ts";
import { named, refuse } from "./status.ts";
import { HostThread } from "./thread.ts";
import { Ref, TaskFailure, type Value } from "./values.ts";

export interface WorkerThreadOptions {
	readonly module: WebAssembly.Module;
	readonly memory: WebAssembly.Memory;
	readonly index: number;
	readonly epoch: number;
	/** Microseconds that an idle worker looks at its wake word before it sleeps. */
	readonly spins: number;
	readonly codes: TaskCodes;
	/** Tells the driver that this thread is blocked, or is not any more. */
	readonly tellBlocked: (blocked: boolean) => void;
	/** Tells the driver that another thread is wanted. */
	readonly tellShort: () => void;
	/** Called before each task: for whoever watches over progress. */
	readonly onTask: () => void;
}

const noArguments: Value[] = [];

export class WorkerThread extends HostThread implements WorkHost {
	readonly #spins: number;
	readonly tellBlocked: (blocked: boolean) => void;
	readonly #onTask: () => void;
	readonly #codes: TaskCodes;
	readonly #known = new Map<number, TaskCode>();
	/** Tasks that go on asynchronously. */
	readonly #running = new Map<number, Execution>();
	#ready: Execution[] = [];
	#last: Execution | undefined;
	/** Its last step is done, but its handles are still to be released: what it ended with may have named them. */
	#over: Execution | undefined;
	#inHand = 0;
	readonly #tellShort: () => void;
	#blocked = 0;
	/** Objects that name functions, for what this worker's tasks submit. */
	readonly #names = new Map<string, Ref>();

	constructor(options: WorkerThreadOptions) {
		super(options.module, options.memory, options.index, options.epoch);
		this.#spins = options.spins;
		this.tellBlocked = options.tellBlocked;
		this.#tellShort = options.tellShort;
		this.#onTask = options.onTask;
		this.#codes = options.codes;
	}

	/** Works until the thread is ended: the core's answer that says so. */
	work(): Promise<number> {
		return this.runner.run(work(this.steps, this.core, this));
	}

	// ── what the worker's protocol asks ──

	/** Now and then. */
	hasChore(): boolean {
		return ++this.#rests % 8 === 0;
	}
	#rests = 0;

	chore(): void {}

	spins(): number {
		return this.#spins;
	}

	spun(): void {}

	wantThread(): void {
		this.#tellShort();
	}

	get busy(): boolean {
		return this.#running.size > 0;
	}

	run(task: number, generation: number): Step | undefined {
		this.#afterEnding();
		this.#onTask();
		const execution = new Execution(this, task, generation);
		this.#last = execution;
		const step = execution.start();
		if (step === undefined) this.#running.set(task, execution);
		else this.#over = execution;
		return step;
	}

	ending(): Step | undefined {
		this.#afterEnding();
		while (true) {
			const execution = this.#ready.shift();
			if (execution === undefined) return undefined;
			const step = execution.proceed();
			if (step === undefined) continue;
			this.#last = this.#over = execution;
			this.#running.delete(execution.task);
			return step;
		}
	}

	refused(status: number): Step {
		const { task, generation } = this.#last as Execution;
		this.problems.push(`the core answered "${named(status)}" to the ending of task ${task}`);
		this.values.writeError(new TaskFailure("Refused", named(status)));
		const { flags, a, b, c, d } = this.values;
		return this.steps.finish(task, generation, flags, a, b, c, d);
	}

	isDue(): boolean {
		this.#afterEnding();
		return this.#ready.length > 0 || this.core.hasMail() || this.runner.isTurnDue();
	}

	// ── what executions need ──

	#afterEnding(): void {
		if (this.#inHand !== 0) refuse(this.core.calls.dealloc(this.#inHand), "giving a block of results back");
		if (this.#over !== undefined) this.release(...this.#over.held);
		this.#inHand = 0;
		this.#over = undefined;
	}

	queue(execution: Execution): void {
		this.#ready.push(execution);
		this.nudge();
	}

	/** The block stays in this thread's hand until the step at hand is done. */
	leaveInHand(block: number): void {
		this.#inHand = block;
	}

	override beforeBlocking(suspended: boolean): void {
		if (this.#blocked++ > 0) return;
		const blocking = suspended ? this.blockingTask : 0;
		for (const execution of this.#running.values()) execution.cpu.threadBlocks(execution.task === blocking);
	}

	override afterBlocking(): void {
		if (--this.#blocked > 0) return;
		for (const execution of this.#running.values()) execution.cpu.threadGoesOn();
	}

	protected onRunner(task: number, generation: number, bits: number): void {
		const execution = this.#running.get(task);
		if (execution?.generation !== generation) return;
		if (bits & RUNNER_BIT_CANCEL) execution.onCancel();
		if (bits & RUNNER_BIT_RESUME) execution.cpu.granted();
		if (bits & RUNNER_BIT_CREDIT) execution.onCredit();
	}

	/** An object that names a function, for submitting. */
	codeNamed(name: string): Ref {
		let code = this.#names.get(name);
		if (code === undefined) {
			code = this.put(bytesOf(name));
			this.#names.set(name, code);
			if (this.#codes[name]?.name.startsWith("block")) {
				refuse(this.core.calls.markBlocking(code.slot, code.generation), "marking a function that blocks");
			}
		}
		return code;
	}

	callOf(task: number): { code: TaskCode; args: Value[] } {
		const { views } = this.core;
		const at = this.core.taskAt(task);
		const code = this.#codeOf(
			views.u32[(at + TASK_ENTRY_CODE) >> 2] as number,
			views.u32[(at + TASK_ENTRY_CODE_GENERATION) >> 2] as number,
		);
		const size = views.u32[(at + TASK_ENTRY_ARGS_SIZE) >> 2] as number;
		if (size === 0) return { code, args: noArguments };
		const inline = (views.u32[(at + TASK_ENTRY_FLAGS) >> 2] as number) & TASK_FLAG_INLINE_ARGS;
		const address = inline ? at + TASK_ENTRY_INLINED : (views.u32[(at + TASK_ENTRY_ARGS) >> 2] as number);
		return { code, args: this.values.readJson(address, size) as Value[] };
	}

	#codeOf(slot: number, generation: number): TaskCode {
		const { key } = new Ref(slot, generation);
		let code = this.#known.get(key);
		if (code === undefined) {
			const text = new TextDecoder().decode(this.values.read(slot, generation) as Uint8Array);
			// A name, or the source of a function that uses nothing from outside itself.
			code = this.#codes[text] ?? (new Function(`return (${text})`)() as TaskCode);
			this.#known.set(key, code);
		}
		return code;
	}
}

export function bytesOf(text: string): Uint8Array {
	return new TextEncoder().encode(text);
}
