// The store: blocks, objects, those who hold or watch them.
import { MESSAGE_KIND_SEALED, NESTED_PIN, STATE_REPORT } from "../../../src/core/layout.ts";
import { expectStatus, INLINE, type Named } from "../world.ts";
import { answers, chain, ERROR, expectKinds, type Scenes, shared, streaming } from "./acts.ts";

const pinning = ({ at, generation }: Named): Named => ({ at: at | NESTED_PIN, generation });

export const scenes: Scenes = {
	stats: ({ diver }) => answers(() => diver.core.stats()),

	"set the capacity": ({ diver }) => answers(() => diver.core.setCapacity(6 << 20, 6 << 20)),

	"flush kept blocks": ({ diver }) => {
		for (const size of [64, 500, 1000]) diver.core.dealloc(diver.core.alloc(size));
		return answers(() => diver.core.flush());
	},

	"allocate a small block of a new span": ({ diver }) => {
		diver.core.flush();
		return {
			call: () => diver.core.alloc(300),
			settle: (block) => expectStatus(diver.core.dealloc(block), 0, "dealloc"),
		};
	},

	"allocate a large block": ({ diver }) => ({
		call: () => diver.core.alloc(100_000),
		settle: (block) => expectStatus(diver.core.dealloc(block), 0, "dealloc"),
	}),

	"deallocate the block that fills the cache": ({ diver }) => {
		diver.core.flush();
		const blocks = Array.from({ length: 96 }, () => diver.core.alloc(64));
		const last = blocks.pop() as number;
		for (const block of blocks.slice(0, 63)) expectStatus(diver.core.dealloc(block), 0, "dealloc");
		return answers(
			() => diver.core.dealloc(last),
			0,
			() => {
				for (const block of blocks.slice(63)) expectStatus(diver.core.dealloc(block), 0, "dealloc");
			},
		);
	},

	"deallocate a large block between free ones": ({ diver }) => {
		const [first, middle, last] = [40_000, 50_000, 60_000].map((size) => diver.core.alloc(size)) as [
			number,
			number,
			number,
		];
		for (const block of [first, last]) expectStatus(diver.core.dealloc(block), 0, "dealloc");
		return answers(() => diver.core.dealloc(middle));
	},

	"put an inline value": ({ diver }) => ({
		call: () => diver.core.put(INLINE, 1, 2, 3, 4),
		settle: (answer) => diver.release(diver.named(answer)),
	}),

	"put a payload with references": ({ diver }) => {
		const nested = [diver.put(), diver.create()];
		const block = diver.block(64, nested);
		return {
			call: () => diver.core.put(0, block, 64, 2, 0),
			settle: (answer) => diver.release(diver.named(answer), ...nested),
		};
	},

	"put a part of another payload": ({ diver }) => {
		const whole = diver.nest();
		const block = diver.block(64, [pinning(whole)]);
		return {
			call: () => diver.core.put(0, block, 64, 1, 0),
			settle: (answer) => diver.release(diver.named(answer), whole),
		};
	},

	create: ({ diver }) => ({
		call: () => diver.core.create(),
		settle: (answer) => diver.release(diver.named(answer)),
	}),

	"seal with an error what a watcher and a chain of tasks wait for": ({ diver, other, code }) => {
		const pending = shared(other, diver.create());
		expectStatus(other.core.watch(pending.at, pending.generation, 7), 0, "watch");
		const first = diver.submit(code, { references: [pending], dependencies: 1 });
		const second = diver.submit(code, { references: [first.result], dependencies: 1 });
		return answers(
			() => diver.core.seal(pending.at, pending.generation, ERROR, 1, 0, 0, 0),
			0,
			() => {
				expectKinds(other, MESSAGE_KIND_SEALED);
				diver.release(pending, first.result, second.result);
				other.release(pending);
			},
		);
	},

	retain: ({ diver, other }) => {
		const object = other.put();
		return answers(
			() => diver.core.retain(object.at, object.generation),
			0,
			() => {
				diver.release(object);
				other.release(object);
			},
		);
	},

	"release a chain that ends in an error nobody read": ({ diver }) => {
		const top = chain(diver, 3, diver.put(ERROR | STATE_REPORT));
		return answers(
			() => diver.core.release(top.at, top.generation),
			0,
			() => diver.release(diver.named(diver.core.takeUnread())),
		);
	},

	"release the last part of a deleted payload that ends in an error nobody read": ({ diver }) => {
		const whole = chain(diver, 2, diver.put(ERROR | STATE_REPORT));
		const part = diver.nest(pinning(whole));
		expectStatus(diver.core.free(whole.at, whole.generation), 0, "free");
		diver.release(whole);
		return answers(
			() => diver.core.release(part.at, part.generation),
			0,
			() => diver.release(diver.named(diver.core.takeUnread())),
		);
	},

	"release a stream whose task runs": (world) => {
		const { diver } = world;
		const { task, stream } = streaming(world);
		return answers(
			() => diver.core.release(stream.at, stream.generation),
			0,
			() => {
				expectStatus(diver.finish(task), 0, "finish");
				expectKinds(diver);
			},
		);
	},

	pin: ({ diver }) => {
		const object = diver.nest();
		return {
			call: () => diver.core.pin(object.at, object.generation),
			settle: () => {
				expectStatus(diver.core.unpin(object.at, object.generation), 0, "unpin");
				diver.release(object);
			},
		};
	},

	"unpin the last of a deleted payload": ({ diver }) => {
		const object = chain(diver, 2, diver.put());
		diver.core.pin(object.at, object.generation);
		expectStatus(diver.core.free(object.at, object.generation), 0, "free");
		return answers(
			() => diver.core.unpin(object.at, object.generation),
			0,
			() => diver.release(object),
		);
	},

	"delete a pending object that others wait for": ({ diver, other, code }) => {
		const pending = shared(other, diver.create());
		expectStatus(other.core.watch(pending.at, pending.generation, 1), 0, "watch");
		expectStatus(diver.core.watch(pending.at, pending.generation, 2), 0, "watch");
		const { result } = diver.submit(code, { references: [pending], dependencies: 1 });
		return answers(
			() => diver.core.free(pending.at, pending.generation),
			0,
			() => {
				expectKinds(other, MESSAGE_KIND_SEALED);
				expectKinds(diver, MESSAGE_KIND_SEALED);
				diver.release(pending, result);
				other.release(pending);
			},
		);
	},

	"delete a payload": ({ diver }) => {
		const object = chain(diver, 3, diver.put());
		return answers(
			() => diver.core.free(object.at, object.generation),
			0,
			() => diver.release(object),
		);
	},

	"watch as the second": ({ diver, other }) => {
		const pending = shared(diver, other.create());
		expectStatus(other.core.watch(pending.at, pending.generation, 1), 0, "watch");
		return answers(
			() => diver.core.watch(pending.at, pending.generation, 2),
			0,
			() => {
				for (const thread of [diver, other]) {
					expectStatus(thread.core.unwatch(pending.at, pending.generation), 0, "unwatch");
					thread.release(pending);
				}
			},
		);
	},

	unwatch: ({ diver }) => {
		const pending = diver.create();
		expectStatus(diver.core.watch(pending.at, pending.generation, 1), 0, "watch");
		return answers(
			() => diver.core.unwatch(pending.at, pending.generation),
			0,
			() => diver.release(pending),
		);
	},

	"mark as read": ({ diver }) => {
		const object = diver.put();
		return answers(
			() => diver.core.markRead(object.at, object.generation),
			0,
			() => diver.release(object),
		);
	},

	"take an error nobody read": ({ diver }) => {
		diver.release(diver.put(ERROR | STATE_REPORT));
		return {
			call: () => diver.core.takeUnread(),
			settle: (answer) => diver.release(diver.named(answer)),
		};
	},
};
