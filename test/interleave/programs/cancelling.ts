// Cancel, beside whatever else may become of a task.
import { REASON_CANCELLED, STATUS_OK, TASK_PHASE_VACANT } from "../../../src/core/layout.ts";
import type { Body, ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { cancel, submit } from "./support/calls.ts";
import { must, need, type On, scenario } from "./support/scenario.ts";
import { ERROR, its, NUMBER, of, type Ref, type Stage, type TaskRef, taskGenerationOf } from "./support/stage.ts";

/** Cancels a task that may be over, and logs what that answered. */
const canceller = (options: number): Body<On<{ readonly task: TaskRef }>> =>
	function* (t, { task }) {
		t.log(yield* cancel(t, task, options));
	};

const isOver = (stage: Stage, task: TaskRef) =>
	stage.taskPhaseOf(task) === TASK_PHASE_VACANT ? undefined : `the task is in phase ${stage.taskPhaseOf(task)}`;

/** Whichever of the two ends the task, it ends by the cancel, which says so: 1 is with children, and 2 settles. */
const askCancel = [2, 3].flatMap((options) =>
	scenario({
		name: `a failure that somebody is asked about against cancel${options & 1 ? " with children" : ""}`,
		setup: (stage) => {
			const task = stage.actor(1).submit(stage.code, { retries: 1 });
			stage.actor(0).begin(stage);
			if (options & 1) stage.driver.submit(stage.code, { parent: task });
			return { task };
		},
		threads: [
			function* (t, { stage, task }) {
				const next = yield* need(t, "ask", ...its(task), ERROR, 1, 0, 0, 0);
				if (next > 0) yield* must(t, "untake", next, taskGenerationOf(stage, t));
				yield* need(t, "drain");
			},
			canceller(options),
		],
		check: ({ stage, task }, { logOf }) => {
			const [answer] = logOf(1);
			if (answer !== STATUS_OK) return `cancel answered ${answer}`;
			const [reason, index, generation] = stage.valueWordsOf(task.result);
			const named = reason === REASON_CANCELLED && index === task.task && generation === task.generation;
			return named ? isOver(stage, task) : `its result names task ${index} of ${generation} and reason ${reason}`;
		},
		victims: [0],
	}),
);

const untakeCancel = scenario({
	name: "a task that is put back against cancel",
	setup: (stage) => {
		const task = stage.driver.submit(stage.code);
		stage.actor(0).calls.take();
		return { task };
	},
	threads: [
		function* (t, { task }) {
			yield* must(t, "untake", ...its(task));
			yield* need(t, "drain");
		},
		canceller(2),
	],
	check: ({ stage, task }) => isOver(stage, task),
	victims: [0],
});

const cancelRunning = scenario({
	name: "cancel against finish",
	setup: (stage) => {
		const task = stage.actor(1).submit(stage.code);
		stage.actor(0).begin(stage);
		return { task };
	},
	threads: [
		function* (t, { stage, task }) {
			yield* need(t, "finish", task.task, task.generation, NUMBER, 5, 0, 0, 0);
			yield* need(t, "drain");
			t.log(stage.isError(task.result));
		},
		canceller(2),
	],
	check: ({ stage, task }) => (stage.taskPhaseOf(task) === TASK_PHASE_VACANT ? undefined : "the task is not over"),
	victims: [0, 1],
});

const cancelTree = scenario({
	name: "cancel with children against submit",
	setup: (stage) => {
		const parent = stage.actor(1).submit(stage.code);
		stage.actor(0).begin(stage);
		const submitted: { child?: TaskRef } = {};
		return { parent, submitted };
	},
	threads: [
		function* (t, { stage, parent, submitted }) {
			submitted.child = yield* submit(t, stage, { parent });
		},
		function* (t, { parent }) {
			yield* cancel(t, parent, 1);
		},
	],
	check: ({ stage, submitted }) =>
		stage.taskPhaseOf(submitted.child as TaskRef) === TASK_PHASE_VACANT ? undefined : "the child is not cancelled",
	victims: [0, 1],
});

const finishCancel = scenario({
	name: "finish against cancel of a dependent",
	setup: (stage) => {
		const first = stage.actor(0).submit(stage.code);
		stage.actor(0).begin(stage);
		return { first, task: stage.driver.submit(stage.code, { dependency: first.result }) };
	},
	threads: [
		function* (t, { stage, first }) {
			const next = yield* need(t, "finish", ...its(first), NUMBER, 5, 0, 0, 0);
			if (next > 0) yield* need(t, "finish", next, taskGenerationOf(stage, t), NUMBER, 5, 0, 0, 0);
		},
		canceller(0),
	],
	check: ({ stage, task }) => isOver(stage, task),
	victims: [0, 1],
});

const twoTrees = scenario({
	name: "two cancels with children, and a submit",
	setup: (stage) => {
		const trees = [0, 1].map((i) => {
			const parent = stage.driver.submit(stage.code);
			stage.actor(i).begin(stage);
			return parent;
		});
		for (const parent of trees) stage.driver.submit(stage.code, { parent });
		return { trees };
	},
	threads: [
		...[0, 1].map(
			(i) =>
				function* (t: ThreadHandle, { trees }: { trees: TaskRef[] }): Steps {
					yield* must(t, "cancel", ...its(trees[i] as TaskRef), REASON_CANCELLED, 1);
				},
		),
		function* (t, { stage, trees }) {
			yield* submit(t, stage, { parent: trees[0] as TaskRef });
		},
	],
});

/** Thread 0 runs a child of what is cancelled, and submits a child of its own. */
const grandchild = scenario({
	name: "cancel with children against the submit of a grandchild",
	setup: (stage) => {
		const task = stage.driver.submit(stage.code);
		stage.actor(1).begin(stage);
		const parent = stage.driver.submit(stage.code, { parent: task });
		stage.actor(0).begin(stage);
		const object = stage.driver.create();
		const submitted: TaskRef[] = [];
		return { task, parent, object, submitted };
	},
	threads: [
		function* (t, { stage, parent, object, submitted }) {
			submitted[0] = yield* submit(t, stage, { parent, dependency: object });
		},
		canceller(1),
	],
	check: ({ stage, submitted }) => isOver(stage, submitted[0] as TaskRef),
});

/** A message that was not read when its task ended stands in the way of nobody who gets the entry. */
const unreadMessage = (settles: boolean) =>
	scenario({
		name: `a message about a ${settles ? "settled " : ""}task that is over, whose entry another has`,
		setup: (stage) => {
			const task = stage.actor(0).submit(stage.code);
			stage.actor(0).begin(stage);
			return { task };
		},
		threads: [
			function* (t, { stage, task }) {
				yield* need(t, "finish", ...its(task), NUMBER, 5, 0, 0, 0);
				yield* submit(t, stage);
				yield* need(t, "drain");
			},
			canceller(settles ? 2 : 0),
		],
		victims: [0],
	});

const twoArguments = scenario({
	name: "cancel against one of two arguments",
	setup: (stage) => {
		const objects = [0, 1].map(() => stage.actor(0).create());
		return { objects, task: stage.driver.submit(stage.code, { dependencies: objects }) };
	},
	threads: [
		function* (t, { objects }) {
			yield* must(t, "seal", ...of(objects[0] as Ref), NUMBER, 1, 0, 0, 0);
		},
		canceller(0),
	],
	check: ({ stage, task }) => isOver(stage, task),
	victims: [0],
});

export const programs = [
	...askCancel,
	...untakeCancel,
	...cancelRunning,
	...cancelTree,
	...finishCancel,
	...twoTrees,
	...grandchild,
	...unreadMessage(false),
	...unreadMessage(true),
	...twoArguments,
];
