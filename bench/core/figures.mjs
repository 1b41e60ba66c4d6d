// The figures that the core has to hold, each measured in a process of its own: `wanted` in words, `limit` to compare with,
// `better` in which direction. `measure` takes `{ url, core }` and gives the measured number and, if there is more to say, a
// note.

import { readFileSync } from "node:fs";
import { measureOperations } from "./measure.mjs";
import { chainRelease, fragmentation, liveObjects, perObject, perTask, queuedTasks } from "./million.mjs";
import { operationsOf } from "./operations.mjs";
import { measureExchange } from "./threads.mjs";

const MILLISECONDS = 500;

/** What passing the gate costs at least on this machine: a compare-and-swap to enter, a store to leave. */
const gate = {
	run(times) {
		const word = new Int32Array(new SharedArrayBuffer(4));
		for (let i = 0; i < times; i++) {
			Atomics.compareExchange(word, 0, 0, 1);
			Atomics.store(word, 0, 0);
		}
	},
};

async function operation({ core }, name, calls) {
	const operations = { [name]: operationsOf(core)[name], gate };
	const [{ ns, p75 }, floor] = await measureOperations(operations, { milliseconds: MILLISECONDS });
	const atomics = `the gate's atomic operations alone: ${calls} × ${floor.ns.toFixed(0)}`;
	return { value: ns, note: `75 % within ${p75.toFixed(0)}; ${atomics}` };
}

const nanoseconds = (name, calls, limit) => ({
	unit: "ns",
	better: "lower",
	limit,
	measure: (boundary) => operation(boundary, name, calls),
});

/** @type {Record<string, { unit: string, better: "lower" | "higher", limit: number, measure: (boundary: any) => unknown }>} */
export const figures = {
	"size of the wasm": {
		unit: "KiB",
		better: "lower",
		limit: 48,
		measure: () => ({ value: readFileSync(new URL("../../build/core.wasm", import.meta.url)).length / 1024 }),
	},
	"put + release of a scalar": nanoseconds("put + release, inline", 2, 200),
	"alloc + dealloc of 64 B": nanoseconds("alloc + dealloc, 64 B", 2, 80),
	"alloc + dealloc of 1 MiB": nanoseconds("alloc + dealloc, 1 MiB", 2, 300),
	"submit + take + finish + release of an empty task": nanoseconds("submit + take + finish + release", 4, 800),
	"empty tasks between two threads": {
		unit: "M/s",
		better: "higher",
		limit: 1.5,
		measure: async (boundary) => {
			const { median, min, max } = await measureExchange(boundary, { workers: 1, rounds: 50, tasks: 20_000 });
			return { value: median / 1e6, note: `${(min / 1e6).toFixed(2)} … ${(max / 1e6).toFixed(2)}` };
		},
	},
	"submitting the last of a million tasks, to the first": {
		unit: "×",
		better: "lower",
		limit: 1.3,
		measure: ({ core }) => queuedTasks(core).made,
	},
	"finishing and releasing the last of a million tasks, to the first": {
		unit: "×",
		better: "lower",
		limit: 1.3,
		measure: ({ core }) => queuedTasks(core).ended,
	},
	"putting the last of a million objects, to the first": {
		unit: "×",
		better: "lower",
		limit: 1.3,
		measure: ({ core }) => liveObjects(core).made,
	},
	"releasing the last of a million objects, to the first": {
		unit: "×",
		better: "lower",
		limit: 1.3,
		measure: ({ core }) => liveObjects(core).ended,
	},
	"an object, beside its payload and 4 B a thread": {
		unit: "B",
		better: "lower",
		limit: 64,
		measure: ({ core }) => perObject(core),
	},
	"a task": { unit: "B", better: "lower", limit: 192, measure: ({ core }) => perTask(core) },
	"releasing a chain of a million nested objects": {
		unit: "objects left",
		better: "lower",
		limit: 0,
		measure: ({ core }) => chainRelease(core),
	},
	"memory taken at the peak of a million random allocs and frees, to the live sizes": {
		unit: "×",
		better: "lower",
		limit: 1.25,
		measure: ({ core }) => fragmentation(core),
	},
};

export function isHeld({ better, limit }, value) {
	return better === "lower" ? value <= limit : value >= limit;
}
