/** How long the driver's process lives: its event loop holds nothing by itself, so a worker's thread holds it while tasks are unfinished. */
import { nextTurn } from "../../platform/yield.ts";
import type { LocalEngine } from "./engine.ts";
import type { Worker } from "./workers.ts";

/** Milliseconds that the process may live on after its last task. */
const MOMENT = 5;

/** The event loop has run dry: the process stays alive if tasks are unfinished. */
export function stayWhileBusy(engine: LocalEngine, workers: readonly Worker[]): void {
	// In this order: whoever ends the last task sends what came of it first.
	const idle = engine.pendingTasks() === 0;
	if (engine.thread.hasMail()) nextTurn(() => engine.mailbox.drain());
	else if (idle) engine.reportUnread();
	if (idle) return;
	const [worker] = workers;
	if (worker === undefined) return;
	worker.thread.ref();
	letGoWhenIdle(engine, worker);
}

/** A moment after the last task: what it has sent may not be read yet, and a program that submits one by one is not done. */
function letGoWhenIdle(engine: LocalEngine, worker: Worker): void {
	engine.whenIdle(() => {
		const timer = setTimeout(() => {
			// The process lives until a thread that is being stopped has stopped.
			if (worker.ending) return;
			if (engine.pendingTasks() > 0 || engine.thread.hasMail()) letGoWhenIdle(engine, worker);
			else worker.thread.unref();
		}, MOMENT);
		timer.unref();
	});
}
