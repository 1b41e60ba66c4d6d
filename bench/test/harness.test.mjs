import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.mjs";
import { barPicture } from "../lib/picture.mjs";
import { advantage, bestOf, percentile, standardDeviation } from "../lib/statistics.mjs";
import { formatNumber, formatRatio, formatTable } from "../lib/table.mjs";
import { contenders } from "../peers/contenders.mjs";
import { evaluate, figuresTable } from "../peers/report.mjs";
import { reference } from "../ray/reference.mjs";
import { rows } from "../ray/rows.mjs";

const folder = mkdtempSync(join(tmpdir(), "bench-test-"));
after(() => rmSync(folder, { recursive: true }));

/** A child that runs `body` with answerParent's protocol. */
function childFile(name, body) {
	const file = join(folder, `${name}.mjs`);
	const library = fileURLToPath(new URL("../lib/child.mjs", import.meta.url));
	writeFileSync(file, `import { answerParent } from ${JSON.stringify(library)};\nawait answerParent(${body});\n`);
	return file;
}

test("a percentile lies between its neighbours, whatever the samples' order", () => {
	assert.equal(percentile([4, 1, 3, 2], 0.5), 2.5);
	assert.equal(percentile([10, 2, 1], 1), 10);
	assert.equal(percentile([5], 0.99), 5);
	assert.ok(Number.isNaN(percentile([], 0.5)));
});

test("the deviation is that of the samples, as Ray prints it", () => {
	assert.equal(standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), 2);
});

test("the best is the highest or the lowest, and never one that has no figure", () => {
	assert.deepEqual(bestOf({ a: 1, b: 3, c: Number.NaN }, "higher"), { name: "b", value: 3 });
	assert.deepEqual(bestOf({ a: 1, b: 3, c: Number.NaN }, "lower"), { name: "a", value: 1 });
	assert.equal(bestOf({ c: Number.NaN }, "lower"), undefined);
	assert.equal(advantage(10, 5, "higher"), 2);
	assert.equal(advantage(10, 5, "lower"), 0.5);
});

test("numbers keep three digits at every size", () => {
	const texts = [0, 0.0066, 0.0412, 1.5, 13.24, 190, 9870.4, 190_345, 2_310_000, Number.NaN].map(formatNumber);
	assert.deepEqual(texts, ["0.00", "0.0066", "0.041", "1.50", "13.2", "190", "9,870", "190k", "2.31M", "–"]);
	assert.deepEqual([0.0066, 0.893, 5, 1653].map(formatRatio), ["0.0066×", "0.89×", "5.00×", "1,653×"]);
});

test("a table's columns are as wide as their widest cell", () => {
	const lines = formatTable(
		["", "a"],
		[
			["row", "1,000"],
			["longer row", "1"],
		],
	).split("\n");
	assert.deepEqual(lines, ["                a", "─────────────────", "row         1,000", "longer row      1"]);
});

test("wasmray is compared with the best pool, not with a reference or a pool that failed", () => {
	const entrants = contenders.filter(({ name }) => ["wasmray", "piscina", "tinypool", "threads"].includes(name));
	const figure = { key: "rate", label: "burst", unit: "tasks/s", better: "higher" };
	const samples = {
		wasmray: [10, 12, 11].map((rate) => ({ figures: { rate } })),
		piscina: [{ figures: { rate: 2 } }],
		tinypool: [{ failed: "> 60 s", overTime: true }],
		threads: [{ figures: { rate: 100 } }],
	};
	const [result] = evaluate({ name: "burst" }, { label: "burst", figures: [figure] }, samples, entrants);
	assert.equal(result.bestPool, "piscina");
	assert.equal(result.values.wasmray.median, 11);
	assert.equal(result.values.wasmray.ratio, 5.5);
	assert.deepEqual(result.values.tinypool, { failed: "> 60 s" });
	const text = figuresTable([result], entrants);
	for (const part of ["*2.00", "> 60 s", "5.50×"]) assert.ok(text.includes(part), part);
});

test("a picture escapes what it is given and turns logarithmic when one bar dwarfs the others", () => {
	const groups = (length) => [{ heading: "a < b", bars: [{ label: "own", length, text: "x", own: true }] }];
	assert.ok(barPicture({ title: "t", subtitle: "s", groups: groups(2) }).includes("a &lt; b"));
	assert.ok(!barPicture({ title: "t", subtitle: "s", groups: groups(2) }).includes("logarithmic"));
	assert.ok(barPicture({ title: "t", subtitle: "s", groups: groups(500) }).includes("logarithmic"));
});

test("a child's figures come back, although it left something running", async () => {
	const file = childFile("leaves-timer", "async ({ n }) => { setInterval(() => {}, 1000); return { twice: n * 2 }; }");
	const sample = await runChild(file, { n: 21 }, { limitSeconds: 20 });
	assert.deepEqual(sample.figures, { twice: 42 });
});

test("a child that throws, dies or never ends is a failed sample, and only the last is over time", async () => {
	const limit = { limitSeconds: 20 };
	const thrown = await runChild(childFile("throws", 'async () => { throw new RangeError("too big"); }'), {}, limit);
	assert.deepEqual(thrown, { failed: "RangeError: too big", overTime: false });
	const died = await runChild(childFile("dies", "async () => { process.exit(3); }"), {}, limit);
	assert.deepEqual(died, { failed: "ended by status 3", overTime: false });
	const stuck = await runChild(childFile("stuck", "() => new Promise(() => {})"), {}, { limitSeconds: 0.5 });
	assert.deepEqual(stuck, { failed: "> 0.5 s", overTime: true });
});

test("each row has an id of its own and a figure of Ray's to be compared with", () => {
	assert.equal(new Set(rows.map(({ id }) => id)).size, rows.length);
	for (const row of rows) assert.ok(reference.rows[row.variantOf ?? row.name], row.name);
});
