import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { newCore, shipped } from "./support/fresh.ts";
import { named, type Ref, type TaskRef, type Thread } from "./support/thread.ts";

const CPU = layout.RESOURCE_CPU;
const unit = layout.RESOURCE_UNIT;

const suspend = (thread: Thread, { task, generation }: TaskRef) => named(thread.calls.suspend(task, generation));
const resume = (thread: Thread, { task, generation }: TaskRef) => named(thread.calls.resume(task, generation));

describe.each(shipped)("a suspended task (%s)", (build) => {
	function scene(): { core: Core; worker: Thread; code: Ref; cpu: number } {
		const core = newCore({ build });
		const worker = core.start();
		worker.setResource(CPU, unit);
		return { core, worker, code: worker.put(), cpu: worker.defineClass([[CPU, unit]]) };
	}

	test("gives its CPU to others, and takes it again at once if it is free", () => {
		const { worker, code, cpu } = scene();
		const first = worker.submit({ code, resourceClass: cpu });
		worker.take();
		expect(worker.calls.available(CPU)).toBe(0);
		expect(suspend(worker, first)).toBe(0);
		expect(worker.calls.available(CPU)).toBe(unit);
		expect(suspend(worker, first)).toBe("wrong_state");
		expect(resume(worker, first)).toBe(0);
		expect(worker.calls.available(CPU)).toBe(0);
		expect(resume(worker, first)).toBe("wrong_state");
	});

	test("keeps its GPUs and other resources", () => {
		const { core, worker, code } = scene();
		worker.setResource(layout.RESOURCE_GPU, unit);
		worker.setResource(5, 10);
		const resourceClass = worker.defineClass([
			[CPU, unit],
			[layout.RESOURCE_GPU, unit],
			[5, 10],
		]);
		const first = worker.submit({ code, resourceClass });
		worker.take();
		suspend(worker, first);
		expect([CPU, layout.RESOURCE_GPU, 5].map((resource) => worker.calls.available(resource))).toEqual([unit, 0, 0]);
		core.check();
		worker.finish(first);
		expect([CPU, layout.RESOURCE_GPU, 5].map((resource) => worker.calls.available(resource))).toEqual([unit, unit, 10]);
	});

	test("gets its CPU ahead of new tasks, in the order of asking, and is told", () => {
		const { core, worker, code, cpu } = scene();
		const tasks = [0, 1, 2].map(() => worker.submit({ code, resourceClass: cpu }));
		const [first, second, third] = tasks;
		worker.take();
		suspend(worker, first);
		worker.take();
		suspend(worker, second);
		worker.take();
		expect(resume(worker, second)).toBe("busy");
		expect(resume(worker, first)).toBe("busy");
		worker.submit({ code, resourceClass: cpu });
		expect(worker.finish(third)).toBeUndefined();
		expect(core.taskPhaseOf(second.task)).toBe(layout.TASK_PHASE_RUNNING);
		expect(core.taskPhaseOf(first.task)).toBe(layout.TASK_PHASE_RESUMING);
		const message = ({ task, generation }: TaskRef) => ({
			kind: layout.MESSAGE_KIND_RUNNER,
			slot: task,
			generation,
			token: layout.RUNNER_BIT_RESUME,
		});
		expect(worker.drain()).toEqual([message(second)]);
		worker.finish(second);
		expect(worker.drain()).toEqual([message(first)]);
	});

	test("may be finished, asked about or cancelled without its CPU", () => {
		const { worker, code, cpu } = scene();
		const [first, second] = [0, 1].map(() => worker.submit({ code, resourceClass: cpu }));
		worker.take();
		suspend(worker, first);
		expect(worker.finish(first)?.task).toBe(second.task);
		suspend(worker, second);
		worker.ask(second);
		expect(worker.calls.available(CPU)).toBe(unit);
	});

	test("that wants its CPU and fails meanwhile lets the next one have it", () => {
		const { core, worker, code, cpu } = scene();
		const tasks = [0, 1, 2].map(() => worker.submit({ code, resourceClass: cpu }));
		worker.take();
		suspend(worker, tasks[0]);
		worker.take();
		suspend(worker, tasks[1]);
		worker.take();
		resume(worker, tasks[0]);
		resume(worker, tasks[1]);
		worker.finish(tasks[0]);
		core.check();
		worker.finish(tasks[2]);
		expect(core.taskPhaseOf(tasks[1].task)).toBe(layout.TASK_PHASE_RUNNING);
	});

	test("without a CPU of its own goes on at once", () => {
		const { worker, code, cpu } = scene();
		const plain = worker.defineClass();
		const first = worker.submit({ code, resourceClass: plain });
		worker.take();
		suspend(worker, first);
		worker.submit({ code, resourceClass: cpu });
		worker.take();
		expect(resume(worker, first)).toBe(0);
	});
});
