// Objects of the core's shipping bytes.
import { describe } from "vitest";
import { holds } from "./holds.ts";
import { programs as objects } from "./programs/objects.ts";
import { programs as waiting } from "./programs/waiting.ts";

describe("objects keep their invariants in every order:", () => holds(objects));
describe("who waits for an object hears of it in every order:", () => holds(waiting));
