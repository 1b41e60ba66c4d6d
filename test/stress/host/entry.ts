// What a worker thread of the thin host does from its first instruction to its last.
import { parentPort, workerData } from "node:worker_threads";
import { GATE_DEAD, STATUS_NOT_ATTACHED, STATUS_STALE } from "../../../src/core/layout.ts";
import type { TaskCodes } from "./context.ts";
import { gateOf } from "./gate.ts";
import { CoreRefusal } from "./status.ts";
import { WorkerThread, type WorkerThreadOptions } from "./worker.ts";

export interface WorkerData {
	readonly module: WebAssembly.Module;
	readonly memory: WebAssembly.Memory;
	readonly index: number;
	readonly epoch: number;
	readonly spins: number;
	/** A word for each thread slot, which counts the tasks begun there; then whatever the tasks share. */
	readonly shared: Int32Array;
}

/** What a worker tells its driver beside the shared memory. */
export type WorkerMessage =
	| { readonly blocked: boolean }
	| { readonly short: true }
	| { readonly problems: readonly string[] };

export function startWorker(codes: TaskCodes): void {
	const data = workerData as WorkerData;
	const { index, shared } = data;
	const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
	const worker = attached(data, {
		...data,
		codes,
		tellBlocked: (blocked) => tell({ blocked }),
		tellShort: () => tell({ short: true }),
		onTask: () => {
			Atomics.add(shared, index, 1);
			if (worker !== undefined && worker.problems.length > 0) tell({ problems: worker.problems.splice(0) });
		},
	});
	if (worker === undefined) return;
	// A pending waitAsync alone does not keep a thread alive.
	parentPort?.on("message", () => undefined);
	// A thread that was ended goes on until it is stopped, and hears so at its next call.
	worker.work().catch((error: unknown) => {
		if (!(error instanceof CoreRefusal) || error.status !== STATUS_NOT_ATTACHED) throw error;
	});
}

/**
 * A worker on the slot that was reserved for it. Undefined: the driver has ended it before it could attach, and is about to
 * stop it. Any other refusal would mean that somebody else was given its slot.
 */
function attached({ memory, index, epoch }: WorkerData, options: WorkerThreadOptions): WorkerThread | undefined {
	try {
		return new WorkerThread(options);
	} catch (error) {
		if (!(error instanceof CoreRefusal) || error.status !== STATUS_STALE) throw error;
		const gate = gateOf(memory, index);
		if (gate.state !== GATE_DEAD || gate.epoch !== epoch) throw error;
		return undefined;
	}
}
