// What a worker thread of the thin host does from its first instruction to its last.
import { parentPort, workerData } from "node:worker_threads";
import { STATUS_NOT_ATTACHED } from "../../../src/core/layout.ts";
import type { TaskCodes } from "./context.ts";
import { CoreRefusal } from "./status.ts";
import { WorkerThread } from "./worker.ts";

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
export type WorkerMessage = { readonly blocked: boolean } | { readonly problems: readonly string[] };

export function startWorker(codes: TaskCodes): void {
	const { module, memory, index, epoch, spins, shared } = workerData as WorkerData;
	const tell = (message: WorkerMessage) => parentPort?.postMessage(message);
	const worker = new WorkerThread({
		module,
		memory,
		index,
		epoch,
		spins,
		codes,
		tellBlocked: (blocked) => tell({ blocked }),
		onTask: () => {
			Atomics.add(shared, index, 1);
			if (worker.problems.length > 0) tell({ problems: worker.problems.splice(0) });
		},
	});
	// A pending waitAsync alone does not keep a thread alive.
	parentPort?.on("message", () => undefined);
	// A thread that was ended goes on until it is stopped, and hears so at its next call.
	worker.work().catch((error: unknown) => {
		if (!(error instanceof CoreRefusal) || error.status !== STATUS_NOT_ATTACHED) throw error;
	});
}
