// The core's shipping bytes: a memory's beginning, its tables, and what a call does whoever else calls.
import { describe } from "vitest";
import { holds } from "./holds.ts";
import { programs as beginning } from "./programs/beginning.ts";
import { programs as beside } from "./programs/beside.ts";
import { programs as calls } from "./programs/calls.ts";
import { programs as capacity } from "./programs/capacity.ts";
import { programs as gates } from "./programs/gates.ts";
import { programs as numbers } from "./programs/numbers.ts";
import { programs as tables } from "./programs/tables.ts";

describe("a memory is laid out once in every order:", () => holds(beginning));
describe("numbers that are stale or another's are noticed in every order:", () => holds(numbers));
describe("calls are undone in every order:", () => holds(tables));
describe("what seldom comes together holds in every order:", () => holds(beside));
describe("other calls keep their invariants in every order:", () => holds(calls));
describe("the capacity holds in every order:", () => holds(capacity));
describe("every call passes the gate:", () => holds(gates));
