// Tasks that end, fail, are cancelled, or give items.
import {
	CANCEL_RECURSIVE,
	MESSAGE_KIND_DECIDE,
	MESSAGE_KIND_ITEM,
	MESSAGE_KIND_RUNNER,
	REASON_CANCELLED,
	TASK_FLAG_STREAM,
	VALUE_SPEC_SIZE,
} from "../../../src/core/layout.ts";
import { expectStatus, INLINE } from "../world.ts";
import { answers, chain, ERROR, expectKinds, named, running, type Scenes, streaming } from "./acts.ts";

export const scenes: Scenes = {
	"finish a task whose arguments go and whose result others wait for": (world) => {
		const { diver, code } = world;
		const nested = chain(diver, 3, diver.put());
		const { task, result } = running(world, { references: [nested], resourceClass: 1 });
		diver.release(nested);
		const next = diver.submit(code, { references: [result], dependencies: 1 });
		// What waited for the result is the next task.
		return answers(
			() => diver.finish(task),
			next.task.at,
			() => {
				expectStatus(diver.finish(next.task), 0, "finish");
				diver.release(result, next.result);
			},
		);
	},

	"finish a task with several results": ({ diver, code }) => {
		const { list } = diver.prepare(code, { results: 2 });
		expectStatus(diver.core.submit(), 0, "submit");
		const results = [named(diver, list, 0), named(diver, list, 1)];
		expectStatus(diver.core.dealloc(list), 0, "dealloc");
		const task = diver.take();
		const nested = diver.put();
		const values = diver.block(2 * VALUE_SPEC_SIZE);
		const payload = diver.block(64, [nested]);
		for (const [i, word] of [0, 0, payload, 64, 1, 0, 0, 0, INLINE, 0, 1, 2, 3, 4, 0, 0].entries()) {
			diver.store(values + 4 * i, word);
		}
		return answers(
			() => diver.core.finishMany(task.at, task.generation, values, 2),
			0,
			() => {
				expectStatus(diver.core.dealloc(values), 0, "dealloc");
				diver.release(nested, ...results);
			},
		);
	},

	"ask about a failure": (world) => {
		const { diver } = world;
		const { task, result } = running(world);
		return answers(
			() => diver.core.ask(task.at, task.generation, ERROR, 1, 0, 0, 0),
			0,
			() => {
				expectKinds(diver, MESSAGE_KIND_DECIDE);
				expectStatus(diver.core.fail(task.at, task.generation, 0, 0, 0, 0, 0), 0, "fail");
				diver.release(result);
			},
		);
	},

	"retry a failure": (world) => {
		const { diver } = world;
		const { task, result } = running(world);
		expectStatus(diver.core.ask(task.at, task.generation, ERROR, 1, 0, 0, 0), 0, "ask");
		expectKinds(diver, MESSAGE_KIND_DECIDE);
		return answers(
			() => diver.core.retry(task.at, task.generation),
			0,
			() => {
				expectStatus(diver.finish(diver.take()), 0, "finish");
				diver.release(result);
			},
		);
	},

	"fail a failure whose result others wait for": (world) => {
		const { diver, code } = world;
		const { task, result } = running(world);
		const next = diver.submit(code, { references: [result], dependencies: 1 });
		expectStatus(diver.core.ask(task.at, task.generation, ERROR, 1, 0, 0, 0), 0, "ask");
		expectKinds(diver, MESSAGE_KIND_DECIDE);
		return answers(
			() => diver.core.fail(task.at, task.generation, ERROR, 2, 0, 0, 0),
			0,
			() => diver.release(result, next.result),
		);
	},

	"cancel a task and what it submitted": (world) => {
		const { diver, code } = world;
		const { task, result } = running(world);
		const nested = chain(diver, 2, diver.put());
		const child = diver.submit(code, { parent: task, references: [nested] });
		diver.release(nested);
		return answers(
			() => diver.core.cancel(task.at, task.generation, REASON_CANCELLED, CANCEL_RECURSIVE),
			0,
			() => {
				expectKinds(diver, MESSAGE_KIND_RUNNER);
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(result, child.result);
			},
		);
	},

	"give an item to a watched stream": (world) => {
		const { diver } = world;
		const { task, result } = running(world, { flags: TASK_FLAG_STREAM });
		expectStatus(diver.core.watch(result.at, result.generation, 1), 0, "watch");
		const nested = diver.put();
		const block = diver.block(64, [nested]);
		return answers(
			() => diver.core.give(task.at, task.generation, 0, block, 64, 1, 0),
			0,
			() => {
				expectKinds(diver, MESSAGE_KIND_ITEM);
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(nested, result);
			},
		);
	},

	"take an item of a paused stream": (world) => {
		const { diver } = world;
		const { task, stream } = streaming(world);
		diver.release(diver.named(diver.core.next(stream.at, stream.generation)));
		return {
			call: () => diver.core.next(stream.at, stream.generation),
			settle: (answer) => {
				diver.release(diver.named(answer));
				expectKinds(diver, MESSAGE_KIND_RUNNER);
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(stream);
			},
		};
	},
};
