// Mutates every atomic operation of the core; some program has to fail, or the mutant stands in survivors.ts with its reason:
// `npm run mutate`.
//
//   --seconds <n>        starts no further mutant after so long. Default: no limit
//   --from <n> --to <n>  these mutants only
//   --every <n>          the first of them and each so many behind it. Default 1: all
//   --only <text>        those whose names contain this; may be given several times
//   --watch              looks at each program for long first: those that need no atomicity there are not run, and believed
//   --rotate             begins at another of these each day, or with each WASMRAY_SEED: with --seconds, all have their turn in time
import { parseArgs } from "node:util";
import { corePrograms } from "./core-programs.ts";
import { killMatrix, mutantsOf } from "./mutate.ts";
import { Prepared } from "./program.ts";
import { survivors } from "./survivors.ts";

const text = { type: "string" } as const;
const { values } = parseArgs({
	options: {
		seconds: text,
		from: text,
		to: text,
		every: text,
		rotate: { type: "boolean" },
		watch: { type: "boolean" },
		only: { ...text, multiple: true },
	},
});
const numberOf = (name: "seconds" | "from" | "to" | "every", otherwise: number) => {
	const value = Number(values[name] ?? otherwise);
	if (Number.isNaN(value) || value < 0) throw new RangeError(`--${name} ${values[name]}: expected a number`);
	return value;
};

// One death of each kind is enough: what the others add is orders, which cost most of the time.
const prepared = corePrograms
	.filter(({ name }) => !/; thread [1-9] dies$/.test(name))
	.map((program) => new Prepared(program));
const all = mutantsOf(prepared[0]?.core.sites ?? []).length;
const every = Math.max(1, numberOf("every", 1));
const today = Number(process.env.WASMRAY_SEED ?? Math.floor(Date.now() / 86_400_000));
/** Of a day's work begins where, about, that of the day before ended. */
const A_DAY = 11;
const mutants = Math.ceil(all / every);
const from = values.rotate === true ? ((today * A_DAY) % mutants) * every : numberOf("from", 0);
const watched = values.watch === true;
const report = killMatrix(prepared, {
	from,
	to: numberOf("to", all),
	every,
	...(values.only !== undefined && { only: values.only }),
	within: numberOf("seconds", Number.POSITIVE_INFINITY),
	baseline: watched ? { bound: 2, maxSchedules: 3000, seconds: 0.8, random: 40 } : { bound: 1, maxSchedules: 30 },
	watched,
	glance: { bound: 1, maxSchedules: 150, warmUp: 12 },
	bound: 2,
	maxSchedules: 6000,
	seconds: 12,
	random: 100,
	accepted: survivors,
	onMutant: (line) => console.log(line),
});
console.log(
	`${report.mutants} of ${all} mutants: ${report.killed} killed, ${report.locked} under a lock, ${report.accepted} accepted, ${report.survivors.length} survive`,
);
for (const { name, reason } of report.survivors) console.log(`survives: ${name} (${reason})`);
if (report.survivors.length > 0) process.exitCode = 1;
