// Mutants of the core that no program fails, each with the reason: `npm run mutate -- --watch` finds no others. Those that are passed under a
// lock alone are told by that run itself.
import type { Accepted } from "./mutate.ts";

const PAGE = "A page changes only when no block of it is in use; who asks about a block of his own meets no change.";
const OWNER =
	"A block has one owner, who alone writes this; only a wrong address may be looked at by others at that time.";
const COUNTER = "Its own thread alone writes it, and it is read here by that thread; it is atomic for who sums up.";
const OWN =
	"Nobody else may touch the record at this time: it is new, unheld or this thread's; the field is atomic for its other times.";
const ONCE = "Written once: who sees it set sees its last value.";
const LAST =
	"There is one hold only, or all are this thread's: a task asked about, or that never ran, is worked on by one thread.";
const AGAIN = "Written again before anybody reads it, or of that value already.";
const SPIN = "Without it the thread looks again at once instead of sleeping: slower, not wrong.";
const COPY = "One of several inlined copies of a line, for a case to which no program comes; other copies are killed.";
const LONG =
	"Killed by `cancel with children against the submit of a grandchild` with two preemptions, which is further than these looks always go.";
const UNDO = "Undoing what a refused call had begun: no program has the heap full at that step.";

const because = (reason: string, names: readonly string[]): Accepted[] =>
	names.map((name) => ({ mutant: `assembly/${name}`, reason }));

const plain = (touches: string, reason: string): Accepted => ({ mutant: "*: plain", touches, reason });

export const survivors: readonly Accepted[] = [
	plain("the page map", PAGE),
	plain("a block", OWNER),
	...because(OWNER, [
		"memory/blocks/insert: i32.atomic.store +16 #*: plain",
		"memory/root/initialise: i32.atomic.store +16 #*: plain",
	]),
	{ mutant: "*i32.atomic.load +30*: plain", touches: "THREAD_OBJECTS", reason: COUNTER },
	...because(OWN, [
		"memory/root/initialise: i32.atomic.store #*: plain",
		"index/leave: i32.atomic.load +4 #*: plain",
		"index/reserve: i64.atomic.store +128 #*: plain",
		"index/takeUnread: i32.atomic.load +8 #*: plain",
		"index/takeUnread: i32.atomic.store +8 #*: plain",
		"objects/create/newObject: i32.atomic.store +8 #*: plain",
		"objects/create/newObject: i64.atomic.load #*: plain",
		"objects/release/doom: i32.atomic.load +8 #2: plain",
		"objects/release/reclaimDoomed: i32.atomic.load +8 #1: plain",
		"objects/release/reclaimDoomed: i32.atomic.store +8 #*: plain",
		"objects/release/reclaimDoomed: i64.atomic.load #*: plain",
		"objects/table/occupy: i32.atomic.store +8 #*: plain",
		"objects/table/occupy: i64.atomic.load #*: plain",
		"tasks/decide/failOtherwise: i32.atomic.load +4 #*: plain",
		"tasks/finish/untake: i32.atomic.load +4 #3: plain",
		"tasks/stream/next: i64.atomic.load #2: plain",
		"tasks/submit/build: i32.atomic.load +4 #*: plain",
		"tasks/submit/build: i32.atomic.store*: plain",
		"tasks/submit/build: i64.atomic.load #*: plain",
		"tasks/submit/forgetResults: i64.atomic*: plain",
		"tasks/submit/publish: i32.atomic.load +4 #3: plain",
		"tasks/submit/publish: i32.atomic.store +16 #1: plain",
		"tasks/submit/publish: i32.atomic.store +152 #1: plain",
	]),
	...because(ONCE, ["index/leave: i32.atomic.load +20 #1: plain"]),
	...because(LAST, [
		"index/fail: i32.atomic.rmw.sub #1: drop",
		"index/fail: i32.atomic.rmw.sub #1: plain",
		"index/leave: i32.atomic.rmw.sub #2: plain",
		"tasks/submit/publish: i32.atomic.rmw.sub #2: plain",
	]),
	...because(AGAIN, [
		"memory/root/initialise: i32.atomic.store +16 #1: drop",
		"memory/heap/freeBlock: i32.atomic.store +16 #1: drop",
		"tasks/submit/build: i32.atomic.store +4 #1: drop",
		"tasks/submit/build: i32.atomic.store +12 #1: drop",
		"tasks/submit/build: i32.atomic.store #2: drop",
	]),
	...because(SPIN, ["objects/entry/lockEntry: i32.atomic.rmw.cmpxchg #1: drop"]),
	...because(COPY, [
		"index/free: i32.atomic.rmw.xchg #1: *",
		"index/free: memory.atomic.notify #1: skip",
		"index/reserve: memory.atomic.notify #1: skip",
		"objects/seal/seal: memory.atomic.notify #1: skip",
		"recover/discardMessages: memory.atomic.notify #1: skip",
		"objects/unread/waive: memory.atomic.notify #1: skip",
		"tasks/drain/read: memory.atomic.notify #1: skip",
		"tasks/drain/read: memory.atomic.notify #3: skip",
		"tasks/stream/next: i32.atomic.rmw.xchg #1: *",
		"tasks/stream/next: memory.atomic.notify #1: skip",
		"tasks/stream/next: memory.atomic.notify #3: skip",
		"tasks/submit/submit: i32.atomic.load8_u #1: plain",
	]),
	...because(LONG, ["tasks/submit/publish: i32.atomic.store #1: drop"]),
	...because(UNDO, [
		"tasks/submit/build: i32.atomic.store +8 #1: drop",
		"tasks/submit/build: i64.atomic.rmw.sub #1: *",
	]),
];
