import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";
import * as layout from "../../src/core/layout.ts";
import { Scene } from "./support/scene.ts";
import type { Ref, Submitted, Thread } from "./support/thread.ts";
import { checkInvariants, describeFault, findFault } from "./support/walk.ts";

const scheduler = layout.PLACE_ROOT + layout.ROOT_SIZE;
const heap = scheduler + layout.SCHEDULER_SIZE;
const kinds = 8192;

const scene = new Scene();
const { core, main, worker, dead, parked } = scene;
const sound = core.u32.slice();

const object = ({ slot }: Ref, offset: number) => core.objectAddress(slot) + offset;
const task = ({ task: index }: Submitted, offset: number) => core.taskAddress(index) + offset;
const thread = (one: Thread, offset: number) => one.address + offset;
const list = (address: number) => core.read(address);
const payloadOf = (ref: Ref) => core.valueOf(ref.slot)[0];
const spanOf = (address: number) => address & ~0xffff;
const streamAt = list(object(scene.stream, layout.OBJECT_ENTRY_STREAM));
const wordOf = (one: Thread, { slot }: Ref) => list(thread(one, layout.THREAD_CHUNKS)) + slot * 4;
const edgesOf = list(task(scene.waiting, layout.TASK_ENTRY_EDGES));
const threadEdge = list(object(scene.watched, layout.OBJECT_ENTRY_THREAD_EDGES));
const classAt = (index: number) => layout.PLACE_CLASSES + index * layout.RESOURCE_CLASS_SIZE;
const cpuList = classAt(1) + layout.RESOURCE_CLASS_LISTS + 3 * 8;
const largeAt = payloadOf(scene.large) - layout.BLOCK_SIZE;
const small = spanOf(scene.smallHand);
const ownerOfSmall = (address: number) =>
	spanOf(address) +
	layout.SPAN_SIZE +
	(address - spanOf(address) - list(spanOf(address) + layout.SPAN_FIRST)) /
		(list(spanOf(address) + layout.SPAN_GRANULES) * 64);

const set = (address: number, value: number) => () => core.write(address, value);
const add = (address: number, change: number) => () => core.write(address, core.read(address) + change);
const setByte = (address: number, value: number) => () => {
	core.u8[address] = value;
};

/** What is damaged, how, and what the walker must say. */
const damages: readonly (readonly [what: string, damage: () => void, code: string])[] = [
	["the layout's name", add(layout.PLACE_ROOT + layout.ROOT_LAYOUT, 1), "NOT_INITIALISED"],
	["what stands at address 0", set(8, 1), "NONE_WRITTEN"],
	["the number of kinds", set(scheduler + layout.SCHEDULER_KINDS, 1), "KINDS_WRONG"],
	["the tables' lock", set(layout.PLACE_ROOT + layout.ROOT_LOCK, 1), "LOCK_HELD"],
	["the scheduler's lock", set(scheduler + layout.SCHEDULER_LOCK, 2), "LOCK_HELD"],
	["the heap's lock", set(heap + layout.HEAP_LOCK, 1), "LOCK_HELD"],

	["a block's size", add(largeAt, 4), "BLOCK_SIZE_WRONG"],
	["a block's size, by a granule", add(largeAt, 64), "BLOCK_"],
	["the block before a block", add(largeAt + layout.BLOCK_BEFORE, 64), "BLOCK_BEFORE_WRONG"],
	["a used block marked free", add(largeAt, 1), "BLOCK_"],
	["a free block marked used", add(scene.freeBlock, -1), "BLOCK_"],
	["the owner of a block in an object", set(largeAt + layout.BLOCK_OWNER, 0), "BLOCK_OWNER_WRONG"],
	["a payload said to be in a hand", set(largeAt + layout.BLOCK_OWNER, worker.index + 1), "PAYLOAD_WRONG"],
	["the bytes taken", add(heap + layout.HEAP_TAKEN, 64), "HEAP_TAKEN_WRONG"],
	["the peak", set(heap + layout.HEAP_PEAK, 64), "HEAP_PEAK_WRONG"],
	["the granules of hosts' blocks", add(heap + layout.HEAP_USED, 1), "GRANULES_TOTAL_WRONG"],
	["the limit", set(heap + layout.HEAP_LIMIT, 2 ** 31), "HEAP_CAPACITY_WRONG"],
	["the capacity", set(heap + layout.HEAP_CAPACITY, 2 ** 31), "HEAP_CAPACITY_WRONG"],
	["a bit of the free lists", add(heap + layout.HEAP_SUBLEVELS, 2), "FREE_LIST_BITS_WRONG"],
	["a bit of the levels", add(heap + layout.HEAP_LEVELS, 2 ** 20), "FREE_LIST_BITS_WRONG"],
	["a free block's link", set(scene.freeBlock + layout.BLOCK_PREVIOUS, 64), "FREE_LIST_LINK_WRONG"],
	["a free block's list", set(scene.freeBlock + layout.BLOCK_NEXT, largeAt), "FREE_LIST_WRONG"],
	["a span's page", setByte(list(layout.PLACE_ROOT + layout.ROOT_PAGE_MAP) + (small >>> 16), 0), "_WRONG"],
	["a page that is no span's", setByte(list(layout.PLACE_ROOT + layout.ROOT_PAGE_MAP) + 1, 1), "PAGE_MAP_WRONG"],
	["a span's block size", add(small + layout.SPAN_GRANULES, 1), "SPAN_SHAPE_WRONG"],
	["a span's first block", add(small + layout.SPAN_FIRST, 64), "SPAN_SHAPE_WRONG"],
	["a span's capacity", add(small + layout.SPAN_CAPACITY, -1), "SPAN_SHAPE_WRONG"],
	["a span's free blocks", add(small + layout.SPAN_FREE_COUNT, 1), "SPAN_COUNT_WRONG"],
	["a span's fresh blocks", add(small + layout.SPAN_FRESH, -64), "SPAN_"],
	["a span's free list", set(small + layout.SPAN_FREE_LIST, scene.smallHand), "SPAN_LIST_WRONG"],
	["whether a span is linked", set(small + layout.SPAN_LINKED, 0), "SPAN_LINKED_WRONG"],
	["the list of spans", set(heap + layout.HEAP_SPANS + 4, 0), "SPANS_COUNT_WRONG"],
	["a link between spans", set(small + layout.SPAN_NEXT, 64), "SPANS_WRONG"],
	["a small block's owner", setByte(ownerOfSmall(scene.smallHand), 200), "SMALL_OWNER_WRONG"],
	["a small block that is in nobody's list", setByte(ownerOfSmall(scene.smallHand), 0), "SMALL_BLOCK_LOST"],
	["a small block that no record has", setByte(ownerOfSmall(scene.smallHand), 255), "BLOCK_LOST"],
	["a payload's small block said to be in a hand", setByte(ownerOfSmall(payloadOf(scene.payload)), 1), "PAYLOAD_WRONG"],
	["the list of blocks in hand", set(thread(worker, layout.THREAD_BLOCKS), 0), "HAND_BLOCK_LOST"],
	["another's block in hand", set(thread(worker, layout.THREAD_BLOCKS), largeAt), "HAND_BLOCKS_WRONG"],
	["the kept small blocks", add(thread(worker, layout.THREAD_SMALL_COUNTS + 4), 1), "KEPT_COUNT_WRONG"],
	["a kept small block", set(thread(worker, layout.THREAD_SMALL_HEADS + 4), scene.smallHand), "KEPT_BLOCKS_WRONG"],

	["a thread inside", add(thread(worker, layout.THREAD_GATE), 1), "GATE_WRONG"],
	["a thread's epoch", add(thread(worker, layout.THREAD_EPOCH), 1), "THREAD_EPOCH_WRONG"],
	["an inbox's epoch", add(thread(worker, layout.THREAD_INBOX + 4), 1), "INBOX_EPOCH_WRONG"],
	["the list of vacant threads", set(scheduler + layout.SCHEDULER_VACANT_THREAD, 0), "VACANT_THREAD_LOST"],
	["a vacant thread that is none", set(scheduler + layout.SCHEDULER_VACANT_THREAD, 1), "VACANT_THREADS_WRONG"],
	["what a vacant thread has", set(core.threadAddress(scene.vacant) + layout.THREAD_HAND, 64), "VACANT_THREAD_OWNS"],
	["a chunk of handles", set(thread(worker, layout.THREAD_CHUNKS), largeAt + 32), "WRONG"],
	["a handle of nothing", set(wordOf(worker, { slot: 990, generation: 1 }), 1), "HANDLE_WRONG"],
	["a watch that there is not", add(wordOf(main, scene.plain), layout.HANDLE_WATCH), "WATCHES_WRONG"],
	["a watch without its handle", add(wordOf(main, scene.watched), -layout.HANDLE_WATCH), "WATCHER_WRONG"],

	["a count, too high", add(object(scene.plain, 0), 1), "OBJECT_COUNT_WRONG"],
	["a count, too low", add(object(scene.plain, 0), -1), "OBJECT_COUNT_WRONG"],
	["a handle too many", set(wordOf(worker, scene.plain), 1), "OBJECT_COUNT_WRONG"],
	["a handle too few", set(wordOf(main, scene.plain), 0), "OBJECT_COUNT_WRONG"],
	["a handle of what is gone", set(wordOf(main, scene.gone), 1), "VACANT_OBJECT_HELD"],
	["pins", add(object(scene.pinned, layout.OBJECT_ENTRY_PINS), 1), "OBJECT_PINS_WRONG"],
	["a thread's pins", add(wordOf(main, scene.pinned), -layout.HANDLE_PIN_UNIT), "OBJECT_PINS_WRONG"],
	["a lock of an entry", add(object(scene.plain, layout.OBJECT_ENTRY_STATE), layout.STATE_LOCK), "OBJECT_STATE_WRONG"],
	["a phase", set(object(scene.plain, layout.OBJECT_ENTRY_STATE), 7), "OBJECT_STATE_WRONG"],
	[
		"a pending object with a value",
		add(object(scene.pending, layout.OBJECT_ENTRY_STATE), layout.STATE_INLINE),
		"OBJECT_STATE_WRONG",
	],
	["a payload's address", add(object(scene.large, layout.OBJECT_ENTRY_VALUE), 64), "PAYLOAD_WRONG"],
	[
		"a payload of two objects",
		set(object(scene.pinned, layout.OBJECT_ENTRY_VALUE), payloadOf(scene.large)),
		"PAYLOAD_",
	],
	["a payload's size", set(object(scene.large, layout.OBJECT_ENTRY_VALUE + 4), 2 ** 20), "PAYLOAD_SIZE_WRONG"],
	["a payload's references", set(object(scene.large, layout.OBJECT_ENTRY_VALUE + 8), 2 ** 29), "PAYLOAD_SIZE_WRONG"],
	["a payload's granules", add(object(scene.large, layout.OBJECT_ENTRY_VALUE + 12), 1), "PAYLOAD_SIZE_WRONG"],
	["a pin of a reference", add(payloadOf(scene.large) + 5000, layout.NESTED_PIN), "OBJECT_PINS_WRONG"],
	["a reference in a payload", add(payloadOf(scene.large) + 5004, 1), "REFERENCE_WRONG"],
	["whose value an alias has", add(object(scene.alias, layout.OBJECT_ENTRY_VALUE + 4), 1), "REFERENCE_WRONG"],
	["a vacant entry in no list", set(thread(main, layout.THREAD_FREE_OBJECTS), 0), "FREE_OBJECTS_COUNT_WRONG"],
	[
		"a live entry in a free list",
		set(thread(main, layout.THREAD_FREE_OBJECTS), core.objectAddress(scene.plain.slot)),
		"FREE_OBJECTS_WRONG",
	],
	["the batches of free entries", set(layout.PLACE_ROOT + layout.ROOT_OBJECT_BATCHES, 0), "VACANT_OBJECT_LOST"],
	["the range of fresh entries", add(thread(main, layout.THREAD_FRESH_OBJECT), -1), "FREE_OBJECTS_WRONG"],
	[
		"the list of unread errors",
		set(layout.PLACE_ROOT + layout.ROOT_UNREAD, core.objectAddress(scene.plain.slot)),
		"UNREAD_WRONG",
	],
	["the number of unread errors", add(layout.PLACE_ROOT + layout.ROOT_UNREAD_COUNT, 1), "UNREAD_COUNT_WRONG"],
	["the last unread error", set(layout.PLACE_ROOT + layout.ROOT_UNREAD_TAIL, 0), "UNREAD_COUNT_WRONG"],
	[
		"an unread error that somebody looked at",
		add(object(scene.unread[0], layout.OBJECT_ENTRY_STATE), layout.STATE_READ),
		"UNREAD_WRONG",
	],
	["an edge on a sealed object", set(object(scene.plain, layout.OBJECT_ENTRY_WATCHER), 1), "EDGES_ON_SEALED"],
	["an edge of a task", set(edgesOf + layout.TASK_EDGE_OBJECT, scene.plain.slot), "TASK_EDGE_WRONG"],
	["an edge's task", set(edgesOf + layout.TASK_EDGE_TASK, core.taskAddress(scene.running.task)), "TASK_EDGE_WRONG"],
	["an edge's link", set(object(scene.pending, layout.OBJECT_ENTRY_TASK_EDGES), edgesOf), "TASK_EDGE_LINK_WRONG"],
	[
		"an edge that is missing",
		set(list(object(scene.pending, layout.OBJECT_ENTRY_TASK_EDGES)) + layout.TASK_EDGE_NEXT, 0),
		"TASK_MISSING_WRONG",
	],
	["an edge of a thread", add(threadEdge + layout.THREAD_EDGE_GENERATION, 1), "THREAD_EDGE_WRONG"],
	["an edge's thread", set(threadEdge + layout.THREAD_EDGE_THREAD, scene.vacant + 1), "WATCHER_WRONG"],
	["a watcher's epoch", add(object(scene.watched, layout.OBJECT_ENTRY_WATCHER_EPOCH), 1), "WATCHER_WRONG"],
	["a watcher that is gone", set(object(scene.watched, layout.OBJECT_ENTRY_WATCHER), 0), "WATCHES_WRONG"],
	["a stream's record", set(object(scene.stream, layout.OBJECT_ENTRY_STREAM), 64), "STREAM_WRONG"],
	["a stream's items", set(streamAt + layout.STREAM_HEAD, scene.pending.slot), "STREAM_ITEM_WRONG"],
	["a stream's end", set(streamAt + layout.STREAM_TAIL, scene.item), "STREAM_COUNT_WRONG"],
	["a stream's number of items", add(streamAt + layout.STREAM_UNREAD, 1), "STREAM_COUNT_WRONG"],
	["a stream that should be paused", set(streamAt + layout.STREAM_PAUSED, 0), "STREAM_COUNT_WRONG"],
	["a stream's task", add(streamAt + layout.STREAM_TASK_GENERATION, 1), "STREAM_ORPHANED"],
	["the number of objects", add(thread(main, layout.THREAD_OBJECTS), 1), "OBJECTS_TOTAL_WRONG"],

	["an inbox that was lost", set(thread(worker, layout.THREAD_INBOX), 0), "WATCHES_WRONG"],
	[
		"a message in an inbox",
		set(thread(worker, layout.THREAD_INBOX), core.objectAddress(scene.plain.slot)),
		"WATCHER_WRONG",
	],
	["an inbox's first message", set(thread(worker, layout.THREAD_INBOX), 68), "MESSAGE_WRONG"],
	[
		"a message twice",
		set(thread(dead, layout.THREAD_DELIVERED), list(thread(main, layout.THREAD_INBOX))),
		"MESSAGE_WRONG",
	],
	["a message to a runner", set(task(scene.running, layout.TASK_ENTRY_RUNNER_BITS), 0), "_WRONG"],
	[
		"a message to a runner that is in no inbox",
		() => {
			core.write(task(scene.gpu, layout.TASK_ENTRY_RUNNER_BITS), layout.RUNNER_BIT_QUEUED);
			core.write(task(scene.gpu, layout.TASK_ENTRY_HOLDS), 2);
		},
		"RUNNER_MESSAGE_LOST",
	],
	[
		"a message to who decides that is in no inbox",
		() => {
			core.write(task(scene.gpu, layout.TASK_ENTRY_DECIDER_BITS), 1);
			core.write(task(scene.gpu, layout.TASK_ENTRY_HOLDS), 2);
		},
		"DECIDER_MESSAGE_LOST",
	],
	["a message that there is room, in no inbox", set(thread(worker, layout.THREAD_ROOM_QUEUED), 1), "ROOM_MESSAGE_LOST"],

	["a task's phase", set(task(scene.gpu, layout.TASK_ENTRY_STATE), layout.TASK_PHASE_SUBMITTING), "TASK_PHASE_WRONG"],
	["a vacant task in no list", set(layout.PLACE_ROOT + layout.ROOT_TASK_BATCHES, 0), "VACANT_TASK_LOST"],
	[
		"a live task in a free list",
		set(thread(main, layout.THREAD_FREE_TASKS), core.taskAddress(scene.gpu.task)),
		"FREE_TASKS_WRONG",
	],
	["the free tasks of a thread", add(thread(main, layout.THREAD_FREE_TASK_COUNT), 1), "FREE_TASKS_COUNT_WRONG"],
	["a task's owner", add(task(scene.gpu, layout.TASK_ENTRY_STATE), 0x100), "_WRONG"],
	[
		"an owner that is vacant",
		set(task(scene.gpu, layout.TASK_ENTRY_STATE), layout.TASK_PHASE_RUNNING | ((scene.vacant + 1) << 8)),
		"TASK_OWNER_WRONG",
	],
	["an owner of a task that nobody runs", add(task(scene.waiting, layout.TASK_ENTRY_STATE), 0x100), "TASK_OWNER_WRONG"],
	["a task's holds", add(task(scene.waiting, layout.TASK_ENTRY_HOLDS), 1), "TASK_HOLDS_WRONG"],
	["a task's missing arguments", add(task(scene.waiting, layout.TASK_ENTRY_MISSING), 1), "TASK_MISSING_WRONG"],
	["a ready task that is cancelled", set(task(scene.ready[0], layout.TASK_ENTRY_CANCEL), 1), "TASK_NOT_ENDED"],
	["a waiting task that failed", set(task(scene.waiting, layout.TASK_ENTRY_FAILURE), 1), "TASK_NOT_ENDED"],
	["a task's edges", set(task(scene.waiting, layout.TASK_ENTRY_EDGES), 64), "_WRONG"],
	["a task's arguments", set(task(scene.running, layout.TASK_ENTRY_ARGS), 64), "TASK_BLOCK_WRONG"],
	["a task's list of results", set(task(scene.several, layout.TASK_ENTRY_RESULT), 64), "TASK_BLOCK_WRONG"],
	["a task's function", add(task(scene.gpu, layout.TASK_ENTRY_CODE_GENERATION), 1), "TASK_OBJECT_WRONG"],
	["a task's result", set(task(scene.gpu, layout.TASK_ENTRY_RESULT), 0), "TASK_OBJECT_WRONG"],
	["a task's class", set(task(scene.gpu, layout.TASK_ENTRY_RESOURCE_CLASS), 0x0808_00ff), "TASK_FIELD_WRONG"],
	["a task's flags", set(task(scene.gpu, layout.TASK_ENTRY_FLAGS), 1 << 20), "TASK_FIELD_WRONG"],
	["a task's GPUs", set(task(scene.gpu, layout.TASK_ENTRY_GPUS), 0), "TASK_GPUS_WRONG"],
	["another GPU", set(task(scene.gpu, layout.TASK_ENTRY_GPUS), 2), "GPU_WRONG"],
	["a hand", set(thread(worker, layout.THREAD_HAND), 0), "TASK_LISTED_WRONG"],
	[
		"another's task in a hand",
		set(thread(worker, layout.THREAD_HAND), core.taskAddress(scene.deciding.task)),
		"TASK_LIST_WRONG",
	],
	["a ready task's link", set(task(scene.ready[1], layout.TASK_ENTRY_PREVIOUS), 0), "TASK_LIST_LINK_WRONG"],
	["the end of a ready list", set(cpuList + 4, 0), "TASK_LIST_LINK_WRONG"],
	["the order of ready tasks", add(task(scene.ready[2], layout.TASK_ENTRY_SEQUENCE), -50), "TASK_ORDER_WRONG"],
	["the head of a ready list", set(cpuList, core.taskAddress(scene.ready[1].task)), "TASK_LIST_LINK_WRONG"],
	["the number of unfinished tasks", add(scheduler + layout.SCHEDULER_PENDING, 1), "PENDING_WRONG"],
	["the number of ready tasks", add(scheduler + layout.SCHEDULER_READY, 1), "READY_WRONG"],
	["the number of suspended tasks", add(thread(worker, layout.THREAD_SUSPENDED), 1), "SUSPENDED_WRONG"],
	["the error to decide about", set(task(scene.deciding, layout.TASK_ENTRY_VERDICT), 0), "TASK_VERDICT_WRONG"],
	[
		"an error to decide about that there is not",
		set(task(scene.gpu, layout.TASK_ENTRY_VERDICT), scene.plain.slot),
		"TASK_VERDICT_WRONG",
	],

	["a class's number of tasks", add(classAt(1) + layout.RESOURCE_CLASS_TASKS, 1), "CLASS_TASKS_WRONG"],
	["a class's ready priorities", add(classAt(1) + layout.RESOURCE_CLASS_READY, 1), "CLASS_READY_WRONG"],
	["a kind's ready priorities", add(kinds + layout.WORKER_KIND_READY, 1), "KIND_READY_WRONG"],
	["a kind's woken workers", add(kinds + layout.WORKER_KIND_CALLED, 1), "CALLED_WRONG"],
	["a kind's classes", set(kinds + layout.WORKER_KIND_CLASSES, 0), "CLASS_LISTED_WRONG"],
	["what is free of a resource", add(scheduler + layout.SCHEDULER_AVAILABLE, 1), "_WRONG"],
	["what suspended tasks leave of a resource", add(scheduler + layout.SCHEDULER_ATTAINABLE, 1), "ATTAINABLE_WRONG"],
	["what suspended tasks leave of a GPU", add(scheduler + layout.SCHEDULER_ATTAINABLE_GPUS, 1), "ATTAINABLE_WRONG"],
	["how much there is of a resource", add(scheduler + layout.SCHEDULER_TOTAL + 12, 1), "RESOURCE_WRONG"],
	["the starving task", set(scheduler + layout.SCHEDULER_STARVING, core.taskAddress(scene.gpu.task)), "STARVING_WRONG"],
	["the parked workers", set(kinds + layout.WORKER_KIND_SIZE + layout.WORKER_KIND_IDLE, 0), "PARKED_STATE_WRONG"],
	["a worker parked with another kind", set(kinds + layout.WORKER_KIND_BUSY, parked.address), "PARKED_WRONG"],
	["a parked worker's state", set(thread(parked, layout.THREAD_PARKED), layout.PARKED_BUSY), "PARKED_STATE_WRONG"],
	["a parked worker that is woken", set(thread(parked, layout.THREAD_WOKEN), layout.PARKED_BUSY), "PARKED_STATE_WRONG"],
	["who waits for room", add(scheduler + layout.SCHEDULER_ROOM_WAITERS, 1), "ROOM_WAITERS_WRONG"],
	["the limit, without telling", set(scheduler + layout.SCHEDULER_PENDING_LIMIT, 1000), "ROOM_NOT_TOLD"],
	[
		"the list of those who want their CPU",
		() => {
			core.write(scheduler + layout.SCHEDULER_RESUMING, 0);
			core.write(scheduler + layout.SCHEDULER_RESUMING + 4, 0);
		},
		"TASK_LISTED_WRONG",
	],
];

describe("the walker", () => {
	test("finds nothing wrong in a memory that has something of everything, in place or on a copy", () => {
		expect(findFault(core.memory, { inPlace: true })).toBeUndefined();
		expect(findFault(core.memory)).toBeUndefined();
		checkInvariants(core.memory);
	});

	test.each(damages)("notices damage to %s", (_, damage, code) => {
		core.u32.set(sound);
		damage();
		const fault = findFault(core.memory, { inPlace: true });
		core.u32.set(sound);
		expect(fault).toContain(code);
	});

	test("ends, and does not trap, whatever a word of the records is", () => {
		let seed = 7;
		const random = (sides: number) => {
			seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
			return seed % sides;
		};
		const end = list(layout.PLACE_ROOT + layout.ROOT_HEAP_START) + 300_000;
		for (let i = 0; i < 1500; i++) {
			// The root says where everything is; init alone writes it.
			const address = 192 + layout.PLACE_ROOT + random((end - 192) >> 2) * 4;
			core.write(address, [0, 1, 64, 2 ** 32 - 1, 2 ** 31, address, random(2 ** 32)][random(7)]);
			findFault(core.memory, { inPlace: true });
			if (i % 10 === 9) core.u32.set(sound);
		}
		core.u32.set(sound);
		core.check();
	});

	test("says at the end of everything what is left", () => {
		expect(findFault(core.memory, { over: true, inPlace: true })).toMatch(/_LEFT/);
	});

	test("has a message for every number, and no number twice", () => {
		const source = readFileSync(join(root, "assembly", "debug", "faults.ts"), "utf8");
		const numbers = [...source.matchAll(/^@inline export const \w+: u32 = (\d+);/gm)].map(([, code]) => Number(code));
		expect(new Set(numbers).size).toBe(numbers.length);
		for (const code of numbers) expect(describeFault(code, 1, 2, 3)).toMatch(/^[A-Z_]+: [^{}]+$/);
	});

	test("has room of its own, or says how much it needs", () => {
		const tight = new WebAssembly.Memory({ initial: 24, maximum: 24, shared: true });
		new Uint8Array(tight.buffer).set(new Uint8Array(core.memory.buffer, 0, tight.buffer.byteLength));
		expect(findFault(tight, { inPlace: true })).toContain("NO_ROOM");
		expect(findFault(tight)).toBeUndefined();
	});
});
