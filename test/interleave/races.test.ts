import { beforeAll, describe, expect, test } from "vitest";
import { Cells } from "./cells.ts";
import { compileSample } from "./compile.ts";
import { explore, type Violation } from "./explore.ts";
import { type Body, program, type ThreadOptions } from "./program.ts";
import { RaceDetector } from "./races.ts";

let bytes: Uint8Array;
beforeAll(async () => {
	bytes = await compileSample("bytes");
});

const AT = 0x400;
const FLAG = 0x800;

function violationOf(...threads: (Body<undefined> | ThreadOptions<undefined>)[]): Violation | undefined {
	return explore(program<undefined>({ name: "race", wasm: bytes, threads })).violation;
}

describe("accesses of two threads", () => {
	test("to neighbouring bytes are no race", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("setByte", AT, 1);
			},
			function* (t) {
				yield t.call("setByte", AT + 1, 1);
				t.poke(AT + 2, 1, 2);
			},
		);
		expect(violation).toBeUndefined();
	});

	test("to the same byte are one, also when one access is wider", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("setByte", AT + 3, 1);
			},
			function* (t) {
				yield t.call("setWord", AT, 1);
			},
		);
		expect(violation?.kind).toBe("race");
	});

	test("that only read are none", () => {
		const read: Body<undefined> = function* (t) {
			yield t.call("byteOf", AT);
			t.peek(AT);
		};
		expect(violationOf(read, read)).toBeUndefined();
	});

	test("race if one is atomic and the other plain", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("publish", AT, 1);
			},
			function* (t) {
				yield t.call("byteOf", AT);
			},
		);
		expect(violation?.message).toMatch(/atomically writes \(bytes\/publish/);
	});

	test("race if both are atomic and overlap in part", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("publish", AT + 4, 1);
			},
			function* (t) {
				yield t.call("publishLong", AT, 1);
			},
		);
		expect(violation?.kind).toBe("race");
	});

	test("do not race if an atomic orders them", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("fill", AT, 7, 1000);
				yield t.call("publish", FLAG, 1);
			},
			function* (t) {
				yield t.call("awaitValue", FLAG, 1);
				yield t.call("copy", AT + 1000, AT, 1000);
				t.log(yield t.call("byteOf", AT + 500));
			},
		);
		expect(violation).toBeUndefined();
	});

	test("race if the atomic that would order them was overwritten by another thread", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("setWord", AT, 7);
				yield t.call("publish", FLAG, 2);
			},
			function* (t) {
				yield t.call("publish", FLAG, 2);
			},
			function* (t) {
				yield t.call("awaitValue", FLAG, 2);
				yield t.call("byteOf", AT);
			},
		);
		expect(violation?.kind).toBe("race");
	});

	test("race though one is part of a long fill or copy", () => {
		for (const bulk of ["fill", "copy"]) {
			const violation = violationOf(
				function* (t) {
					yield t.call(bulk, AT, AT + 4096, 1000);
				},
				function* (t) {
					yield t.call("setByte", AT + 777, 1);
				},
			);
			expect(violation?.message, bulk).toMatch(/memory\.(fill|copy)/);
		}
	});

	test("race though both are long copies", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("copy", AT, AT + 4096, 1000);
			},
			function* (t) {
				yield t.call("copy", AT + 8192, AT + 900, 1000);
			},
		);
		expect(violation?.kind).toBe("race");
	});

	test("race with a loop over a table if it comes there, and not else", () => {
		const race = (written: number, filledFirst: boolean) =>
			violationOf(
				function* (t) {
					if (filledFirst) yield t.call("fill", AT, 1, 512);
					yield t.call("sumOf", AT, 24);
				},
				function* (t) {
					yield t.call("setWord", AT + written, 1);
				},
			)?.kind;
		expect(race(4 * 23, false)).toBe("race");
		expect(race(4 * 24, false)).toBeUndefined();
		expect(race(4 * 24, true)).toBe("race");
	});

	test("race with a loop over what another thread fills", () => {
		const violation = violationOf(
			function* (t) {
				yield t.call("fill", AT, 1, 512);
			},
			function* (t) {
				yield t.call("sumOf", AT, 24);
			},
		);
		expect(violation?.message).toMatch(/memory\.fill.*i32\.load|i32\.load.*memory\.fill/);
	});

	test("are ordered by an asynchronous wait once it is seen to have ended, and not before", () => {
		const woken = (looksEarly: boolean) =>
			violationOf(
				function* (t) {
					t.poke(AT, 1);
					yield t.notify(FLAG);
				},
				{
					daemon: true,
					*run(t) {
						const ticket = yield t.waitAsync(FLAG, 0);
						yield t.boundary();
						if (looksEarly) t.peek(AT);
						yield t.settled([ticket]);
						t.peek(AT);
					},
				},
			);
		expect(woken(false)).toBeUndefined();
		expect(woken(true)?.kind).toBe("race");
	});

	test("of which one is the host's race, too", () => {
		const violation = violationOf(
			function* (t) {
				t.bytes(AT, 64, "write").fill(1);
				yield t.write(FLAG, 1);
			},
			function* (t) {
				yield t.call("byteOf", AT + 60);
			},
		);
		expect(violation?.message).toMatch(/host: poke/);
	});
});

describe("the detector", () => {
	const X = 64;
	const Y = 128;
	const detector = () => {
		const made = new RaceDetector(new Cells(65536), 3, 65536);
		made.begin();
		return made;
	};

	test("forgets the run before", () => {
		const races = detector();
		races.plain(0, 1, true, X, 4);
		races.begin();
		races.plain(1, 2, true, X, 4);
		expect(races.race).toBeUndefined();
	});

	test("orders through a chain of threads", () => {
		const races = detector();
		races.plain(0, 1, true, X, 4);
		races.atomic(0, 2, false, true, Y, 4);
		races.atomic(1, 3, true, true, Y, 4);
		races.atomic(2, 4, true, false, Y, 4);
		races.plain(2, 5, true, X, 4);
		expect(races.race).toBeUndefined();
	});

	test("does not order a write after a release", () => {
		const races = detector();
		races.atomic(0, 1, false, true, Y, 4);
		races.plain(0, 2, true, X, 4);
		races.atomic(1, 3, true, false, Y, 4);
		races.plain(1, 4, false, X, 4);
		expect(races.race).toMatchObject({ address: X, earlier: { thread: 0, site: 2 }, later: { thread: 1, site: 4 } });
	});

	test("does not order through reads alone", () => {
		const races = detector();
		races.plain(0, 1, true, X, 4);
		races.atomic(0, 2, true, false, Y, 4);
		races.atomic(1, 3, true, false, Y, 4);
		races.plain(1, 4, true, X, 4);
		expect(races.race).toBeDefined();
	});

	test("sees a write behind the reads of two others", () => {
		const races = detector();
		races.plain(0, 1, false, X, 4);
		races.plain(1, 2, false, X, 4);
		races.order(1, 2);
		races.plain(2, 3, true, X, 4);
		expect(races.race).toMatchObject({ earlier: { thread: 0, site: 1, writes: false } });
	});
});
