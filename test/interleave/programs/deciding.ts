// Decisions about failed tasks: by whom, and what may come in between.
import {
	MESSAGE_KIND_DECIDE,
	STATUS_OK,
	STATUS_STALE,
	TASK_PHASE_READY,
	TASK_PHASE_VACANT,
} from "../../../src/core/layout.ts";
import { getSync } from "../../../src/engine/local/protocol/getSync.ts";
import { cancel } from "./support/calls.ts";
import { Host, waitFor } from "./support/host.ts";
import { messagesOf, must, need, scenario } from "./support/scenario.ts";
import { ERROR, type Stage } from "./support/stage.ts";
import { worker } from "./support/worker.ts";

/** A failed task, about which thread 0 decides. */
const askedAbout = (stage: Stage) => {
	const task = stage.actor(0).submit(stage.code, { retries: 1 });
	stage.driver.begin(stage);
	stage.driver.calls.ask(task.task, task.generation, ERROR, 1, 0, 0, 0);
	return { task };
};

const retryCancel = scenario({
	name: "retry against cancel",
	setup: askedAbout,
	threads: [
		function* (t, { stage, task }) {
			for (const { kind } of messagesOf(t, stage, yield* need(t, "drain"))) {
				if (kind !== MESSAGE_KIND_DECIDE) continue;
				const status = yield t.call("retry", task.task, task.generation);
				t.log(status);
				if (status !== STATUS_OK && status !== STATUS_STALE) throw new Error(`retry answered ${status}`);
			}
		},
		function* (t, { task }) {
			yield* cancel(t, task, 0);
		},
	],
	check: ({ stage, task }) => {
		if (stage.taskPhaseOf(task) !== TASK_PHASE_VACANT) return "the cancelled task is not over";
		return stage.isError(task.result) ? undefined : "its result is not an error";
	},
	victims: [0, 1],
});

const retryTake = scenario({
	name: "retry against park",
	setup: askedAbout,
	threads: [
		function* (t, { stage, task }) {
			yield* need(t, "drain");
			yield* must(t, "retry", task.task, task.generation);
			const host = new Host(t, stage);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(task.result))));
		},
		worker(),
	],
});

/** The decision dies with the one who was to make it: the task fails with its error. */
const deadDecider = scenario({
	name: "the submitter of a task that fails",
	setup: (stage) => {
		const task = stage.actor(0).submit(stage.code, { retries: 1 });
		stage.actor(1).begin(stage);
		stage.driver.retain(task.result);
		return { task };
	},
	threads: [
		function* (t, { stage, task }) {
			const host = new Host(t, stage);
			for (let decided = false; !decided; ) {
				const value = yield t.read(host.own.wakeWord << 2);
				const messages = messagesOf(t, stage, yield* need(t, "drain"));
				decided = messages.some(({ kind }) => kind === MESSAGE_KIND_DECIDE);
				if (decided) yield* must(t, "retry", task.task, task.generation);
				else yield t.park(host.own.wakeWord << 2, value);
			}
		},
		function* (t, { task }) {
			yield* need(t, "ask", task.task, task.generation, ERROR, 1, 0, 0, 0);
		},
	],
	check: ({ stage, task }) =>
		stage.taskPhaseOf(task) === TASK_PHASE_READY ? undefined : "the task that shall be run again is not ready",
	checkDeath: ({ stage, task }, { dead }) => {
		const phase = stage.taskPhaseOf(task);
		if (phase === TASK_PHASE_READY) return undefined;
		if (phase !== TASK_PHASE_VACANT) return `nobody decides about a task in phase ${phase}, ${dead(0)}`;
		return stage.isError(task.result) ? undefined : "its result is not an error";
	},
	victims: [0],
});

export const programs = [...retryCancel, ...retryTake, ...deadDecider];
