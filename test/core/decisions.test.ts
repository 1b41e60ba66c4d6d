import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import { expectNothingLeft, newCore, ready, shipped } from "./support/fresh.ts";
import { inlineFlags, named, type TaskRef, type Thread } from "./support/thread.ts";

const { STATE_ERROR: error, STATE_ALIAS: alias, STATE_REPORT: report } = layout;

const retry = (thread: Thread, { task, generation }: TaskRef) => named(thread.calls.retry(task, generation));
const fail = (thread: Thread, { task, generation }: TaskRef, flags = 0, value = 0) =>
	named(thread.calls.fail(task, generation, flags, value, 0, 0, 0));

describe.each(shipped)("a failure that the submitter decides about (%s)", (build) => {
	test("comes as a message with the task's token, and the error stands in its entry", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code, token: 31 });
		thread.take();
		expect(thread.ask(submitted, 7)).toBeUndefined();
		const { task, generation, results } = submitted;
		expect(core.phaseOf(results[0].slot)).toBe(layout.PHASE_PENDING);
		expect(thread.drain()).toEqual([{ kind: layout.MESSAGE_KIND_DECIDE, slot: task, generation, token: 31 }]);
		const verdict = core.taskField(task, layout.TASK_ENTRY_VERDICT);
		expect(core.valueOf(verdict)[0]).toBe(7);
	});

	test("cannot be decided before its message is read", () => {
		const { thread, code } = ready(newCore({ build }));
		const submitted = thread.submit({ code });
		thread.take();
		thread.ask(submitted);
		expect(retry(thread, submitted)).toBe("busy");
		expect(fail(thread, submitted)).toBe("busy");
		thread.drain();
		expect(retry(thread, submitted)).toBe(0);
		expect(retry(thread, submitted)).toBe("stale");
	});

	test("may be a retry: the task runs again, with one retry less and the next attempt", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		for (const [retries, left] of [
			[3, 2],
			[0, 0],
			[-1, -1],
		]) {
			const submitted = thread.submit({ code, retries });
			thread.take();
			thread.begin(submitted);
			thread.ask(submitted);
			thread.drain();
			expect(retry(thread, submitted)).toBe(0);
			expect(thread.take()).toEqual({ task: submitted.task, generation: submitted.generation });
			expect(core.taskField(submitted.task, layout.TASK_ENTRY_ATTEMPT)).toBe(2);
			expect(core.taskField(submitted.task, layout.TASK_ENTRY_STARTED)).toBe(0);
			expect(core.taskField(submitted.task, layout.TASK_ENTRY_RETRIES) | 0).toBe(left);
			thread.finish(submitted);
		}
	});

	test("may be to fail with the error that was asked about", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code, results: 2 });
		thread.take();
		thread.ask(submitted, 8);
		thread.drain();
		expect(fail(thread, submitted)).toBe(0);
		for (const { slot } of submitted.results) {
			expect(core.stateOf(slot) & (error | alias)).toBe(error | alias);
			expect(core.valueOf(core.valueOf(slot)[0])[0]).toBe(8);
		}
		thread.release(code, ...submitted.results);
		expectNothingLeft(core, thread);
	});

	test("may be to fail with another error", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const submitted = thread.submit({ code });
		thread.take();
		thread.ask(submitted, 8);
		thread.drain();
		expect(fail(thread, submitted, inlineFlags, 9)).toBe("invalid");
		expect(fail(thread, submitted, inlineFlags | error, 9)).toBe(0);
		expect(core.valueOf(submitted.results[0].slot)[0]).toBe(9);
		thread.release(code, ...submitted.results);
		expectNothingLeft(core, thread);
	});

	test("must be an error", () => {
		const { thread, code } = ready(newCore({ build }));
		const { task, generation } = thread.submit({ code });
		thread.take();
		expect(named(thread.calls.ask(task, generation, inlineFlags, 1, 0, 0, 0))).toBe("invalid");
		expect(named(thread.calls.ask(task, generation, error, 64, 8, 0, 0))).toBe("invalid");
		expect(thread.finish({ task, generation })).toBeUndefined();
	});

	test("leaves no error to report that was decided otherwise, and one if the task fails with it", () => {
		const core = newCore({ build });
		const { thread, code } = ready(core);
		const asked = () => {
			const submitted = thread.submit({ code });
			thread.take();
			thread.ask(submitted, 5, report);
			thread.drain();
			return submitted;
		};
		const retried = asked();
		retry(thread, retried);
		thread.take();
		thread.finish(retried);
		const otherwise = asked();
		fail(thread, otherwise, inlineFlags | error, 1);
		const cancelled = asked();
		thread.calls.cancel(cancelled.task, cancelled.generation, 1, 0);
		thread.release(...retried.results, ...otherwise.results, ...cancelled.results);
		expect(named(thread.calls.takeUnread())).toBe("empty");
		const failed = asked();
		fail(thread, failed);
		thread.release(...failed.results);
		expect(core.valueOf(thread.takeUnread().slot)[0]).toBe(5);
	});
});

describe("between threads", () => {
	test("the submitter decides, and nobody else", () => {
		const core = newCore();
		const { thread: submitter, code } = ready(core);
		const worker = core.start();
		const submitted = submitter.submit({ code });
		worker.take();
		const wakes = submitter.wakes;
		worker.ask(submitted);
		expect(submitter.wakes).not.toBe(wakes);
		expect(worker.drain()).toEqual([]);
		expect(retry(worker, submitted)).toBe("stale");
		expect(submitter.drain()).toHaveLength(1);
		expect(retry(submitter, submitted)).toBe(0);
		expect(worker.take()?.task).toBe(submitted.task);
	});

	test("a failure whose submitter is gone fails the task", () => {
		const core = newCore();
		const { thread: submitter, code } = ready(core);
		const worker = core.start();
		worker.retain(code);
		const submitted = submitter.submit({ code });
		const [result] = submitted.results;
		worker.retain(result);
		worker.take();
		worker.recover(submitter);
		worker.ask(submitted, 6);
		expect(core.valueOf(core.valueOf(result.slot)[0])[0]).toBe(6);
		expect(worker.stats().pending).toBe(0);
	});

	test("a task that was asked about fails with its error when the submitter dies before it decides", () => {
		const core = newCore();
		const { thread: submitter, code } = ready(core);
		const worker = core.start();
		const submitted = submitter.submit({ code });
		const [result] = submitted.results;
		worker.retain(result);
		worker.take();
		worker.ask(submitted, 6);
		worker.recover(submitter);
		expect(core.valueOf(core.valueOf(result.slot)[0])[0]).toBe(6);
		worker.release(result);
		expectNothingLeft(core, worker);
	});

	test("a message that a runner had not read when it gave its task up does not keep the next runner's", () => {
		const core = newCore();
		const { thread: submitter, code } = ready(core);
		const [first, second] = [core.start(), core.start()];
		const submitted = submitter.submit({ code, stream: true, limit: 1 });
		const { task, generation } = submitted;
		const [stream] = submitted.results;
		first.take();
		first.give(submitted);
		submitter.next(stream);
		// "Credit" is on its way to the first runner, which asks now.
		first.ask(submitted);
		core.check();
		submitter.drain();
		retry(submitter, submitted);
		second.take();
		submitter.calls.cancel(task, generation, 1, 0);
		expect(second.drain()).toEqual([
			{ kind: layout.MESSAGE_KIND_RUNNER, slot: task, generation, token: layout.RUNNER_BIT_CANCEL },
		]);
		expect(first.drain()).toEqual([]);
	});
});
