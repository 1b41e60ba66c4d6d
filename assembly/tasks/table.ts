// The table of tasks: 192-byte entries. Free ones are kept and exchanged like object entries (see objects/table.ts), chained
// through `next`; the next batch hangs on `previous` of a batch's first entry.
//
// A task's generation changes when it ends, under the scheduler's lock, so whoever names it later hears `stale`; its entry
// goes when the last hold on it is given up.

import { TASK_ENTRY_SIZE, TASK_PHASE_VACANT, TaskEntry, Thread } from "../layout";
import { root, taskMax, taskTable } from "../memory/root";
import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";

@inline const BATCH: u32 = 32;
@inline const KEPT: u32 = 2 * BATCH;
/** Generations stay small integers in JavaScript. */
@inline const LAST_GENERATION: u32 = i32.MAX_VALUE;

@inline export function taskAt(index: u32): TaskEntry { return changetype<TaskEntry>(taskTable + index * TASK_ENTRY_SIZE); }
@inline export function indexOf(task: TaskEntry): u32 { return ((changetype<usize>(task) - taskTable) / TASK_ENTRY_SIZE) as u32; }
@inline export function isTask(index: u32): bool { return index - 1 < taskMax - 1; }

/** An entry for a new task, or null. */
export function occupyTask(): TaskEntry {
  if (!self.freeTasks && !refill()) return changetype<TaskEntry>(0);
  const task = changetype<TaskEntry>(self.freeTasks);
  self.freeTasks = task.next;
  self.freeTaskCount--;
  if (!task.loadGeneration()) task.storeGeneration(1);
  return task;
}

export function vacateTask(task: TaskEntry): void {
  task.storeState(TASK_PHASE_VACANT);
  if (task.loadGeneration() < LAST_GENERATION) keep(task);
}

function keep(task: TaskEntry): void {
  task.next = self.freeTasks;
  self.freeTasks = changetype<usize>(task) as u32;
  if (++self.freeTaskCount >= KEPT) shed();
}

function refill(): bool {
  const record = root();
  if (self.freshTask == self.freshTaskEnd) {
    if (!lock(record.lockAddress)) return false;
    const batch = record.taskBatches;
    if (batch) {
      record.taskBatches = changetype<TaskEntry>(batch).previous;
    } else {
      const most = record.taskMax - record.loadTaskFresh();
      self.freshTask = record.loadTaskFresh();
      self.freshTaskEnd = record.loadTaskFresh() + (most < BATCH ? most : BATCH);
      record.storeTaskFresh(self.freshTaskEnd);
    }
    unlock(record.lockAddress);
    if (batch) {
      self.freeTasks = batch;
      self.freeTaskCount = BATCH;
      return true;
    }
    if (self.freshTask == self.freshTaskEnd) return false;
  }
  const task = taskAt(self.freshTask++);
  task.next = 0;
  self.freeTasks = changetype<usize>(task) as u32;
  self.freeTaskCount = 1;
  return true;
}

function shed(): void {
  const first = changetype<TaskEntry>(self.freeTasks);
  let last = first;
  for (let i: u32 = 1; i < BATCH; i++) last = changetype<TaskEntry>(last.next);
  self.freeTasks = last.next;
  self.freeTaskCount -= BATCH;
  last.next = 0;
  const record = root();
  if (!lock(record.lockAddress)) return;
  first.previous = record.taskBatches;
  record.taskBatches = changetype<usize>(first) as u32;
  unlock(record.lockAddress);
}

/** Takes over the free entries of a thread that is gone. */
export function inheritTasks(thread: Thread): void {
  while (thread.freeTasks) {
    const task = changetype<TaskEntry>(thread.freeTasks);
    thread.freeTasks = task.next;
    keep(task);
  }
  thread.freeTaskCount = 0;
  while (thread.freshTask < thread.freshTaskEnd) keep(taskAt(thread.freshTask++));
}
