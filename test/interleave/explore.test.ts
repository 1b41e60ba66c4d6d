import { beforeAll, describe, expect, test } from "vitest";
import { compileSample } from "./compile.ts";
import { explore } from "./explore.ts";
import { type Body, type Prepared, type Program, type ProgramOptions, program } from "./program.ts";
import { programs } from "./programs/samples.ts";

function named(name: string): Program {
	const found = programs.find((one) => one.name === name);
	if (found === undefined) throw new Error(`no program "${name}"`);
	return found;
}

const right = [
	"atomic counter",
	"retain against last release",
	"locked counter",
	"ring, one producer and one consumer",
	"ring, two producers and two consumers",
	"free list with a count",
	"message",
	"message in time",
	"message by spinning",
	"recovery at every boundary",
	"supervised owner",
	"park",
	"a blocking wait above an asynchronous one",
];

const wrong: [name: string, kind: string, message: RegExp][] = [
	["lost update", "check", /the counter is 1, not 2/],
	["plain counter", "race", /thread 0 writes \(counter\/incrementPlain: i32.store #1\), thread 1 reads/],
	["two locks in two orders", "deadlock", /thread 0 waits at 0x440; thread 1 waits at 0x400/],
	["free list with ABA", "check", /the nodes are/],
	["message sent early", "race", /data race at 0x404/],
	["message without a wake", "deadlock", /thread 1 waits at 0x400/],
	["supervised owner without a gate", "check", /0 are free, not 1/],
	["park, with a lost wake", "deadlock", /thread 1 waits at 0x400/],
];

describe("the search", () => {
	test("has a sample for each of these", () => {
		expect([...right, ...wrong.map(([name]) => name)].sort()).toEqual(programs.map(({ name }) => name).sort());
	});

	test.for(right)("covers every schedule of a right program: %s", (name) => {
		const result = explore(named(name), { bound: Number.POSITIVE_INFINITY });
		expect(result.violation).toBeUndefined();
		expect(result.exhaustive).toBe(true);
		expect(result.cut).toBe(0);
	});

	test.for(wrong)("finds what is wrong with a wrong one: %s", ([name, kind, message]) => {
		const { violation } = explore(named(name));
		expect(violation?.kind).toBe(kind);
		expect(violation?.message).toMatch(message);
	});

	test("finds a schedule with the fewest preemptions", () => {
		expect(explore(named("lost update"), { bound: 3 }).violation).toMatchObject({ bound: 1, schedule: "0:1 1 0" });
	});

	test("reports what a random schedule stumbled upon if it finds nothing itself", () => {
		const { violation } = explore(named("lost update"), { bound: 0 });
		expect(violation?.bound).toBeUndefined();
		expect(violation?.seed).toBeGreaterThan(0);
	});

	test("says when the bound left schedules out", () => {
		expect(explore(named("locked counter"), { bound: 1 })).toMatchObject({ complete: true, exhaustive: false });
	});

	test("says when it stopped early", () => {
		const result = explore(named("locked counter"), { bound: 2, maxSchedules: 20 });
		expect(result).toMatchObject({ complete: false, schedules: 20 });
	});
});

describe("the reductions", () => {
	/** Everything that a program could leave behind, with some of the search's options. */
	function outcomes(one: Program, options: object): Set<string> {
		const seen = new Set<string>();
		const onEnd = ({ machine }: Prepared) => {
			const logs = machine.log.map(({ thread, entry }) => `${thread}: ${entry}`).sort();
			seen.add(`${logs} | ${machine.world.words.slice(0x400 >>> 2, 0x600 >>> 2)}`);
		};
		const { violation, exhaustive } = explore(one, { bound: Number.POSITIVE_INFINITY, ...options, onEnd });
		expect(violation).toBeUndefined();
		expect(exhaustive).toBe(true);
		return seen;
	}

	const unchecked = ["lost update", "free list with ABA", "supervised owner without a gate"].map((name) => {
		const { check: _, ...rest } = named(name);
		return rest;
	});
	const many = "ring, two producers and two consumers";
	const all = [...right.filter((name) => name !== many).map(named), ...unchecked];

	test.for(all)("lose no outcome of $name", (one) => {
		const full = outcomes(one, { reduce: false });
		expect(outcomes(one, {})).toEqual(full);
		expect(outcomes(one, { bound: 0, deep: Number.POSITIVE_INFINITY })).toEqual(full);
	});

	test("spare most of the schedules", () => {
		const one = named("ring, one producer and one consumer");
		const bound = Number.POSITIVE_INFINITY;
		expect(explore(one, { bound }).schedules).toBeLessThan(explore(one, { bound, reduce: false }).schedules / 50);
	});
});

describe("a schedule", () => {
	let bytes: Uint8Array;
	beforeAll(async () => {
		bytes = await compileSample("bytes");
	});
	const AT = 0x400;

	function single(run: Body<undefined>, options: Partial<ProgramOptions<undefined>> = {}): Program {
		return program<undefined>({ name: "single", wasm: bytes, threads: [run], ...options });
	}

	test("that traps is a violation that names the call", () => {
		const { violation } = explore(
			single(function* (t) {
				yield t.call("divide", 1, 0);
			}),
		);
		expect(violation).toMatchObject({ kind: "trap", message: "thread 0: in divide: divide by zero" });
	});

	test("whose program throws is a violation", () => {
		const { violation } = explore(
			// biome-ignore lint/correctness/useYield: it ends before its first step
			single(function* () {
				throw new Error("as planned");
			}),
		);
		expect(violation).toMatchObject({ kind: "error", message: "thread 0: as planned" });
	});

	test("that touches memory behind the program's pages is a violation", () => {
		const { violation } = explore(
			single(
				function* (t) {
					yield t.call("publish", 65536, 1);
				},
				{ pages: 1 },
			),
		);
		expect(violation?.message).toMatch(
			/publish: i32.atomic.store #1 touches 0x10000, outside of the program's 1 pages/,
		);
	});

	test("in which a thread spins on what nobody will change is a livelock", () => {
		const { violation } = explore(
			single(function* (t) {
				yield t.call("spin", AT);
			}),
		);
		expect(violation?.kind).toBe("livelock");
	});

	test("that goes on for too long is cut, and counted as cut", () => {
		const result = explore(
			single(
				function* (t) {
					yield t.call("busy", AT);
				},
				{ limits: { steps: 100 } },
			),
		);
		expect(result).toMatchObject({ violation: undefined, schedules: 0, exhaustive: false });
		expect(result.cut).toBeGreaterThan(0);
	});

	test("starts from the memory and the globals that setup left", async () => {
		const gate = await compileSample("gate");
		const one = program<string>({
			name: "setup",
			wasm: gate,
			setup: ({ words, threads }) => {
				words[AT >>> 2] = 0;
				words[(AT + 8) >>> 2] = 2;
				for (const [index, thread] of threads.entries()) thread.attach(10 + index);
				return "given";
			},
			threads: [0, 1].map(
				() =>
					function* (t, given) {
						t.log(given);
						yield t.call("attach", 77);
						yield t.call("take", AT);
						yield t.call("attach", 78);
					},
			),
			check: ({ words, logOf }) => {
				if (logOf(0)[0] !== "given") return `given was ${logOf(0)[0]}`;
				const [owner, free] = [words[(AT + 4) >>> 2], words[(AT + 8) >>> 2]];
				return owner === 77 && free <= 1 ? undefined : `owned by ${owner}, ${free} free`;
			},
		});
		expect(explore(one).violation).toBeUndefined();
	});

	test("whose setup fails is not explored", () => {
		const failing = single(function* () {}, {
			setup: () => {
				throw new Error("no such thing");
			},
		});
		expect(explore(failing)).toMatchObject({ schedules: 0, violation: { message: "setup: no such thing" } });
	});

	test("may be looked at by another module, whose writes are put back", async () => {
		const lock = await compileSample("lock");
		const one = single(
			function* (t) {
				yield t.call("setWord", AT + 8, 1);
			},
			{
				check: ({ observer, words }) => {
					observer(lock).increment(AT);
					return words[(AT + 4) >>> 2] === 1 ? undefined : `counted ${words[(AT + 4) >>> 2]}`;
				},
			},
		);
		expect(explore(one, { random: 5 }).violation).toBeUndefined();
	});

	test("is checked after each call if the program has an invariant", () => {
		const { violation } = explore(
			single(
				function* (t) {
					yield t.call("setWord", AT, 1);
					yield t.call("setWord", AT, 0);
				},
				{ invariant: ({ words }) => (words[AT >>> 2] === 0 ? undefined : "it is set") },
			),
		);
		expect(violation).toMatchObject({ kind: "check", message: "it is set" });
	});
});
