// The core's shipping bytes under every schedule with one preemption, as far as that ends soon: `npm run explore` goes on.
import { describe, expect, test } from "vitest";
import { Prepared, type Program } from "./program.ts";
import { programs as objects } from "./programs/objects.ts";
import { programs as parts } from "./programs/parts.ts";
import { programs as waiting } from "./programs/waiting.ts";
import { mustHold } from "./report.ts";

/** Of each program; most end below. */
const MOST_SCHEDULES = 1500;

function holds(programs: readonly Program[]): void {
	test.each(programs.map((one) => [one.name, one] as const))("%s", (_, one) => {
		const { schedules } = mustHold(new Prepared(one), { bound: 1, maxSchedules: MOST_SCHEDULES });
		expect(schedules).toBeGreaterThan(1);
	});
}

describe("objects keep their invariants in every order:", () => holds(objects));
describe("a payload stays while a part of it is held, and then goes, in every order:", () => holds(parts));
describe("who waits for an object hears of it in every order:", () => holds(waiting));
