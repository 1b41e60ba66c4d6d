// Tasks on their way to a worker: classes, limits, queues, parked workers, CPUs given back.
import { MESSAGE_KIND_ROOM, STATUS_LIMIT, TASK_FLAG_STREAM } from "../../../src/core/layout.ts";
import { expectStatus } from "../world.ts";
import { answers, chain, ERROR, expectKinds, NO_LIMIT, named, running, type Scenes } from "./acts.ts";

export const scenes: Scenes = {
	available: ({ diver }) => answers(() => diver.core.available(0), 10_000),

	"set a resource": ({ diver }) => answers(() => diver.core.setResource(0, 10_000)),

	"define a class that asks for too much": ({ diver }) => {
		const answer = diver.core.defineClass(64, 0);
		return answers(() => diver.core.defineClass(64, 0), answer);
	},

	"raise the limit others wait for": ({ diver, other, code }) => {
		const { result } = diver.submit(code);
		diver.core.setLimit(1);
		expectStatus(other.core.awaitRoom(1), STATUS_LIMIT, "awaitRoom");
		return answers(
			() => diver.core.setLimit(NO_LIMIT),
			0,
			() => {
				expectKinds(other, MESSAGE_KIND_ROOM);
				expectStatus(diver.finish(diver.take()), 0, "finish");
				diver.release(result);
			},
		);
	},

	"await room": ({ diver }) => answers(() => diver.core.awaitRoom(1)),

	"submit a task that a parked worker is woken for": ({ diver, other, code }) => {
		expectStatus(other.core.park(0), 0, "park");
		diver.prepare(code);
		return {
			call: () => diver.core.submit(),
			settle: (answer) => {
				const result = diver.named(answer);
				expectStatus(other.finish(other.take()), 0, "finish");
				diver.release(result);
			},
		};
	},

	"submit a task whose argument has failed": ({ diver, code }) => {
		const failed = diver.put(ERROR);
		const pending = diver.create();
		const { list } = diver.prepare(code, { references: [pending, failed], dependencies: 2, results: 3 });
		return {
			call: () => diver.core.submit(),
			settle: (answer) => {
				expectStatus(answer, 0, "submit");
				const results = [0, 1, 2].map((i) => named(diver, list, i));
				diver.release(failed, pending, ...results);
				expectStatus(diver.core.dealloc(list), 0, "dealloc");
			},
		};
	},

	"submit a stream over the limit": ({ diver, code }) => {
		const { result } = diver.submit(code);
		const nested = chain(diver, 2, diver.put());
		expectStatus(diver.core.setLimit(1), 0, "setLimit");
		const { args } = diver.prepare(code, { references: [nested], dependencies: 1, flags: TASK_FLAG_STREAM, limit: 2 });
		return answers(
			() => diver.core.submit(),
			STATUS_LIMIT,
			() => {
				expectStatus(diver.core.dealloc(args), 0, "dealloc");
				expectStatus(diver.core.setLimit(NO_LIMIT), 0, "setLimit");
				expectStatus(diver.finish(diver.take()), 0, "finish");
				diver.release(nested, result);
			},
		);
	},

	take: ({ diver, code }) => {
		const { result } = diver.submit(code, { resourceClass: 1 });
		return {
			call: () => diver.core.take(),
			settle: (answer) => {
				expectStatus(diver.finish(diver.task(answer)), 0, "finish");
				diver.release(result);
			},
		};
	},

	park: ({ diver }) =>
		answers(
			() => diver.core.park(0),
			0,
			() => expectStatus(diver.core.unpark(), 0, "unpark"),
		),

	unpark: ({ diver }) => {
		expectStatus(diver.core.park(1), 0, "park");
		return answers(() => diver.core.unpark());
	},

	untake: (world) => {
		const { diver } = world;
		const { task, result } = running(world);
		return answers(
			() => diver.core.untake(task.at, task.generation),
			0,
			() => {
				expectStatus(diver.finish(diver.take()), 0, "finish");
				diver.release(result);
			},
		);
	},

	"suspend with a parked worker and work for it": (world) => {
		const { diver, other, code } = world;
		const { task, result } = running(world, { resourceClass: 1 });
		const waiting = diver.submit(code, { resourceClass: 1 });
		expectStatus(other.core.park(0), 0, "park");
		return answers(
			() => diver.core.suspend(task.at, task.generation),
			0,
			() => {
				expectStatus(other.finish(other.take()), 0, "finish");
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(result, waiting.result);
			},
		);
	},

	resume: (world) => {
		const { diver } = world;
		const { task, result } = running(world, { resourceClass: 1 });
		expectStatus(diver.core.suspend(task.at, task.generation), 0, "suspend");
		return answers(
			() => diver.core.resume(task.at, task.generation),
			0,
			() => {
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(result);
			},
		);
	},
};
