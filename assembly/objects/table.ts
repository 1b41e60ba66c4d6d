// The table of objects: 64-byte entries, found by slot, told apart by generation.
//
// Free entries are chained through `link`. Each thread keeps a chain of its own and a range of entries never used; batches
// of BATCH go to and fro through a list in the root (the next batch hangs on `newer` of a batch's first entry).
// An entry's generation changes when its last holder goes, so a stale handle is seen, never followed; an entry whose
// generation would wrap is not used again.

import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";
import { OBJECT_ENTRY_SIZE, ObjectEntry, PHASE_VACANT, Thread } from "../layout";
import { objectMax, objectTable, root } from "../memory/root";

@inline const BATCH: u32 = 32;
@inline const KEPT: u32 = 2 * BATCH;
/** Generations stay small integers in JavaScript. */
@inline const LAST_GENERATION: u32 = i32.MAX_VALUE;

@inline export function objectAt(slot: u32): ObjectEntry { return changetype<ObjectEntry>(objectTable + slot * OBJECT_ENTRY_SIZE); }
@inline export function slotOf(entry: ObjectEntry): u32 { return ((changetype<usize>(entry) - objectTable) / OBJECT_ENTRY_SIZE) as u32; }
@inline export function generationOf(entry: ObjectEntry): u32 { return (entry.loadWord() >> 32) as u32; }
@inline export function isSlot(slot: u32): bool { return slot - 1 < objectMax - 1; }

/** An entry with one holder, in this state, without value, edges or watchers; null if the table is full. */
export function occupy(holders: u32, state: u32): ObjectEntry {
  if (!self.freeObjects && !refill()) return changetype<ObjectEntry>(0);
  const entry = changetype<ObjectEntry>(self.freeObjects);
  self.freeObjects = entry.link;
  self.freeObjectCount--;
  const generation = generationOf(entry);
  entry.link = 0;
  entry.stream = 0;
  entry.pins = 0;
  entry.taskEdges = 0;
  entry.threadEdges = 0;
  entry.watcher = 0;
  entry.storeState(state);
  entry.storeWord(((generation ? generation : 1) as u64) << 32 | holders);
  self.storeObjects(self.loadObjects() + 1);
  return entry;
}

/** The entry has no holder, no payload, nothing refers to it any more. */
export function vacate(entry: ObjectEntry): void {
  const generation = generationOf(entry) + 1;
  entry.storeState(PHASE_VACANT);
  entry.storeWord((generation as u64) << 32);
  self.storeObjects(self.loadObjects() - 1);
  if (generation < LAST_GENERATION) keep(entry);
}

function refill(): bool {
  const record = root();
  if (self.freshObject == self.freshObjectEnd) {
    if (!lock(record.lockAddress)) return false;
    const batch = record.objectBatches;
    if (batch) {
      record.objectBatches = changetype<ObjectEntry>(batch).newer;
    } else {
      const most = record.objectMax - record.loadObjectFresh();
      self.freshObject = record.loadObjectFresh();
      self.freshObjectEnd = record.loadObjectFresh() + (most < BATCH ? most : BATCH);
      record.storeObjectFresh(self.freshObjectEnd);
    }
    unlock(record.lockAddress);
    if (batch) {
      self.freeObjects = batch;
      self.freeObjectCount = BATCH;
      return true;
    }
    if (self.freshObject == self.freshObjectEnd) return false;
  }
  const entry = objectAt(self.freshObject++);
  entry.link = 0;
  self.freeObjects = changetype<usize>(entry) as u32;
  self.freeObjectCount = 1;
  return true;
}

/** Hands a batch of this thread's free entries to all. */
function shed(): void {
  const first = changetype<ObjectEntry>(self.freeObjects);
  let last = first;
  for (let i: u32 = 1; i < BATCH; i++) last = changetype<ObjectEntry>(last.link);
  self.freeObjects = last.link;
  self.freeObjectCount -= BATCH;
  last.link = 0;
  const record = root();
  if (!lock(record.lockAddress)) return;
  first.newer = record.objectBatches;
  record.objectBatches = changetype<usize>(first) as u32;
  unlock(record.lockAddress);
}

/** Takes over the free entries of a thread that is gone. */
export function inheritObjects(thread: Thread): void {
  while (thread.freeObjects) {
    const entry = changetype<ObjectEntry>(thread.freeObjects);
    thread.freeObjects = entry.link;
    keep(entry);
  }
  thread.freeObjectCount = 0;
  while (thread.freshObject < thread.freshObjectEnd) keep(objectAt(thread.freshObject++));
}

function keep(entry: ObjectEntry): void {
  entry.link = self.freeObjects;
  self.freeObjects = changetype<usize>(entry) as u32;
  if (++self.freeObjectCount >= KEPT) shed();
}
