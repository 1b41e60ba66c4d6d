// Each operation of the ABI alone: what it needs is made before, what it leaves is taken away after, and only the calls in
// between are timed, a thousand at a time.

import { check, createStore, inlineFlags, joinStore, prepareTasks } from "./store.mjs";

export const CALLS = 1000;
const MEBIBYTE = 1 << 20;

/** The operations by name: `{ before?, run, after? }`, each of which takes how many calls. Only `run` is timed. */
export function operationsOf(core) {
	const store = createStore(core, { megabytes: 2048 });
	const thread = joinStore(core, store);
	const { calls: abi, views } = thread;
	const inline = inlineFlags(core);
	const error = inline | core.STATE_ERROR;
	const set = prepareTasks(core, thread);
	const slots = new Int32Array(CALLS);
	const generations = new Uint32Array(CALLS);
	const tasks = new Int32Array(CALLS);
	const taskGenerations = new Uint32Array(CALLS);
	const blocks = new Int32Array(CALLS);

	// Each loop is code of its own, so that the engine knows the one call in it.
	let loops = 0;
	const many = (call) => {
		const body = `return (count) => { for (let i = 0; i < count; i++) check(call(i), "a call"); }; // ${loops++}`;
		return new Function("call", "check", body)(call, check);
	};
	const note = (i, slot) => {
		slots[i] = check(slot, "a call");
		generations[i] = thread.generation;
	};
	const putAll = many((i) => {
		note(i, abi.put(inline, i, 0, 0, 0));
		return 0;
	});
	const createAll = many((i) => {
		note(i, abi.create());
		return 0;
	});
	const releaseAll = many((i) => abi.release(slots[i], generations[i]));
	const sealAll = many((i) => abi.seal(slots[i], generations[i], inline, i, 0, 0, 0));
	const watchAll = many((i) => abi.watch(slots[i], generations[i], i));
	const allocAll = (size) =>
		many((i) => {
			blocks[i] = check(abi.alloc(size), "alloc");
			return 0;
		});
	const deallocAll = many((i) => abi.dealloc(blocks[i]));
	const putBlocks = many((i) => {
		note(i, abi.put(0, blocks[i], 64, 0, 0));
		return 0;
	});
	const payloads = (count) => {
		allocAll(64)(count);
		putBlocks(count);
	};
	const submitAll = many((i) => {
		note(i, abi.submit());
		tasks[i] = thread.task;
		taskGenerations[i] = thread.taskGeneration;
		return 0;
	});
	const takeAll = many((i) => {
		tasks[i] = abi.take();
		taskGenerations[i] = thread.taskGeneration;
		return tasks[i] > 0 ? 0 : -1;
	});
	// Finishing gives the next task, if there is one, so nothing else may be ready.
	const finishAll = many((i) => abi.finish(tasks[i], taskGenerations[i], inline, 0, 0, 0, 0));
	const askAll = many((i) => abi.ask(tasks[i], taskGenerations[i], error, 0, 0, 0, 0));
	const failAll = many((i) => abi.fail(tasks[i], taskGenerations[i], 0, 0, 0, 0, 0));
	const suspendAll = many((i) => abi.suspend(tasks[i], taskGenerations[i]));
	const cancelAll = many((i) => abi.cancel(tasks[i], taskGenerations[i], core.REASON_CANCELLED, 0));
	const drainAll = () => {
		while (check(abi.drain(), "drain") > 0);
	};
	const inOrder =
		(...steps) =>
		(count) => {
			for (const step of steps) step(count);
		};
	const running = inOrder(submitAll, takeAll);
	const over = inOrder(finishAll, releaseAll);
	const asStream = (limit) => {
		set(core.TASK_SPEC_FLAGS, limit === undefined ? 0 : core.TASK_FLAG_STREAM);
		set(core.TASK_SPEC_LIMIT, limit ?? 0);
	};
	const stream = { slot: 0, generation: 0, task: 0, taskGeneration: 0 };
	const openStream = () => {
		asStream(0);
		stream.slot = check(abi.submit(), "submit");
		stream.generation = thread.generation;
		asStream(undefined);
		stream.task = check(abi.take(), "take");
		stream.taskGeneration = thread.taskGeneration;
	};
	const closeStream = () => {
		check(abi.finish(stream.task, stream.taskGeneration, inline, 0, 0, 0, 0), "finish");
		check(abi.release(stream.slot, stream.generation), "release");
	};
	const giveAll = many((i) => abi.give(stream.task, stream.taskGeneration, inline, i, 0, 0, 0));
	const nextAll = many((i) => {
		note(i, abi.next(stream.slot, stream.generation));
		return 0;
	});
	// A block of arguments with one reference behind it, to one pending object.
	const pending = { slot: 0, generation: 0 };
	const submitWaiting = many((i) => {
		set(core.TASK_SPEC_ARGS, blocks[i]);
		note(i, abi.submit());
		return 0;
	});
	const prepareWaiting = (count) => {
		pending.slot = check(abi.create(), "create");
		pending.generation = thread.generation;
		allocAll(64)(count);
		for (let i = 0; i < count; i++) {
			views.u32[(blocks[i] + 8) >>> 2] = pending.slot;
			views.u32[(blocks[i] + 12) >>> 2] = pending.generation;
		}
		set(core.TASK_SPEC_ARGS_SIZE, 8);
		set(core.TASK_SPEC_REFERENCES, 1);
		set(core.TASK_SPEC_DEPENDENCIES, 1);
	};
	const endWaiting = (count) => {
		for (const field of [core.TASK_SPEC_ARGS, core.TASK_SPEC_ARGS_SIZE, core.TASK_SPEC_REFERENCES]) set(field, 0);
		set(core.TASK_SPEC_DEPENDENCIES, 0);
		// As an error, which fails those who wait, so that none of them has to be run.
		check(abi.seal(pending.slot, pending.generation, error, 0, 0, 0, 0), "seal");
		check(abi.release(pending.slot, pending.generation), "release");
		releaseAll(count);
	};

	return {
		"available (a call that does next to nothing)": { run: many(() => abi.available(0) - 1024 * core.RESOURCE_UNIT) },
		stats: { run: many(() => abi.stats()) },
		flush: { run: many(() => abi.flush()) },

		"alloc 64 B": { run: allocAll(64), after: deallocAll },
		"dealloc 64 B": { before: allocAll(64), run: deallocAll },
		"alloc 4 KiB": { run: allocAll(4096), after: deallocAll },
		"dealloc 4 KiB": { before: allocAll(4096), run: deallocAll },
		"alloc 1 MiB": { run: allocAll(MEBIBYTE), after: deallocAll },
		"dealloc 1 MiB": { before: allocAll(MEBIBYTE), run: deallocAll },

		"put inline": { run: putAll, after: releaseAll },
		"put a block in hand": { before: allocAll(64), run: putBlocks, after: releaseAll },
		create: { run: createAll, after: releaseAll },
		seal: { before: createAll, run: sealAll, after: releaseAll },
		"seal what is watched": {
			before: inOrder(createAll, watchAll),
			run: sealAll,
			after: inOrder(drainAll, releaseAll),
		},
		retain: {
			before: putAll,
			run: many((i) => abi.retain(slots[i], generations[i])),
			after: inOrder(releaseAll, releaseAll),
		},
		"release one of two handles": {
			before: inOrder(
				putAll,
				many((i) => abi.retain(slots[i], generations[i])),
			),
			run: releaseAll,
			after: releaseAll,
		},
		"release the last handle, inline": { before: putAll, run: releaseAll },
		"release the last handle, of 64 B": { before: payloads, run: releaseAll },
		pin: {
			before: payloads,
			run: many((i) => abi.pin(slots[i], generations[i])),
			after: inOrder(
				many((i) => abi.unpin(slots[i], generations[i])),
				releaseAll,
			),
		},
		unpin: {
			before: inOrder(
				payloads,
				many((i) => abi.pin(slots[i], generations[i])),
			),
			run: many((i) => abi.unpin(slots[i], generations[i])),
			after: releaseAll,
		},
		free: { before: payloads, run: many((i) => abi.free(slots[i], generations[i])), after: releaseAll },
		watch: {
			before: createAll,
			run: watchAll,
			after: inOrder(
				many((i) => abi.unwatch(slots[i], generations[i])),
				releaseAll,
			),
		},
		unwatch: {
			before: inOrder(createAll, watchAll),
			run: many((i) => abi.unwatch(slots[i], generations[i])),
			after: releaseAll,
		},
		"drain, a message": {
			before: inOrder(createAll, watchAll, sealAll),
			run: drainAll,
			after: releaseAll,
		},
		markRead: { before: putAll, run: many((i) => abi.markRead(slots[i], generations[i])), after: releaseAll },

		submit: { run: submitAll, after: inOrder(takeAll, over) },
		"submit what waits for an argument": { before: prepareWaiting, run: submitWaiting, after: endWaiting },
		take: { before: submitAll, run: takeAll, after: over },
		untake: {
			before: running,
			run: many((i) => abi.untake(tasks[i], taskGenerations[i])),
			after: inOrder(takeAll, over),
		},
		"finish, the last": { before: running, run: finishAll, after: releaseAll },
		"park and unpark": { run: many(() => abi.park(0) + abi.unpark()) },
		ask: { before: running, run: askAll, after: inOrder(drainAll, failAll, releaseAll) },
		fail: { before: inOrder(running, askAll, drainAll), run: failAll, after: releaseAll },
		retry: {
			before: inOrder(running, askAll, drainAll),
			run: many((i) => abi.retry(tasks[i], taskGenerations[i])),
			after: inOrder(takeAll, over),
		},
		"cancel what is ready": { before: submitAll, run: cancelAll, after: releaseAll },
		suspend: { before: running, run: suspendAll, after: over },
		resume: {
			before: inOrder(running, suspendAll),
			run: many((i) => abi.resume(tasks[i], taskGenerations[i])),
			after: over,
		},
		give: { before: openStream, run: giveAll, after: inOrder(nextAll, releaseAll, closeStream) },
		next: { before: inOrder(openStream, giveAll), run: nextAll, after: inOrder(releaseAll, closeStream) },

		"put + release, inline": {
			run: many((i) => {
				const slot = abi.put(inline, i, 0, 0, 0);
				return abi.release(slot, thread.generation);
			}),
		},
		"alloc + dealloc, 64 B": { run: many(() => abi.dealloc(abi.alloc(64))) },
		"alloc + dealloc, 1 MiB": { run: many(() => abi.dealloc(abi.alloc(MEBIBYTE))) },
		"alloc + put + release, 64 B": {
			run: many(() => {
				const slot = abi.put(0, abi.alloc(64), 64, 0, 0);
				return abi.release(slot, thread.generation);
			}),
		},
		"submit + take + finish + release": {
			run: many(() => {
				const slot = abi.submit();
				const generation = thread.generation;
				const task = abi.take();
				return abi.finish(task, thread.taskGeneration, inline, 0, 0, 0, 0) + abi.release(slot, generation);
			}),
		},
	};
}
