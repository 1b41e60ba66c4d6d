// Objects of the core's shipping bytes.
import { describe } from "vitest";
import { holds } from "./holds.ts";
import { programs as objects } from "./programs/objects.ts";
import { programs as parts } from "./programs/parts.ts";
import { programs as waiting } from "./programs/waiting.ts";

describe("objects keep their invariants in every order:", () => holds(objects));
describe("a payload stays while a part of it is held, and then goes, in every order:", () => holds(parts));
describe("who waits for an object hears of it in every order:", () => holds(waiting));
