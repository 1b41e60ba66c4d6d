// Threads: their inboxes, slots and ends.
import { MESSAGE_GENERATION, MESSAGE_KIND_LOST, TASK_FLAG_STREAM } from "../../../src/core/layout.ts";
import { expectStatus, INLINE, Thread } from "../world.ts";
import { answers, chain, ERROR, type Scenes, shared } from "./acts.ts";

export const scenes: Scenes = {
	"drain a message that holds the last handle": ({ diver, other }) => {
		const pending = shared(other, diver.create());
		expectStatus(diver.core.watch(pending.at, pending.generation, 1), 0, "watch");
		const block = other.block(64, []);
		expectStatus(other.core.seal(pending.at, pending.generation, 0, block, 64, 0, 0), 0, "seal");
		expectStatus(diver.core.drain(), 1, "drain");
		diver.release(pending);
		other.release(pending);
		return answers(() => diver.core.drain());
	},

	"reserve a slot": ({ diver }) => ({
		call: () => diver.core.reserve(0, 0),
		settle: (index) => {
			const epoch = diver.epochOf(index);
			expectStatus(diver.core.end(index, epoch), 0, "end");
			expectStatus(diver.core.recover(index, epoch), 0, "recover");
		},
	}),

	"attach to a slot": (world) => {
		const { diver } = world;
		const core = world.instantiate();
		const index = diver.core.reserve(0, 0);
		const epoch = diver.epochOf(index);
		return answers(
			() => core.attach(index, epoch),
			0,
			() => {
				expectStatus(core.stats(), 0, "stats");
				expectStatus(diver.core.end(index, epoch), 0, "end");
				expectStatus(diver.core.recover(index, epoch), 0, "recover");
			},
		);
	},

	"end a thread": (world) => {
		const { diver } = world;
		const dead = new Thread(world.instantiate(), world.views);
		return answers(
			() => diver.core.end(dead.index, dead.epoch),
			0,
			() => expectStatus(diver.core.recover(dead.index, dead.epoch), 0, "recover"),
		);
	},

	"recover a thread that held some of everything": (world) => {
		const { diver, code } = world;
		const dead = new Thread(world.instantiate(), world.views);
		chain(dead, 3, dead.put());
		dead.block(64);
		dead.block(100_000);
		const pending = shared(dead, diver.create());
		expectStatus(dead.core.watch(pending.at, pending.generation, 1), 0, "watch");
		expectStatus(diver.core.seal(pending.at, pending.generation, INLINE, 1, 0, 0, 0), 0, "seal");
		const stream = dead.submit(code, { flags: TASK_FLAG_STREAM });
		const { result } = diver.submit(code);
		dead.take();
		expectStatus(diver.core.end(dead.index, dead.epoch), 0, "end");
		return answers(
			() => diver.core.recover(dead.index, dead.epoch),
			0,
			() => {
				diver.release(pending);
				for (let lost = diver.core.drain(); lost > 0; lost = diver.core.drain()) {
					const task = { at: diver.message(0), generation: diver.message(0, MESSAGE_GENERATION) };
					expectStatus(diver.message(0, 0), MESSAGE_KIND_LOST, "the message");
					expectStatus(diver.core.fail(task.at, task.generation, ERROR, 1, 0, 0, 0), 0, "fail");
				}
				while (diver.core.take() > 0) expectStatus(diver.finish(diver.task()), 0, "finish");
				diver.release(result);
				void stream;
			},
		);
	},
};
