/** Waiting for some of many objects, without getting their values. */
import { type Check, checkOptions, timeLimit, whole, wrongType } from "../engine/checks.ts";
import type { ObjectRef as Ref } from "../engine/ref.ts";
import { checkUsable } from "../engine/ref.ts";
import { GetTimeoutError } from "../errors.ts";
import type { AnyRef, CompletedOptions, ObjectRef, WaitFn, WaitOptions } from "../types.ts";
import { distinctRefs } from "./refs.ts";

/**
 * Waits until so many of the refs are ready (default 1), or the time is over: `[ready, pending]`, the same handles, each in
 * input order; `ready` never has more than were asked for. Failed objects are ready too.
 *
 * @example
 * let pending = files.map((file) => parse.remote(file));
 * while (pending.length > 0) {
 *   const [ready, rest] = await ray.wait(pending);
 *   show(await ray.get(ready[0]));
 *   pending = rest;
 * }
 */
export const wait: WaitFn = async <R extends AnyRef>(refs: readonly R[], options?: WaitOptions) => {
	const checked = distinctRefs("wait", refs);
	if (checked.length === 0) throw new RangeError("wait(): refs must have one ref at least");
	const numReturns: Check<number> = whole(1, checked.length);
	const { numReturns: count = 1, timeout } = checkOptions("wait", options, { numReturns, timeout: timeLimit });
	const found = await (checked[0] as Ref).engine.wait(checked, count, timeout);
	return split(checked as unknown as R[], found);
};

/** Those at the places found, and the others. A function of its own: one that awaits is not optimized when it goes on. */
function split<R>(refs: R[], found: readonly number[]): [R[], R[]] {
	// The usual wait, which is for one, moves the others at once.
	if (found.length === 1) return [refs.splice(found[0] as number, 1), refs];
	const pending: R[] = [];
	let from = 0;
	for (const to of [...found, refs.length]) {
		for (let i = from; i < to; i++) pending.push(refs[i] as R);
		from = to + 1;
	}
	return [found.map((i) => refs[i] as R), pending];
}

/**
 * The refs as they become ready, in that order; those that are ready at the same time in input order. At `timeout` it throws
 * GetTimeoutError.
 *
 * @example
 * for await (const ref of ray.asCompleted(files.map((file) => parse.remote(file)))) show(await ref.get());
 */
export function asCompleted<T>(
	refs: Iterable<ObjectRef<T>>,
	options?: CompletedOptions,
): AsyncIterableIterator<ObjectRef<T>>;
export function asCompleted<R extends AnyRef>(refs: Iterable<R>, options?: CompletedOptions): AsyncIterableIterator<R>;
export function asCompleted(refs: Iterable<ObjectRef>, options?: CompletedOptions): AsyncIterableIterator<ObjectRef> {
	if (typeof (refs as Partial<Iterable<unknown>> | undefined)?.[Symbol.iterator] !== "function") {
		throw wrongType("asCompleted(): refs", "an iterable of ObjectRefs", refs);
	}
	const checked = distinctRefs("asCompleted", [...refs]);
	const { timeout } = checkOptions("asCompleted", options, { timeout: timeLimit });
	return completed(checked, timeout);
}

async function* completed(refs: Ref[], timeout: number | undefined): AsyncGenerator<ObjectRef, undefined> {
	const end = timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeout;
	if (refs.length === 0) return;
	for (const ref of refs) checkUsable(ref);
	const arrivals = (refs[0] as Ref).engine.arrivals(refs);
	try {
		for (let given = 0; given < refs.length; ) {
			const left = timeout === undefined ? undefined : Math.max(0, end - performance.now());
			const arrived = await arrivals.next(left);
			if (arrived.length === 0) throw late(refs.length - given, refs.length, timeout);
			for (const i of arrived) {
				checkUsable(refs[i] as Ref);
				yield refs[i] as Ref as ObjectRef;
			}
			given += arrived.length;
		}
	} finally {
		arrivals.close();
	}
}

function late(pending: number, all: number, timeout: number | undefined): GetTimeoutError {
	return new GetTimeoutError(
		`asCompleted(): ${pending} of ${all} objects were not ready within ${timeout} ms. The tasks go on; get them, or wait longer.`,
	);
}
