// Results as text.
import { type ExploreOptions, explore, type Result } from "./explore.ts";
import type { Prepared, Program } from "./program.ts";

/** For tests: throws, with the schedule, if the program can go wrong or if some of it was not covered. */
export function mustHold(what: Program | Prepared, options: ExploreOptions = {}): Result {
	const result = explore(what, options);
	if (result.violation !== undefined || result.cut > 0) throw new Error(describeResult(result));
	return result;
}

export function describeResult(result: Result): string {
	const { program, schedules, pruned, cut, random, seconds, violation } = result;
	const coverage = result.exhaustive
		? "every schedule"
		: result.complete
			? `every schedule with ${result.bound} preemptions`
			: "not all";
	const counts = [
		`${schedules} schedules`,
		`${pruned} merged`,
		...(cut > 0 ? [`${cut} cut`] : []),
		...(random > 0 ? [`${random} random`] : []),
		`longest ${result.longest}`,
		`${Math.round((schedules + pruned + random) / Math.max(seconds, 0.001))}/s`,
	].join(", ");
	if (violation === undefined) return `${program}: ok (${coverage}; ${counts})`;
	const how = violation.seed === undefined ? `bound ${violation.bound ?? "?"}` : `seed ${violation.seed}`;
	return [
		`${program}: ${violation.kind}: ${violation.message}`,
		`  schedule: ${violation.schedule} (${how}; ${counts})`,
		`  ${violation.replay}`,
	].join("\n");
}
