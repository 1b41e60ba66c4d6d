import { describe, expect, test } from "vitest";
import { compileSample } from "./compile.ts";
import { explore } from "./explore.ts";
import { findMutant, killMatrix, mutantsOf, spuriousWaitsOf } from "./mutate.ts";
import { Prepared, type Program, program } from "./program.ts";
import { programs } from "./programs/samples.ts";
import { replay } from "./replay.ts";

const AT = 0x400;
const lock = await compileSample("lock");

/** Locks and unlocks in calls of their own. */
const stepwise = program({
	name: "lock and unlock",
	wasm: lock,
	threads: [0, 1].map(
		() =>
			function* (t) {
				yield t.call("lock", AT);
				t.poke(AT + 4, t.peek(AT + 4) + 1);
				yield t.call("unlock", AT);
			},
	),
	check: ({ words }) => (words[(AT + 4) >>> 2] === 2 ? undefined : `the counter is ${words[(AT + 4) >>> 2]}`),
});

const find = (name: string) => programs.find((one) => one.name === name) as Program;
const lockPrograms = () => [stepwise, find("locked counter")].map((one) => new Prepared(one));

describe("mutants", () => {
	test("are two of each write, one of each load and notify", () => {
		const { sites } = new Prepared(stepwise).core;
		const names = mutantsOf(sites).map(({ name }) => name);
		expect(names.filter((name) => name.includes("unlock"))).toEqual([
			"lock/unlock: i32.atomic.rmw.xchg #1: drop",
			"lock/unlock: i32.atomic.rmw.xchg #1: plain",
			"lock/unlock: memory.atomic.notify #1: skip",
		]);
		expect(names.some((name) => name.includes("i32.load"))).toBe(false);
	});

	test("of the lock are all killed", () => {
		const report = killMatrix(lockPrograms());
		expect(report.survivors).toEqual([]);
		expect(report.killed).toBe(mutantsOf(lockPrograms()[0].core.sites).length);
	});

	test("may be run in slices", () => {
		const [first, second] = [killMatrix(lockPrograms(), { to: 5 }), killMatrix(lockPrograms(), { from: 5 })];
		expect(first.mutants).toBe(5);
		expect([...first.killers.keys(), ...second.killers.keys()]).toEqual([...killMatrix(lockPrograms()).killers.keys()]);
	});

	test("that no program reaches are told from those that none notices", () => {
		const blind = program({
			...stepwise,
			name: "blind",
			threads: stepwise.threads.slice(0, 1),
			check: () => undefined,
		});
		const reasons = new Map(killMatrix([new Prepared(blind)]).survivors.map(({ name, reason }) => [name, reason]));
		expect(reasons.get("lock/increment: i32.atomic.rmw.xchg #2: drop")).toBe("no program comes here");
		expect(reasons.get("lock/unlock: i32.atomic.rmw.xchg #1: drop")).toBe("no program fails");
	});

	test("may be accepted with a reason, and what is accepted in vain is told", () => {
		const accepted = [
			{ mutant: "lock/increment: *", reason: "the other functions stand for it" },
			{ mutant: "lock/forget: *", reason: "gone" },
		];
		const report = killMatrix([new Prepared(stepwise)], { accepted });
		expect(report.survivors).toEqual([]);
		expect(report.accepted).toBeGreaterThan(0);
		expect(report.unused).toEqual([accepted[1]]);
	});

	test("that make plain what meets no other need not be run after a thorough look, and may be accepted by what they touch", () => {
		const counter = find("atomic counter");
		const placesOf = () => () => ({ name: "the counter", lock: 0 });
		const alone = program({
			...counter,
			name: "alone",
			threads: counter.threads.slice(0, 1),
			check: () => undefined,
			placesOf,
		});
		const isPlain = ({ name }: { readonly name: string }) => name.includes("rmw.add") && name.endsWith(": plain");
		const look = { watched: true, baseline: { bound: 2 } };
		const [survivor] = killMatrix([new Prepared(alone)], look).survivors.filter(isPlain);
		expect(survivor?.reason).toBe("it meets no other: the counter");
		const accepted = [{ mutant: "*: plain", touches: "the counter", reason: "one thread" }];
		expect(killMatrix([new Prepared(alone)], { ...look, accepted }).survivors.filter(isPlain)).toEqual([]);
		const met = killMatrix([new Prepared({ ...counter, placesOf })], { ...look, accepted });
		expect([...met.killers.keys()].filter((name) => isPlain({ name }))).toHaveLength(1);
	});

	test("are refused if a program fails without them, or is about other bytes", () => {
		expect(() => killMatrix([new Prepared(find("lost update"))])).toThrow(/"lost update" fails without a mutation/);
		expect(() => killMatrix([stepwise, find("message")].map((one) => new Prepared(one)))).toThrow(/other bytes/);
	});
});

describe("a mutant", () => {
	const violationOf = (one: Program, name: string) => {
		const prepared = new Prepared(one);
		const mutant = findMutant(prepared.core.sites, name);
		const { violation } = explore(prepared, { mutant });
		expect(replay(prepared, violation?.schedule ?? "", { mutant }).failure).toMatchObject({ kind: violation?.kind });
		return violation;
	};

	test("without a notification loses the wake", () => {
		expect(violationOf(stepwise, "lock/unlock: memory.atomic.notify #1: skip")?.kind).toBe("deadlock");
		expect(violationOf(find("message"), "message/send: memory.atomic.notify #1: skip")?.kind).toBe("deadlock");
	});

	test("with a plain access is a race", () => {
		expect(violationOf(find("message"), "message/send: i32.atomic.store #1: plain")?.kind).toBe("race");
		expect(violationOf(find("message by spinning"), "message/spinForMessage: i32.atomic.load #1: plain")?.kind).toBe(
			"race",
		);
		expect(violationOf(find("atomic counter"), "counter/increment: i32.atomic.rmw.add #1: plain")?.kind).toBe("race");
	});

	test("without its write fails the check", () => {
		expect(violationOf(find("atomic counter"), "counter/increment: i32.atomic.rmw.add #1: drop")?.kind).toBe("check");
	});

	test("whose waits return without a reason does no harm", () => {
		for (const one of [stepwise, find("locked counter"), find("message")]) {
			const prepared = new Prepared(one);
			for (const mutant of spuriousWaitsOf(prepared.core.sites)) {
				expect(explore(prepared, { mutant }).violation, mutant.name).toBeUndefined();
			}
		}
	});

	test("leaves no trace in the next run of the same program", () => {
		const prepared = new Prepared(stepwise);
		const mutant = findMutant(prepared.core.sites, "lock/unlock: i32.atomic.rmw.xchg #1: drop");
		expect(explore(prepared, { mutant }).violation).toBeDefined();
		expect(explore(prepared).violation).toBeUndefined();
	});

	test("must exist", () => {
		const { sites } = new Prepared(stepwise).core;
		expect(() => findMutant(sites, "lock/lock: none")).toThrow(/there is no mutant "lock\/lock: none"/);
	});
});
