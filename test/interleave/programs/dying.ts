// Threads that are ended from outside while they work: the gate is closed, and until the thread has really stopped it may
// still write into what it holds.
import {
	GATE_EPOCH_SHIFT,
	GATE_STATE_MASK,
	GATE_VACANT,
	STATUS_BUSY,
	STATUS_OK,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../../src/core/layout.ts";
import { endThread, recoverThread } from "../../../src/engine/local/protocol/end.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { submit } from "./support/calls.ts";
import { Host } from "./support/host.ts";
import { failLost, must, need, type On, type ScenarioThread, scenario } from "./support/scenario.ts";
import { generationOf, NUMBER, type Stage, taskGenerationOf } from "./support/stage.ts";

/** Ends thread 0 as the driver does, with the driver's own protocols. */
const supervisor: ScenarioThread<object> = {
	optional: true,
	*run(t, { stage }) {
		const host = new Host(t, stage);
		const { index } = stage.actor(0);
		const ended = yield* host.run(endThread(host.steps, index, 1));
		if (ended !== STATUS_OK) throw new Error(`end answered ${ended}`);
		yield t.stop(0);
		const recovered = yield* host.run(recoverThread(host.steps, index, 1));
		if (recovered !== STATUS_OK) throw new Error(`recover answered ${recovered}`);
		yield* failLost(t, stage);
	},
};

/** The calls of an ended thread answer an error: its program ends there. */
const orDead = (body: (t: ThreadHandle, stage: Stage) => Steps): ScenarioThread<object> => ({
	*run(t, { stage }) {
		yield* body(t, stage);
	},
});

const writing = scenario({
	name: "a dead thread still writing",
	setup: () => ({}),
	threads: [
		orDead(function* (t, stage) {
			const address = yield t.call("alloc", 100);
			if (address < 0) return;
			for (let i = 0; i < 3; i++) {
				t.poke(address + i * 4, i);
				yield t.boundary();
			}
			const slot = yield t.call("put", 0, address, 100, 0, 0);
			if (slot >= 0) yield t.call("release", slot, generationOf(stage, t));
		}),
		supervisor,
		function* (t) {
			const first = yield* need(t, "alloc", 100);
			t.poke(first, 7);
			yield* must(t, "dealloc", first);
			const second = yield* need(t, "alloc", 100);
			t.poke(second, 8);
			t.poke(second + 8, 9);
			yield* must(t, "dealloc", second);
		},
	],
});

const reading = scenario({
	name: "a dead thread still reading what is freed",
	setup: (stage) => {
		const object = stage.actor(2).putBlock(100);
		stage.actor(0).retain(object);
		return { object };
	},
	threads: [
		{
			*run(t, { object }) {
				const address = yield t.call("pin", object.slot, object.generation);
				if (address < 0) return;
				t.peek(address);
				yield t.boundary();
				t.peek(address);
				yield t.call("unpin", object.slot, object.generation);
			},
		},
		supervisor,
		function* (t, { object }) {
			yield* must(t, "free", object.slot, object.generation);
			yield* must(t, "release", object.slot, object.generation);
			const address = yield* need(t, "alloc", 100);
			t.poke(address, 7);
			yield* must(t, "dealloc", address);
		},
	],
});

const running = scenario({
	name: "a thread that is ended while it works",
	setup: (stage) => ({ task: stage.actor(2).submit(stage.code) }),
	threads: [
		orDead(function* (t, stage) {
			const task = yield t.call("take");
			if (task <= 0) return;
			yield t.call("finish", task, taskGenerationOf(stage, t), NUMBER, 5, 0, 0, 0);
		}),
		supervisor,
		function* (t, { stage, task }) {
			yield* must(t, "release", task.result.slot, task.result.generation);
			yield* submit(t, stage);
		},
	],
});

const inside = scenario({
	name: "no thread is ended inside of the core",
	setup: () => ({}),
	threads: [
		function* (t, { stage }) {
			const slot = yield t.call("put", NUMBER, 1, 0, 0, 0);
			if (slot >= 0) yield t.call("release", slot, generationOf(stage, t));
		},
		{
			optional: true,
			*run(t: ThreadHandle, { stage }: On<object>) {
				const { index } = stage.actor(0);
				const status = yield t.call("end", index, 1);
				t.log(status);
				if (status === STATUS_BUSY) return;
				yield t.stop(0);
				yield* must(t, "recover", index, 1);
			},
		},
	],
	check: ({ stage }, { logOf }) => {
		if (logOf(1)[0] !== STATUS_OK) return undefined;
		const gate = stage.word(stage.actor(0).record + THREAD_GATE) & GATE_STATE_MASK;
		return gate === GATE_VACANT ? undefined : `the slot of the recovered thread is in state ${gate}`;
	},
});

const slots = scenario({
	name: "two recoveries of one thread, and a new one on its slot",
	setup: (stage) => {
		const { calls, index } = stage.actor(0);
		const object = stage.actor(0).put(1);
		stage.actor(0).submit(stage.code, {});
		calls.end(index, 1);
		return { object };
	},
	threads: [
		() => nothing(),
		...[1, 2].map(
			() =>
				function* (t: ThreadHandle, { stage }: On<object>): Steps {
					t.log(yield t.call("recover", stage.actor(0).index, 1));
					yield* need(t, "drain");
					// Nobody attaches to it: whoever has reserved a slot gives it back by ending it.
					const index = yield* need(t, "reserve", 0, 0);
					const gate = yield t.read(stage.driver.record + index * THREAD_SIZE + THREAD_GATE);
					const epoch = gate >>> GATE_EPOCH_SHIFT;
					yield* must(t, "end", index, epoch);
					yield* must(t, "recover", index, epoch);
				},
		),
	],
	check: (_, { logOf }) => {
		const done = [...logOf(1), ...logOf(2)].filter((status) => status === STATUS_OK).length;
		return done === 1 ? undefined : `${done} recoveries of one death`;
	},
});

function* nothing(): Steps {}

export const programs = [...writing, ...reading, ...running, ...inside, ...slots];
