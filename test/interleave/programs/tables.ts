// Tables that are full or exchange free entries, a limit that is reached: calls are refused halfway, and undone.
import {
	GATE_EPOCH_SHIFT,
	STATE_ERROR,
	STATUS_INVALID,
	STATUS_LIMIT,
	STATUS_TABLE_FULL,
	THREAD_FREE_OBJECT_COUNT,
	THREAD_FREE_TASK_COUNT,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../../src/core/layout.ts";
import type { Body, ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { specInto, submit } from "./support/calls.ts";
import { must, need, type On, scenario } from "./support/scenario.ts";
import { its, NUMBER, of, type Ref, type Stage, type TaskRef } from "./support/stage.ts";

/** Bytes of a block that is not small. */
const LARGE = 3000;
/** With so many free entries a thread gives a batch of them back. */
const KEPT = 64;

/** Takes and gives back what all threads share while another does the call in question. */
const bystander: Body<On<object>> = function* (t, { stage }) {
	yield* must(t, "stats");
	yield* must(t, "dealloc", yield* need(t, "alloc", LARGE));
	yield* must(t, "retain", ...of(stage.code));
	yield* must(t, "release", ...of(stage.code));
};

const limit = scenario({
	name: "submits above the limit",
	setup: (stage) => {
		const task = stage.driver.submit(stage.code);
		const object = stage.driver.create();
		stage.driver.calls.setLimit(1);
		const blocks = [100, LARGE].map((size) => stage.actor(0).calls.alloc(size));
		for (const block of blocks) stage.context.words.set(of(object), (block + 8) >>> 2);
		return { task, object, blocks };
	},
	threads: [
		function* (t, { stage, object, blocks }) {
			for (const args of [0, ...blocks]) {
				specInto(t, stage, { dependency: object }, args);
				const status = yield t.call("submit");
				if (status !== STATUS_LIMIT) throw new Error(`submit answered ${status}`);
				if (args !== 0) yield* must(t, "dealloc", args);
			}
		},
		bystander,
	],
	victims: [0],
});

/** Arguments in a block that is not small: the task's from then on, and nobody's to give back. */
const largeArguments = scenario({
	name: "a submit with large arguments",
	setup: (stage) => {
		const object = stage.actor(0).create();
		const args = stage.actor(0).calls.alloc(LARGE);
		stage.context.words.set(of(object), (args + 8) >>> 2);
		return { object, args };
	},
	threads: [
		function* (t, { stage, object, args }) {
			specInto(t, stage, { dependency: object }, args);
			yield* need(t, "submit");
			const status = yield t.call("dealloc", args);
			if (status !== STATUS_INVALID) throw new Error(`dealloc of a task's arguments answered ${status}`);
		},
		bystander,
	],
	victims: [0],
});

/** All objects but those that the program names are taken. */
function fill(stage: Stage): void {
	while (stage.actor(0).calls.create() > 0);
}

const fullObjects = scenario({
	name: "results for which there is no object left",
	stage: { objects: 160 },
	setup: (stage) => {
		const start = (stream: boolean): TaskRef => {
			const task = stage.actor(0).submit(stage.code, { stream });
			stage.actor(0).begin(stage);
			return task;
		};
		const [stream, failing] = [start(true), start(false)];
		const [small, large] = [100, LARGE].map((size) => stage.actor(0).calls.alloc(size)) as [number, number];
		fill(stage);
		return { stream, failing, small, large };
	},
	threads: [
		function* (t, { stage, stream, failing, small, large }) {
			const expectFull = (name: string, status: number) => {
				if (status !== STATUS_TABLE_FULL) throw new Error(`${name} answered ${status}`);
			};
			for (const [block, size] of [
				[small, 100],
				[large, LARGE],
			] as const) {
				expectFull("give", yield t.call("give", ...its(stream), 0, block, size, 0, 0));
				expectFull("ask", yield t.call("ask", ...its(failing), STATE_ERROR, block, size, 0, 0));
				expectFull("put", yield t.call("put", 0, block, size, 0, 0));
			}
			for (const block of [small, large]) yield* must(t, "dealloc", block);
			specInto(t, stage, {}, 0);
			expectFull("submit", yield t.call("submit"));
		},
		bystander,
	],
	victims: [0],
});

/** Two slots are left; each of two threads wants two. */
const fullThreads = scenario({
	name: "two threads that want more slots than there are",
	setup: () => ({}),
	threads: [0, 1].map(
		() =>
			function* (t: ThreadHandle, { stage }: On<object>): Steps {
				const mine: (readonly [number, number])[] = [];
				for (let i = 0; i < 2; i++) {
					const index = yield t.call("reserve", 0, 0);
					if (index === STATUS_TABLE_FULL) continue;
					if (index < 0) throw new Error(`reserve answered ${index}`);
					const gate = yield t.read(stage.driver.record + index * THREAD_SIZE + THREAD_GATE);
					mine.push([index, gate >>> GATE_EPOCH_SHIFT]);
				}
				t.log(mine.length);
				for (const slot of mine) {
					yield* must(t, "end", ...slot);
					yield* must(t, "recover", ...slot);
				}
			},
	),
	check: (_, { logOf }) => ((logOf(0)[0] as number) + (logOf(1)[0] as number) >= 2 ? undefined : "slots are missing"),
});

/** Thread 0 has one free object and one free task less than it keeps; thread 1 has none. */
const exchange = scenario({
	name: "free entries that are given back, against who needs some",
	setup: (stage) => {
		const actor = stage.actor(0);
		const objects = Array.from({ length: KEPT + 40 }, () => actor.put(1));
		const tasks = Array.from({ length: KEPT + 40 }, () => actor.submit(stage.code));
		while (actor.field(THREAD_FREE_TASK_COUNT) < KEPT - 1) {
			const { task, generation, result } = tasks.pop() as TaskRef;
			actor.calls.cancel(task, generation, 1, 0);
			actor.release(result);
		}
		while (actor.field(THREAD_FREE_OBJECT_COUNT) < KEPT - 1) actor.release(objects.pop() as Ref);
		while (actor.field(THREAD_FREE_OBJECT_COUNT) > KEPT - 1) objects.push(actor.create());
		return { object: objects[0] as Ref, task: tasks[0] as TaskRef };
	},
	threads: [
		function* (t, { object, task }) {
			yield* must(t, "release", ...of(object));
			yield* must(t, "cancel", ...its(task), 1, 0);
		},
		function* (t, { stage }) {
			yield* need(t, "put", NUMBER, 1, 0, 0, 0);
			yield* submit(t, stage);
		},
	],
	victims: [0],
});

export const programs = [...limit, ...largeArguments, ...fullObjects, ...fullThreads, ...exchange];
