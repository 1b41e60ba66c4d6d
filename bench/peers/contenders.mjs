/**
 * Who is measured. `kind`: a "peer" counts for "best pool"; the "own" are compared with it; a "reference" is shown only.
 * `only`: the measures in which this row differs from the one it is a variant of.
 * Each has a module in contenders/ that exports `create(options)`, which returns
 *   start(workers)        resolves when tasks may be submitted
 *   submit(name, value)   starts the task of that name (tasks.mjs): a promise, or what the contender has instead
 *   all(submitted)        the results of many, in order
 *   call(name, value)     one task to its result
 *   stop()
 */
export const contenders = [
	{
		name: "wasmray",
		kind: "own",
		module: "wasmray",
		settings: "defaults; a burst is awaited by one get(refs)",
	},
	{
		name: "wasmray-each",
		kind: "own",
		module: "wasmray",
		options: { each: true },
		only: ["burst", "factorial"],
		settings: "a burst is awaited by Promise.all of one get a ref",
	},
	{
		name: "wasmray-copy",
		kind: "own",
		module: "wasmray",
		options: { copy: true },
		only: ["payload"],
		settings: "get(ref, { copy: true }): a private array, as the pools give, instead of a view",
	},
	{
		name: "piscina",
		kind: "peer",
		module: "piscina",
		settings: "atomics sync (its default), FixedQueue (its advice for long queues), recordTiming off",
	},
	{ name: "tinypool", kind: "peer", module: "tinypool", settings: "defaults (worker threads, atomics)" },
	{
		name: "poolifier",
		kind: "peer",
		module: "poolifier",
		settings: "fixed thread pool, no tasks queue (its default), events off",
	},
	{
		name: "poolifier-queue",
		kind: "peer",
		module: "poolifier",
		options: { queue: true },
		settings: "fixed thread pool with tasks queue and stealing, events off",
	},
	{ name: "workerpool", kind: "peer", module: "workerpool", settings: "workerType thread, all workers started" },
	{
		name: "piscina-move",
		kind: "reference",
		module: "piscina",
		options: { move: true },
		only: ["payload"],
		settings: "the buffer is transferred both ways: the sender loses it, so this is no echo of a value one keeps",
	},
	{
		name: "threads",
		kind: "reference",
		module: "threads",
		settings: "worker_threads and postMessage by hand, round robin, no queue, no errors: the floor of message passing",
	},
];

export function isIn(contender, measureName) {
	return contender.only === undefined || contender.only.includes(measureName);
}
