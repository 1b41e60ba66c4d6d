// Every call passes the gate: a thread that has been ended is outside of the core, and a poisoned memory is not worked on.
// All calls stand here, and somebody ends the thread, or poisons the memory, or wants their locks, at any moment of them.
import {
	GATE_DEAD,
	GATE_STATE_MASK,
	REASON_CANCELLED,
	RESOURCE_CPU,
	RESOURCE_UNIT,
	STATE_ERROR,
	STATE_REPORT,
	STATUS_BUSY,
	STATUS_EMPTY,
	STATUS_NOT_ATTACHED,
	STATUS_OK,
	STATUS_POISONED,
	THREAD_GATE,
	THREAD_GENERATION,
} from "../../../src/core/layout.ts";
import type { Program, ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { must, need, scenario } from "./support/scenario.ts";
import { CPU_CLASS, ERROR, its, NUMBER, of, type Stage, type TaskRef } from "./support/stage.ts";

/** Bytes of a block that is not small. */
const LARGE = 3000;

type Call = readonly [name: string, ...args: number[]];

/** Calls of thread 0, none of which answers an error while it lives. */
type Calls = (stage: Stage) => readonly Call[];

function runningTask(stage: Stage, stream = false): TaskRef {
	const task = stage.actor(0).submit(stage.code, { stream });
	stage.actor(0).begin(stage);
	return task;
}

/** One that runs, and about whose failure its submitter decides. */
function retried(stage: Stage): TaskRef {
	const task = stage.actor(0).submit(stage.code, { retries: 1 });
	stage.actor(0).begin(stage);
	return task;
}

function deciding(stage: Stage): TaskRef {
	const task = stage.actor(0).submit(stage.code, { retries: 1 });
	stage.driver.begin(stage);
	stage.driver.calls.ask(...its(task), ERROR, 1, 0, 0, 0);
	return task;
}

const groups: Readonly<Record<string, Calls>> = {
	blocks: (stage) => [
		["alloc", 64],
		["dealloc", stage.actor(0).calls.alloc(100)],
		["flush"],
		["stats"],
		["setCapacity", 0x7fffffff, 0x7fffffff],
	],
	objects: (stage) => {
		const value = stage.actor(0).putBlock(100);
		const pending = stage.actor(0).create();
		return [
			["put", NUMBER, 1, 0, 0, 0],
			["put", 0, stage.actor(0).calls.alloc(LARGE), LARGE, 0, 0],
			["create"],
			["retain", ...of(value)],
			["pin", ...of(value)],
			["unpin", ...of(value)],
			["markRead", ...of(value)],
			["markBlocking", ...of(value)],
			["watch", ...of(pending), 1],
			["unwatch", ...of(pending)],
			["seal", ...of(pending), NUMBER, 1, 0, 0, 0],
			["free", ...of(value)],
			["release", ...of(value)],
			["drain"],
		];
	},
	classes: () => [
		["setResource", RESOURCE_CPU, 2 * RESOURCE_UNIT],
		["available", RESOURCE_CPU],
		["defineClass", 0, 0],
		["setLimit", 100],
		["awaitRoom", 1],
		["park", 0],
		["unpark"],
	],
	tasks: (stage) => {
		const running = runningTask(stage);
		const other = stage.actor(0).submit(stage.code);
		stage.actor(0).calls.take();
		return [
			["untake", ...its(other)],
			["cancel", ...its(other), REASON_CANCELLED, 0],
			["take"],
			["suspend", ...its(running)],
			["resume", ...its(running)],
			["finish", ...its(running), NUMBER, 1, 0, 0, 0],
		];
	},
	decisions: (stage) => {
		const again = deciding(stage);
		const failing = deciding(stage);
		const asking = runningTask(stage);
		stage.actor(0).calls.drain();
		return [
			["ask", ...its(asking), ERROR, 1, 0, 0, 0],
			["fail", ...its(failing), 0, 0, 0, 0, 0],
			["retry", ...its(again)],
			["submit"],
		];
	},
	threads: (stage) => {
		const error = stage.actor(0).calls.put(ERROR | STATE_REPORT, 1, 0, 0, 0);
		stage.actor(0).calls.release(error, stage.actor(0).field(THREAD_GENERATION));
		const dead = stage.actor(0).calls.reserve(0, 0);
		stage.actor(0).calls.end(dead, 1);
		return [["takeUnread"], ["recover", dead, 1], ["reserve", 0, 0]];
	},
	values: (stage) => {
		const block = (size: number) => stage.actor(0).calls.alloc(size);
		const pending = stage.actor(0).create();
		const [stream, one, asking, failing] = [
			runningTask(stage, true),
			runningTask(stage),
			retried(stage),
			deciding(stage),
		];
		stage.actor(0).calls.drain();
		return [
			["seal", ...of(pending), 0, block(100), 100, 0, 0],
			["give", ...its(stream), 0, block(100), 100, 0, 0],
			["give", ...its(stream), 0, block(LARGE), LARGE, 0, 0],
			["finish", ...its(one), 0, block(LARGE), LARGE, 0, 0],
			["ask", ...its(asking), STATE_ERROR, block(100), 100, 0, 0],
			["fail", ...its(failing), STATE_ERROR, block(100), 100, 0, 0],
		];
	},
	"a CPU that is not free": (stage) => {
		const waiting = stage.actor(0).submit(stage.code, { resourceClass: CPU_CLASS });
		stage.actor(0).begin(stage);
		stage.actor(0).calls.suspend(...its(waiting));
		stage.actor(0).submit(stage.code, { resourceClass: CPU_CLASS });
		stage.actor(0).begin(stage);
		return [["resume", ...its(waiting)]];
	},
	generators: (stage) => {
		const stream = runningTask(stage, true);
		const one = runningTask(stage);
		const block = stage.actor(0).calls.alloc(32);
		const values = [NUMBER, 0, 5, 0, 0, 0, 0, 0];
		stage.context.words.set(values, block >>> 2);
		return [
			["give", ...its(stream), NUMBER, 1, 0, 0, 0],
			["next", ...of(stream.result)],
			["finishMany", ...its(one), block, 1],
		];
	},
};

function* runCalls(t: ThreadHandle, { calls }: { calls: readonly Call[] }): Steps {
	for (const [name, ...args] of calls) {
		const status = yield t.call(name, ...args);
		if (status === STATUS_NOT_ATTACHED || status === STATUS_POISONED) t.log("refused");
		else if (status < 0 && status !== STATUS_EMPTY && status !== STATUS_BUSY)
			throw new Error(`${name} answered ${status}`);
	}
}

const programsOf = (what: string, calls: Calls): Program[] => [
	...scenario({
		name: `the gate: ${what}`,
		setup: (stage) => ({ calls: calls(stage) }),
		threads: [
			runCalls,
			function* (t, { stage }) {
				const status = yield t.call("end", stage.actor(0).index, 1);
				if (status !== STATUS_OK && status !== STATUS_BUSY) throw new Error(`end answered ${status}`);
				t.log(status);
			},
		],
		check: ({ stage }, { logOf }) => {
			const state = stage.word(stage.actor(0).record + THREAD_GATE) & GATE_STATE_MASK;
			return logOf(1)[0] !== STATUS_OK || state === GATE_DEAD ? undefined : "a thread was ended inside of the core";
		},
	}),
	...scenario({
		name: `the locks: ${what}`,
		setup: (stage) => ({ calls: calls(stage) }),
		threads: [
			runCalls,
			function* (t, { stage }) {
				yield* need(t, "available", RESOURCE_CPU);
				yield* must(t, "stats");
				yield* must(t, "dealloc", yield* need(t, "alloc", LARGE));
				yield* must(t, "retain", ...of(stage.code));
				yield* must(t, "markRead", ...of(stage.code));
				const unread = yield t.call("takeUnread");
				if (unread < 0 && unread !== STATUS_EMPTY) throw new Error(`takeUnread answered ${unread}`);
			},
		],
	}),
	...scenario({
		name: `poison: ${what}`,
		setup: (stage) => ({ calls: calls(stage) }),
		threads: [
			runCalls,
			function* (t) {
				yield t.call("poison");
				const status = yield t.call("stats");
				if (status !== STATUS_POISONED) throw new Error(`a poisoned memory answered ${status}`);
			},
		],
		// What was under way when the memory was poisoned is left as it is.
		finale: false,
	}),
];

export const programs = Object.entries(groups).flatMap(([what, calls]) => programsOf(what, calls));
