/**
 * The rows of Ray's own microbenchmark, by its names and with its workloads. A row:
 *   id, name     `name` as Ray prints it; `id` for --only
 *   unit, count  what a call of the prepared function counts for
 *   note         where a row cannot be the same as Ray's, how it differs
 *   variantOf    the row of Ray that this is another way to do
 *   init         options of `ray.init` beside `numCpus`
 *   sync         the prepared function returns nothing to await
 *   prepare({ ray, remote })   returns the function that is timed; `remote` is remote-functions.mjs
 * Rows of actors and placement groups are more entries of this list.
 */
export const rows = [
	{
		id: "get",
		name: "single client get calls (Plasma Store)",
		unit: "calls/s",
		count: 1,
		prepare({ ray }) {
			const ref = ray.put(0);
			return () => ray.get(ref);
		},
	},
	{
		id: "get-sync",
		name: "  the same by getSync",
		variantOf: "single client get calls (Plasma Store)",
		note: "Python's get blocks the thread, as getSync does",
		unit: "calls/s",
		count: 1,
		sync: true,
		prepare({ ray }) {
			const ref = ray.put(0);
			return () => {
				ray.getSync(ref);
			};
		},
	},
	{
		id: "put",
		name: "single client put calls (Plasma Store)",
		unit: "calls/s",
		count: 1,
		sync: true,
		prepare:
			({ ray }) =>
			() => {
				ray.put(0)[Symbol.dispose]();
			},
	},
	{
		id: "put-multi",
		name: "multi client put calls (Plasma Store)",
		unit: "calls/s",
		count: 1000,
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(Array.from({ length: 10 }, () => remote.putSmall.remote())),
	},
	{
		id: "put-bytes",
		name: "single client put gigabytes",
		unit: "GB/s",
		count: 0.8,
		init: { objectStoreMemory: "2GiB" },
		sync: true,
		prepare({ ray }) {
			const array = new BigInt64Array(100 * 1024 * 1024);
			return () => {
				ray.put(array)[Symbol.dispose]();
			};
		},
	},
	{
		id: "put-bytes-multi",
		name: "multi client put gigabytes",
		unit: "GB/s",
		count: 8,
		init: { objectStoreMemory: "2GiB" },
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(Array.from({ length: 10 }, () => remote.putLarge.remote())),
	},
	{
		id: "tasks-batch",
		name: "single client tasks and get batch",
		unit: "batches/s",
		count: 1,
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(Array.from({ length: 1000 }, () => remote.smallValue.remote())),
	},
	{
		id: "get-10k-refs",
		name: "single client get object containing 10k refs",
		unit: "calls/s",
		count: 1,
		prepare({ ray, remote }) {
			const ref = remote.createObjectContainingRefs.remote();
			return () => ray.get(ref);
		},
	},
	{
		id: "wait-1k-refs",
		name: "single client wait 1k refs",
		unit: "batches/s",
		count: 1,
		prepare:
			({ ray, remote }) =>
			async () => {
				let pending = Array.from({ length: 1000 }, () => remote.smallValue.remote());
				while (pending.length > 0) [, pending] = await ray.wait(pending);
			},
	},
	{
		id: "tasks-sync",
		name: "single client tasks sync",
		unit: "calls/s",
		count: 1,
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(remote.smallValue.remote()),
	},
	{
		id: "tasks-sync-blocking",
		name: "  the same by getSync",
		variantOf: "single client tasks sync",
		note: "Python's get blocks the thread, as getSync does",
		unit: "calls/s",
		count: 1,
		sync: true,
		prepare:
			({ ray, remote }) =>
			() => {
				ray.getSync(remote.smallValue.remote());
			},
	},
	{
		id: "tasks-async",
		name: "single client tasks async",
		unit: "calls/s",
		count: 1000,
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(Array.from({ length: 1000 }, () => remote.smallValue.remote())),
	},
	{
		id: "tasks-multi",
		name: "multi client tasks async",
		note: "the four clients are tasks; Ray's are actors",
		unit: "calls/s",
		count: 40_000,
		prepare:
			({ ray, remote }) =>
			() =>
				ray.get(Array.from({ length: 4 }, () => remote.smallValueBatch.remote(10_000))),
	},
];
