// What the walker counts, in memory of its own behind the core's:
//
//   ┌───────────┬────────────────┬──────────────────┬────────────────┬──────────────────┬──────────────────────┐
//   │ resources │ a class, 4 B   │ an object, 16 B  │ a task, 16 B   │ a thread, 16 B   │ a granule, 1 B       │
//   │ and GPUs  │ its unfinished │ holders pins     │ edges marks    │ watches hands    │ what the block that  │
//   │ in use …  │ tasks          │ marks            │                │ suspended marks  │ begins here is       │
//   └───────────┴────────────────┴──────────────────┴────────────────┴──────────────────┴──────────────────────┘

import { BLOCK_SIZE, RESOURCE_MAX } from "../layout";
import { CLASS_MAX, heapEnd, heapStart, objectMax, taskMax, threadMax } from "../memory/root";

@inline const ENTRY: u32 = 16;
@inline const RESOURCES: u32 = RESOURCE_MAX * 4;

/** Marks of objects: which list an entry was found in. */
@inline export const OBJECT_FREE: u32 = 1;
@inline export const OBJECT_UNREAD: u32 = 2;
@inline export const OBJECT_ITEM: u32 = 4;
@inline export const OBJECT_IN_INBOX: u32 = 8;

/** Marks of tasks. */
@inline export const TASK_FREE: u32 = 1;
@inline export const TASK_READY: u32 = 2;
@inline export const TASK_IN_HAND: u32 = 4;
@inline export const TASK_RESUMES: u32 = 8;
@inline export const TASK_TO_RUNNER: u32 = 16;
@inline export const TASK_TO_DECIDER: u32 = 32;

/** Marks of threads. */
@inline export const THREAD_VACANT: u32 = 1;
@inline export const THREAD_IDLE: u32 = 2;
@inline export const THREAD_BUSY: u32 = 4;
@inline export const THREAD_ROOM: u32 = 8;

/** Marks of granules: the block that begins there. */
@inline export const BLOCK_CORE: u8 = 1;
@inline export const BLOCK_CLAIMED: u8 = 2;
@inline export const BLOCK_HAND: u8 = 3;
@inline export const BLOCK_HAND_LISTED: u8 = 4;
@inline export const BLOCK_FREE: u8 = 5;
@inline export const BLOCK_FREE_LISTED: u8 = 6;
@inline export const SMALL_FREE: u8 = 7;
@inline export const SMALL_FREE_LISTED: u8 = 8;
@inline export const SMALL_HAND: u8 = 9;
@inline export const SPAN_OPEN: u8 = 10;
@inline export const SPAN_LISTED: u8 = 11;
@inline export const SPAN_FULL: u8 = 12;

let resources: usize = 0;
let classes: usize = 0;
let objects: usize = 0;
let tasks: usize = 0;
let threads: usize = 0;
let granules: usize = 0;

/** Bytes of scratch for a core of these sizes. */
export function roomFor(size: u32, objectCount: u32, taskCount: u32, threadCount: u32): u32 {
  return 4 * RESOURCES + 4 * CLASS_MAX + (objectCount + taskCount + threadCount) * ENTRY + (size >> 6) + 64;
}

export function clearTally(scratch: usize): void {
  resources = scratch;
  classes = resources + 4 * RESOURCES;
  objects = classes + 4 * CLASS_MAX;
  tasks = objects + objectMax * ENTRY;
  threads = tasks + taskMax * ENTRY;
  granules = threads + threadMax * ENTRY;
  memory.fill(scratch, 0, granules + ((heapEnd - heapStart) >> 6) + 1 - scratch);
}

@inline function add(counter: usize, amount: u32): u32 {
  const sum = load<u32>(counter) + amount;
  store<u32>(counter, sum);
  return sum;
}

/** Adds a mark; false: it was there already. */
function mark(word: usize, bit: u32): bool {
  const before = load<u32>(word);
  store<u32>(word, before | bit);
  return !(before & bit);
}

export function usedOf(resource: u32): u32 { return load<u32>(resources + (resource << 2)); }
export function addUsed(resource: u32, amount: u32): u32 { return add(resources + (resource << 2), amount); }
export function gpuUsedOf(gpu: u32): u32 { return load<u32>(resources + RESOURCES + (gpu << 2)); }
export function addGpuUsed(gpu: u32, amount: u32): u32 { return add(resources + RESOURCES + (gpu << 2), amount); }
/** … of that, by suspended tasks. */
export function keptOf(resource: u32): u32 { return load<u32>(resources + 2 * RESOURCES + (resource << 2)); }
export function addKept(resource: u32, amount: u32): u32 { return add(resources + 2 * RESOURCES + (resource << 2), amount); }
export function gpuKeptOf(gpu: u32): u32 { return load<u32>(resources + 3 * RESOURCES + (gpu << 2)); }
export function addGpuKept(gpu: u32, amount: u32): u32 { return add(resources + 3 * RESOURCES + (gpu << 2), amount); }

export function tasksOf(place: u32): u32 { return load<u32>(classes + (place << 2)); }
export function addTaskOf(place: u32): u32 { return add(classes + (place << 2), 1); }

export function holdersOf(slot: u32): u32 { return load<u32>(objects + slot * ENTRY); }
export function addHolderOf(slot: u32): u32 { return add(objects + slot * ENTRY, 1); }
export function pinsOf(slot: u32): u32 { return load<u32>(objects + slot * ENTRY, 4); }
export function addPinOf(slot: u32): u32 { return add(objects + slot * ENTRY + 4, 1); }
export function objectMarks(slot: u32): u32 { return load<u32>(objects + slot * ENTRY, 8); }
export function markObject(slot: u32, bit: u32): bool { return mark(objects + slot * ENTRY + 8, bit); }

export function edgesOf(task: u32): u32 { return load<u32>(tasks + task * ENTRY); }
export function addEdgeOf(task: u32): u32 { return add(tasks + task * ENTRY, 1); }
export function taskMarks(task: u32): u32 { return load<u32>(tasks + task * ENTRY, 4); }
export function markTask(task: u32, bit: u32): bool { return mark(tasks + task * ENTRY + 4, bit); }

/** Watches that a thread's handles tell of, less those found. */
export function watchesLeft(thread: u32): u32 { return load<u32>(threads + thread * ENTRY); }
export function changeWatches(thread: u32, change: i32): void { add(threads + thread * ENTRY, change); }
export function suspendedOf(thread: u32): u32 { return load<u32>(threads + thread * ENTRY, 4); }
export function addSuspendedOf(thread: u32): u32 { return add(threads + thread * ENTRY + 4, 1); }
export function threadMarks(thread: u32): u32 { return load<u32>(threads + thread * ENTRY, 8); }
export function markThread(thread: u32, bit: u32): bool { return mark(threads + thread * ENTRY + 8, bit); }

/** Whether a block could begin there. */
export function isPayload(payload: usize): bool {
  return (payload & 63) == 0 && payload >= heapStart + BLOCK_SIZE && payload < heapEnd;
}

@inline function granuleAt(payload: usize): usize { return granules + ((payload - heapStart - BLOCK_SIZE) >> 6); }

export function blockMark(payload: usize): u8 { return isPayload(payload) ? load<u8>(granuleAt(payload)) : 0; }
export function setBlockMark(payload: usize, value: u8): void { store<u8>(granuleAt(payload), value); }

/** A step from one mark to another; false: the block does not have the first. */
export function stepBlock(payload: usize, from: u8, to: u8): bool {
  if (blockMark(payload) != from) return false;
  setBlockMark(payload, to);
  return true;
}

/** A record has this block of the core's; false: it is none, or somebody else's too. */
export function claim(payload: usize): bool { return stepBlock(payload, BLOCK_CORE, BLOCK_CLAIMED); }
