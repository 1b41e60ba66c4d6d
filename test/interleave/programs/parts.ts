// References that pin: the payload of an object that others free stays while a part of it is held, and goes with the last.
import { NESTED_PIN, PHASE_FREED, STATUS_FREED } from "../../../src/core/layout.ts";
import type { ThreadHandle } from "../program.ts";
import type { Steps } from "../steps.ts";
import { must, need, type On, scenario } from "./support/scenario.ts";
import { generationOf, of, type Ref, type Stage } from "./support/stage.ts";

/** Bytes of a whole. */
const SIZE = 100;
const PART = 8;

interface Whole {
	readonly whole: Ref;
}

const pinning = ({ slot, generation }: Ref): Ref => ({ slot: slot | NESTED_PIN, generation });

/** An object that holds the whole in place. */
const partOf = (stage: Stage, thread: number, whole: Ref): Ref => stage.actor(thread).putBlock(PART, [pinning(whole)]);

/** What `put` of a part answers. */
function* putPart(t: ThreadHandle, whole: Ref): Generator<ReturnType<ThreadHandle["call"]>, number, number> {
	const block = yield* need(t, "alloc", PART + 8);
	t.poke(block + PART, pinning(whole).slot);
	t.poke(block + PART + 4, whole.generation);
	const slot = yield t.call("put", 0, block, PART, 1, 0);
	if (slot < 0) yield* must(t, "dealloc", block);
	return slot;
}

/** Frees the whole; the next one to have its memory writes into it at once. */
function* freeWhole(t: ThreadHandle, { whole }: Whole): Steps {
	yield* must(t, "free", ...of(whole));
	const address = yield* need(t, "alloc", SIZE);
	t.bytes(address, SIZE, "write").fill(9);
	yield* must(t, "dealloc", address);
}

/** Looks at the whole's bytes, which this thread keeps in place. */
function* look(t: ThreadHandle, { stage, whole }: On<Whole>): Steps {
	for (let i = 0; i < 2; i++) {
		t.log(t.bytes(t.peek(stage.objectAt(whole.slot) + 16), SIZE, "read").some((byte) => byte !== 0));
		yield t.boundary();
	}
}

const release = function* (t: ThreadHandle, part: Ref): Steps {
	yield* must(t, "release", ...of(part));
};

const spoilt = (log: readonly unknown[]) => (log.includes(true) ? "others wrote into what a part is in" : undefined);

const releaseFree = scenario({
	name: "release of a part against free of the whole",
	setup: (stage) => {
		const whole = stage.actor(0).putBlock(SIZE);
		return { whole, part: partOf(stage, 1, whole) };
	},
	threads: [
		freeWhole,
		function* (t, given) {
			yield* look(t, given);
			yield* release(t, given.part);
		},
	],
	check: ({ stage, whole }, { logOf }) =>
		stage.phaseOf(whole) === PHASE_FREED ? spoilt(logOf(1)) : "the whole is not freed",
	victims: [0, 1],
});

const holdFree = scenario({
	name: "hold of a part of what is pinned against free of the whole",
	setup: (stage) => {
		const whole = stage.actor(0).putBlock(SIZE);
		stage.actor(1).retain(whole);
		stage.actor(1).calls.pin(...of(whole));
		return { whole };
	},
	threads: [
		freeWhole,
		function* (t, given) {
			const slot = yield* putPart(t, given.whole);
			if (slot < 0) throw new Error(`put of a part answered ${slot}`);
			const generation = generationOf(given.stage, t);
			yield* must(t, "unpin", ...of(given.whole));
			yield* release(t, given.whole);
			yield* look(t, given);
			yield* release(t, { slot, generation });
		},
	],
	check: (_, { logOf }) => spoilt(logOf(1)),
	victims: [0, 1],
});

const lateFree = scenario({
	name: "hold of a part of what nobody pins against free of the whole",
	setup: (stage) => {
		const whole = stage.actor(0).putBlock(SIZE);
		stage.actor(1).retain(whole);
		return { whole };
	},
	threads: [
		freeWhole,
		function* (t, given) {
			const slot = yield* putPart(t, given.whole);
			t.log(slot < 0 ? slot : "held");
			if (slot < 0) return;
			yield* look(t, given);
			yield* release(t, { slot, generation: generationOf(given.stage, t) });
		},
	],
	check: (_, { logOf }) => {
		const [first, ...rest] = logOf(1);
		if (first === "held") return spoilt(rest);
		return first === STATUS_FREED ? undefined : `put of a part answered ${first}`;
	},
	victims: [1],
});

const lastParts = scenario({
	name: "the last releases of two parts against free of the whole",
	setup: (stage) => {
		const whole = stage.actor(0).putBlock(SIZE);
		return { whole, parts: [1, 2].map((thread) => partOf(stage, thread, whole)) as [Ref, Ref] };
	},
	threads: [
		function* (t, { whole }) {
			yield* must(t, "free", ...of(whole));
			yield* release(t, whole);
		},
		(t, { parts }) => release(t, parts[0]),
		(t, { parts }) => release(t, parts[1]),
	],
	check: ({ stage, whole }) => (stage.phaseOf(whole) === 0 ? undefined : "the whole outlives its parts"),
	victims: [1],
});

const chain = scenario({
	name: "the last release of a chain of freed parts against unpin of the innermost",
	setup: (stage) => {
		const actor = stage.actor(0);
		const nested = actor.put(1);
		const whole = actor.putBlock(SIZE, [nested]);
		stage.actor(1).retain(whole);
		stage.actor(1).calls.pin(...of(whole));
		stage.actor(1).release(whole);
		const inner = partOf(stage, 0, whole);
		const outer = partOf(stage, 0, inner);
		for (const object of [whole, inner]) {
			actor.calls.free(...of(object));
			actor.release(object);
		}
		actor.release(nested);
		return { whole, nested, outer };
	},
	threads: [(t, { outer }) => release(t, outer), (t, { whole }) => must(t, "unpin", ...of(whole))],
	check: ({ stage, whole, nested }) =>
		stage.phaseOf(whole) === 0 && stage.phaseOf(nested) === 0 ? undefined : "something outlives who holds it",
	victims: [0, 1],
});

export const programs = [...releaseFree, ...holdFree, ...lateFree, ...lastParts, ...chain];
