// The capacity: what hosts have in the store, in whatever order they take it and give it back, is counted, and never beyond it.
import { STATUS_FULL } from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { must, type On, scenario } from "./support/scenario.ts";

const SMALL = 128;
const LARGE = 3008;
const ALL = 0x7fffffff;

/** A block if there is room for it: 1, else 0. */
function* allocate(t: ThreadHandle, size: number): Generator<ReturnType<ThreadHandle["call"]>, number, number> {
	const address = yield t.call("alloc", size);
	if (address < 0 && address !== STATUS_FULL && (address & 63) !== 0) throw new Error(`alloc answered ${address}`);
	return address === STATUS_FULL ? 0 : address;
}

/** Each takes a block, keeps it or gives it back; there is room for one. */
const last = (size: number, keeps: boolean) =>
	scenario({
		name: `two that want the last ${size} bytes${keeps ? "" : " for a moment"}`,
		setup: (stage) => {
			stage.driver.calls.setCapacity(size, ALL);
			return {};
		},
		threads: [0, 1].map(
			() =>
				function* (t: ThreadHandle): Steps {
					const address = yield* allocate(t, size);
					t.log(address !== 0 ? 1 : 0);
					if (address !== 0 && !keeps) yield* must(t, "dealloc", address);
				},
		),
		check: (_, { logOf }) => {
			const given = [0, 1].filter((thread) => logOf(thread)[0] === 1).length;
			if (given === 0) return "nobody was given what there is";
			return keeps && given > 1 ? "more was given than there is" : undefined;
		},
		victims: keeps ? [0] : [],
	});

const refused = scenario({
	name: "two that are refused by the heap, not by the capacity",
	setup: (stage) => {
		stage.driver.calls.setCapacity(ALL, 1);
		return {};
	},
	threads: [0, 1].map(
		() =>
			function* (t: ThreadHandle): Steps {
				if ((yield* allocate(t, LARGE)) !== 0) throw new Error("there was room");
			},
	),
});

const lowered = scenario({
	name: "a capacity that is changed against who takes and gives back",
	setup: () => ({}),
	threads: [
		function* (t: ThreadHandle, _: On<object>): Steps {
			for (const size of [SMALL, LARGE]) {
				const address = yield* allocate(t, size);
				if (address !== 0) yield* must(t, "dealloc", address);
			}
		},
		function* (t) {
			yield* must(t, "setCapacity", SMALL, ALL);
			yield* must(t, "setCapacity", ALL, ALL);
		},
		function* (t) {
			yield* must(t, "stats");
		},
	],
});

export const programs = [
	...last(SMALL, true),
	...last(LARGE, true),
	...last(SMALL, false),
	...last(LARGE, false),
	...refused,
	...lowered,
];
