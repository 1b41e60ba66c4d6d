// Tests of programs: under every schedule with one preemption, as far as that ends soon: `npm run explore` goes on.
import { expect, test } from "vitest";
import { Prepared, type Program } from "./program.ts";
import { mustHold } from "./report.ts";

/** Of each program; most end below. */
const MOST_SCHEDULES = 1500;

export function holds(programs: readonly Program[]): void {
	test.each(programs.map((one) => [one.name, one] as const))("%s", (_, one) => {
		const { schedules } = mustHold(new Prepared(one), { bound: 1, maxSchedules: MOST_SCHEDULES });
		expect(schedules).toBeGreaterThan(1);
	});
}
