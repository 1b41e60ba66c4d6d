import fc from "fast-check";
import { describe, test } from "vitest";
import { builds } from "../support/core.ts";
import { commands, step } from "./commands.ts";
import { finishRun } from "./end.ts";
import { Run, type Settings } from "./run.ts";
import { names, Wild } from "./wild.ts";

/** For all tests of this file together; `npm run fuzz` sets more. */
const seconds = Number(process.env.WASMRAY_FUZZ_SECONDS ?? 18);

const settings: readonly Settings[] = builds.flatMap((build) =>
	[false, true].map((tight) => ({ build, tight, threads: build.startsWith("core.single") ? 1 : 4 })),
);

const share = (seconds * 1000) / (settings.length + builds.length);
/** A failure is shrunk before it is reported. */
const timeout = share + 120_000;

/** Lists of one of so many commands, each with a seed for what it does. */
const lists = (count: number) =>
	fc.array(fc.tuple(fc.nat(count - 1), fc.nat(0x7fffffff)), { maxLength: 250, size: "max" });

function explore(count: number, run: (list: readonly [command: number, seed: number][]) => void): void {
	const property = fc.property(lists(count), run);
	const limits = { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: share, markInterruptAsFailure: false };
	const { failed, seed, counterexamplePath } = fc.check(property, limits);
	// Found, perhaps, when the time was up: shrinking has a time of its own.
	if (failed) fc.assert(property, { seed, path: counterexamplePath as string, interruptAfterTimeLimit: 60_000 });
}

describe("whatever is called, the core does what the model does, every invariant holds, and in the end nothing is left", () => {
	test.each(settings)("$build, $threads threads, tight: $tight", { timeout }, (options) => {
		explore(commands.length, (list) => {
			const run = new Run(options);
			for (const [command, seed] of list) step(run, command, seed);
			finishRun(run);
		});
	});
});

describe("whatever numbers an export is given, it answers, every invariant holds, and in the end nothing is left", () => {
	test.each(builds)("%s", { timeout }, (build) => {
		explore(names.length, (list) => {
			const wild = new Wild(build);
			for (const [name, seed] of list) wild.step(names[name], seed);
			wild.finish();
		});
	});
});
