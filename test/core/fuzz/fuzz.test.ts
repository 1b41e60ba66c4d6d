import fc from "fast-check";
import { describe, test } from "vitest";
import type { Build } from "../support/core.ts";
import { commands, step } from "./commands.ts";
import { finishRun } from "./end.ts";
import { Run, type Settings } from "./run.ts";

/** In all, for the tests of this file. `npm run fuzz` sets more. */
const seconds = Number(process.env.WASMRAY_FUZZ_SECONDS ?? 16);

const steps = fc.array(fc.tuple(fc.nat(commands.length - 1), fc.nat(0x7fffffff)), { maxLength: 250, size: "max" });

const settings: readonly Settings[] = (["core", "core.debug", "core.single", "core.single.debug"] as const).flatMap(
	(build: Build) => [false, true].map((tight) => ({ build, tight, threads: build.startsWith("core.single") ? 1 : 4 })),
);

describe("whatever is called, the core does what a model of a few lines does, and every invariant holds", () => {
	const each = (seconds * 1000) / settings.length;
	test.each(settings)("$build, $threads threads, tight: $tight", { timeout: each + 120_000 }, (options) => {
		fc.assert(
			fc.property(steps, (list) => {
				const run = new Run(options);
				for (const [command, seed] of list) step(run, command, seed);
				finishRun(run);
			}),
			{ numRuns: 1_000_000, interruptAfterTimeLimit: each, markInterruptAsFailure: false },
		);
	});
});
