// What the stress's tasks do. Each comes to the same value however often it is begun.
import { workerData } from "node:worker_threads";
import { checksum, fill } from "./bytes.ts";
import { CLASS } from "./classes.ts";
import type { Context, TaskCodes } from "./host/context.ts";
import type { WorkerData } from "./host/entry.ts";
import { CoreRefusal } from "./host/status.ts";
import type { SubmitOptions } from "./host/thread.ts";
import { type Ref, TryAgain, type Value } from "./host/values.ts";
import { Shared } from "./shared.ts";

const shared = new Shared((workerData as WorkerData).shared);
const endless = { retries: -1 };

/** Uses up time, unless the task is cancelled. */
function spend(context: Context, milliseconds: number): void {
	const until = performance.now() + milliseconds;
	while (performance.now() < until) if (context.cancelled()) throw cancelled();
}

function cancelled(): Error {
	const error = new Error("its code saw that it was cancelled");
	error.name = "Cancelled";
	return error;
}

/** The limit on unfinished tasks is no failure: the task is begun again later. */
function submit(context: Context, name: string, args: readonly Value[], options: SubmitOptions): Ref {
	try {
		return context.submit(name, args, options).refs[0] as Ref;
	} catch (error) {
		if (error instanceof CoreRefusal && error.message.includes('"limit"')) throw new TryAgain("no room for its tasks");
		throw error;
	}
}

export const codes: TaskCodes = {
	add: (context: Context, serial: number, time: number, ...numbers: number[]) => {
		shared.begin(serial, context.attempt);
		spend(context, time);
		return numbers.reduce((sum, number) => sum + number, 0);
	},

	checksum: (_: Context, bytes: Uint8Array) => checksum(bytes),

	fill: (_: Context, seed: number, size: number) => fill(seed, size),

	/** As many leaves as `width` to the power of `depth`, by blocking. */
	blockingFan: (context: Context, depth: number, width: number) => {
		const refs: Ref[] = [];
		for (let i = 0; i < width; i++) {
			const ref =
				depth > 1
					? submit(context, "blockingFan", [depth - 1, width], { ...endless, resourceClass: CLASS.inner })
					: submit(context, "leaf", [], endless);
			refs.push(ref);
		}
		return refs.reduce((sum, ref) => sum + (context.getSync(ref) as number), 0);
	},

	/** Blocks when it has waited before, so beside other tasks of its thread. */
	blockLater: async (context: Context, count: number) => {
		const refs = Array.from({ length: count }, () => submit(context, "leaf", [], endless));
		await Promise.all([context.turn(), ...refs.slice(1).map((ref) => context.get(ref))]);
		return refs.reduce((sum, ref) => sum + (context.getSync(ref) as number), 0);
	},

	/** The same, by waiting. */
	fanAsync: async (context: Context, depth: number, width: number) => {
		const refs: Ref[] = [];
		for (let i = 0; i < width; i++) {
			const name = depth > 1 ? "fanAsync" : "leaf";
			refs.push(submit(context, name, depth > 1 ? [depth - 1, width] : [], endless));
		}
		const values = await Promise.all(refs.map((ref) => context.get(ref)));
		await context.turn();
		return values.reduce((sum: number, value) => sum + (value as number), 0);
	},

	leaf: () => 1,

	*count(_: Context, seed: number, count: number, size: number) {
		for (let i = 0; i < count; i++) yield size > 0 ? fill(seed + i, size) : seed + i;
		return undefined;
	},

	flaky: (context: Context, until: number) => {
		if (context.attempt < until) throw new TryAgain(`attempt ${context.attempt}`);
		return context.attempt;
	},

	boom: (_: Context, name: string) => {
		const error = new Error("on purpose");
		error.name = name;
		throw error;
	},

	licence: (context: Context, amount: number, time: number) => {
		shared.acquire(context.thread, amount);
		try {
			spend(context, time);
		} finally {
			shared.giveBack(context.thread, amount);
		}
		return amount;
	},

	gpu: (context: Context, count: number, time: number) => {
		const { gpus } = context;
		shared.acquireGpus(context.thread, gpus, count);
		try {
			spend(context, time);
		} finally {
			shared.giveGpusBack(gpus);
		}
		return count;
	},

	several: (_: Context, seed: number, count: number) =>
		Array.from({ length: count }, (_, i) => (i % 2 ? fill(seed + i, 100 * i) : seed + i)),

	/** Refs of objects of its own, and of tasks that may not be over. */
	make: (context: Context, seed: number, count: number) =>
		Array.from({ length: count }, (_, i) =>
			i % 2 ? context.put(fill(seed + i, 50 * i)) : submit(context, "fill", [seed + i, 50 * i], endless),
		),

	/** Gets a list of refs as it is, and gets each of them. */
	total: async (context: Context, refs: Ref[]) => {
		let sum = 0;
		for (const ref of refs) sum += (await context.get(ref)) as number;
		return sum;
	},

	/** Ends its thread, once. */
	crash: (context: Context) => {
		if (context.attempt === 1) process.exit(1);
		return context.attempt;
	},
};
