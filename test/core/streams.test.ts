import { describe, expect, test } from "vitest";
import * as layout from "../../src/core/layout.ts";
import type { Core } from "./support/core.ts";
import { expectNothingLeft, newCore, shipped } from "./support/fresh.ts";
import { inlineFlags, named, type Ref, type Submitted, type Thread } from "./support/thread.ts";

interface Generator {
	readonly consumer: Thread;
	readonly producer: Thread;
	readonly code: Ref;
	readonly task: Submitted;
	readonly stream: Ref;
}

/** A generator that runs; consumer and producer are one thread, or two. */
function generator(core: Core, limit = 0, threads = 1): Generator {
	const consumer = core.start();
	const producer = threads > 1 ? core.start() : consumer;
	consumer.defineClass();
	const code = consumer.put();
	const task = consumer.submit({ code, stream: true, limit, retries: 3 });
	producer.take();
	return { consumer, producer, code, task, stream: task.results[0] };
}

const answer = (thread: Thread, { slot, generation }: Ref) => named(thread.calls.next(slot, generation));

describe.each(shipped)("a stream (%s)", (build) => {
	test("gives its items in order, then says that it has ended", () => {
		const core = newCore({ build });
		const { consumer, producer, code, task, stream } = generator(core);
		expect(answer(consumer, stream)).toBe("empty");
		for (const value of [1, 2, 3]) expect(producer.give(task, value)).toBe(0);
		producer.finish(task, 99);
		const items = [1, 2, 3].map(() => consumer.next(stream));
		expect(items.map(({ slot }) => core.valueOf(slot)[0])).toEqual([1, 2, 3]);
		expect(answer(consumer, stream)).toBe("ended");
		expect(core.valueOf(stream.slot)[0]).toBe(99);
		consumer.release(...items, stream, code);
		expectNothingLeft(core, consumer, producer);
	});

	test("tells who watches it of each item, and of its end", () => {
		const core = newCore({ build });
		const { consumer, producer, task, stream } = generator(core);
		consumer.watch(stream, 4);
		expect(named(consumer.calls.watch(stream.slot, stream.generation, 5))).toBe("wrong_state");
		producer.give(task);
		expect(consumer.drain()).toEqual([{ kind: layout.MESSAGE_KIND_ITEM, ...stream, token: 4 }]);
		expect(named(consumer.calls.watch(stream.slot, stream.generation, 5))).toBe("sealed");
		consumer.next(stream);
		consumer.watch(stream, 6);
		producer.finish(task);
		expect(consumer.drain()).toEqual([{ kind: layout.MESSAGE_KIND_SEALED, ...stream, token: 6 }]);
	});

	test("is not watched anew while a message of it is on its way", () => {
		const core = newCore({ build });
		const { consumer, producer, task, stream } = generator(core);
		consumer.watch(stream, 1);
		producer.give(task);
		consumer.next(stream);
		expect(named(consumer.calls.watch(stream.slot, stream.generation, 2))).toBe("wrong_state");
		expect(consumer.drain()).toHaveLength(1);
		consumer.watch(stream, 2);
		producer.give(task);
		expect(consumer.drain().map(({ token }) => token)).toEqual([2]);
	});

	test("pauses its producer at the limit, and lets it go on below", () => {
		const core = newCore({ build });
		const { consumer, producer, task, stream } = generator(core, 2);
		expect(producer.give(task)).toBe(0);
		expect(producer.give(task)).toBe(1);
		// A producer that goes on nevertheless loses nothing.
		expect(producer.give(task)).toBe(1);
		consumer.next(stream);
		expect(producer.drain()).toEqual([]);
		consumer.next(stream);
		const { task: slot, generation } = task;
		expect(producer.drain()).toEqual([
			{ kind: layout.MESSAGE_KIND_RUNNER, slot, generation, token: layout.RUNNER_BIT_CREDIT },
		]);
		consumer.next(stream);
		expect(producer.drain()).toEqual([]);
	});

	test("gives no item twice when its generator starts again, and none of the new attempt's is lost", () => {
		const core = newCore({ build });
		const { consumer, producer, task, stream } = generator(core);
		producer.give(task, 1);
		producer.give(task, 2);
		expect(core.valueOf(consumer.next(stream).slot)[0]).toBe(1);
		producer.ask(task);
		consumer.drain();
		expect(consumer.calls.retry(task.task, task.generation)).toBe(0);
		expect(producer.take()?.task).toBe(task.task);
		for (const value of [1, 2, 3]) producer.give(task, value);
		expect([0, 0].map(() => core.valueOf(consumer.next(stream).slot)[0])).toEqual([2, 3]);
	});

	test("that somebody sealed or freed wants no more items", () => {
		const core = newCore({ build });
		const { consumer, producer, task, stream } = generator(core);
		producer.give(task, 1);
		consumer.calls.free(stream.slot, stream.generation);
		expect(named(producer.calls.give(task.task, task.generation, inlineFlags, 2, 0, 0, 0))).toBe("sealed");
		expect(core.valueOf(consumer.next(stream).slot)[0]).toBe(1);
		expect(answer(consumer, stream)).toBe("ended");
	});

	test("keeps an item for which there is no room in the table of handles", () => {
		const core = newCore({ build, objects: 20_000, size: 8 * 1024 * 1024 });
		const { consumer, producer, task, stream } = generator(core);
		const many = Array.from({ length: 9000 }, () => producer.put());
		producer.give(task, 1);
		producer.release(...many);
		producer.calls.flush();
		consumer.calls.setCapacity(1, 1);
		expect(answer(consumer, stream)).toBe("full");
		core.check();
		consumer.calls.setCapacity(core.size, core.size);
		expect(core.valueOf(consumer.next(stream).slot)[0]).toBe(1);
	});

	test("lets go of items that nobody took", () => {
		const core = newCore({ build });
		const { consumer, producer, code, task, stream } = generator(core);
		const nested = producer.put();
		const address = producer.block(8, [nested]);
		producer.calls.give(task.task, task.generation, 0, address, 8, 1, 0);
		producer.finish(task);
		consumer.release(stream, nested, code);
		expectNothingLeft(core, consumer, producer);
	});

	test("is what only a generator has", () => {
		const core = newCore({ build });
		const thread = core.start();
		thread.defineClass();
		const { task, generation, results } = thread.submit({ code: thread.put() });
		thread.take();
		expect(named(thread.calls.give(task, generation, inlineFlags, 1, 0, 0, 0))).toBe("wrong_state");
		expect(answer(thread, results[0])).toBe("wrong_state");
	});
});

describe("a generator whose stream nobody wants any more", () => {
	const cancelled = (core: Core, { task }: Submitted) => core.taskField(task, layout.TASK_ENTRY_CANCEL);

	test("is cancelled when the last handle goes: it hears of it, or ends at once if it has not begun", () => {
		const core = newCore();
		const { consumer, producer, task, stream, code } = generator(core, 0, 2);
		const waiting = consumer.submit({ code, stream: true });
		consumer.release(stream, waiting.results[0]);
		expect(cancelled(core, task)).toBe(layout.REASON_CANCELLED);
		expect(producer.drain().map(({ token }) => token)).toEqual([layout.RUNNER_BIT_CANCEL]);
		expect(consumer.stats().pending).toBe(1);
		expect(producer.finish(task)).toBeUndefined();
		consumer.release(code);
		expectNothingLeft(core, consumer, producer);
	});

	test("is cancelled when the last holder is another task's arguments", () => {
		const core = newCore();
		const { consumer, producer, task, stream, code } = generator(core, 1, 2);
		const reader = consumer.submit({ code, nested: [stream] });
		consumer.release(stream);
		expect(cancelled(core, task)).toBe(0);
		consumer.take();
		consumer.finish(reader);
		expect(cancelled(core, task)).toBe(layout.REASON_CANCELLED);
		expect(producer.drain().map(({ token }) => token)).toEqual([layout.RUNNER_BIT_CANCEL]);
	});

	test("is cancelled when the last holder is another object, a watch, or a thread that died", () => {
		const core = newCore();
		const { consumer, producer, task, stream, code } = generator(core, 1, 2);
		const holder = consumer.putBlock(8, [stream]);
		consumer.watch(stream);
		consumer.release(stream, holder);
		expect(cancelled(core, task)).toBe(0);
		consumer.calls.unwatch(stream.slot, stream.generation);
		expect(cancelled(core, task)).toBe(layout.REASON_CANCELLED);
		const dying = core.start();
		const other = dying.submit({ code, stream: true });
		expect(cancelled(core, other)).toBe(0);
		producer.recover(dying);
		expect(producer.stats().pending).toBe(1);
	});

	test("takes along a chain of 10,000 generators that each hold only the next one's stream, without stack", () => {
		const core = newCore({ size: 32 * 1024 * 1024, objects: 12_000, tasks: 12_000 });
		const thread = core.start();
		thread.defineClass();
		const code = thread.put();
		let [last] = thread.submit({ code, stream: true }).results;
		for (let i = 0; i < 10_000; i++) {
			const { results } = thread.submit({ code, stream: true, nested: [last] });
			thread.release(last);
			last = results[0];
		}
		expect(thread.stats().pending).toBe(10_001);
		thread.release(last);
		expect(thread.stats().pending).toBe(0);
		thread.release(code);
		expectNothingLeft(core, thread);
	});
});
