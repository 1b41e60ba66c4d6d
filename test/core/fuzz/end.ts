// The end of a run: one thread stays, ends the others, settles every task, and lets go of everything. Then nothing may be left.
import * as layout from "../../../src/core/layout.ts";
import { inlineFlags } from "../support/thread.ts";
import { drainInbox } from "./drain.ts";
import { Mismatch } from "./object-model.ts";
import type { Task, Thread } from "./records.ts";
import type { Run } from "./run.ts";

export function finishRun(run: Run): void {
	const { model } = run;
	const last = run.living()[0];
	const { calls } = run.of(last);
	const expectOk = (what: string, result: number) => model.expect(what, result, layout.STATUS_OK);
	for (const other of model.threads.filter((thread) => thread !== last)) {
		expectOk("end", calls.end(other.index, other.epoch));
		expectOk("recover", calls.recover(other.index, other.epoch));
		model.recover(other, last);
		next(run);
	}
	for (let rounds = 0; model.tasks.size > 0; rounds++) {
		if (rounds > 10_000) throw new Mismatch(`${model.tasks.size} tasks cannot be ended`);
		endOne(run, last, [...model.tasks][0]);
		next(run);
	}
	for (let i = 0; i < 2 || last.inbox.length + last.delivered.length > 0; i++) drainAll(run, last);
	for (const [object, word] of [...last.words]) {
		for (; word.pins > 0; word.pins--) expectOk("unpin", calls.unpin(object.slot, object.generation));
		if (word.watch) expectOk("unwatch", calls.unwatch(object.slot, object.generation));
		object.watchers.delete(last);
		for (; word.count > 0; word.count--) expectOk("release", calls.release(object.slot, object.generation));
		last.words.delete(object);
		model.unpinned(object);
		next(run);
	}
	for (const { address } of last.blocks) expectOk("dealloc", calls.dealloc(address));
	last.blocks = [];
	expectOk("flush", calls.flush());
	for (let slot = calls.takeUnread(); slot > 0; slot = calls.takeUnread()) {
		expectOk("release", calls.release(slot, run.of(last).field(layout.THREAD_GENERATION)));
	}
	calls.unpark();
	expectOk("flush", calls.flush());
	run.core.check({ over: true });
}

function next(run: Run): void {
	run.model.step++;
	run.settle();
}

function drainAll(run: Run, thread: Thread): void {
	drainInbox(run, thread);
	next(run);
}

function endOne(run: Run, thread: Thread, task: Task): void {
	const { model } = run;
	const { calls } = run.of(thread);
	if (task.toDecider || task.phase === "lost" || task.phase === "deciding") drainAll(run, thread);
	// Reading messages lets go of what they named, and a task may end with that.
	if (!model.tasks.has(task)) return;
	if (task.owner === undefined || task.phase === "lost" || task.phase === "deciding") {
		model.expect("cancel", calls.cancel(task.task, task.generation, 1, 0), layout.STATUS_OK);
		model.cancel(task, 1, 0);
		return;
	}
	const error = inlineFlags | layout.STATE_ERROR;
	const result = calls.finish(task.task, task.generation, error, 7, 0, 0, 0);
	model.settleResults(task, { flags: error, a: 7, size: 0, references: [] }, []);
	model.endTask(task);
	model.expect("finish", result, model.takeAfterEnd(thread)?.task ?? 0);
}
