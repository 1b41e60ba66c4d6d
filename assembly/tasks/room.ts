// The limit on unfinished tasks, and those who wait for room below it. Under the scheduler's lock.

import { NODE_ROOM, STATUS_INVALID, STATUS_LIMIT, STATUS_OK, STATUS_POISONED } from "../layout";
import { scheduler } from "../memory/root";
import { push } from "../sync/inbox";
import { lock, unlock } from "../sync/lock";
import { self, threadAt } from "../sync/thread";

/** A wish for more than the limit allows, since it was lowered, is met when there is no task at all. */
@inline function hasRoomFor(count: u32): bool {
  const schedule = scheduler();
  if (count > schedule.pendingLimit) return !schedule.pending;
  return schedule.pending <= schedule.pendingLimit - count;
}

export function setLimit(most: u32): i32 {
  if (!most) return STATUS_INVALID;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  schedule.pendingLimit = most;
  if (schedule.roomWaiters) tellRoom();
  unlock(schedule.lockAddress);
  return STATUS_OK;
}

/** ok: there is room for so many more tasks. `limit`: a message will say when there is. */
export function awaitRoom(count: u32): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  let status = STATUS_OK;
  if (!count || count > schedule.pendingLimit) {
    status = STATUS_INVALID;
  } else if (!hasRoomFor(count)) {
    if (!self.roomWanted) schedule.roomWaiters++;
    self.roomWanted = count;
    status = STATUS_LIMIT;
  }
  unlock(schedule.lockAddress);
  return status;
}

/** Tells every thread whose wish is met. */
export function tellRoom(): void {
  const schedule = scheduler();
  for (let index: u32 = 0; index < schedule.freshThread && schedule.roomWaiters; index++) {
    const thread = threadAt(index);
    if (!thread.roomWanted || !hasRoomFor(thread.roomWanted)) continue;
    forgetRoom(index);
    if (thread.roomQueued) continue;
    thread.roomQueued = 1;
    push(thread, thread.epoch, (changetype<usize>(thread) as u32) | NODE_ROOM);
  }
}

/** A thread does not wait for room any more. */
export function forgetRoom(index: u32): void {
  const thread = threadAt(index);
  if (!thread.roomWanted) return;
  thread.roomWanted = 0;
  scheduler().roomWaiters--;
}
