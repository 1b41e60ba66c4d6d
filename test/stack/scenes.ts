import {
	MESSAGE_GENERATION,
	MESSAGE_KIND_DECIDE,
	MESSAGE_KIND_ITEM,
	MESSAGE_KIND_LOST,
	MESSAGE_KIND_ROOM,
	MESSAGE_KIND_RUNNER,
	MESSAGE_KIND_SEALED,
	REASON_CANCELLED,
	STATE_ERROR,
	STATE_REPORT,
	STATUS_LIMIT,
	TASK_FLAG_STREAM,
	VALUE_SPEC_SIZE,
} from "../../src/core/layout.ts";
import { expectStatus, INLINE, type Named, Thread, type World } from "./world.ts";

/** A call that is to be made near the stack's end, and what must follow once it has been made. */
export interface Act {
	readonly call: () => number;
	/** Checks what the call answered and did, and gives everything back. */
	readonly settle: (answer: number) => void;
}

const ERROR = INLINE | STATE_ERROR;
const NO_LIMIT = 0xffffffff;
const RECURSIVE = 1;

/** For calls that only answer a status. */
function answers(call: () => number, wanted = 0, after = () => {}): Act {
	return {
		call,
		settle: (answer) => {
			expectStatus(answer, wanted, "the call");
			after();
		},
	};
}

function expectKinds(thread: Thread, ...wanted: number[]): void {
	const kinds = thread.drain();
	if (kinds.join() !== wanted.join()) throw new Error(`the inbox had messages ${kinds}, not ${wanted}`);
}

/** A task of the diver's that the diver runs. */
function running({ diver, code }: World, submission = {}): { task: Named; result: Named } {
	const { result } = diver.submit(code, submission);
	return { task: diver.take(), result };
}

/** A stream whose running task has given two items. */
function streaming(world: World): { task: Named; stream: Named } {
	const { task, result: stream } = running(world, { flags: TASK_FLAG_STREAM, limit: 1 });
	for (let i = 0; i < 2; i++) {
		expectStatus(world.diver.core.give(task.at, task.generation, INLINE, i, 0, 0, 0), 1, "give");
	}
	return { task, stream };
}

/** A chain of `length` nested objects with these references at its end. */
function chain(thread: Thread, length: number, ...ends: Named[]): Named {
	let object = thread.nest(...ends);
	thread.release(...ends);
	for (let i = 1; i < length; i++) {
		const outer = thread.nest(object);
		thread.release(object);
		object = outer;
	}
	return object;
}

/** An object that a second thread holds too. */
function shared(by: Thread, object: Named): Named {
	expectStatus(by.core.retain(object.at, object.generation), 0, "retain");
	return object;
}

/** One scene for each way an export goes that is deep or changes something. */
export const scenes: Record<string, (world: World) => Act> = {
	stats: ({ diver }) => answers(() => diver.core.stats()),

	"set the capacity": ({ diver }) => answers(() => diver.core.setCapacity(6 << 20)),

	available: ({ diver }) => answers(() => diver.core.available(0), 10_000),

	"set a resource": ({ diver }) => answers(() => diver.core.setResource(0, 10_000)),

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
			() => diver.core.cancel(task.at, task.generation, REASON_CANCELLED, RECURSIVE),
			0,
			() => {
				expectKinds(diver, MESSAGE_KIND_RUNNER);
				expectStatus(diver.finish(task), 0, "finish");
				diver.release(result, child.result);
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

/** The i-th result in a list that `submit` wrote. */
function named(thread: Thread, list: number, index: number): Named {
	return { at: thread.load(list + 8 * index), generation: thread.load(list + 8 * index + 4) };
}
