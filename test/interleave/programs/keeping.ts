// What is kept for a task that was passed too often, and what stands behind tasks set aside.
import {
	PLACE_ROOT,
	RESOURCE_CPU,
	RESOURCE_UNIT,
	ROOT_SIZE,
	SCHEDULER_STARVING,
	TASK_ENTRY_PASSED,
	TASK_ENTRY_STARTED,
	TASK_PHASE_VACANT,
} from "../../../src/core/layout.ts";
import { work } from "../../../src/engine/local/protocol/execute.ts";
import { getSync, READY } from "../../../src/engine/local/protocol/getSync.ts";
import type { Body, ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { Host, waitFor } from "./support/host.ts";
import { must, need, type On, type ScenarioThread, scenario } from "./support/scenario.ts";
import { CPU_CLASS, NUMBER, type Stage, type TaskRef, taskGenerationOf } from "./support/stage.ts";

/** A resource of the user's, of which there are two. */
const CUSTOM = 7;
/** One time less than is too often. */
const ALMOST = 999;

const worker: ScenarioThread<object> = {
	daemon: true,
	*run(t, { stage }) {
		const host = new Host(t, stage);
		yield* host.run(work(host.steps, host.own, host.working()));
	},
};

const areOver = (stage: Stage, tasks: readonly TaskRef[]) =>
	tasks.every((task) => stage.taskPhaseOf(task) === TASK_PHASE_VACANT) ? undefined : "a task is not over";

/** What is passed once more, by a task that thread `by` takes and runs, is starving. */
function passed(stage: Stage, task: TaskRef, by: number, resourceClass: number): TaskRef {
	stage.context.words[(stage.taskAt(task.task) + TASK_ENTRY_PASSED) >>> 2] = ALMOST;
	const other = stage.driver.submit(stage.code, { resourceClass });
	stage.actor(by).begin(stage);
	const starving = stage.word(PLACE_ROOT + ROOT_SIZE + SCHEDULER_STARVING);
	if (starving !== stage.taskAt(task.task)) throw new Error("nothing is kept for the task");
	return other;
}

/** Thread 0 runs two tasks with one of two each; a third task wants both. The first waits for a child that wants one. */
const childOfSuspended = scenario({
	name: "a child of a suspended task beside what is kept for another",
	setup: (stage) => {
		stage.driver.setResource(CUSTOM, 2);
		const [one, both] = [1, 2].map((amount) => stage.driver.defineClass([[CUSTOM, amount]])) as [number, number];
		const parent = stage.driver.submit(stage.code, { resourceClass: one });
		stage.actor(0).begin(stage);
		const large = stage.driver.submit(stage.code, { resourceClass: both });
		const other = passed(stage, large, 0, one);
		const child = stage.actor(0).submit(stage.code, { resourceClass: one });
		return { parent, large, other, child };
	},
	threads: [
		function* (t, { stage, parent, other, child }) {
			const host = new Host(t, stage);
			yield* need(t, "finish", other.task, other.generation, NUMBER, 5, 0, 0, 0);
			const wait = waitFor(child.result, parent.task, parent.generation);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), wait)));
			const next = yield* need(t, "finish", parent.task, parent.generation, NUMBER, 5, 0, 0, 0);
			if (next > 0) yield* must(t, "untake", next, taskGenerationOf(stage, t));
		},
		worker,
	],
	check: ({ stage, parent, large, other, child }, { logOf }) =>
		logOf(0)[0] === READY ? areOver(stage, [parent, large, other, child]) : `getSync came to ${logOf(0)[0]}`,
	victims: [0],
});

/** Two CPUs; a task for the idle worker of kind 1 wants both; tasks of kind 0 want one each. */
const twoKinds = (name: string, idle: Body<On<object>>, comes: boolean) =>
	scenario({
		name,
		stage: { cpus: 2, kinds: [0, 0, 1] },
		setup: (stage) => {
			const whole = stage.driver.defineClass([[RESOURCE_CPU, 2 * RESOURCE_UNIT]], 1);
			const first = stage.driver.submit(stage.code, { resourceClass: CPU_CLASS });
			stage.actor(0).begin(stage);
			const large = stage.driver.submit(stage.code, { resourceClass: whole });
			stage.actor(2).calls.park(0);
			const second = passed(stage, large, 0, CPU_CLASS);
			const late = stage.driver.submit(stage.code, { resourceClass: CPU_CLASS });
			return { first, second, late, large };
		},
		threads: [
			function* (t: ThreadHandle, { stage, first, second }: On<{ first: TaskRef; second: TaskRef }>): Steps {
				for (const { task, generation } of [first, second]) {
					let next = yield* need(t, "finish", task, generation, NUMBER, 5, 0, 0, 0);
					for (; next > 0; next = yield* need(t, "finish", next, taskGenerationOf(stage, t), NUMBER, 5, 0, 0, 0)) {
						t.log(next);
						yield t.write(stage.taskAt(next) + TASK_ENTRY_STARTED, 1);
					}
				}
			},
			worker,
			{ daemon: true, run: idle },
		],
		check: ({ stage, first, second, late, large }, { logOf }) => {
			if (comes && logOf(0).length > 0) return "what was kept for the task was taken by another";
			return areOver(stage, comes ? [first, second, late, large] : [first, second, late]);
		},
		victims: comes ? [2] : [],
	});

const idleComes = twoKinds(
	"what is kept for an idle worker of another kind",
	function* (t, { stage }) {
		const host = new Host(t, stage);
		// It has parked, and sleeps.
		yield t.park(host.own.wakeWord << 2, host.own.wakeValue);
		yield* host.run(work(host.steps, host.own, host.working()));
	},
	true,
);

const idleGoes = twoKinds(
	"an idle worker of another kind that goes, for which things were kept",
	function* (t) {
		yield* must(t, "unpark");
	},
	false,
);

export const programs = [...childOfSuspended, ...idleComes, ...idleGoes];
