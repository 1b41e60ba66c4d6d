// Tasks of the core's shipping bytes.
import { describe } from "vitest";
import { holds } from "./holds.ts";
import { programs as classes } from "./programs/classes.ts";
import { programs as deciding } from "./programs/deciding.ts";
import { programs as keeping } from "./programs/keeping.ts";
import { programs as scheduling } from "./programs/scheduling.ts";

describe("tasks and workers keep their invariants in every order:", () => holds(scheduling));
describe("a class keeps its place while it has tasks, in every order:", () => holds(classes));
describe("failed tasks are decided about in every order:", () => holds(deciding));
describe("what is kept for a task is kept in every order:", () => holds(keeping));
