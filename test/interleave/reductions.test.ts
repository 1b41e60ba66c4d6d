// Random little programs: what the reduced search leaves out must be nothing but repetition.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSample } from "./compile.ts";
import { type ExploreOptions, explore } from "./explore.ts";
import { type Body, Prepared, type Program, program, type ThreadOptions } from "./program.ts";
import { type Step, steps } from "./steps.ts";

const wasm = await compileSample("counter");
const place = fc.constantFrom(0x400, 0x404, 0x440);
const DATA = 0x480;
const small = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
	place.map((at) => steps.read(at)),
	fc.tuple(place, small).map(([at, value]) => steps.write(at, value)),
	fc.tuple(place, small).map(([at, value]) => steps.add(at, value)),
	fc.tuple(place, small, small).map(([at, expected, value]) => steps.compareExchange(at, expected, value)),
	fc.tuple(place, small).map(([at, value]) => steps.park(at, value)),
	fc.tuple(place, small).map(([at, value]) => steps.park(at, value, 1)),
	fc.tuple(place, fc.constantFrom(1, 9)).map(([at, count]) => steps.notify(at, count)),
	place.map((at) => steps.call("incrementInTwo", at)),
	place.map((at) => steps.call("increment", at)),
	fc.constantFrom(steps.mark("m"), steps.boundary()),
);

const thread = fc.record({
	list: fc.array(step, { minLength: 1, maxLength: 3 }),
	dies: fc.boolean(),
	optional: fc.boolean(),
});

/** Threads may be blocked at the end: that is an outcome like any other. */
function made(threads: { list: Step[]; dies: boolean; optional: boolean }[], stops: number, timeouts: number): Program {
	const bodies = threads.map(({ list, dies, optional }, index): ThreadOptions<undefined> => {
		const run: Body<undefined> = function* (t) {
			if (index === stops) yield t.stop(0);
			for (const one of list) t.log(yield one);
		};
		const recover: Body<undefined> = function* (t) {
			t.log(yield t.add(0x400, 10));
		};
		return { run, daemon: true, optional, ...(dies && index === 1 ? { recover } : {}) };
	});
	return program<undefined>({ name: "random", wasm, threads: bodies, limits: { timeouts } });
}

function outcomes(one: Program, options: ExploreOptions): Set<string> {
	const seen = new Set<string>();
	const onEnd = ({ machine }: Prepared) => {
		const logs = machine.threads.map(({ index }) =>
			machine.log.filter((entry) => entry.thread === index).map((x) => x.entry),
		);
		const marks = machine.log.filter(({ entry }) => entry[0] === "m").map((x) => x.thread);
		const memory = [0x400, 0x404, 0x440].map((at) => machine.world.words[at >>> 2]);
		seen.add(JSON.stringify([logs, marks, memory]));
	};
	const { violation, complete } = explore(new Prepared(one), { ...options, onEnd });
	expect(violation).toBeUndefined();
	expect(complete).toBe(true);
	return seen;
}

const little = fc.tuple(
	fc.array(thread, { minLength: 2, maxLength: 3 }),
	fc.constantFrom(-1, -1, 1),
	fc.constantFrom(0, 0, 1),
);

describe("of random programs", () => {
	test.for([1, 2, Number.POSITIVE_INFINITY])("the reduced search sees every outcome with %d preemptions", (bound) => {
		fc.assert(
			fc.property(little, ([threads, stops, timeouts]) => {
				const one = made(threads, stops, timeouts);
				const full = outcomes(one, { bound, reduce: false });
				expect(outcomes(one, { bound })).toEqual(full);
				expect(outcomes(one, { bound: 0, deep: bound })).toEqual(full);
			}),
			{ numRuns: 40 },
		);
	});

	test.for([1, 2, Number.POSITIVE_INFINITY])("it sees a race where there is one with %d preemptions", (bound) => {
		const plain = fc.array(fc.tuple(step, fc.constantFrom("", "", "peek", "poke")), { minLength: 1, maxLength: 3 });
		fc.assert(
			fc.property(fc.array(plain, { minLength: 2, maxLength: 3 }), (lists) => {
				const threads = lists.map((list): ThreadOptions<undefined> => {
					const run: Body<undefined> = function* (t) {
						for (const [one, access] of list) {
							if (access === "peek") t.peek(DATA);
							if (access === "poke") t.poke(DATA, 1);
							yield one;
						}
					};
					return { run, daemon: true };
				});
				const one = program<undefined>({ name: "random", wasm, threads });
				const full = explore(one, { bound, reduce: false, warmUp: 0 }).violation?.kind;
				expect(explore(one, { bound, warmUp: 0 }).violation?.kind).toBe(full);
			}),
			{ numRuns: 40 },
		);
	});
});
