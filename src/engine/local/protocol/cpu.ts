// The CPU of a task that goes on asynchronously, as its own thread sees it.
//
//              waits, or its thread blocks
//     held ───────────── suspend ─────────────▶ given
//      ▲ ▲                                        │ what it waits for has come, and the thread does not block
//      │ └──────────── resume: ok ────────────────┤
//      │                                     resume: busy
//      └─ message, and the core agrees ── wanted ◀┘
//
// What its code waits for may come while the CPU is given: it is kept, and goes on when the CPU is held again. A thread that
// blocks runs none of its tasks: those that hold CPUs, also ones granted meanwhile, give them back until it goes on.
//
// A message that says "granted" may be an old one: the task has waited again since it was sent. So the task's own phase is
// read as well.
import { STATUS_BUSY, STATUS_OK, TASK_PHASE_RUNNING } from "../../../core/layout.ts";

const HELD = 0;
const GIVEN = 1;
const WANTED = 2;

export interface CpuHost {
	/** The core's calls for this task: statuses. */
	suspend(): number;
	resume(): number;
	/** The task's phase, as its entry says. */
	phase(): number;
	/** Calls back when the code that runs now has come to its next wait: in a microtask, or a turn of the event loop later. */
	soon(then: () => void): void;
	later(then: () => void): void;
}

export class TaskCpu {
	readonly #host: CpuHost;
	#state = HELD;
	#blocked = false;
	/** It gave its CPU back only because its thread blocks. */
	#displaced = false;
	#waits = 0;
	#checking = false;
	#kept: (() => void)[] = [];

	constructor(host: CpuHost) {
		this.#host = host;
	}

	/** Its code waits for something. Unless that comes at once, the CPU is given back. */
	enterWait(): void {
		this.#waits++;
		this.#checkBy("soon");
	}

	/** What it waited for has come: `go` is called when it has its CPU. */
	leaveWait(go: () => void): void {
		this.#waits--;
		if (this.#state === HELD && !this.#blocked) {
			go();
			return;
		}
		this.#kept.push(go);
		this.#want();
	}

	/** A message says that it has its CPU again. */
	granted(): void {
		if (this.#state === WANTED && this.#host.phase() === TASK_PHASE_RUNNING) this.#hold();
	}

	/** `own`: it is this task that blocks, and who blocked it has given its CPU back and takes it again before it goes on. */
	threadBlocks(own: boolean): void {
		if (own) {
			// It had its CPU, whether it had read the message or not.
			this.#state = HELD;
			this.#displaced = false;
			return;
		}
		this.#blocked = true;
		this.#displace();
	}

	threadGoesOn(): void {
		this.#blocked = false;
		if (this.#state !== HELD) this.#want();
		else this.#goOn();
	}

	#displace(): void {
		if (this.#state !== HELD || this.#host.suspend() !== STATUS_OK) return;
		this.#state = GIVEN;
		this.#displaced = true;
	}

	#want(): void {
		if (this.#state !== GIVEN || this.#blocked || (this.#kept.length === 0 && !this.#displaced)) return;
		const status = this.#host.resume();
		if (status === STATUS_BUSY) this.#state = WANTED;
		else this.#hold();
	}

	#hold(): void {
		this.#state = HELD;
		this.#displaced = false;
		if (this.#blocked) this.#displace();
		else this.#goOn();
	}

	#goOn(): void {
		const kept = this.#kept;
		this.#kept = [];
		for (const go of kept) go();
		// It may have waited for several things, and have nothing to do until the next comes.
		if (this.#waits > 0) this.#checkBy("later");
	}

	#checkBy(when: "soon" | "later"): void {
		if (this.#checking) return;
		this.#checking = true;
		this.#host[when](() => {
			this.#checking = false;
			if (this.#waits === 0 || this.#state !== HELD || this.#blocked || this.#kept.length > 0) return;
			if (this.#host.suspend() === STATUS_OK) this.#state = GIVEN;
		});
	}
}
