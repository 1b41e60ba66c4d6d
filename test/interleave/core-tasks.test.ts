// Tasks and threads of the core's shipping bytes, as core.test.ts explores its objects.
import { describe, expect, test } from "vitest";
import { Prepared, type Program } from "./program.ts";
import { programs as beginning } from "./programs/beginning.ts";
import { programs as beside } from "./programs/beside.ts";
import { programs as calls } from "./programs/calls.ts";
import { programs as cancelling } from "./programs/cancelling.ts";
import { programs as deciding } from "./programs/deciding.ts";
import { programs as dying } from "./programs/dying.ts";
import { programs as gates } from "./programs/gates.ts";
import { programs as keeping } from "./programs/keeping.ts";
import { programs as numbers } from "./programs/numbers.ts";
import { programs as scheduling } from "./programs/scheduling.ts";
import { programs as tables } from "./programs/tables.ts";
import { mustHold } from "./report.ts";

/** Of each program; most end below. */
const MOST_SCHEDULES = 1500;

function holds(programs: readonly Program[]): void {
	test.each(programs.map((one) => [one.name, one] as const))("%s", (_, one) => {
		const { schedules } = mustHold(new Prepared(one), { bound: 1, maxSchedules: MOST_SCHEDULES });
		expect(schedules).toBeGreaterThan(1);
	});
}

describe("tasks and workers keep their invariants in every order:", () => holds(scheduling));
describe("failed tasks are decided about in every order:", () => holds(deciding));
describe("cancelled tasks end once in every order:", () => holds(cancelling));
describe("what is kept for a task is kept in every order:", () => holds(keeping));
describe("threads are ended and recovered in every order:", () => holds(dying));
describe("a memory is laid out once in every order:", () => holds(beginning));
describe("numbers that are stale or another's are noticed in every order:", () => holds(numbers));
describe("calls are undone in every order:", () => holds(tables));
describe("what seldom comes together holds in every order:", () => holds(beside));
describe("other calls keep their invariants in every order:", () => holds(calls));
describe("every call passes the gate:", () => holds(gates));
