/** `npm run bench:core`: the core's operations one by one, and between threads. See ../README.md. */
import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.mjs";
import { describeEnvironment, environmentLine } from "../lib/environment.mjs";
import { readOptions } from "../lib/options.mjs";
import { createProgress } from "../lib/progress.mjs";
import { writeResults } from "../lib/results.mjs";
import { formatNumber, formatRatio, formatTable } from "../lib/table.mjs";
import { figures, isHeld } from "./figures.mjs";
import { bundleBoundary } from "./load.mjs";
import { measureOperations } from "./measure.mjs";
import { operationsOf } from "./operations.mjs";
import { measureChurn, measureExchange } from "./threads.mjs";

const SAMPLE = fileURLToPath(new URL("sample.mjs", import.meta.url));
const LIMIT_SECONDS = 60;
const WORKERS = [1, 2, 4, 8];
const FULL = { milliseconds: 300, rounds: 50, tasks: 20_000, calls: 500_000 };
const QUICK = { milliseconds: 30, rounds: 10, tasks: 10_000, calls: 50_000 };
/** In one thread: what one between threads is compared with. */
const TASK = "submit + take + finish + release";

const options = readOptions(
	{
		figures: { kind: "flag", help: "check the figures that the core has to hold, and nothing else" },
		quick: { kind: "flag", help: "short samples: to see that it works, not to quote" },
		only: { kind: "list", help: "these parts", allowed: ["operations", "threads"] },
		out: { kind: "text", help: "folder for the JSON" },
	},
	"Each operation of the core alone, and empty tasks between threads.",
);
const environment = describeEnvironment(["tinybench"]);
process.stdout.write(`${environmentLine(environment)}\n`);
if (options.figures) await checkFigures();
else await runBenchmarks();

async function checkFigures() {
	const progress = createProgress(Object.keys(figures).length);
	const rows = [];
	for (const [name, figure] of Object.entries(figures)) {
		progress.begin(name);
		const sample = await runChild(SAMPLE, { name }, { limitSeconds: LIMIT_SECONDS });
		const { value, note } = sample.figures ?? { value: Number.NaN, note: sample.failed };
		rows.push({ name, ...figure, value, note, held: isHeld(figure, value) });
		progress.advance();
	}
	progress.end();
	const wanted = ({ better, limit, unit }) => `${better === "lower" ? "≤" : "≥"} ${formatNumber(limit)} ${unit}`;
	const table = rows.map((row) => [
		row.name,
		wanted(row),
		`${formatNumber(row.value)} ${row.unit}`,
		row.held ? "held" : "MISSED",
		row.note ?? "",
	]);
	process.stdout.write(`\n${formatTable(["figure", "wanted", "measured", "", "more"], table)}\n\n`);
	save("core-figures", { rows: rows.map(({ measure, ...row }) => row) }, true);
	if (!rows.every(({ held }) => held)) process.exitCode = 1;
}

async function runBenchmarks() {
	const sizes = options.quick ? QUICK : FULL;
	const wanted = (part) => options.only?.includes(part) ?? true;
	const boundary = await bundleBoundary();
	const operations = operationsOf(boundary.core);
	const chosen = wanted("operations") ? operations : { [TASK]: operations[TASK] };
	const progress = createProgress(Object.keys(chosen).length + (wanted("threads") ? 2 * WORKERS.length : 0));
	progress.begin("operations");
	const measured = await measureOperations(chosen, { ...sizes, onDone: () => progress.advance() });
	progress.clear();
	if (wanted("operations")) printOperations(measured);

	const alone = measured.find(({ name }) => name === TASK).ns;
	const exchange = {};
	const churn = {};
	if (wanted("threads")) {
		progress.begin("between threads");
		for (const workers of WORKERS) {
			progress.show(`${workers}`);
			exchange[workers] = await measureExchange(boundary, { ...sizes, workers });
			progress.advance();
			churn[workers] = await measureChurn(boundary, { ...sizes, workers });
			progress.advance();
		}
		progress.clear();
		printThreads(alone, exchange, churn);
	}
	progress.end();
	save(
		"core",
		{ mode: options.quick ? "quick" : "full", sizes, operations: measured, exchange, churn },
		!options.quick && options.only === undefined,
	);
}

function printOperations(measured) {
	const table = measured.map(({ name, ns, p75 }) => [
		name,
		formatNumber(ns),
		formatNumber(p75),
		`${formatNumber(1e9 / ns)}/s`,
	]);
	process.stdout.write(`\n${formatTable(["one thread", "ns", "75 % within", ""], table)}\n`);
}

function printThreads(alone, exchange, churn) {
	const tasks = Object.entries(exchange).map(([workers, { median, min, max }]) => [
		workers,
		`${formatNumber(median)}/s`,
		`${formatNumber(min)} … ${formatNumber(max)}`,
		formatNumber(1e9 / median),
		formatRatio(1e9 / median / alone),
	]);
	process.stdout.write(
		`\n${formatTable(["workers", "empty tasks", "rounds from … to", "ns a task", "÷ one thread"], tasks)}\n`,
	);
	process.stdout.write(`One thread that does both sides takes ${formatNumber(alone)} ns a task.\n`);
	const names = { put: "put + release", alloc: "alloc + dealloc, 64 B", large: "alloc + dealloc, 1 MiB" };
	const base = churn[WORKERS[0]];
	const each = Object.entries(names).map(([key, name]) => [
		name,
		...WORKERS.map(
			(workers) => `${formatNumber(churn[workers][key])} (${formatRatio(churn[workers][key] / base[key])})`,
		),
	]);
	process.stdout.write(
		`\n${formatTable(["ns, each thread on its own", ...WORKERS.map((workers) => `${workers} at once`)], each)}\n`,
	);
}

function save(name, record, isFullRun) {
	const sentence = writeResults({
		name,
		record: { benchmark: name, environment, ...record },
		isFullRun,
		folder: options.out,
	});
	process.stdout.write(`${sentence}\n`);
}
