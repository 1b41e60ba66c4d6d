/**
 * The encoding beside msgpackr, V8's own serializer and structuredClone, in one process, so that every contender sees the same
 * mixture of values: `node bench/values/index.mjs [value …]`.
 *
 * Ours includes the copy into (shared) memory; msgpackr and V8 return a buffer of their own, and plain msgpackr decodes arrays as
 * views on it, whatever their size. `msgpackr+` is msgpackr with
 * `structuredClone: true`, which keeps cycles and types as ours does.
 */
import { deserialize, serialize } from "node:v8";
import { Packr, pack, unpack } from "msgpackr";
import { Bench } from "tinybench";
import { describeEnvironment, environmentLine } from "../lib/environment.mjs";
import { formatNumber, formatRatio, formatTable } from "../lib/table.mjs";
import { loadValues } from "./load.mjs";
import { samples } from "./samples.mjs";

/** Operations a timed call: a clock's tick is longer than one of the fast ones. */
const CALLS = 200;
/** As `init({ zeroCopyMinBytes })` is by default. */
const ZERO_COPY = 65_536;

const { Encoder, decode } = await loadValues();
const store = new Uint8Array(new SharedArrayBuffer(64 << 20));
const encoder = new Encoder();
/** As the object store reads: a large array is a view on it, a smaller one a copy. */
const hooks = {
	view: (kind, offset, length) => (length < ZERO_COPY ? undefined : kind.make(store.buffer, offset, length)),
};
const rich = new Packr({ structuredClone: true, moreTypes: true });

const contenders = {
	wasmray: {
		encode(value) {
			const length = encoder.encode(value);
			encoder.writeTo(store, 0);
			return length;
		},
		prepare: (value) => [contenders.wasmray.encode(value), encoder.kind],
		decode: ([length, kind]) => decode(store, 0, length, kind, hooks),
	},
	msgpackr: { encode: pack, prepare: pack, decode: unpack },
	"msgpackr+": {
		encode: (value) => rich.pack(value),
		prepare: (value) => rich.pack(value),
		decode: (bytes) => rich.unpack(bytes),
	},
	v8: { encode: serialize, prepare: serialize, decode: deserialize },
	structuredClone: { encode: structuredClone },
};

const wanted = process.argv.slice(2);
const chosen = Object.entries(samples).filter(([name]) => wanted.length === 0 || wanted.includes(name));
if (chosen.length === 0) {
	process.stderr.write(`No value is called ${wanted.join(" or ")}; there are ${Object.keys(samples).join(", ")}.\n`);
	process.exit(2);
}

/** Nanoseconds of one operation: the median of calls that do many. */
async function measure(operations) {
	const bench = new Bench({ time: 300, warmupTime: 100 });
	for (const [name, { run, calls }] of Object.entries(operations)) {
		bench.add(name, () => {
			for (let i = 0; i < calls; i++) run();
		});
	}
	await bench.run();
	return Object.fromEntries(
		bench.tasks.map(({ name, result }) => [name, (result.latency.p50 * 1e6) / operations[name].calls]),
	);
}

const rows = { encode: [], decode: [] };
for (const [name, { value, calls = CALLS }] of chosen) {
	const encoding = {};
	const decoding = {};
	for (const [contender, { encode, prepare, decode: read }] of Object.entries(contenders)) {
		encoding[contender] = { run: () => encode(value), calls };
		if (read === undefined) continue;
		const prepared = prepare(value);
		decoding[contender] = { run: () => read(prepared), calls };
	}
	rows.encode.push([name, await measure(encoding)]);
	rows.decode.push([name, await measure(decoding)]);
}

process.stdout.write(`${environmentLine(describeEnvironment(["msgpackr"]))}\nNanoseconds an operation, median.\n`);
for (const [title, measured] of Object.entries(rows)) {
	const names = Object.keys(measured[0][1]);
	const table = measured.map(([name, times]) => [
		name,
		...names.map((contender) => formatNumber(times[contender])),
		formatRatio(times.msgpackr / times.wasmray),
		formatRatio(times["msgpackr+"] / times.wasmray),
	]);
	process.stdout.write(`\n${formatTable([title, ...names, "speed: msgpackr", "msgpackr+"], table)}\n`);
}
