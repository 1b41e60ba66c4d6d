// The figures of the store.

import { STATUS_INVALID, STATUS_OK, STATUS_POISONED, Stats, THREAD_SCRATCH } from "../layout";
import { freeEmptyChunks } from "../objects/handles";
import { lock, unlock } from "../sync/lock";
import { self, threadAt } from "../sync/thread";
import { heap, heapEnd, heapStart, root, scheduler } from "./root";
import { giveBackAll } from "./spans";

export function writeStats(): i32 {
  const stats = changetype<Stats>(changetype<usize>(self) + THREAD_SCRATCH);
  const blocks = heap();
  if (!lock(blocks.lockAddress)) return STATUS_POISONED;
  stats.capacity = blocks.loadCapacity();
  stats.granules = blocks.loadUsed();
  stats.taken = blocks.taken;
  stats.peak = blocks.peak;
  unlock(blocks.lockAddress);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const threads = schedule.freshThread;
  stats.pending = schedule.pending;
  stats.ready = schedule.ready;
  unlock(schedule.lockAddress);
  const record = root();
  if (!lock(record.lockAddress)) return STATUS_POISONED;
  stats.unread = record.unreadCount;
  stats.unreadDropped = record.unreadDropped;
  unlock(record.lockAddress);
  stats.objects = 0;
  for (let index: u32 = 0; index < threads; index++) stats.objects += threadAt(index).loadObjects();
  return STATUS_OK;
}

export function setCapacityTo(bytes: u32, most: u32): i32 {
  if (!bytes || !most) return STATUS_INVALID;
  const size = (heapEnd - heapStart) as u32;
  const blocks = heap();
  if (!lock(blocks.lockAddress)) return STATUS_POISONED;
  blocks.storeCapacity(bytes < size ? bytes : size);
  blocks.limit = most < size ? most : size;
  unlock(blocks.lockAddress);
  return STATUS_OK;
}

export function flushCaches(): i32 {
  freeEmptyChunks();
  giveBackAll(self);
  return STATUS_OK;
}
