// What threads may do beside calling the core: wait, wake, die, be stopped and recovered.
import { beforeAll, describe, expect, test } from "vitest";
import { compileSample } from "./compile.ts";
import { explore } from "./explore.ts";
import { type End, type Prepared, type Program, type ProgramOptions, program } from "./program.ts";
import { NOT_EQUAL, TIMED_OUT, WOKEN } from "./steps.ts";

let counter: Uint8Array;
let message: Uint8Array;
beforeAll(async () => {
	[counter, message] = await Promise.all([compileSample("counter"), compileSample("message")]);
});

const AT = 0x400;
const all = { bound: Number.POSITIVE_INFINITY };

function make(options: Omit<ProgramOptions<undefined>, "name" | "wasm">): Program {
	return program<undefined>({ name: "threads", wasm: counter, ...options });
}

/** Everything the threads logged, over all schedules. */
function outcomes(one: Program, options: object = all): string[] {
	const seen = new Set<string>();
	const onEnd = ({ machine }: Prepared) => {
		seen.add(
			machine.log
				.map(({ thread, entry }) => `${thread}:${entry}`)
				.sort()
				.join(" "),
		);
	};
	expect(explore(one, { ...options, onEnd }).violation).toBeUndefined();
	return [...seen].sort();
}

describe("waiters", () => {
	test("are woken in the order in which they came", () => {
		const one = make({
			threads: [
				function* (t) {
					yield t.park(AT, 0);
					yield t.mark(0);
				},
				function* (t) {
					yield t.read(AT);
					yield t.park(AT, 0);
					yield t.mark(1);
				},
				{
					daemon: true,
					*run(t) {
						for (let woken = 0; woken < 2; ) woken += yield t.notify(AT, 1);
					},
				},
			],
			limits: { steps: 40 },
		});
		const orders = new Set<string>();
		const onEnd = ({ machine }: Prepared) => orders.add(machine.log.map(({ thread }) => thread).join());
		const { violation } = explore(one, { bound: 1, onEnd });
		expect(violation).toBeUndefined();
		expect([...orders].sort()).toEqual(["0,1", "1,0"]);
	});

	test("blocked and asynchronous stand in one line", () => {
		const one = make({
			threads: [
				function* (t) {
					const ticket = yield t.waitAsync(AT, 0);
					yield t.write(AT + 4, 1);
					yield t.park(AT, 0);
					t.log("blocking");
					t.log((yield t.settled([ticket])) === ticket);
				},
				function* (t) {
					while ((yield t.read(AT + 4)) === 0) yield t.park(AT + 4, 0, 1);
					for (let woken = 0; woken < 2; ) woken += yield t.notify(AT, 1);
				},
			],
			limits: { steps: 60 },
		});
		expect(outcomes(one, { bound: 1 })).toEqual(["0:blocking 0:true"]);
	});

	test("of the host time out when nobody else can go on", () => {
		const one = make({
			threads: [
				function* (t) {
					t.log(yield t.park(AT, 0, 100));
				},
			],
		});
		expect(outcomes(one)).toEqual([`0:${TIMED_OUT}`]);
	});

	test("time out early if the program lets them", () => {
		const one = (timeouts: number) =>
			make({
				limits: { timeouts },
				threads: [
					function* (t) {
						t.log(yield t.park(AT, 0, 100));
					},
					function* (t) {
						yield t.boundary();
						yield t.write(AT, 1);
						yield t.notify(AT);
					},
				],
			});
		expect(outcomes(one(0))).toEqual([`0:${WOKEN}`, `0:${NOT_EQUAL}`]);
		expect(outcomes(one(1))).toEqual([`0:${WOKEN}`, `0:${NOT_EQUAL}`, `0:${TIMED_OUT}`]);
	});

	test("inside the core that only a time-out could rescue are a deadlock", () => {
		const silent = (rescue: boolean) =>
			program<undefined>({
				name: "silent",
				wasm: message,
				limits: { rescue },
				threads: [
					function* (t) {
						yield t.call("sendSilently", AT, 42);
					},
					function* (t) {
						t.log(yield t.call("receiveInTime", AT));
					},
				],
			});
		expect(explore(silent(false)).violation?.kind).toBe("deadlock");
		expect(outcomes(silent(true))).toEqual(["1:42"]);
	});

	test("may be left behind by daemons", () => {
		const one = make({
			threads: [
				{
					daemon: true,
					*run(t) {
						yield t.park(AT, 0);
					},
				},
			],
		});
		expect(explore(one).violation).toBeUndefined();
	});
});

describe("a thread that pauses", () => {
	test("lets others go on, so that its loop ends", () => {
		const one = make({
			threads: [
				function* (t) {
					while ((yield t.read(AT)) === 0) yield t.pause();
				},
				function* (t) {
					yield t.write(AT, 1);
				},
			],
		});
		expect(explore(one)).toMatchObject({ violation: undefined, complete: true, cut: 0 });
	});

	test("goes on when nobody else can", () => {
		const one = make({
			threads: [
				function* (t) {
					yield t.pause();
					t.log("on");
				},
			],
		});
		expect(outcomes(one)).toEqual(["0:on"]);
	});
});

describe("marks", () => {
	test("are seen in every order", () => {
		const one = make({
			threads: [0, 1].map(
				() =>
					function* (t) {
						yield t.mark("a");
						yield t.mark("b");
					},
			),
		});
		const orders = new Set<string>();
		const onEnd = ({ machine }: Prepared) =>
			orders.add(machine.log.map(({ thread, entry }) => `${thread}${entry}`).join());
		explore(one, { ...all, onEnd });
		expect(orders.size).toBe(6);
	});
});

describe("a killable thread", () => {
	const dying = (check?: (end: End<undefined>) => string | undefined) =>
		make({
			threads: [
				{
					name: "victim",
					*run(t) {
						yield t.add(AT, 1);
						yield t.add(AT, 1);
						yield t.add(AT, 1);
					},
					*recover(t) {
						t.log(yield t.read(AT));
					},
				},
			],
			...(check && { check }),
		});

	test("dies before each of its steps, after the last, or not at all", () => {
		expect(outcomes(dying())).toEqual(["", "1:0", "1:1", "1:2", "1:3"]);
	});

	test("that died is known to the check, and the schedule says where", () => {
		const { violation } = explore(dying(({ dead, logOf }) => (dead(0) && logOf(1)[0] === 2 ? "died at 2" : undefined)));
		expect(violation).toMatchObject({ message: "died at 2", schedule: "0:4! 1" });
	});

	test("takes its place in the line of waiters with it", () => {
		const one = make({
			threads: [
				{
					*run(t) {
						yield t.park(AT, 0);
						t.log("woken");
					},
					*recover(t) {
						t.log("recovered", yield t.notify(AT));
					},
				},
				function* (t) {
					yield t.write(AT, 1);
					yield t.notify(AT);
				},
			],
		});
		expect(outcomes(one)).toEqual(["0:woken", "0:woken 2:recovered,0", "2:recovered,0"]);
	});

	test("does nothing after what happens in its recovery: the two are no race", () => {
		const one = make({
			threads: [
				{
					*run(t) {
						t.poke(AT, 1);
						yield t.boundary();
						t.poke(AT, 2);
					},
					*recover(t) {
						t.log(t.peek(AT));
						yield t.boundary();
					},
				},
			],
		});
		expect(outcomes(one)).toEqual(["", "1:1", "1:2"]);
	});
});

describe("a stopped thread", () => {
	const stopping = (stop: boolean) =>
		make({
			threads: [
				function* (t) {
					t.poke(AT, 1);
					yield t.boundary();
					t.poke(AT, 2);
					yield t.boundary();
				},
				{
					name: "supervisor",
					optional: true,
					*run(t) {
						if (stop) yield t.stop(0);
						t.log(t.peek(AT));
						yield t.boundary();
					},
				},
			],
		});

	test("writes until it is stopped, and not after", () => {
		expect(outcomes(stopping(true))).toEqual(["", "1:0", "1:1", "1:2"]);
	});

	test("races with whoever does not wait for its end", () => {
		expect(explore(stopping(false)).violation?.kind).toBe("race");
	});
});
