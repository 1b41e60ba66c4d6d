// Calls that are not at the centre of a protocol: what they have in common with all others is the gate and the locks.
import {
	GATE_EPOCH_SHIFT,
	RESOURCE_CPU,
	RESOURCE_UNIT,
	RUNNER_BIT_CANCEL,
	STATE_REPORT,
	STATUS_EMPTY,
	STATUS_ENDED,
	STATUS_OK,
	STATUS_SEALED,
	THREAD_GATE,
	THREAD_SIZE,
} from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { Host } from "./support/host.ts";
import { messagesOf, must, need, scenario } from "./support/scenario.ts";
import { ERROR, generationOf, NUMBER, type Stage } from "./support/stage.ts";

/** What each of the two threads asks and says about the whole memory. */
function* administer(t: ThreadHandle, stage: Stage): Steps {
	yield* must(t, "stats");
	yield* must(t, "setCapacity", 0x7fffffff, 0x7fffffff);
	yield* must(t, "setResource", RESOURCE_CPU, 3 * RESOURCE_UNIT);
	t.log(yield* need(t, "available", RESOURCE_CPU));
	t.log(yield* need(t, "defineClass", 0, 0));
	yield* must(t, "setLimit", 100);
	yield* must(t, "awaitRoom", 1);
	yield* must(t, "unpark");
	yield* must(t, "retain", stage.code.slot, stage.code.generation);
	yield* must(t, "markRead", stage.code.slot, stage.code.generation);
	yield* must(t, "markBlocking", stage.code.slot, stage.code.generation);
	yield* must(t, "release", stage.code.slot, stage.code.generation);
	yield* need(t, "drain");
}

const administration = scenario({
	name: "two threads that administer",
	setup: () => ({}),
	threads: [0, 1].map(
		() =>
			function* (t, { stage }) {
				yield* administer(t, stage);
			},
	),
	check: (_, { logOf }) => {
		const available = [logOf(0)[0], logOf(1)[0]].every((amount) => amount === 3 * RESOURCE_UNIT);
		return available ? undefined : "the CPUs are not what was set";
	},
	victims: [0],
});

const newThreads = scenario({
	name: "two threads that start others",
	setup: () => ({}),
	threads: [0, 1].map(
		() =>
			function* (t, { stage }) {
				const index = yield* need(t, "reserve", 0, 0);
				const gate = yield t.read(stage.driver.record + index * THREAD_SIZE + THREAD_GATE);
				const epoch = gate >>> GATE_EPOCH_SHIFT;
				t.log(`${index} of ${epoch}`);
				yield* must(t, "end", index, epoch);
				yield* must(t, "recover", index, epoch);
			},
	),
	check: (_, { logOf }) => (logOf(0)[0] !== logOf(1)[0] ? undefined : "two threads have one slot"),
});

const unread = scenario({
	name: "an error that nobody reads against who looks for such",
	setup: (stage) => {
		const { calls } = stage.actor(0);
		const slot = calls.put(ERROR | STATE_REPORT, 1, 0, 0, 0);
		const errors = [{ slot, generation: stage.word(stage.objectAt(slot) + 4) }];
		return { errors };
	},
	threads: [
		function* (t, { errors }) {
			for (const { slot, generation } of errors) yield* must(t, "release", slot, generation);
			const slot = yield* need(t, "put", NUMBER, 1, 0, 0, 0);
			t.log(slot);
		},
		...[1, 2].map(
			() =>
				function* (t: ThreadHandle, { stage }: { stage: Stage }): Steps {
					const slot = yield t.call("takeUnread");
					if (slot < 0 && slot !== STATUS_EMPTY) throw new Error(`takeUnread answered ${slot}`);
					t.log(slot);
					if (slot >= 0) yield* must(t, "release", slot, generationOf(stage, t));
				},
		),
	],
	check: (_, { logOf }) => {
		const found = [...logOf(1), ...logOf(2)].filter((slot) => (slot as number) >= 0).length;
		return found <= 1 ? undefined : "one error was given to two threads";
	},
	victims: [0, 1],
});

const stream = (limit: number) =>
	scenario({
		name: `a generator with ${limit === 0 ? "no limit" : `a limit of ${limit}`} against who reads it`,
		setup: (stage) => {
			const submitter = stage.actor(1);
			const task = submitter.submit(stage.code, { stream: true, limit });
			stage.actor(0).begin(stage);
			return { task };
		},
		threads: [
			function* (t, { stage, task }) {
				const host = new Host(t, stage);
				const wake = host.own.wakeWord << 2;
				giving: for (let item = 0; item < 2; item++) {
					const status = yield t.call("give", task.task, task.generation, NUMBER, item, 0, 0, 0);
					if (status === STATUS_SEALED) break;
					if (status < 0) throw new Error(`give answered ${status}`);
					// 1: it pauses, until somebody has read.
					for (let told = status !== 1; !told; ) {
						const value = yield t.read(wake);
						const messages = messagesOf(t, stage, yield* need(t, "drain"));
						told = messages.length > 0;
						// With nobody left to read, the task is cancelled.
						if (messages.some(({ token }) => (token & RUNNER_BIT_CANCEL) !== 0)) break giving;
						if (!told) yield t.park(wake, value);
					}
				}
				yield* need(t, "finish", task.task, task.generation, NUMBER, 2, 0, 0, 0);
			},
			function* (t, { stage, task }) {
				const host = new Host(t, stage);
				const wake = host.own.wakeWord << 2;
				const { slot, generation } = task.result;
				while (true) {
					const value = yield t.read(wake);
					yield* need(t, "drain");
					const item = yield t.call("next", slot, generation);
					if (item === STATUS_ENDED) break;
					if (item >= 0) {
						const itemGeneration = generationOf(stage, t);
						t.log(t.peek(stage.objectAt(item) + 16));
						yield* must(t, "release", item, itemGeneration);
						continue;
					}
					if (item !== STATUS_EMPTY) throw new Error(`next answered ${item}`);
					const watched = yield t.call("watch", slot, generation, 1);
					if (watched === STATUS_OK) yield t.park(wake, value);
				}
			},
		],
		check: (_, { logOf }) => (logOf(1).join() === "0,1" ? undefined : `the reader has ${logOf(1).join()}`),
		victims: [0, 1],
	});

export const programs = [...administration, ...newThreads, ...unread, ...stream(0), ...stream(1)];
