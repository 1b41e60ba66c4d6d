// Explores programs, or replays a schedule:
//
//     npx tsx test/interleave/cli.ts --program "lost update" --bound 3
//     npx tsx test/interleave/cli.ts --program "lost update" --replay "0:1 1 0"
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { explore } from "./explore.ts";
import { findMutant, killMatrix, mutantsOf } from "./mutate.ts";
import { Prepared, type Program } from "./program.ts";
import { replay } from "./replay.ts";
import { describeResult } from "./report.ts";

const usage = `Options:
  --list               names of the programs
  --file <name>        programs of programs/<name>.ts; default: all files
  --program <name>     those whose name contains this; default: all
  --bound <n>          preemptions in a schedule, or Infinity; default 2
  --deep <n>           further, merging equal states
  --schedules <n>      at most; default 1,000,000
  --seconds <n>        at most, each program
  --random <n>         random schedules behind the bounded search
  --seed <n>           of the first of them
  --replay <schedule>  runs this schedule only, and prints what happens
  --plain              with --replay: plain accesses, too
  --mutant <name>      with one operation mutated
  --mutants <i..j>     each of these mutants against the programs`;

const { values } = parseArgs({
	options: {
		list: { type: "boolean" },
		file: { type: "string" },
		program: { type: "string" },
		bound: { type: "string" },
		deep: { type: "string" },
		schedules: { type: "string" },
		seconds: { type: "string" },
		random: { type: "string" },
		seed: { type: "string" },
		replay: { type: "string" },
		plain: { type: "boolean" },
		mutant: { type: "string" },
		mutants: { type: "string" },
		help: { type: "boolean" },
	},
});

/** What the files of `programs/` export. */
async function loadPrograms(): Promise<Program[]> {
	const folder = new URL("./programs/", import.meta.url);
	const all = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
	const files = values.file === undefined ? all : all.filter((name) => name === `${values.file}.ts`);
	const modules = await Promise.all(files.sort().map((file) => import(new URL(file, folder).href)));
	return modules.flatMap((module: { programs?: Program[] }) => module.programs ?? []);
}

function chosen(all: readonly Program[]): Program[] {
	const wanted = values.program;
	if (wanted === undefined) return [...all];
	const exact = all.filter(({ name }) => name === wanted);
	return exact.length > 0 ? exact : all.filter(({ name }) => name.includes(wanted));
}

function numberOf(name: "bound" | "deep" | "schedules" | "seconds" | "random" | "seed"): number | undefined {
	const text = values[name];
	if (text === undefined) return undefined;
	const value = Number(text);
	if (Number.isNaN(value) || value < 0) throw new RangeError(`--${name} ${text}: expected a number`);
	return value;
}

function limits() {
	const [bound, deep, random, seed] = [numberOf("bound"), numberOf("deep"), numberOf("random"), numberOf("seed")];
	const [maxSchedules, seconds] = [numberOf("schedules"), numberOf("seconds")];
	return {
		...(bound !== undefined && { bound }),
		...(deep !== undefined && { deep }),
		...(random !== undefined && { random }),
		...(seed !== undefined && { seed }),
		...(maxSchedules !== undefined && { maxSchedules }),
		...(seconds !== undefined && { seconds }),
	};
}

function exploreAll(programs: readonly Program[]): void {
	for (const one of programs) {
		const prepared = new Prepared(one);
		const mutant = values.mutant === undefined ? {} : { mutant: findMutant(prepared.core.sites, values.mutant) };
		if (values.replay !== undefined) {
			const { trace } = replay(prepared, values.replay, { ...mutant, plain: values.plain ?? false });
			console.log(trace.join("\n"));
			continue;
		}
		const result = explore(prepared, { ...limits(), ...mutant });
		console.log(describeResult(result));
		if (result.violation !== undefined) process.exitCode = 1;
	}
}

function mutate(programs: readonly Program[], slice: string): void {
	const prepared = programs.map((one) => new Prepared(one));
	const [from, to] = slice.split("..").map(Number);
	const report = killMatrix(prepared, { from, to: to ?? from + 1, onMutant: (line) => console.log(line), ...limits() });
	console.log(`${report.mutants} of ${mutantsOf(prepared[0].core.sites).length} mutants: ${report.killed} killed`);
	for (const { name, reason } of report.survivors) console.log(`survives: ${name} (${reason})`);
	if (report.survivors.length > 0) process.exitCode = 1;
}

const all = await loadPrograms();
const programs = chosen(all);
if (values.help) console.log(usage);
else if (values.list) console.log(all.map(({ name }) => name).join("\n"));
else if (programs.length === 0) throw new Error(`no program's name contains "${values.program}": --list shows them`);
else if (values.mutants !== undefined) mutate(programs, values.mutants);
else exploreAll(programs);
