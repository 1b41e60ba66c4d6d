import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore } from "./support/fresh.ts";
import { named, type Ref, type TaskRef, type Thread } from "./support/thread.ts";

const CPU = layout.RESOURCE_CPU;
const unit = layout.RESOURCE_UNIT;

function ready(core: Core, cpus = 1): { thread: Thread; code: Ref; plain: number; cpu: number } {
	const thread = core.start({ worker: false });
	thread.setResource(CPU, cpus * unit);
	return { thread, code: thread.put(1), plain: thread.defineClass(), cpu: thread.defineClass([[CPU, unit]]) };
}

/** Which of the threads were woken by what is done. */
function wokenBy(threads: readonly Thread[], act: () => void): number[] {
	const before = threads.map((thread) => thread.wakes);
	act();
	return threads.flatMap((thread, i) => (thread.wakes === before[i] ? [] : [i]));
}

const suspend = (thread: Thread, { task, generation }: TaskRef) => named(thread.calls.suspend(task, generation));
const resume = (thread: Thread, { task, generation }: TaskRef) => named(thread.calls.resume(task, generation));

/** Two parked workers with a suspended task each, and a function that is known to block. */
function allSuspended(): { core: Core; thread: Thread; workers: readonly [Thread, Thread]; blocking: Ref } {
	const core = newCore();
	const { thread, code } = ready(core);
	const workers = [core.start(), core.start()] as const;
	const blocking = thread.put();
	thread.calls.markBlocking(blocking.slot, blocking.generation);
	for (const worker of workers) {
		const task = thread.submit({ code });
		worker.take();
		suspend(worker, task);
	}
	for (const worker of workers) worker.park(true);
	return { core, thread, workers, blocking };
}

describe("parked workers", () => {
	test("get the value to wait on from the call that found no work", () => {
		const core = newCore();
		ready(core);
		const worker = core.start();
		expect(worker.park()).toBeUndefined();
		expect(worker.field(layout.THREAD_WAKE_VALUE)).toBe(worker.wakes);
	});

	test("are parked by the end of a task that gives no other, if their record says in which list", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const [worker, other] = [core.start(), core.start()];
		const submit = () => void thread.submit({ code });
		for (const [list, woken] of [
			[layout.PARKED_NO, 1],
			[layout.PARKED_IDLE, 0],
			[layout.PARKED_BUSY, 1],
			[7, 1],
		] as const) {
			core.write(worker.address + layout.THREAD_PARKS, list);
			submit();
			const task = worker.take() as TaskRef;
			other.park();
			expect(worker.finish(task)).toBeUndefined();
			if (list === layout.PARKED_IDLE) expect(worker.field(layout.THREAD_WAKE_VALUE)).toBe(worker.wakes);
			expect(wokenBy([worker, other], submit)).toEqual([woken]);
			for (const thread of [worker, other]) {
				const last = thread.take();
				if (last) thread.finish(last);
				thread.calls.unpark();
			}
			core.check();
		}
	});

	test("parked by the end of a task pass a wake on like others, and leave their slot to one that does not park", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const [worker, other] = [core.start(), core.start()];
		core.write(worker.address + layout.THREAD_PARKS, layout.PARKED_IDLE);
		thread.submit({ code });
		const task = worker.take() as TaskRef;
		other.park();
		worker.finish(task);
		expect(wokenBy([worker, other], () => void thread.submit({ code }))).toEqual([0]);
		expect(wokenBy([other], () => void worker.calls.unpark())).toEqual([0]);
		thread.recover(worker);
		const next = core.start();
		expect(next.index).toBe(worker.index);
		expect(next.field(layout.THREAD_PARKS)).toBe(layout.PARKED_NO);
		core.check();
	});

	test("are woken one for each new task, the idle ones first", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const workers = Array.from({ length: 3 }, () => core.start());
		workers[0].park(true);
		workers[1].park();
		workers[2].park();
		const submit = () => void thread.submit({ code });
		const woken = [wokenBy(workers, submit), wokenBy(workers, submit)];
		expect(woken.flat().sort()).toEqual([1, 2]);
		expect(wokenBy(workers, submit)).toEqual([0]);
	});

	test("that have unfinished tasks are all woken if none is idle", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const workers = Array.from({ length: 3 }, () => core.start());
		for (const worker of workers) worker.park(true);
		expect(wokenBy(workers, () => void thread.submit({ code }))).toEqual([0, 1, 2]);
	});

	test("are woken for tasks of their kind alone", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const other = thread.defineClass([], 1);
		const workers = [core.start(), core.start({ kind: 1 })];
		for (const worker of workers) worker.park();
		expect(wokenBy(workers, () => void thread.submit({ code, resourceClass: other }))).toEqual([1]);
	});

	test("of a higher kind are woken when resources come back, whichever kind got a class last", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const high = thread.defineClass([[CPU, unit]], 5);
		thread.defineClass([[CPU, unit]], 2);
		const workers = [core.start({ kind: 5 }), core.start({ kind: 5 })];
		const first = thread.submit({ code, resourceClass: high });
		workers[0].take();
		thread.submit({ code, resourceClass: high });
		workers[1].park();
		expect(wokenBy(workers, () => void workers[0].calls.suspend(first.task, first.generation))).toEqual([1]);
	});

	test("are not woken for a task that does not fit, and then when what it needs comes back", () => {
		const core = newCore();
		const { thread, code, cpu } = ready(core);
		const workers = [core.start(), core.start()];
		const first = thread.submit({ code, resourceClass: cpu });
		workers[0].take();
		workers[1].park();
		expect(wokenBy(workers, () => void thread.submit({ code, resourceClass: cpu }))).toEqual([]);
		// It is the finishing worker that takes it; a third task then has no room again.
		expect(wokenBy(workers, () => void workers[0].finish(first))).toEqual([]);
	});

	test("that were woken and take nothing pass the wake on", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const [first, second] = [core.start(), core.start()];
		first.park();
		second.park();
		const submitted = thread.submit({ code });
		const [woken, other] = second.field(layout.THREAD_WOKEN) ? [second, first] : [first, second];
		expect(wokenBy([other], () => void woken.calls.unpark())).toEqual([0]);
		expect(other.take()?.task).toBe(submitted.task);
	});

	test("that take one of two tasks wake the next for the other", () => {
		const core = newCore();
		const { thread, code, cpu } = ready(core, 2);
		const workers = [core.start(), core.start(), core.start()];
		const running = [0, 1].map(() => thread.submit({ code, resourceClass: cpu }));
		for (const [i] of running.entries()) workers[i].take();
		for (let i = 0; i < 2; i++) thread.submit({ code, resourceClass: cpu });
		workers[2].park();
		const woken = wokenBy(workers, () => {
			thread.setResource(CPU, 4 * unit);
		});
		expect(woken).toEqual([2]);
		workers[0].finish(running[0]);
		core.check();
	});

	test("that died after they were woken pass the wake on when they are recovered", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const [first, second] = [core.start(), core.start()];
		first.park();
		second.park();
		thread.submit({ code });
		const [woken, other] = second.field(layout.THREAD_WOKEN) ? [second, first] : [first, second];
		expect(wokenBy([other], () => thread.recover(woken))).toEqual([0]);
	});

	test("that died parked are not woken once they are recovered", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const [first, second] = [core.start(), core.start()];
		first.park();
		second.park();
		thread.recover(second);
		expect(wokenBy([first], () => void thread.submit({ code }))).toEqual([0]);
	});

	test("hide nobody behind them: a busy one that may not take a blocking task does not keep another from it", () => {
		for (const busy of [true, false]) {
			const core = newCore();
			const { thread, code } = ready(core);
			const workers = [core.start(), core.start()];
			const blocking = thread.put();
			thread.calls.markBlocking(blocking.slot, blocking.generation);
			const first = thread.submit({ code });
			workers[1].take();
			suspend(workers[1], first);
			workers[0].park(busy);
			// The last one parked stands first in the list.
			workers[1].park(busy);
			expect(wokenBy(workers, () => void thread.submit({ code: blocking }))).toEqual([0]);
		}
	});

	test("are woken for a blocking task when a resume leaves them without suspended ones", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const worker = core.start();
		const blocking = thread.put();
		thread.calls.markBlocking(blocking.slot, blocking.generation);
		const first = thread.submit({ code });
		worker.take();
		suspend(worker, first);
		worker.park(true);
		thread.submit({ code: blocking });
		worker.park(true);
		expect(wokenBy([worker], () => void resume(worker, first))).toEqual([0]);
	});

	test("say that another thread is wanted, once, when all of them have suspended tasks and all that is ready blocks", () => {
		const { core, thread, workers, blocking } = allSuspended();
		const submit = () => void thread.submit({ code: blocking });
		/** Who has heard it; read as the host does. */
		const heard = () =>
			workers.flatMap((worker, i) => {
				const short = worker.field(layout.THREAD_SHORT);
				core.write(worker.address + layout.THREAD_SHORT, 0);
				return short === 0 ? [] : [i];
			});
		expect(wokenBy(workers, submit)).toEqual([1]);
		expect(heard()).toEqual([1]);
		expect(workers[1].park(true)).toBeUndefined();
		expect(wokenBy(workers, submit)).toEqual([]);
		expect(heard()).toEqual([]);
		// The other thread takes one, and with the next it is known again whether one more is wanted.
		const third = core.start();
		expect(third.take()).toBeDefined();
		expect(heard()).toEqual([1]);
		workers[1].park(true);
		// It dies before it could take more: asked again.
		expect(wokenBy(workers, () => thread.recover(third))).toEqual([1]);
		expect(heard()).toEqual([1]);
		core.check();
	});

	test("hear as they park that another thread is wanted", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		const worker = core.start();
		const blocking = thread.put();
		thread.calls.markBlocking(blocking.slot, blocking.generation);
		const task = thread.submit({ code });
		worker.take();
		suspend(worker, task);
		thread.submit({ code: blocking });
		expect(worker.field(layout.THREAD_SHORT)).toBe(0);
		worker.park(true);
		expect(worker.field(layout.THREAD_SHORT)).toBe(1);
		core.check();
	});

	test("say that another thread is wanted after one has died that was to say so", () => {
		const { core, thread, workers, blocking } = allSuspended();
		thread.submit({ code: blocking });
		expect(wokenBy(workers, () => thread.recover(workers[1]))).toEqual([0]);
		expect(workers[0].field(layout.THREAD_SHORT)).toBe(1);
		expect(core.start().field(layout.THREAD_SHORT)).toBe(0);
		core.check();
	});

	test("are only those threads that were reserved as workers", () => {
		const core = newCore();
		const { thread, code } = ready(core);
		thread.submit({ code });
		expect(named(thread.calls.park(0))).toBe("wrong_state");
		expect(thread.take()).toBeUndefined();
		expect(thread.calls.unpark()).toBe(0);
	});
});
