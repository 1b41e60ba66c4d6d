// Objects, handles and blocks: who holds what, while others do the same.
import { PHASE_FREED, STATUS_FREED, STATUS_OK, STATUS_STALE } from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { must, need, scenario } from "./support/scenario.ts";
import { generationOf, NUMBER, type Ref } from "./support/stage.ts";

const twoPuts = scenario({
	name: "two puts and a release",
	stage: { warm: false },
	setup: () => ({}),
	threads: [
		function* (t, { stage }) {
			const slot = yield* need(t, "put", NUMBER, 1, 0, 0, 0);
			t.log(slot, generationOf(stage, t));
		},
		function* (t, { stage }) {
			const slot = yield* need(t, "put", NUMBER, 2, 0, 0, 0);
			const generation = generationOf(stage, t);
			t.log(slot, generation);
			yield* must(t, "release", slot, generation);
		},
	],
	check: (_, { logOf }) => (logOf(0)[0] === logOf(1)[0] ? "two objects have one slot" : undefined),
	victims: [0, 1],
});

const retainRelease = scenario({
	name: "retain against last release",
	setup: (stage) => ({ object: stage.actor(0).putBlock(40) }),
	threads: [
		function* (t, { object }) {
			yield* must(t, "release", object.slot, object.generation);
		},
		function* (t, { object }) {
			const status = yield t.call("retain", object.slot, object.generation);
			t.log(status);
			if (status !== STATUS_OK) return;
			const address = yield* need(t, "pin", object.slot, object.generation);
			t.log(t.peek(address));
			yield* must(t, "unpin", object.slot, object.generation);
			yield* must(t, "release", object.slot, object.generation);
		},
	],
	check: (_, { logOf }) => {
		const [status, value] = logOf(1);
		if (status === STATUS_STALE) return undefined;
		return status === STATUS_OK && value === 0 ? undefined : `retain answered ${status}, the value is ${value}`;
	},
	victims: [0, 1],
});

const twoReleases = scenario({
	name: "two last releases of a nest",
	setup: (stage) => {
		const inner = stage.actor(0).putBlock(40);
		const outer = stage.actor(0).putBlock(8, [inner]);
		stage.actor(0).release(inner);
		stage.actor(1).retain(outer);
		return { outer, inner };
	},
	threads: [0, 1].map(
		() =>
			function* (t: ThreadHandle, { outer }: { outer: Ref }): Steps {
				yield* must(t, "release", outer.slot, outer.generation);
			},
	),
	check: ({ stage, inner }) => (stage.phaseOf(inner) === 0 ? undefined : "the inner object outlives the outer one"),
	victims: [0],
});

const slotReuse = scenario({
	name: "a slot that is used again, and a stale handle",
	setup: (stage) => ({ object: stage.actor(0).put(7) }),
	threads: [
		function* (t, { stage, object }) {
			yield* must(t, "release", object.slot, object.generation);
			const slot = yield* need(t, "put", NUMBER, 8, 0, 0, 0);
			t.log(slot === object.slot && generationOf(stage, t) === object.generation);
		},
		function* (t, { stage, object }) {
			const status = yield t.call("retain", object.slot, object.generation);
			t.log(status);
			if (status !== STATUS_OK) return;
			// Who holds it may look: the value is of the object that the handle names.
			t.log(t.peek(stage.objectAt(object.slot) + 16));
			yield* must(t, "release", object.slot, object.generation);
		},
	],
	check: (_, { logOf }) => {
		if (logOf(0)[0] === true) return "two objects have one handle";
		const [status, value] = logOf(1);
		if (status === STATUS_STALE) return undefined;
		return status === STATUS_OK && value === 7 ? undefined : `retain answered ${status}, the value is ${value}`;
	},
	victims: [0, 1],
});

const freeDecode = scenario({
	name: "free against decode",
	setup: (stage) => {
		const object = stage.actor(0).putBlock(100);
		stage.actor(1).retain(object);
		return { object };
	},
	threads: [
		function* (t, { object }) {
			yield* must(t, "free", object.slot, object.generation);
			// The next one to have the memory writes into it at once.
			const address = yield* need(t, "alloc", 100);
			t.bytes(address, 100, "write").fill(9);
			yield* must(t, "dealloc", address);
		},
		function* (t, { object }) {
			const address = yield t.call("pin", object.slot, object.generation);
			t.log(address < 0 ? address : "pinned");
			if (address < 0) return;
			t.log(t.bytes(address, 100, "read").some((byte) => byte !== 0));
			yield t.boundary();
			t.log(t.bytes(address, 100, "read").some((byte) => byte !== 0));
			yield* must(t, "unpin", object.slot, object.generation);
		},
	],
	check: ({ stage, object }, { logOf }) => {
		if (stage.phaseOf(object) !== PHASE_FREED) return "the object is not freed";
		const [first, ...spoilt] = logOf(1);
		if (first === STATUS_FREED) return undefined;
		return first === "pinned" && !spoilt.includes(true) ? undefined : `the reader found ${[first, ...spoilt].join()}`;
	},
	victims: [0, 1],
});

/** Blocks of one thread that the other gives back, while both make new ones. */
const acrossThreads = (size: number, what: string) =>
	scenario({
		name: `allocate and free ${what} across threads`,
		setup: (stage) => {
			const [a, b] = [stage.actor(0).putBlock(size), stage.actor(0).putBlock(size)];
			for (const object of [a, b]) {
				stage.actor(1).retain(object);
				stage.actor(0).release(object);
			}
			return { a, b };
		},
		threads: [
			function* (t) {
				const first = yield* need(t, "alloc", size);
				t.poke(first, 1);
				const second = yield* need(t, "alloc", size);
				t.poke(second, 2);
				t.log(t.peek(first));
				yield* must(t, "dealloc", first);
			},
			function* (t, { a, b }) {
				yield* must(t, "release", a.slot, a.generation);
				const mine = yield* need(t, "alloc", size);
				t.poke(mine, 3);
				yield* must(t, "release", b.slot, b.generation);
				t.log(t.peek(mine));
			},
		],
		check: (_, { logOf }) =>
			logOf(0)[0] === 1 && logOf(1)[0] === 3 ? undefined : "a block was given to two threads at once",
		victims: [0, 1],
	});

const flushes = scenario({
	name: "flush against alloc",
	setup: (stage) => {
		const block = stage.actor(0).calls.alloc(64);
		return { block };
	},
	threads: [
		function* (t, { block }) {
			yield* must(t, "dealloc", block);
			yield* must(t, "flush");
		},
		function* (t) {
			const address = yield* need(t, "alloc", 64);
			t.poke(address, 1);
			yield* must(t, "dealloc", address);
			yield* must(t, "flush");
		},
	],
	victims: [0, 1],
});

export const programs = [
	...twoPuts,
	...retainRelease,
	...twoReleases,
	...slotReuse,
	...freeDecode,
	...acrossThreads(100, "small blocks"),
	...acrossThreads(5000, "large blocks"),
	...flushes,
];
