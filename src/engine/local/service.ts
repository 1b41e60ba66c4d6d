/**
 * The service thread, on the driver's side. A driver that is blocked hears nothing of the ends of its workers' threads; the
 * service thread's event loop never blocks, so it hears of each by a port, says so on the board, and wakes the driver.
 * It is started when the driver has been blocked for a while, and stays: most programs never need it.
 */
import type { CoreThread } from "../../core/thread.ts";
import { type MessagePort, openChannel } from "../../platform/channel.ts";
import { startWorker, type WorkerThread } from "../../platform/threads.ts";
import { serviceCode } from "./worker-code.generated.ts";

/** A port whose other end a worker has. */
export interface Watched {
	readonly index: number;
	readonly epoch: number;
	readonly port: MessagePort;
}

/** What the service thread is given. */
export interface ServiceData {
	readonly memory: WebAssembly.Memory;
	readonly wakeWord: number;
	readonly board: Int32Array;
	readonly watched: readonly Watched[];
}

export class Service {
	readonly #driver: CoreThread;
	readonly #memory: WebAssembly.Memory;
	readonly #board: Int32Array;
	/** Ports of workers while no thread watches them, by the workers' indices. */
	readonly #kept = new Map<number, Watched>();
	#thread: WorkerThread | undefined;
	#closed = false;

	constructor(driver: CoreThread, memory: WebAssembly.Memory, board: Int32Array) {
		this.#driver = driver;
		this.#memory = memory;
		this.#board = board;
	}

	/** Makes the port of a worker that is about to start; the worker's end is to be transferred to it. */
	watch(index: number, epoch: number): MessagePort {
		const [port, workersEnd] = openChannel();
		const watched = { index, epoch, port };
		if (this.#thread === undefined) this.#kept.set(index, watched);
		else this.#thread.postMessage(watched, [port]);
		return workersEnd;
	}

	/** The worker has ended, and its index may be another's soon. */
	forget(index: number): void {
		this.#kept.get(index)?.port.close();
		this.#kept.delete(index);
	}

	start(): void {
		if (this.#thread !== undefined || this.#closed) return;
		const watched = [...this.#kept.values()];
		this.#kept.clear();
		const data: ServiceData = {
			memory: this.#memory,
			wakeWord: this.#driver.wakeWord,
			board: this.#board,
			watched,
		};
		this.#thread = startWorker({
			code: serviceCode,
			name: "wasmray service",
			workerData: data,
			transferList: watched.map(({ port }) => port),
			bare: true,
		});
		this.#thread.onError((error) => {
			console.error("wasmray: the service thread has failed; ends of workers may go unnoticed in getSync().", error);
		});
	}

	close(): void {
		this.#closed = true;
		for (const index of [...this.#kept.keys()]) this.forget(index);
		void this.#thread?.terminate();
	}
}
