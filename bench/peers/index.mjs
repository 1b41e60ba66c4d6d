/** `npm run bench:peers`: wasmray beside the worker pools of Node, in one run. See ../README.md. */
import { fileURLToPath } from "node:url";
import { runChild } from "../lib/child.mjs";
import { describeEnvironment, environmentLine } from "../lib/environment.mjs";
import { readOptions } from "../lib/options.mjs";
import { createProgress } from "../lib/progress.mjs";
import { writeResults } from "../lib/results.mjs";
import { isWasmrayBuilt, NOT_BUILT } from "../lib/wasmray.mjs";
import { contenders as allContenders, isIn } from "./contenders.mjs";
import { measures as allMeasures } from "./measures.mjs";
import { evaluate, figuresTable, headlinePicture } from "./report.mjs";

const SAMPLE = fileURLToPath(new URL("sample.mjs", import.meta.url));
const DEFAULT_WORKERS = 2;

const options = readOptions(
	{
		quick: {
			kind: "flag",
			help: "about a minute in all, without the longest cases: to see that it works, not to quote",
		},
		only: { kind: "list", help: "these measures", allowed: allMeasures.map(({ name }) => name) },
		contenders: { kind: "list", help: "these contenders", allowed: allContenders.map(({ name }) => name) },
		workers: { kind: "count", help: "worker threads of each contender", default: DEFAULT_WORKERS },
		rounds: { kind: "count", help: "rounds of each case, instead of its own number" },
		tasks: { kind: "count", help: "tasks of the factorial workload" },
		out: { kind: "text", help: "folder for the JSON and the picture" },
	},
	"wasmray beside the worker pools of Node, measured in one run.",
);

const built = isWasmrayBuilt();
const measures = allMeasures.filter(({ name }) => options.only?.includes(name) ?? true);
const contenders = allContenders.filter(({ name, kind }) => {
	if (kind === "own" && !built) return false;
	// The references take a sixth of the time and are in no ratio.
	return options.contenders?.includes(name) ?? !(options.quick && kind === "reference");
});
if (!built) process.stderr.write(`${NOT_BUILT} Going on with the pools.\n`);
if (contenders.length === 0) {
	process.stderr.write("No contender is left to measure.\n");
	process.exit(1);
}

const isFullRun =
	built &&
	!options.quick &&
	["only", "contenders", "rounds", "tasks"].every((name) => options[name] === undefined) &&
	options.workers === DEFAULT_WORKERS;
const environment = describeEnvironment(["piscina", "tinypool", "poolifier", "workerpool"]);
const schedule = measures.map((measure) => ({
	measure,
	entrants: contenders.filter((contender) => isIn(contender, measure.name)),
	cases: measure.cases(options).map((entry) => ({ ...entry, rounds: options.rounds ?? entry.rounds })),
}));
let steps = 0;
for (const { entrants, cases } of schedule) for (const { rounds } of cases) steps += rounds * entrants.length;

const progress = createProgress(steps);
const figures = [];
const failures = [];
for (const { measure, entrants, cases } of schedule) {
	if (entrants.length === 0) continue;
	const own = [];
	for (const entry of cases) {
		progress.begin(entry.label);
		own.push(...evaluate(measure, entry, await runCase(measure, entry, entrants), entrants));
	}
	figures.push(...own);
	progress.clear();
	process.stdout.write(`\n${measure.title}. ${measure.method}\n\n${figuresTable(own, entrants)}\n`);
}
progress.end();

const subtitle = `${options.workers} workers, ${environmentLine(environment)}`;
const picture = headlinePicture(figures, contenders, subtitle);
const record = {
	benchmark: "peers",
	mode: options.quick ? "quick" : "full",
	workers: options.workers,
	environment,
	contenders: contenders.map(({ name, kind, settings }) => ({ name, kind, settings })),
	measures: measures.map(({ name, title, method }) => ({ name, title, method })),
	figures,
};
const written = writeResults({ name: "peers", record, picture, isFullRun, folder: options.out });

process.stdout.write(
	`\n${subtitle}\n* the best pool; ÷ best pool: wasmray's figure over it (↑ higher is better, ↓ lower is better)\n`,
);
for (const { name, kind, settings } of contenders)
	process.stdout.write(`  ${name}${kind === "reference" ? " (no pool)" : ""}: ${settings}\n`);
if (!built) process.stdout.write(`${NOT_BUILT}\n`);
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${written}\n`);
// A pool that runs out of time is a result; anything else that failed makes the run fail.
if (failures.length > 0) process.exitCode = 1;

/** Round after round, each contender once in it, another one first each time: what disturbs the machine hits all alike. */
async function runCase(measure, entry, entrants) {
	const samples = Object.fromEntries(entrants.map(({ name }) => [name, []]));
	const out = new Set();
	for (let round = 0; round < entry.rounds; round++) {
		for (let turn = 0; turn < entrants.length; turn++) {
			const contender = entrants[(turn + round) % entrants.length];
			if (!out.has(contender.name)) {
				progress.show(contender.name);
				const sample = await takeSample(measure, entry, contender);
				samples[contender.name].push(sample);
				if (sample.failed !== undefined) {
					out.add(contender.name);
					if (!sample.overTime || contender.kind === "own")
						failures.push(`${contender.name}, ${entry.label}: ${sample.failed}`);
				}
			}
			progress.advance();
		}
	}
	return samples;
}

async function takeSample(measure, entry, contender) {
	const job = { measure: measure.name, contender, workers: options.workers, parameters: entry.parameters };
	const sample = await runChild(SAMPLE, job, { limitSeconds: entry.limitSeconds, execArgv: entry.execArgv });
	if (sample.figures && entry.wallFigure) sample.figures[entry.wallFigure] = sample.wallMs / 1000;
	return sample;
}
