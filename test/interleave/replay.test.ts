import { describe, expect, test } from "vitest";
import { explore } from "./explore.ts";
import { Prepared } from "./program.ts";
import { programs } from "./programs/samples.ts";
import { replay } from "./replay.ts";
import { parseSchedule } from "./schedule.ts";

const wrong = programs
	.map((one) => ({ one, name: one.name, violation: explore(one, { bound: 3, maxSchedules: 3000 }).violation }))
	.filter(({ violation }) => violation !== undefined);

const lostUpdate = programs.find(({ name }) => name === "lost update") ?? programs[0];

describe("replaying", () => {
	test("has violations to replay", () => {
		expect(wrong.length).toBeGreaterThan(6);
	});

	test.for(wrong)("shows the same violation again: $name", ({ one, violation }) => {
		const { failure } = replay(one, violation?.schedule ?? "");
		expect(failure).toEqual({ kind: violation?.kind, message: violation?.message });
	});

	test("shows what a random schedule found", () => {
		const prepared = new Prepared(lostUpdate);
		const { violation } = explore(prepared, { bound: 0, random: 100, seed: 5 });
		expect(violation?.seed).toBeGreaterThanOrEqual(5);
		expect(replay(prepared, violation?.schedule ?? "").failure).toMatchObject({ kind: violation?.kind });
	});

	test("tells each operation: thread, address, value, function", () => {
		expect(replay(lostUpdate, "0:1 1 0").trace).toEqual([
			"      thread 0  calls incrementInTwo(1024)",
			"   1  thread 0  0x400  reads 0  [counter/incrementInTwo: i32.atomic.load #1]",
			"      thread 1  calls incrementInTwo(1024)",
			"   2  thread 1  0x400  reads 0  [counter/incrementInTwo: i32.atomic.load #1]",
			"   3  thread 1  0x400  store 1 (was 0)  [counter/incrementInTwo: i32.atomic.store #1]",
			"      thread 1  incrementInTwo returns undefined",
			"   4  thread 0  0x400  store 1 (was 1)  [counter/incrementInTwo: i32.atomic.store #1]",
			"      thread 0  incrementInTwo returns undefined",
			"      check: the counter is 1, not 2",
		]);
	});

	test("runs another schedule of the same program without a violation", () => {
		expect(replay(lostUpdate, "1 0").failure).toBeUndefined();
	});

	test("says that a schedule does not fit", () => {
		expect(replay(lostUpdate, "0 0 1").failure?.message).toMatch(
			/does not fit: thread 0 cannot go on at its stretch 2/,
		);
	});

	test("refuses what is no schedule", () => {
		expect(() => parseSchedule("0:1 x")).toThrow('"x" is no stretch of a schedule');
	});
});

describe("random schedules", () => {
	test("are the same for the same seed", () => {
		const run = (seed: number) => explore(lostUpdate, { bound: 0, random: 60, seed }).violation;
		expect(run(3)).toEqual(run(3));
		expect(run(3)).toBeDefined();
	});
});
