// Tasks and workers: taking, parking and waking, resources, waiting tasks.
import {
	MESSAGE_KIND_RUNNER,
	MESSAGE_KIND_SEALED,
	STATUS_OK,
	TASK_ENTRY_STARTED,
	TASK_PHASE_VACANT,
} from "../../../src/core/layout.ts";
import { getSync, READY } from "../../../src/engine/local/protocol/getSync.ts";
import type { Body, ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { alone, seal, submit } from "./support/calls.ts";
import { Host, waitFor } from "./support/host.ts";
import { messagesOf, must, need, type On, scenario } from "./support/scenario.ts";
import { CPU_CLASS, NUMBER, type Stage, type TaskRef, taskGenerationOf } from "./support/stage.ts";
import { park, worker } from "./support/worker.ts";

/** Submits a task and waits for its result. */
const client = (): Body<On<object>> =>
	function* (t, { stage }) {
		const { result } = yield* submit(t, stage);
		const host = new Host(t, stage);
		t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(result))));
	};

const submitTakePark = scenario({
	name: "submit against take against park",
	setup: () => ({}),
	threads: [client(), worker(), worker()],
	victims: [1],
});

const twoSubmits = scenario({
	name: "two submits against a worker that parks",
	setup: () => ({}),
	threads: [client(), client(), worker(1)],
});

const chores = scenario({
	name: "a submit against a worker that parks and has a chore",
	setup: () => ({}),
	threads: [client(), worker(0, 1)],
});

const passedOn = scenario({
	name: "a submit against two workers that park, one of which has a chore",
	setup: () => ({}),
	threads: [client(), worker(0, 1), worker()],
	victims: [1],
});

const spinning = scenario({
	name: "a worker whose thread may not block",
	stage: { mayBlock: false },
	setup: () => ({}),
	threads: [client(), worker(1)],
	victims: [0],
});

const dependentWork = scenario({
	name: "a seal that makes work against park",
	setup: (stage) => {
		const object = stage.actor(0).create();
		const task = stage.actor(0).submit(stage.code, { dependency: object });
		return { object, task };
	},
	threads: [
		function* (t, { stage, object, task }) {
			yield* seal(t, object);
			const host = new Host(t, stage);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(task.result))));
		},
		worker(),
		worker(),
	],
});

/** Takes what there is, and says when it is inside of a task that needs the only CPU. */
function* takeAll(t: ThreadHandle, stage: Stage): Steps {
	for (let task = yield* need(t, "take"); task > 0; ) {
		const generation = taskGenerationOf(stage, t);
		yield* alone(t);
		t.log(task);
		task = yield* need(t, "finish", task, generation, NUMBER, 5, 0, 0, 0);
	}
}

const takers = scenario({
	name: "two takers and one CPU",
	setup: (stage) => ({ tasks: [0, 1].map(() => stage.driver.submit(stage.code, { resourceClass: CPU_CLASS })) }),
	threads: [0, 1].map(
		() =>
			function* (t, { stage }) {
				yield* takeAll(t, stage);
			},
	),
	check: ({ stage, tasks }, { logOf }) => {
		if (logOf(0).length + logOf(1).length !== 2) return "the two tasks did not run once each";
		return tasks.every((task) => stage.taskPhaseOf(task) === TASK_PHASE_VACANT) ? undefined : "a task is not over";
	},
	victims: [0],
});

const oneTask = scenario({
	name: "two takers and one task",
	setup: (stage) => ({ task: stage.driver.submit(stage.code, { resourceClass: CPU_CLASS }) }),
	threads: [0, 1].map(
		() =>
			function* (t, { stage }) {
				yield* takeAll(t, stage);
			},
	),
	check: (_, { logOf }) => (logOf(0).length + logOf(1).length === 1 ? undefined : "the task did not run once"),
	victims: [0, 1],
});

const untake = scenario({
	name: "a task that is put back against park",
	setup: (stage) => ({ task: stage.driver.submit(stage.code) }),
	threads: [
		function* (t, { stage }) {
			const task = yield* need(t, "take");
			if (task > 0) yield* must(t, "untake", task, taskGenerationOf(stage, t));
		},
		function* (t, { stage, task }) {
			const host = new Host(t, stage);
			let taken = 0;
			while (taken === 0) taken = yield* host.run(park(host.steps, host.own, host.working()));
			t.log(taken === task.task);
		},
	],
	check: (_, { logOf }) => (logOf(1)[0] === true ? undefined : "the parked worker has no task"),
	victims: [0],
});

/** The task that runs on thread 0 waits for the result of another; there is one CPU. */
const giveBack = scenario({
	name: "a waiting task gives its CPU back and takes it again",
	setup: (stage) => {
		const waiting = stage.actor(0).submit(stage.code, { resourceClass: CPU_CLASS });
		stage.actor(0).begin(stage);
		const other = stage.actor(0).submit(stage.code, { resourceClass: CPU_CLASS });
		return { waiting, other };
	},
	threads: [
		function* (t, { stage, waiting, other }) {
			const host = new Host(t, stage);
			const wait = waitFor(other.result, waiting.task, waiting.generation);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), wait)));
			yield* alone(t);
			yield* need(t, "finish", waiting.task, waiting.generation, NUMBER, 5, 0, 0, 0);
		},
		{
			daemon: true,
			*run(t, { stage }) {
				const host = new Host(t, stage);
				while (true) {
					let task = 0;
					while (task === 0) task = yield* host.run(park(host.steps, host.own, host.working()));
					const generation = taskGenerationOf(stage, t);
					yield t.write(stage.taskAt(task) + TASK_ENTRY_STARTED, 1);
					yield* alone(t);
					task = yield* need(t, "finish", task, generation, NUMBER, 5, 0, 0, 0);
					if (task > 0) yield* must(t, "untake", task, taskGenerationOf(stage, t));
				}
			},
		},
	],
	check: ({ stage, waiting, other }, { logOf }) => {
		if (logOf(0)[0] !== READY) return `getSync came to ${logOf(0)[0]}`;
		return [waiting, other].every((task) => stage.taskPhaseOf(task) === TASK_PHASE_VACANT) ? undefined : "not over";
	},
	victims: [0],
});

const suspendResume = scenario({
	name: "two waiting tasks and one CPU",
	setup: (stage) => {
		const waiting: TaskRef[] = [0, 1].map((i) => {
			const task = stage.actor(i).submit(stage.code, { resourceClass: CPU_CLASS });
			stage.actor(i).begin(stage);
			stage.actor(i).calls.suspend(task.task, task.generation);
			return task;
		});
		return { waiting };
	},
	threads: [0, 1].map(
		(i) =>
			function* (t: ThreadHandle, { stage, waiting }: { stage: Stage; waiting: TaskRef[] }): Steps {
				const { task, generation } = waiting[i] as TaskRef;
				const host = new Host(t, stage);
				// What it waited for is there; so it only takes its CPU again.
				const status = yield t.call("resume", task, generation);
				if (status !== STATUS_OK) {
					for (let told = false; !told; ) {
						const value = yield t.read(host.own.wakeWord << 2);
						const messages = messagesOf(t, stage, yield* need(t, "drain"));
						told = messages.some(({ kind }) => kind === MESSAGE_KIND_RUNNER);
						if (!told) yield t.park(host.own.wakeWord << 2, value);
					}
				}
				yield* alone(t);
				yield* need(t, "finish", task, generation, NUMBER, 5, 0, 0, 0);
			},
	),
	check: ({ stage, waiting }) =>
		waiting.every((task) => stage.taskPhaseOf(task) === TASK_PHASE_VACANT) ? undefined : "a task is not over",
	victims: [0],
});

/** All that is ready blocks, and the only worker has a suspended task: it hears that another thread is wanted. */
const short = scenario({
	name: "a blocking task against the park of a worker with a suspended one",
	setup: (stage) => {
		const task = stage.actor(1).submit(stage.code);
		stage.actor(1).begin(stage);
		stage.actor(1).calls.suspend(task.task, task.generation);
		stage.driver.calls.markBlocking(stage.code.slot, stage.code.generation);
		return {};
	},
	threads: [
		function* (t, { stage }) {
			yield* submit(t, stage);
		},
		{
			daemon: true,
			*run(t, { stage }) {
				const host = new Host(t, stage);
				const waits = host.working({ busy: true, wantThread: () => t.log("heard") });
				while (true) {
					const task = yield* host.run(park(host.steps, host.own, waits));
					if (task > 0) throw new Error("it took a task that blocks");
				}
			},
		},
	],
	check: (_, { logOf }) => (logOf(1).join() === "heard" ? undefined : "it did not hear that another thread is wanted"),
});

/** One wake for a message, one for work, and a worker that sleeps on the same word for both. */
const twoWakes = scenario({
	name: "a completion's wake against a work wake",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(2).retain(object);
		stage.actor(2).calls.watch(object.slot, object.generation, 3);
		return { object };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { stage }) {
			yield* submit(t, stage);
		},
		function* (t, { stage }) {
			const host = new Host(t, stage);
			const seen = new Set<string>();
			const waits = host.working({
				busy: true,
				dispatch: (count) => {
					for (const { kind } of messagesOf(t, stage, count)) if (kind === MESSAGE_KIND_SEALED) seen.add("sealed");
					return undefined;
				},
			});
			while (seen.size < 2) {
				const task = yield* host.run(park(host.steps, host.own, waits));
				if (task < 0) throw new Error(`park answered ${task}`);
				if (task === 0) continue;
				seen.add("task");
				yield t.write(stage.taskAt(task) + TASK_ENTRY_STARTED, 1);
				yield* need(t, "finish", task, taskGenerationOf(stage, t), NUMBER, 5, 0, 0, 0);
			}
			t.log("both");
		},
	],
	check: (_, { logOf }) => (logOf(2)[0] === "both" ? undefined : "it did not hear of both"),
});

const limit = scenario({
	name: "room below the limit against finish",
	setup: (stage) => {
		const task = stage.driver.submit(stage.code);
		stage.actor(0).begin(stage);
		stage.driver.calls.setLimit(1);
		return { task };
	},
	threads: [
		function* (t, { task }) {
			yield* need(t, "finish", task.task, task.generation, NUMBER, 5, 0, 0, 0);
		},
		function* (t, { stage }) {
			const host = new Host(t, stage);
			const wake = host.own.wakeWord << 2;
			while ((yield t.call("awaitRoom", 1)) !== STATUS_OK) {
				for (let count = 0; count === 0; ) {
					const value = yield t.read(wake);
					count = yield* need(t, "drain");
					if (count === 0 && (yield t.call("spin", value, 2)) === 0) yield t.park(wake, value);
				}
			}
			yield* submit(t, stage);
			t.log("submitted");
		},
	],
	check: (_, { logOf }) => (logOf(1)[0] === "submitted" ? undefined : "there was never room"),
	victims: [1],
});

export const programs = [
	...submitTakePark,
	...twoSubmits,
	...chores,
	...passedOn,
	...spinning,
	...dependentWork,
	...takers,
	...oneTask,
	...untake,
	...giveBack,
	...suspendResume,
	...short,
	...twoWakes,
	...limit,
];
