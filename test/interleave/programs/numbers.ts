// Numbers that name something else by now, or that are somebody else's: they are noticed, whatever is done meanwhile.
import {
	REASON_CANCELLED,
	STATE_REPORT,
	STATUS_INVALID,
	STATUS_OK,
	STATUS_STALE,
	STATUS_WRONG_STATE,
	TASK_ENTRY_STARTED,
	TASK_PHASE_DECIDING,
	TASK_PHASE_READY,
	TASK_PHASE_WAITING,
} from "../../../src/core/layout.ts";
import { submit } from "./support/calls.ts";
import { must, need, scenario } from "./support/scenario.ts";
import { CPU_CLASS, ERROR, its, NUMBER, of, type TaskRef, taskGenerationOf } from "./support/stage.ts";

/** Thread 1 names a task that is in the hand of thread 0, which does with it what can be done. */
const foreign = scenario({
	name: "calls with the number of a task in another's hand",
	setup: (stage) => ({ task: stage.driver.submit(stage.code, { resourceClass: CPU_CLASS, stream: true }) }),
	threads: [
		function* (t, { stage, task }) {
			yield* need(t, "take");
			yield* must(t, "untake", ...its(task));
			yield* need(t, "take");
			yield t.write(stage.taskAt(task.task) + TASK_ENTRY_STARTED, 1);
			yield* must(t, "suspend", ...its(task));
			yield* must(t, "resume", ...its(task));
			yield* need(t, "give", ...its(task), NUMBER, 1, 0, 0, 0);
			yield* need(t, "finish", ...its(task), NUMBER, 5, 0, 0, 0);
		},
		function* (t, { task }) {
			for (const name of ["finish", "ask", "fail", "give"]) {
				const status = yield t.call(name, ...its(task), ERROR, 1, 0, 0, 0);
				if (status !== STATUS_STALE) throw new Error(`${name} answered ${status}`);
			}
			for (const name of ["suspend", "resume", "untake", "retry"]) {
				const status = yield t.call(name, ...its(task));
				if (status !== STATUS_STALE) throw new Error(`${name} answered ${status}`);
			}
			const status = yield t.call("finishMany", ...its(task), 0, 1);
			if (status !== STATUS_STALE) throw new Error(`finishMany answered ${status}`);
		},
	],
});

/** Thread 0 has a task to decide about, which others may cancel, and takes it for one that it runs. */
const notRunning = scenario({
	name: "calls for a running task with one to decide about, against cancel",
	setup: (stage) => {
		const task = stage.actor(0).submit(stage.code, { retries: 1 });
		stage.driver.begin(stage);
		stage.driver.calls.ask(...its(task), ERROR, 1, 0, 0, 0);
		stage.actor(0).calls.drain();
		return { task };
	},
	threads: [
		function* (t, { task }) {
			for (const name of ["finish", "ask", "give"]) {
				const status = yield t.call(name, ...its(task), ERROR, 1, 0, 0, 0);
				if (status !== STATUS_STALE) throw new Error(`${name} answered ${status}`);
			}
			const many = yield t.call("finishMany", ...its(task), 0, 1);
			if (many !== STATUS_STALE) throw new Error(`finishMany answered ${many}`);
			for (const name of ["suspend", "resume", "untake"]) {
				const status = yield t.call(name, ...its(task));
				if (status !== STATUS_STALE && status !== STATUS_WRONG_STATE) throw new Error(`${name} answered ${status}`);
			}
		},
		function* (t, { task }) {
			yield* must(t, "cancel", ...its(task), REASON_CANCELLED, 0);
		},
	],
});

/** While thread 0 decides about a task, that is cancelled, and its entry has another, about which thread 1 is to decide. */
const decidedAnew = scenario({
	name: "a decision about a task whose entry has another to decide about",
	setup: (stage) => {
		const task = stage.actor(0).submit(stage.code, { retries: 1 });
		stage.driver.begin(stage);
		stage.driver.calls.ask(...its(task), ERROR, 1, 0, 0, 0);
		stage.actor(0).calls.drain();
		const others: TaskRef[] = [];
		return { task, others };
	},
	threads: [
		function* (t, { task }) {
			const status = yield t.call("retry", ...its(task));
			if (status !== STATUS_OK && status !== STATUS_STALE) throw new Error(`retry answered ${status}`);
		},
		function* (t, { stage, task, others }) {
			yield* must(t, "cancel", ...its(task), REASON_CANCELLED, 0);
			const other = yield* submit(t, stage, { retries: 1 });
			others[0] = other;
			yield* need(t, "take");
			yield* need(t, "ask", ...its(other), ERROR, 1, 0, 0, 0);
			yield* need(t, "drain");
		},
	],
	check: ({ stage, others }) => {
		const phase = stage.taskPhaseOf(others[0] as TaskRef);
		return phase === TASK_PHASE_DECIDING ? undefined : `the other task is in phase ${phase}`;
	},
});

/** A block in the hand of thread 0, which thread 1 may not give back nor put into an object. */
const foreignBlock = scenario({
	name: "calls with a block in another's hand",
	setup: (stage) => {
		const [large, small] = [3000, 100].map((size) => stage.actor(0).calls.alloc(size)) as [number, number];
		return { large, small };
	},
	threads: [
		function* (t, { stage, large, small }) {
			const kept = yield* need(t, "put", 0, large, 3000, 0, 0);
			yield* must(t, "dealloc", small);
			t.log(kept, stage);
		},
		function* (t, { large, small }) {
			for (const block of [large, small]) {
				const put = yield t.call("put", 0, block, 64, 0, 0);
				const dealloc = yield t.call("dealloc", block);
				if (put !== STATUS_INVALID || dealloc !== STATUS_INVALID) throw new Error(`they answered ${put}, ${dealloc}`);
			}
		},
	],
});

/** The entries of two tasks that are over get others: one had begun and was cancelled, one had failed by its argument. */
const reused = scenario({
	name: "tasks on the entries of others, whose numbers are still used",
	setup: (stage) => {
		const actor = stage.actor(0);
		const [argument, pending] = [actor.create(), actor.create()];
		const failed = actor.submit(stage.code, { dependency: argument });
		const old = actor.submit(stage.code);
		actor.calls.seal(...of(argument), ERROR, 1, 0, 0, 0);
		actor.begin(stage);
		stage.driver.calls.cancel(...its(old), REASON_CANCELLED, 0);
		actor.calls.finish(...its(old), NUMBER, 5, 0, 0, 0);
		actor.calls.drain();
		const tasks: TaskRef[] = [];
		return { failed, old, pending, tasks };
	},
	threads: [
		function* (t, { stage, pending, tasks }) {
			tasks[0] = yield* submit(t, stage);
			const task = yield* need(t, "take");
			yield* must(t, "untake", task, taskGenerationOf(stage, t));
			tasks[1] = yield* submit(t, stage, { dependency: pending });
		},
		function* (t, { failed, old }) {
			for (const task of [failed, old]) {
				for (const options of [0, 3]) {
					const status = yield t.call("cancel", ...its(task), REASON_CANCELLED, options);
					if (status !== STATUS_STALE) throw new Error(`cancel of a task that is over answered ${status}`);
				}
				const status = yield t.call("retain", ...of(task.result));
				if (status === STATUS_OK) yield* must(t, "release", ...of(task.result));
				else if (status !== STATUS_STALE) throw new Error(`retain answered ${status}`);
			}
		},
	],
	check: ({ stage, failed, old, tasks }) => {
		const [first, second] = tasks as [TaskRef, TaskRef];
		if (first.task !== old.task || second.task !== failed.task) return "the entries were not used again";
		if (stage.taskPhaseOf(first) !== TASK_PHASE_READY) return `the first is in phase ${stage.taskPhaseOf(first)}`;
		return stage.taskPhaseOf(second) === TASK_PHASE_WAITING ? undefined : "the second does not wait";
	},
});

/** An error that nobody holds is found; its old number may still be tried. */
const goneError = scenario({
	name: "an old number of an error that nobody has read",
	setup: (stage) => {
		const error = stage.actor(1).put(1);
		const slot = stage.actor(0).calls.put(ERROR | STATE_REPORT, 1, 0, 0, 0);
		const found = { slot, generation: stage.word(stage.objectAt(slot) + 4) };
		stage.actor(0).release(found);
		stage.actor(1).release(error);
		return { found, gone: error };
	},
	threads: [
		function* (t) {
			yield* need(t, "takeUnread");
			yield* need(t, "put", NUMBER, 1, 0, 0, 0);
		},
		function* (t, { found, gone }) {
			for (const object of [found, gone]) {
				const status = yield t.call("retain", ...of(object));
				if (status === STATUS_OK) yield* must(t, "release", ...of(object));
				else if (status !== STATUS_STALE) throw new Error(`retain answered ${status}`);
			}
		},
	],
});

export const programs = [...foreign, ...notRunning, ...decidedAnew, ...foreignBlock, ...reused, ...goneError];
