/** A generator's items, given to the core one by one; at the limit of unread ones it pauses, and its CPU is free. */
import { STATUS_SEALED } from "../core/layout.ts";
import type { LocalEngine } from "../engine/local/engine.ts";
import { throwStatus } from "../engine/local/status.ts";
import { RayError, SerializationError } from "../errors.ts";
import type { RunningTask } from "./running.ts";

const PAUSE = 1;

/** Ends when the generator has; rejects with what it threw: its reader gets that as the last item. */
export async function yieldItems(engine: LocalEngine, task: RunningTask, result: unknown): Promise<void> {
	const iterator = iteratorOf(task, await result);
	while (task.cancelReason === 0) {
		const step = await iterator.next();
		if (step.done) return;
		const item = await step.value;
		if (task.cancelReason === 0 && !(await give(engine, task, item))) break;
	}
	await iterator.return?.();
}

function iteratorOf(task: RunningTask, items: unknown): AsyncIterator<unknown> | Iterator<unknown> {
	const iterable = items as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
	const make = iterable?.[Symbol.asyncIterator] ?? iterable?.[Symbol.iterator];
	if (make === undefined) throw new RayError(`Task ${task.name} is a generator, but returned nothing to iterate over.`);
	return (make as () => AsyncIterator<unknown> | Iterator<unknown>).call(iterable);
}

/** Why a result was not sent: of a generator's items that come one by one the codec knows nothing. */
export function unsent(name: string, result: unknown, refusal: unknown): unknown {
	if (!(refusal instanceof SerializationError) || refusal.cause !== undefined || !isIterator(result)) return refusal;
	return new SerializationError(
		`Task ${name} returned a generator object or another iterator, which cannot be sent. remote() takes a generator ` +
			"function itself: remote(function* (n) { yield* inner(n); }), or async function*, as it is and not compiled for " +
			"less than ES2018; its items then come one by one. For all of them as one value return [...inner(n)].",
		{ path: "result" },
	);
}

/** Also one that a compiler made of a generator, or that is wrapped. */
function isIterator(value: unknown): boolean {
	try {
		const { next, [Symbol.iterator]: items, [Symbol.asyncIterator]: later } = value as Record<PropertyKey, unknown>;
		return typeof next === "function" && typeof (later ?? items) === "function";
	} catch {
		return false;
	}
}

/** False: nobody wants more. */
async function give(engine: LocalEngine, task: RunningTask, value: unknown): Promise<boolean> {
	const { store, thread } = engine;
	store.write(value, "item", 0);
	const status = thread.calls.give(task.task, task.generation, store.flags, store.a, store.b, store.c, store.d);
	if (status < 0) {
		if (status === STATUS_SEALED) return false;
		store.discard();
		throwStatus(status, `an item of task ${task.id}`);
	}
	if (status === PAUSE) await credit(task);
	return true;
}

/** Waits until items were taken, or the task is cancelled. */
function credit(task: RunningTask): Promise<void> {
	return new Promise((resolve) => {
		task.cpu.enterWait();
		task.onCredit = () => {
			task.onCredit = undefined;
			task.cpu.leaveWait(resolve);
		};
	});
}
