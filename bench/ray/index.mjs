/** `npm run bench`: the rows of Ray's own microbenchmark on wasmray, beside Ray's figures. See ../README.md. */
import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.mjs";
import { describeEnvironment, environmentLine } from "../lib/environment.mjs";
import { readOptions } from "../lib/options.mjs";
import { barPicture } from "../lib/picture.mjs";
import { createProgress } from "../lib/progress.mjs";
import { writeResults } from "../lib/results.mjs";
import { formatNumber, formatRatio, formatTable } from "../lib/table.mjs";
import { isWasmrayBuilt, NOT_BUILT } from "../lib/wasmray.mjs";
import { runPythonRay } from "./python.mjs";
import { reference } from "./reference.mjs";
import { rows as allRows } from "./rows.mjs";

const SAMPLE = fileURLToPath(new URL("sample.mjs", import.meta.url));
const DEFAULT_WORKERS = 2;
const LIMIT_SECONDS = 60;
/** Ray's own timing, but for its 10 s of rest before each row. */
const TIMING = { warmUpSeconds: 1, rounds: 4, roundSeconds: 2, pauseSeconds: 2 };
const QUICK_TIMING = { warmUpSeconds: 0.2, rounds: 2, roundSeconds: 0.4, pauseSeconds: 0 };

const options = readOptions(
	{
		quick: { kind: "flag", help: "short rounds: to see that it works, not to quote" },
		ray: { kind: "flag", help: "run the rows on Python Ray as well, if it can be imported" },
		only: { kind: "list", help: "these rows", allowed: allRows.map(({ id }) => id) },
		workers: { kind: "count", help: "worker threads, and num_cpus of Ray", default: DEFAULT_WORKERS },
		python: { kind: "text", help: "the Python that has Ray", default: "python3" },
		out: { kind: "text", help: "folder for the JSON and the picture" },
	},
	"The rows of Ray's own microbenchmark on wasmray, beside Ray's figures.",
);

const built = isWasmrayBuilt();
if (!built) {
	process.stderr.write(`${NOT_BUILT}\n`);
	if (!options.ray) process.exit(1);
}

const timing = options.quick ? QUICK_TIMING : TIMING;
const rows = allRows.filter(({ id }) => options.only?.includes(id) ?? true);
const pythonNames = rows.filter(({ variantOf }) => variantOf === undefined).map(({ name }) => name);
const progress = createProgress((built ? rows.length : 0) + (options.ray ? pythonNames.length : 0));

const measured = {};
if (built) {
	progress.begin("wasmray");
	for (const row of rows) {
		progress.show(row.name.trim());
		const job = { id: row.id, workers: options.workers, timing };
		const sample = await runChild(SAMPLE, job, { limitSeconds: LIMIT_SECONDS });
		measured[row.id] = sample.figures ?? { failed: sample.failed };
		progress.advance();
	}
}
let python;
if (options.ray) {
	progress.begin("Python Ray");
	const onRow = () => progress.advance();
	python = await runPythonRay({ python: options.python, names: pythonNames, cpus: options.workers, timing, onRow });
}
progress.end();

const environment = describeEnvironment();
const table = rows.map((row) => {
	const rayName = row.variantOf ?? row.name;
	const [mean, deviation] = reference.rows[rayName] ?? [];
	const base = python?.rows?.[rayName]?.mean ?? mean;
	const own = measured[row.id];
	const ratio = own?.mean !== undefined && base !== undefined ? own.mean / base : undefined;
	const { id, name, unit, note, variantOf } = row;
	return {
		id,
		name,
		unit,
		note,
		variantOf,
		wasmray: own,
		ray: python?.rows?.[rayName],
		reference: mean && { mean, deviation },
		ratio,
	};
});

const rayTitle = python?.version ? `Ray ${python.version} here` : "Ray here";
const shown = options.ray && python?.missing === undefined;
process.stdout.write(
	`${formatTable(
		["", "", "wasmray", "±", ...(shown ? [rayTitle, "±"] : []), reference.title, "±", "÷ Ray"],
		table.map((row) => [
			row.name + (row.note && row.variantOf === undefined ? " (1)" : ""),
			row.unit,
			...cells(row.wasmray),
			...(shown ? cells(row.ray) : []),
			...cells(row.reference),
			row.ratio === undefined ? "" : formatRatio(row.ratio),
		]),
	)}\n\n`,
);

const subtitle = `${options.workers} workers, ${environmentLine(environment)}`;
process.stdout.write(`${subtitle}\n${reference.title}: ${reference.source}.\n`);
process.stdout.write(
	`÷ Ray: wasmray's figure over ${shown ? "Ray's on this machine, or where that is missing over the reference" : "the reference"}.\n`,
);
for (const row of table)
	if (row.note && row.variantOf === undefined) process.stdout.write(`(1) ${row.name}: ${row.note}.\n`);
if (python?.missing !== undefined)
	process.stdout.write(
		`Python Ray was left out: ${python.missing}. Install it (pip install ray numpy) or name another Python by --python.\n`,
	);
if (python?.failed !== undefined) process.stdout.write(`Python Ray ended early: ${python.failed}\n`);
if (!built) process.stdout.write(`${NOT_BUILT}\n`);

const failures = table.filter(({ wasmray }) => wasmray?.failed !== undefined);
for (const { name, wasmray } of failures) process.stdout.write(`failed: ${name.trim()}: ${wasmray.failed}\n`);

const isFullRun = built && !options.quick && options.only === undefined && options.workers === DEFAULT_WORKERS;
const record = {
	benchmark: "ray",
	mode: options.quick ? "quick" : "full",
	workers: options.workers,
	timing,
	environment,
	ray: python && { version: python.version, missing: python.missing },
	reference: { title: reference.title, source: reference.source },
	rows: table,
};
const written = writeResults({
	name: "ray",
	record,
	picture: built ? picture() : undefined,
	isFullRun,
	folder: options.out,
});
process.stdout.write(`${written}\n`);
if (failures.length > 0) process.exitCode = 1;

function cells(figure) {
	if (figure === undefined) return ["", ""];
	if (figure.failed !== undefined) return ["failed", ""];
	return [formatNumber(figure.mean), formatNumber(figure.deviation)];
}

/** Bars as ratios to Ray: on this machine if it ran, else the reference. */
function picture() {
	const groups = table
		.filter(({ ratio }) => ratio !== undefined)
		.map((row) => {
			const base = row.wasmray.mean / row.ratio;
			const bar = (label, mean, own) => ({
				label,
				length: mean / base,
				text: `${formatNumber(mean)} ${row.unit}  (${formatRatio(mean / base)})`,
				own,
			});
			const bars = [bar("wasmray", row.wasmray.mean, true)];
			if (row.ray !== undefined) bars.push(bar(rayTitle, row.ray.mean, false));
			if (row.reference !== undefined) bars.push(bar(reference.title, row.reference.mean, false));
			return { heading: row.variantOf === undefined ? row.name : `${row.variantOf}, by getSync`, bars };
		});
	return barPicture({ title: "The rows of Ray's microbenchmark (longer is better, 1× = Ray)", subtitle, groups });
}
