// What seldom comes together: a message that was not read yet, two wakes in one call, an end before the beginning.
import {
	RESOURCE_CPU,
	STATUS_BUSY,
	STATUS_NOT_ATTACHED,
	STATUS_OK,
	STATUS_POISONED,
	STATUS_STALE,
	TASK_PHASE_READY,
	TASK_PHASE_VACANT,
} from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { submit } from "./support/calls.ts";
import { Host } from "./support/host.ts";
import { must, need, type On, scenario } from "./support/scenario.ts";
import {
	CPU_CLASS,
	ERROR,
	its,
	NUMBER,
	of,
	type Ref,
	type Stage,
	type TaskRef,
	taskGenerationOf,
} from "./support/stage.ts";

/** Thread 0 does something else with a task that is just given its CPU again; the message to it is taken back. */
const recalled = (name: string, leaves: (t: ThreadHandle, stage: Stage, task: TaskRef) => Steps) =>
	scenario({
		name,
		setup: (stage) => {
			const task = stage.driver.submit(stage.code, { resourceClass: CPU_CLASS, retries: 1 });
			stage.actor(0).calls.take();
			stage.actor(0).calls.suspend(...its(task));
			const other = stage.driver.submit(stage.code, { resourceClass: CPU_CLASS });
			stage.actor(1).begin(stage);
			if (stage.actor(0).calls.resume(...its(task)) !== STATUS_BUSY) throw new Error("the CPU is not taken");
			return { task, other };
		},
		threads: [
			function* (t, { stage, task }) {
				yield* leaves(t, stage, task);
				yield* need(t, "drain");
			},
			function* (t, { stage, other }) {
				const next = yield* need(t, "finish", ...its(other), NUMBER, 5, 0, 0, 0);
				if (next > 0) yield* must(t, "untake", next, taskGenerationOf(stage, t));
			},
		],
		victims: [0],
	});

const recalledByAsk = recalled("a failure beside the message that the task has its CPU", function* (t, stage, task) {
	const next = yield* need(t, "ask", ...its(task), ERROR, 1, 0, 0, 0);
	if (next > 0) yield* must(t, "untake", next, taskGenerationOf(stage, t));
});

const recalledByUntake = recalled("a task put back beside the message that it has its CPU", function* (t, _, task) {
	// As long as it has none, it cannot be put back.
	yield t.call("untake", ...its(task));
});

/** A task that had begun and is run again has not begun when it is taken: it can be put back. */
const begunBefore = scenario({
	name: "a task that is run again and put back",
	setup: (stage) => {
		const task = stage.actor(0).submit(stage.code, { retries: 1 });
		stage.actor(0).begin(stage);
		stage.actor(0).calls.ask(...its(task), ERROR, 1, 0, 0, 0);
		stage.actor(0).calls.drain();
		stage.actor(0).calls.retry(...its(task));
		return { task };
	},
	threads: [0, 1].map(
		() =>
			function* (t: ThreadHandle, { stage }: On<object>): Steps {
				const task = yield* need(t, "take");
				if (task > 0) yield* must(t, "untake", task, taskGenerationOf(stage, t));
			},
	),
});

/** One argument is there when the task is submitted; the other comes just then. */
const secondArgument = (fails: boolean) =>
	scenario({
		name: `${fails ? "an error" : "a seal"} against the submit of a task with another argument`,
		setup: (stage) => {
			const objects = [stage.actor(0).create(), stage.actor(0).create()];
			stage.actor(0).calls.seal(...of(objects[1] as Ref), fails ? ERROR : NUMBER, 2, 0, 0, 0);
			for (const object of objects) stage.actor(1).retain(object);
			const tasks: TaskRef[] = [];
			return { objects, tasks };
		},
		threads: [
			function* (t, { objects }) {
				yield* must(t, "seal", ...of(objects[0] as Ref), fails ? ERROR : NUMBER, 1, 0, 0, 0);
			},
			function* (t, { stage, objects, tasks }) {
				tasks[0] = yield* submit(t, stage, { dependencies: objects });
			},
		],
		check: ({ stage, tasks }) =>
			stage.taskPhaseOf(tasks[0] as TaskRef) === (fails ? TASK_PHASE_VACANT : TASK_PHASE_READY)
				? undefined
				: "the task is not as its arguments are",
		victims: [0],
	});

/** Two workers sleep, and one call makes work for both. */
const twoWoken = scenario({
	name: "a call that wakes two workers",
	setup: (stage) => {
		const object = stage.actor(0).create();
		const tasks = [0, 1].map(() => stage.driver.submit(stage.code, { dependency: object }));
		for (const index of [1, 2]) stage.actor(index).calls.park(0);
		return { object, tasks };
	},
	threads: [
		function* (t, { object }) {
			yield* must(t, "seal", ...of(object), NUMBER, 1, 0, 0, 0);
		},
		...[0, 1].map(
			() =>
				function* (t: ThreadHandle, { stage }: On<object>): Steps {
					const { own } = new Host(t, stage);
					yield t.park(own.wakeWord << 2, own.wakeValue);
					t.log(yield* need(t, "take"));
				},
		),
	],
	check: (_, { logOf }) => (logOf(1)[0] !== 0 && logOf(2)[0] !== 0 ? undefined : "one found no task"),
});

const blocks = scenario({
	name: "a function found to block against a thread with suspended tasks",
	setup: (stage) => {
		const waiting = stage.driver.submit(stage.code);
		stage.actor(0).begin(stage);
		stage.actor(0).calls.suspend(...its(waiting));
		stage.actor(1).retain(stage.code);
		return { task: stage.driver.submit(stage.code), waiting };
	},
	threads: [
		function* (t, { stage }) {
			const task = yield* need(t, "park", 1);
			if (task > 0) yield* must(t, "untake", task, taskGenerationOf(stage, t));
			t.log(task);
		},
		function* (t, { stage }) {
			yield* must(t, "markBlocking", ...of(stage.code));
		},
	],
});

/** An instance whose thread's slot is given to another attaches to a new one, which is ended at the same time. */
const attaching = (name: string, poisons: boolean) =>
	scenario({
		name,
		setup: (stage) => {
			const { calls, index } = stage.actor(0);
			const next = stage.driver.calls.reserve(0, 0);
			calls.end(index, 1);
			stage.driver.calls.recover(index, 1);
			return { next };
		},
		threads: [
			function* (t, { next }) {
				const status = yield t.call("attach", next, 1);
				t.log(status);
				if (status === STATUS_OK) {
					const stats = yield t.call("stats");
					if (stats !== STATUS_OK && stats !== STATUS_NOT_ATTACHED && stats !== STATUS_POISONED)
						throw new Error(`stats answered ${stats}`);
				}
			},
			function* (t, { next }) {
				if (poisons) {
					yield t.call("poison");
					return;
				}
				while ((yield t.call("end", next, 1)) === STATUS_BUSY) yield t.pause();
			},
			function* (t) {
				t.log(yield t.call("reserve", 0, 0));
			},
		],
		check: (_, { logOf }) => {
			const status = logOf(0)[0];
			const known = [STATUS_OK, STATUS_STALE, poisons ? STATUS_POISONED : STATUS_OK].includes(status as number);
			return known ? undefined : `attach answered ${status}`;
		},
		finale: false,
	});

/** Little between taking a lock and giving it back, so that all orders of it are seen: spinning, sleeping, taking it unseen. */
const short = (name: string, call: (stage: Stage) => readonly [string, ...number[]]) =>
	scenario({
		name,
		setup: (stage) => ({ calls: call(stage) }),
		threads: [0, 1, 2].map(
			() =>
				function* (t: ThreadHandle, { calls }: { calls: readonly [string, ...number[]] }): Steps {
					yield* must(t, ...calls);
				},
		),
	});

const heapLock = short("three threads that want the heap's lock", () => ["setCapacity", 0x7fffffff, 0x7fffffff]);

const schedulerLock = short("three threads that want the scheduler's lock", () => ["setLimit", 100]);

const entryLock = short("three threads that want an object's lock", (stage) => {
	for (const index of [0, 1, 2]) stage.actor(index).retain(stage.code);
	return ["markRead", ...of(stage.code)];
});

const poisonedLock = scenario({
	name: "poison while a thread waits for an object's lock",
	setup: (stage) => {
		for (const index of [0, 1]) stage.actor(index).retain(stage.code);
		return {};
	},
	threads: [
		...[0, 1].map(
			() =>
				function* (t: ThreadHandle, { stage }: On<object>): Steps {
					const status = yield t.call("markRead", ...of(stage.code));
					if (status !== STATUS_OK && status !== STATUS_POISONED) throw new Error(`markRead answered ${status}`);
				},
		),
		function* (t) {
			yield t.call("poison");
		},
	],
	finale: false,
});

/** The figures are summed while others change theirs. */
const figures = scenario({
	name: "figures while objects come and go",
	setup: () => ({}),
	threads: [
		function* (t, { stage }) {
			const address = yield* need(t, "alloc", 100);
			const slot = yield* need(t, "put", 0, address, 100, 0, 0);
			yield* must(t, "release", slot, stage.word(stage.objectAt(slot) + 4));
			yield* need(t, "available", RESOURCE_CPU);
		},
		function* (t) {
			yield* must(t, "stats");
			yield* must(t, "stats");
		},
	],
});

export const programs = [
	...recalledByAsk,
	...recalledByUntake,
	...begunBefore,
	...secondArgument(false),
	...secondArgument(true),
	...twoWoken,
	...blocks,
	...attaching("attach against end", false),
	...attaching("attach against poison", true),
	...heapLock,
	...schedulerLock,
	...entryLock,
	...poisonedLock,
	...figures,
];
