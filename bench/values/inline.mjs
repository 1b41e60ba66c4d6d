/** What a scalar costs in an object's entry, both ways: `node bench/values/inline.mjs`. */
import { Bench } from "tinybench";
import { describeEnvironment, environmentLine } from "../lib/environment.mjs";
import { formatNumber, formatTable } from "../lib/table.mjs";
import { loadValues } from "./load.mjs";

const CALLS = 10_000;
const scalars = {
	undefined: undefined,
	true: true,
	int: 42,
	float: 1.5,
	bigint: 12n,
	empty: {},
	"5 letters": "hello",
	"16 letters": "sixteen letters!",
	"6 kana": "ひらがなです",
};

const { encodeInline, decodeInline } = await loadValues();
const words = new Uint32Array(new SharedArrayBuffer(64));

const bench = new Bench({ time: 200, warmupTime: 50 });
for (const [name, value] of Object.entries(scalars)) {
	const kind = encodeInline(value, words, 4);
	bench.add(`${name} in`, () => {
		for (let i = 0; i < CALLS; i++) encodeInline(value, words, 4);
	});
	bench.add(`${name} out`, () => {
		encodeInline(value, words, 4);
		for (let i = 0; i < CALLS; i++) decodeInline(kind, words, 4);
	});
}
await bench.run();
const time = (name) => formatNumber((bench.getTask(name).result.latency.p50 * 1e6) / CALLS);
const rows = Object.keys(scalars).map((name) => [name, time(`${name} in`), time(`${name} out`)]);
process.stdout.write(`${environmentLine(describeEnvironment())}\n${formatTable(["ns", "encode", "decode"], rows)}\n`);
