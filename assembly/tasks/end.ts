// The end of a task, in three steps that each caller puts together: it ends (under the lock: it has no number any more, its
// resources are free), its results are settled (no lock held), and it gives up the hold for its life.

import {
  STATUS_OK, TASK_PHASE_ENDED, TASK_PHASE_READY, TASK_PHASE_RESUMING, TASK_PHASE_RUNNING, TASK_PHASE_SUSPENDED,
  TaskEntry, Thread,
} from "../layout";
import { scheduler } from "../memory/root";
import { seal, sealAlias, sealReason } from "../objects/seal";
import { objectAt } from "../objects/table";
import { discardValue } from "../objects/value";
import { threadOf } from "../sync/thread";
import { leaveHand } from "./hand";
import { phaseOf, ownerOf, setPhase, unlist } from "./queue";
import { classAt, give, keep } from "./resources";
import { tellRoom } from "./room";
import { unlistResuming } from "./suspend";
import { indexOf } from "./table";

/** Takes the task out of whatever it stands in and frees its resources. Under the scheduler's lock. */
export function endTask(task: TaskEntry): void {
  leaveLists(task);
  task.storeGeneration(task.loadGeneration() + 1);
  setPhase(task, TASK_PHASE_ENDED, 0);
  const schedule = scheduler();
  schedule.pending--;
  classAt(task.resourceClass).tasks--;
  if (schedule.roomWaiters) tellRoom();
}

/** The task is nobody's any more: not queued, in no hand, without resources. Under the scheduler's lock. */
export function leaveLists(task: TaskEntry): void {
  const phase = phaseOf(task);
  if (phase == TASK_PHASE_READY) unlist(task);
  const owner = ownerOf(task);
  if (!owner) return;
  const thread = threadOf(owner);
  leaveHand(thread, task);
  if (phase == TASK_PHASE_RESUMING) unlistResuming(task);
  if (phase == TASK_PHASE_SUSPENDED) keep(classAt(task.resourceClass), task, true);
  if (phase == TASK_PHASE_SUSPENDED || phase == TASK_PHASE_RESUMING) thread.suspended--;
  if (phase == TASK_PHASE_RUNNING || phase == TASK_PHASE_SUSPENDED || phase == TASK_PHASE_RESUMING) {
    give(classAt(task.resourceClass), task, phase == TASK_PHASE_RUNNING);
  }
}

/** The slot of a task's i-th result. */
export function resultAt(task: TaskEntry, index: u32): u32 {
  return task.results == 1 ? task.result : load<u32>((task.result as usize) + (index << 2));
}

/** Settles the results with one prepared value: the only result gets it; of several, all that are still open fail with it. */
export function settleResults(task: TaskEntry, flags: u32, a: u32, b: u32, c: u32, d: u32): void {
  const count = task.results;
  let first: u32 = 0;
  while (first < count && seal(objectAt(resultAt(task, first)), flags, a, b, c, d) != STATUS_OK) first++;
  if (first == count) discardValue(flags, a, b, c);
  for (let i = first + 1; i < count; i++) sealAlias(objectAt(resultAt(task, i)), resultAt(task, first));
}

/** Settles the results with the error that an object is. */
export function failResults(task: TaskEntry, failure: u32): void {
  for (let i: u32 = 0; i < task.results; i++) sealAlias(objectAt(resultAt(task, i)), failure);
}

/** Settles the results of a task that has ended with the reason why. */
export function failResultsFor(task: TaskEntry, reason: u32): void {
  // It has its next generation already.
  failResultsAs(task, task.loadGeneration() - 1, reason);
}

export function failResultsAs(task: TaskEntry, generation: u32, reason: u32): void {
  for (let i: u32 = 0; i < task.results; i++) sealReason(objectAt(resultAt(task, i)), reason, indexOf(task), generation);
}
