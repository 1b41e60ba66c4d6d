// Places for classes of tasks: who submits with the number of a class that loses its place just then hears of it.
//
// What must hold: a task is of the class that it was submitted with, with these very needs; a class with unfinished tasks keeps its
// place; who is told that there is none, or that a number is outdated, has changed nothing.
import {
	PLACE_CLASSES,
	RESOURCE_CLASS_AMOUNTS,
	RESOURCE_CLASS_GENERATION,
	RESOURCE_CLASS_NEEDS,
	RESOURCE_CLASS_SIZE,
	STATUS_OUTDATED,
	STATUS_TABLE_FULL,
	TASK_ENTRY_RESOURCE_CLASS,
	THREAD_SCRATCH,
	THREAD_TASK,
} from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { specInto } from "./support/calls.ts";
import { need, type On, scenario } from "./support/scenario.ts";
import { NO_CLASS, NUMBER, ownField, type Stage } from "./support/stage.ts";

/** A resource of the user's. */
const CUSTOM = 7;
const PLACES = 256;
const NO_PLACE = -1;
const LAST_GENERATION = 2 ** 23 - 1;

const classAt = (place: number) => PLACE_CLASSES + place * RESOURCE_CLASS_SIZE;

/** All places are taken, most by classes of a kind without workers. Only the first so many may be given again. */
function fill(stage: Stage, open: number): void {
	stage.driver.setResource(CUSTOM, 2000);
	for (let place = 2; place < PLACES; place++) stage.driver.defineClass([[CUSTOM, place]], 3);
	for (let place = open; place < PLACES; place++) {
		stage.context.words[(classAt(place) + RESOURCE_CLASS_GENERATION) >>> 2] = LAST_GENERATION;
	}
}

/** A class whose tasks need so much, if it is not 0: its number, or `tableFull`. */
function* define(
	t: ThreadHandle,
	stage: Stage,
	amount: number,
): Generator<ReturnType<ThreadHandle["call"]>, number, number> {
	const scratch = stage.actor(t.index).record + THREAD_SCRATCH;
	t.poke(scratch, CUSTOM);
	t.poke(scratch + 4, amount);
	const number = yield t.call("defineClass", 0, amount > 0 ? 1 : 0);
	if (number < 0 && number !== STATUS_TABLE_FULL) throw new Error(`defineClass answered ${number}`);
	return number;
}

/** Submits a task that needs so much, of a class defined as often as it is outdated, and logs it; or NO_PLACE. */
function* submitAs(t: ThreadHandle, stage: Stage, amount: number, known?: number): Steps {
	for (let number = known ?? (yield* define(t, stage, amount)); ; number = yield* define(t, stage, amount)) {
		if (number === STATUS_TABLE_FULL) return t.log(NO_PLACE);
		specInto(t, stage, { resourceClass: number }, 0);
		const slot: number = yield t.call("submit");
		if (slot >= 0) return t.log(ownField(stage, t, THREAD_TASK));
		if (slot !== STATUS_OUTDATED) throw new Error(`submit answered ${slot}`);
		yield t.pause();
	}
}

/** The task that a thread has submitted, if it has, needs what it was submitted with. */
function faultOf(stage: Stage, task: number | undefined, amount: number): string | undefined {
	if (task === undefined || task === NO_PLACE) return undefined;
	const place = stage.word(stage.taskAt(task) + TASK_ENTRY_RESOURCE_CLASS) & 0xffff;
	const needs = stage.word(classAt(place) + RESOURCE_CLASS_NEEDS);
	const needed = needs === 0 ? 0 : stage.word(classAt(place) + RESOURCE_CLASS_AMOUNTS);
	return needed === amount ? undefined : `a task needs ${needed} instead of ${amount}`;
}

const tasksOf = ({ logOf }: { logOf(thread: number): readonly unknown[] }) =>
	[0, 1].map((thread) => logOf(thread)[0] as number | undefined);

const takenOver = scenario({
	name: "a submit against a new class, which takes the place of its own",
	setup: (stage) => {
		fill(stage, 2);
		return {};
	},
	threads: [
		function* (t, { stage }) {
			yield* submitAs(t, stage, 0, NO_CLASS);
		},
		function* (t, { stage }) {
			yield* submitAs(t, stage, 1000);
		},
	],
	check: ({ stage }, end) => {
		const [first, second] = tasksOf(end);
		if (first === NO_PLACE || second === NO_PLACE) return "a task was refused, though there was a place";
		return faultOf(stage, first, 0) ?? faultOf(stage, second, 1000);
	},
	checkDeath: ({ stage }, end) => faultOf(stage, tasksOf(end)[1], 1000),
	victims: [0],
});

const lastTask = scenario({
	name: "the last task of a class against a new one, which wants its place",
	setup: (stage) => {
		fill(stage, 1);
		const task = stage.driver.submit(stage.code);
		stage.actor(0).begin(stage);
		return { task };
	},
	threads: [
		function* (t, { task: { task, generation } }) {
			yield* need(t, "finish", task, generation, NUMBER, 5, 0, 0, 0);
		},
		function* (t, { stage }) {
			yield* submitAs(t, stage, 1000);
		},
	],
	check: ({ stage }, end) => faultOf(stage, tasksOf(end)[1], 1000),
	checkDeath: ({ stage }, end) => faultOf(stage, tasksOf(end)[1], 1000),
	victims: [0],
});

const onePlace = scenario({
	name: "two new classes for which there is one place",
	setup: (stage) => {
		fill(stage, 1);
		return {};
	},
	threads: [1000, 1001].map(
		(amount) =>
			function* (t: ThreadHandle, { stage }: On<object>): Steps {
				yield* submitAs(t, stage, amount);
			},
	),
	check: ({ stage }, end) => {
		const [first, second] = tasksOf(end);
		if ((first === NO_PLACE) === (second === NO_PLACE)) return "not just one has the place";
		return faultOf(stage, first, 1000) ?? faultOf(stage, second, 1001);
	},
});

export const programs = [...takenOver, ...lastTask, ...onePlace];
