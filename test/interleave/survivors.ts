// Mutants of the core that no program fails, each with the reason. The names are those of `npm run mutate`.
//
// The list is complete for each 7th mutant (`--every 7`); the others have not all been run.
import type { Accepted } from "./mutate.ts";

const UNDER_LOCK = "Under a lock here, as all writes are; the field is atomic for those who read it without the lock.";
const OWN = "Nobody else may touch the record at this time; the field is atomic for its other times.";
const COPY = "One of several inlined copies of a line, to which no program comes; other copies are killed.";
const UNDO = "Undoing what a refused call had begun: no program has a table or the heap full.";
const OPEN = "Not decided yet: either no other thread can be here, or a program is missing.";

const because = (reason: string, names: readonly string[]): Accepted[] =>
	names.map((name) => ({ mutant: `assembly/${name}`, reason }));

export const survivors: readonly Accepted[] = [
	...because(UNDER_LOCK, [
		"tasks/cancel/cancelOne: i32.atomic.load #3: plain",
		"tasks/end/leaveLists: i32.atomic.load #1: plain",
		"tasks/queue/takeBest: i32.atomic.store #1: plain",
		"recover/recoverTasks: i32.atomic.load #1: plain",
		"objects/table/occupy: i32.atomic.load #3: plain",
		"index/finish: i32.atomic.load #4: plain",
		"index/resume: i32.atomic.load #5: plain",
		"index/cancel: i32.atomic.load #11: plain",
	]),
	...because(OWN, [
		"memory/heap/inHand: i32.atomic.load8_u #1: plain",
		"memory/heap/freeBlock: i32.atomic.store #1: plain",
		"memory/heap/allocateFor: i32.atomic.store #2: drop",
		"objects/release/releasePayload: i32.atomic.load #1: plain",
		"tasks/submit/build: i32.atomic.load #1: plain",
		"tasks/submit/build: i32.atomic.store #6: drop",
	]),
	...because(COPY, [
		"objects/release/reclaimDoomed: memory.atomic.notify #1: skip",
		"recover/discardMessages: memory.atomic.notify #1: skip",
		"recover/recover: memory.atomic.notify #1: skip",
		"tasks/park/wakeThose: memory.atomic.notify #1: skip",
		"tasks/submit/build: memory.atomic.notify #1: skip",
		"objects/seal/seal: i32.atomic.load #1: plain",
		"index/ask: i32.atomic.store #1: plain",
		"index/ask: i32.atomic.rmw.sub #1: drop",
		"index/give: i32.atomic.store #1: drop",
		"index/cancel: i32.atomic.store #2: plain",
		"index/reserve: i32.atomic.rmw.xchg #1: drop",
	]),
	...because(UNDO, [
		"objects/value/returnValue: i32.atomic.load8_u #1: plain",
		"tasks/submit/build: i64.atomic.rmw.sub #1: plain",
		"tasks/submit/forgetResults: i64.atomic.rmw.sub #1: plain",
		"tasks/submit/publish: i32.atomic.store8 #2: plain",
	]),
	...because(OPEN, [
		"index/poison: i32.atomic.load #1: plain",
		"objects/unread/waive: i32.atomic.rmw.xchg #1: plain",
		"sync/lock/lock: i32.atomic.load #2: plain",
		"tasks/cancel/cancelOne: i32.atomic.rmw.add #1: plain",
		"tasks/submit/publish: i32.atomic.rmw.cmpxchg #1: plain",
		"tasks/suspend/tellRunner: i32.atomic.rmw.add #1: plain",
	]),
];
