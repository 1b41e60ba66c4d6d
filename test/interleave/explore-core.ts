// Explores the programs over the core, deeper than the tests do: `npm run explore`.
//
//   --seconds <n>   in all; what a program does not use, the later ones may. Default: no limit
//   --bound <n>     preemptions. Default 2
//   --random <n>    random schedules of each program behind that. Default 300
//   --seed <n>      of the first of them. Default: WASMRAY_SEED, or the number of the day, so that each day looks elsewhere
import { parseArgs } from "node:util";
import { corePrograms } from "./core-programs.ts";
import { explore, type Result } from "./explore.ts";
import { Prepared } from "./program.ts";
import { describeResult } from "./report.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({ options: { seconds: text, bound: text, random: text, seed: text } });
const numberOf = (name: keyof typeof values, otherwise: number) => {
	const value = Number(values[name] ?? otherwise);
	if (Number.isNaN(value) || value < 0) throw new RangeError(`--${name} ${values[name]}: expected a number`);
	return value;
};

const until = performance.now() + numberOf("seconds", Number.POSITIVE_INFINITY) * 1000;
const bound = numberOf("bound", 2);
const random = numberOf("random", 300);
const seed = numberOf("seed", Number(process.env.WASMRAY_SEED ?? Math.floor(Date.now() / 86_400_000)));

const results: Result[] = [];
for (const [index, program] of corePrograms.entries()) {
	const left = Math.max(0, until - performance.now()) / 1000 / (corePrograms.length - index);
	// The random ones have a share of their own: a search that does not end leaves them no time.
	const prepared = new Prepared(program);
	const searched = explore(prepared, { bound, seed, seconds: left * 0.8 });
	report(searched);
	if (searched.violation === undefined && random > 0) {
		const { violation, ...rest } = explore(prepared, { bound: 0, warmUp: random, seed, seconds: left * 0.2 });
		if (violation !== undefined) report({ violation, ...rest });
	}
}

function report(result: Result): void {
	results.push(result);
	console.log(describeResult(result));
	if (result.violation !== undefined || result.cut > 0) process.exitCode = 1;
}

const schedules = results.reduce((sum, result) => sum + result.schedules + result.random, 0);
const complete = results.filter((result) => result.complete).length;
const failed = results.filter((result) => result.violation !== undefined).length;
console.log(
	`${schedules} schedules of ${corePrograms.length} programs, seed ${seed}: ${complete} complete, ${failed} go wrong`,
);
