// How tasks and threads of the core's shipping bytes end.
import { describe } from "vitest";
import { holds } from "./holds.ts";
import { programs as cancelling } from "./programs/cancelling.ts";
import { programs as dying } from "./programs/dying.ts";

describe("cancelled tasks end once in every order:", () => holds(cancelling));
describe("threads are ended and recovered in every order:", () => holds(dying));
