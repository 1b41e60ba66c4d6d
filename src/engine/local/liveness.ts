/** How long the driver's process lives: its event loop holds nothing by itself, so a worker's thread holds it while tasks are unfinished. */
import { nextTurn } from "../../platform/yield.ts";
import type { LocalEngine } from "./engine.ts";
import type { Worker } from "./workers.ts";

export class Liveness {
	/** The worker whose thread holds the process. */
	#keeper: Worker | undefined;
	/** The core will tell when no task is unfinished. */
	#listens = false;

	/** The event loop has run dry: the process stays alive if tasks are unfinished. */
	stayWhileBusy(engine: LocalEngine, workers: readonly Worker[]): void {
		// In this order: whoever ends the last task sends what came of it first.
		const idle = engine.pendingTasks() === 0;
		if (engine.thread.hasMail()) nextTurn(() => engine.mailbox.drain());
		else if (idle) engine.reportUnread();
		if (idle) return;
		const [worker] = workers;
		if (worker === undefined) return;
		worker.thread.ref();
		this.#keeper = worker;
		this.letGoWhenIdle(engine);
	}

	/** Asked before each sleep of the driver, which whatever it waits for ends: so a program that submits one by one pays nothing. */
	letGoWhenIdle(engine: LocalEngine): void {
		const keeper = this.#keeper;
		if (keeper === undefined || this.#listens || engine.waits.any) return;
		if (engine.pendingTasks() > 0) {
			this.#listens = true;
			engine.whenIdle(() => {
				this.#listens = false;
			});
			if (this.#listens) return;
		}
		this.#keeper = undefined;
		// The process lives until a thread that is being stopped has stopped.
		if (!keeper.ending) keeper.thread.unref();
	}
}
