// Who waits for an object: threads with a watch, tasks with a pending argument.
import {
	MESSAGE_KIND_SEALED,
	PHASE_PENDING,
	REASON_CANCELLED,
	STATUS_OK,
	STATUS_SEALED,
	STATUS_STALE,
	TASK_PHASE_READY,
	TASK_PHASE_VACANT,
	THREAD_MESSAGES,
} from "../../../src/core/layout.ts";
import { getSync, OUT_OF_TIME, READY } from "../../../src/engine/local/protocol/getSync.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { seal, submit } from "./support/calls.ts";
import { Host, waitFor } from "./support/host.ts";
import { messagesOf, must, need, scenario } from "./support/scenario.ts";
import { ERROR, NUMBER, type Ref, type Stage, type TaskRef } from "./support/stage.ts";

const ready = (stage: Stage, task: TaskRef) =>
	stage.taskPhaseOf(task) === TASK_PHASE_READY
		? undefined
		: `the task is in phase ${stage.taskPhaseOf(task)}, not ready`;

const addDependent = scenario({
	name: "seal against add-dependent",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		const submitted: { task?: TaskRef } = {};
		return { object, submitted };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { stage, object, submitted }) {
			submitted.task = yield* submit(t, stage, { dependency: object });
		},
	],
	check: ({ stage, submitted }) => ready(stage, submitted.task as TaskRef),
	victims: [0, 1],
});

const addToFailed = scenario({
	name: "an error against add-dependent",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		const submitted: { task?: TaskRef } = {};
		return { object, submitted };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object, ERROR);
		},
		function* (t, { stage, object, submitted }) {
			submitted.task = yield* submit(t, stage, { dependency: object });
		},
	],
	check: ({ stage, submitted }) => {
		const task = submitted.task as TaskRef;
		if (stage.taskPhaseOf(task) !== TASK_PHASE_VACANT) return "the task whose argument failed is not over";
		return stage.isError(task.result) ? undefined : "its result is not an error";
	},
	victims: [0, 1],
});

const sealCancel = scenario({
	name: "seal against cancel",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.driver.retain(object);
		return { object, task: stage.driver.submit(stage.code, { dependency: object }) };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { task }) {
			yield* must(t, "cancel", task.task, task.generation, REASON_CANCELLED, 0);
		},
	],
	check: ({ stage, task }) => {
		if (stage.taskPhaseOf(task) !== TASK_PHASE_VACANT) return "the cancelled task is not over";
		return stage.isError(task.result) ? undefined : "the result of the cancelled task is not an error";
	},
	victims: [0, 1],
});

const failCancel = scenario({
	name: "an error against cancel and another argument's error",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.driver.retain(object);
		const first = stage.driver.submit(stage.code, { dependency: object });
		const second = stage.driver.submit(stage.code, { dependency: first.result });
		return { object, first, second };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object, ERROR);
		},
		function* (t, { first }) {
			const status = yield t.call("cancel", first.task, first.generation, REASON_CANCELLED, 0);
			if (status !== STATUS_OK && status !== STATUS_STALE) throw new Error(`cancel answered ${status}`);
		},
	],
	check: ({ stage, first, second }) => {
		for (const task of [first, second]) {
			if (stage.taskPhaseOf(task) !== TASK_PHASE_VACANT) return "a task whose argument failed is not over";
			if (!stage.isError(task.result)) return "its result is not an error";
		}
		return undefined;
	},
	victims: [0, 1],
});

const twoDependents = scenario({
	name: "two dependents",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		stage.actor(2).retain(object);
		const tasks: TaskRef[] = [];
		return { object, tasks };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { stage, object, tasks }) {
			tasks[0] = yield* submit(t, stage, { dependency: object });
		},
		function* (t, { stage, object, tasks }) {
			tasks[1] = yield* submit(t, stage, { dependency: object });
		},
	],
	check: ({ stage, tasks }) => tasks.map((task) => ready(stage, task)).find((fault) => fault !== undefined),
	victims: [0],
});

const twoArguments = scenario({
	name: "two seals for one thread, and a chain",
	setup: (stage) => {
		const [a, b] = [stage.actor(0).create(), stage.actor(1).create()];
		for (const object of [a, b]) {
			stage.actor(2).retain(object);
			stage.actor(2).calls.watch(object.slot, object.generation, 1);
		}
		return { a, b };
	},
	threads: [
		function* (t, { a }) {
			yield* seal(t, a);
		},
		function* (t, { b }) {
			yield* seal(t, b);
		},
		function* (t, { stage, a, b }) {
			const host = new Host(t, stage);
			const status = yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor([a, b])));
			if (status !== READY) throw new Error(`getSync came to ${status}`);
			t.log("heard");
		},
	],
	check: (_, { logOf }) => (logOf(2)[0] === "heard" ? undefined : "it did not hear of both"),
	victims: [2],
});

const unwatch = scenario({
	name: "a timed-out wait against seal",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		return { object };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { stage, object }) {
			const watched = yield t.call("watch", object.slot, object.generation, 77);
			t.log(watched);
			const status = watched === STATUS_OK ? yield t.call("unwatch", object.slot, object.generation) : watched;
			t.log(status);
			if (status !== STATUS_OK && status !== STATUS_SEALED) throw new Error(`unwatch answered ${status}`);
			t.log(messagesOf(t, stage, yield* need(t, "drain")).length);
		},
	],
	check: (_, { logOf }) => {
		const [watched, status, messages] = logOf(1) as number[];
		// `sealed` from unwatch: the seal has begun, and its message comes in that call, perhaps after this look.
		if (watched === STATUS_OK && status === STATUS_SEALED) return undefined;
		return messages === 0 ? undefined : "a message came of a watch that was taken back";
	},
	victims: [0, 1],
});

const twoWatchers = scenario({
	name: "two watchers against seal",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		stage.actor(2).retain(object);
		return { object };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		...[1, 2].map(
			() =>
				function* (t: ThreadHandle, { stage, object }: { stage: Stage; object: Ref }): Steps {
					const host = new Host(t, stage);
					t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(object))));
				},
		),
	],
	check: (_, { logOf }) => (logOf(1)[0] === READY && logOf(2)[0] === READY ? undefined : "a watcher did not hear"),
	victims: [1],
});

const timeout = scenario({
	name: "getSync with a limit against seal",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		return { object };
	},
	threads: [
		function* (t, { object }) {
			yield* seal(t, object);
		},
		function* (t, { stage, object }) {
			const host = new Host(t, stage);
			const first = yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(object, 0, 0, 1)));
			t.log(first);
			if (first !== READY && first !== OUT_OF_TIME) throw new Error(`getSync came to ${first}`);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(object))));
		},
	],
	check: (_, { logOf }) => (logOf(1)[1] === READY ? undefined : `the second getSync came to ${logOf(1)[1]}`),
	victims: [1],
	limits: { timeouts: 1 },
});

const aboveAsync = scenario({
	name: "getSync above waitAsync",
	setup: (stage) => {
		const [a, b] = [stage.actor(0).create(), stage.actor(1).create()];
		for (const object of [a, b]) stage.actor(2).retain(object);
		stage.actor(2).calls.watch(a.slot, a.generation, 1);
		return { a, b };
	},
	threads: [
		function* (t, { a }) {
			yield* seal(t, a);
		},
		function* (t, { b }) {
			yield* seal(t, b);
		},
		function* (t, { stage, a, b }) {
			const host = new Host(t, stage);
			const wake = host.own.wakeWord << 2;
			const value = yield t.read(wake);
			const before = yield* need(t, "drain");
			const ticket = before > 0 ? -1 : yield t.waitAsync(wake, value);
			// A task calls getSync while the event loop's own wait stands on the same word.
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(b))));
			// What was the loop's is for whoever drains: the ticket is settled whatever woke the thread.
			if (ticket >= 0) yield t.settled([ticket]);
			t.log(yield* host.run(getSync(host.steps, host.own, host.blocking(), waitFor(a))));
		},
	],
	check: ({ stage, a, b }, { logOf }) => {
		if (stage.phaseOf(a) === PHASE_PENDING || stage.phaseOf(b) === PHASE_PENDING) return "not sealed";
		return logOf(2).every((status) => status === READY) ? undefined : `getSync came to ${logOf(2).join()}`;
	},
	victims: [2],
});

const freePending = scenario({
	name: "free of a pending object against seal",
	setup: (stage) => {
		const object = stage.actor(0).create();
		stage.actor(1).retain(object);
		stage.driver.retain(object);
		stage.driver.calls.watch(object.slot, object.generation, 9);
		return { object, task: stage.driver.submit(stage.code, { dependency: object }) };
	},
	threads: [
		function* (t, { object }) {
			const status = yield t.call("seal", object.slot, object.generation, NUMBER, 5, 0, 0, 0);
			if (status !== STATUS_OK && status !== STATUS_SEALED) throw new Error(`seal answered ${status}`);
		},
		function* (t, { object }) {
			yield* must(t, "free", object.slot, object.generation);
		},
	],
	check: ({ stage }) => {
		const { calls } = stage.driver;
		const count = calls.drain();
		if (count !== 1) return `${count} messages tell that it is sealed`;
		return stage.driver.field(THREAD_MESSAGES) === MESSAGE_KIND_SEALED ? undefined : "the message is of another kind";
	},
	victims: [0, 1],
});

export const programs = [
	...addDependent,
	...addToFailed,
	...sealCancel,
	...failCancel,
	...twoDependents,
	...twoArguments,
	...unwatch,
	...twoWatchers,
	...timeout,
	...aboveAsync,
	...freePending,
];
