// Where everything stands in the memory. Nothing grows and nothing moves: `init` lays it out once.
//
//   0        64     256         1088    8192    12288     110592
//   ├────────┼──────┼───────────┼───────┼───────┼─────────┼─────────┬─────────┬───────┬──────────┬──────────────┐
//   │ (none) │ root │ scheduler │ heap  │ kinds │ classes │ threads │ objects │ tasks │ page map │ blocks …     │
//   └────────┴──────┴───────────┴───────┴───────┴─────────┴─────────┴─────────┴───────┴──────────┴──────────────┘

import { atomicCas } from "../sync/atomic";
import {
  Heap, LAYOUT_HASH, OBJECT_ENTRY_SIZE, PLACE_CLASSES, PLACE_KINDS, PLACE_ROOT, RESOURCE_CLASS_SIZE, ROOT_SIZE, Root, SCHEDULER_SIZE,
  STATUS_INITIALISED, STATUS_INVALID, STATUS_NOT_INITIALISED, STATUS_OK, Scheduler, TASK_ENTRY_SIZE, THREAD_SIZE,
} from "../layout";
import { openHeap } from "./blocks";

@inline const ROOT: usize = PLACE_ROOT;
@inline const SCHEDULER: usize = ROOT + ROOT_SIZE;
@inline const HEAP: usize = SCHEDULER + SCHEDULER_SIZE;
@inline export const KINDS: usize = PLACE_KINDS;
@inline export const KIND_MAX: u32 = 64;
@inline export const CLASSES: usize = PLACE_CLASSES;
@inline export const CLASS_MAX: u32 = 256;
@inline const THREADS: usize = CLASSES + CLASS_MAX * RESOURCE_CLASS_SIZE;

/** A thread's index + 1 is the owner byte of a small block, and 255 says "the core". */
@inline const THREAD_MAX: u32 = 250;
/** Threads have room for 512 chunks of 8192 handle words. */
@inline const OBJECT_MAX: u32 = 1 << 22;
@inline const TASK_MAX: u32 = 1 << 22;

@inline export const PAGE: u32 = 65536;
@inline const MAGIC: u32 = 0x52415921;
@inline const MAGIC_UNDER_WAY: u32 = 1;

/** The tables' places, as each instance knows them. */
export let objectTable: usize = 0;
export let objectMax: u32 = 0;
export let taskTable: usize = 0;
export let taskMax: u32 = 0;
export let threadMax: u32 = 0;
export let pageMap: usize = 0;
export let heapStart: usize = 0;
export let heapEnd: usize = 0;

@inline export function root(): Root { return changetype<Root>(ROOT); }
@inline export function scheduler(): Scheduler { return changetype<Scheduler>(SCHEDULER); }
@inline export function heap(): Heap { return changetype<Heap>(HEAP); }
@inline export function threadAddress(index: u32): usize { return THREADS + index * THREAD_SIZE; }

@inline function alignTo(address: u64, unit: u64): u64 { return (address + unit - 1) & ~(unit - 1); }

/** Lays out a memory of zeros. The first caller does it; others hear that it is done. */
export function initialise(size: u32, objects: u32, tasks: u32, threads: u32, capacity: u32): i32 {
  if (objects < 2 || objects > OBJECT_MAX || tasks < 2 || tasks > TASK_MAX || threads < 1 || threads > THREAD_MAX) return STATUS_INVALID;
  if (!capacity) return STATUS_INVALID;
  if ((size as u64) > ((memory.size() as u64) << 16)) return STATUS_INVALID;
  const objectsAt = alignTo(threadAddress(threads), 64);
  const tasksAt = objectsAt + (objects as u64) * OBJECT_ENTRY_SIZE;
  const pagesAt = alignTo(tasksAt + (tasks as u64) * TASK_ENTRY_SIZE, 64);
  const blocksAt = alignTo(pagesAt + (size >> 16) + 1, 64) + 32;
  if (blocksAt + 2 * PAGE > size) return STATUS_INVALID;

  const record = root();
  if (atomicCas<u32>(record.magicAddress, 0, MAGIC_UNDER_WAY) != 0) return STATUS_INITIALISED;
  record.layout = LAYOUT_HASH;
  record.size = size;
  record.objectTable = objectsAt as u32;
  record.objectMax = objects;
  record.storeObjectFresh(1);
  record.taskTable = tasksAt as u32;
  record.taskMax = tasks;
  record.storeTaskFresh(1);
  record.threadTable = THREADS as u32;
  record.threadMax = threads;
  record.pageMap = pagesAt as u32;
  record.heapStart = blocksAt as u32;
  record.heapEnd = (((size - 64) & ~63) + 32) as u32;
  scheduler().pendingLimit = u32.MAX_VALUE;
  learnPlaces(record);
  openHeap(capacity);
  record.storeMagic(MAGIC);
  return STATUS_OK;
}

/** Reads the places into this instance's globals. */
export function locate(): i32 {
  const record = root();
  if (record.loadMagic() != MAGIC || record.layout != LAYOUT_HASH) return STATUS_NOT_INITIALISED;
  if (!objectTable) learnPlaces(record);
  return STATUS_OK;
}

function learnPlaces(record: Root): void {
  objectTable = record.objectTable;
  objectMax = record.objectMax;
  taskTable = record.taskTable;
  taskMax = record.taskMax;
  threadMax = record.threadMax;
  pageMap = record.pageMap;
  heapStart = record.heapStart;
  heapEnd = record.heapEnd;
}
