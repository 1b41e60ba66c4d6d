// Cancelling. What is not running yet fails at once; what is running hears of it: by the cancel word, which code may poll,
// and by a message to its thread. With recursion, a task that has submitted others takes them along: first all descendants
// are found and marked, generation by generation, then each is cancelled. Tasks that never submitted cost no search.

import {
  CANCEL_RECURSIVE, CANCEL_SETTLE, RUNNER_BIT_CANCEL, STATUS_INVALID, STATUS_OK, STATUS_POISONED, STATUS_STALE, TASK_FLAG_HAS_CHILDREN,
  TASK_FLAG_MARKED, TASK_FLAG_TREE,
  TASK_PHASE_DECIDING, TASK_PHASE_ENDED, TASK_PHASE_LOST, TASK_PHASE_READY, TASK_PHASE_SUBMITTING, TASK_PHASE_VACANT,
  TASK_PHASE_WAITING, TaskEntry,
} from "../layout";
import { root, scheduler } from "../memory/root";
import { lock, unlock } from "../sync/lock";
import { failOtherwise } from "./decide";
import { dropTask } from "./dispose";
import { removeEdges } from "./edges";
import { endTask, failResultsAs } from "./end";
import { wakeForAll } from "./park";
import { phaseOf } from "./queue";
import { tellRunner } from "./suspend";
import { isTask, taskAt } from "./table";

/** So many entries are looked at under one hold of the lock. */
@inline const SLICE: u32 = 64;

export function cancel(index: u32, generation: u32, reason: u32, options: u32): i32 {
  if (!isTask(index)) return STATUS_STALE;
  if (!reason || options > (CANCEL_RECURSIVE | CANCEL_SETTLE)) return STATUS_INVALID;
  const task = taskAt(index);
  if (!(options & CANCEL_RECURSIVE)) return cancelOne(task, generation, reason, options);
  const marked = markAll(task, generation, reason);
  if (marked < 0) return marked;
  const status = cancelOne(task, generation, reason, options);
  if (marked) cancelMarked(reason, options);
  // Its cancel word was set before: by that it may be over already.
  return status == STATUS_STALE ? STATUS_OK : status;
}

/** An entry that is vacant or over has the generation of its next task already. Under the scheduler's lock. */
function isUnfinished(task: TaskEntry, generation: u32): bool {
  const phase = phaseOf(task);
  return phase != TASK_PHASE_VACANT && phase != TASK_PHASE_ENDED && task.loadGeneration() == generation;
}

/** Cancels one task, without those it has submitted. */
export function cancelOne(task: TaskEntry, generation: u32, reason: u32, options: u32): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const phase = phaseOf(task);
  if (!isUnfinished(task, generation)) {
    unlock(schedule.lockAddress);
    return STATUS_STALE;
  }
  task.storeCancel(reason);
  const ends = phase == TASK_PHASE_WAITING || phase == TASK_PHASE_READY || phase == TASK_PHASE_DECIDING || phase == TASK_PHASE_LOST;
  const settles = !ends && phase != TASK_PHASE_SUBMITTING && (options & CANCEL_SETTLE) != 0;
  const kept = schedule.starving;
  if (ends) endTask(task);
  else if (phase != TASK_PHASE_SUBMITTING) tellRunner(task, RUNNER_BIT_CANCEL);
  if (kept && !schedule.starving) wakeForAll();
  if (settles) task.addHolds(1);
  unlock(schedule.lockAddress);
  if (ends) failOtherwise(task, reason);
  // It may end at any time now; what it may fail with then is its thread's business.
  if (settles) failResultsAs(task, generation, reason);
  if (phase == TASK_PHASE_WAITING) removeEdges(task);
  if (ends || settles) dropTask(task);
  return STATUS_OK;
}

/**
 * Marks all descendants and sets their cancel words, so that what they submit from now on is cancelled too. 0: there are none.
 * Below 0: the ancestor is over, or the memory is given up.
 */
function markAll(ancestor: TaskEntry, generation: u32, reason: u32): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const unfinished = isUnfinished(ancestor, generation);
  if (unfinished) {
    ancestor.storeCancel(reason);
    ancestor.flags |= TASK_FLAG_TREE;
  }
  let more = unfinished && (ancestor.flags & TASK_FLAG_HAS_CHILDREN) != 0;
  unlock(schedule.lockAddress);
  if (!unfinished) return STATUS_STALE;
  const any: i32 = more ? 1 : 0;
  while (more) {
    more = false;
    for (let from: u32 = 1; from < root().loadTaskFresh(); from += SLICE) {
      if (!lock(schedule.lockAddress)) return STATUS_POISONED;
      for (let index = from; index < from + SLICE && index < root().loadTaskFresh(); index++) more = mark(taskAt(index), reason) || more;
      unlock(schedule.lockAddress);
    }
  }
  return any;
}

/**
 * Marks a task whose parent is cancelled with all that it has submitted; a parent that is merely cancelled does not take its
 * children along. True: it may have children itself.
 */
function mark(task: TaskEntry, reason: u32): bool {
  const phase = phaseOf(task);
  if (phase == TASK_PHASE_VACANT || phase == TASK_PHASE_ENDED || task.flags & TASK_FLAG_TREE || !task.parent) return false;
  const parent = taskAt(task.parent);
  if (parent.loadGeneration() != task.parentGeneration || !(parent.flags & TASK_FLAG_TREE)) return false;
  task.storeCancel(reason);
  task.flags |= TASK_FLAG_TREE | TASK_FLAG_MARKED;
  return (task.flags & TASK_FLAG_HAS_CHILDREN) != 0;
}

function cancelMarked(reason: u32, options: u32): void {
  const schedule = scheduler();
  for (let index: u32 = 1; index < root().loadTaskFresh(); index++) {
    const task = taskAt(index);
    if (!task.loadCancel()) continue;
    if (!lock(schedule.lockAddress)) return;
    // An entry that is over is being taken apart, or filled anew, outside of the lock.
    const phase = phaseOf(task);
    const marked = phase != TASK_PHASE_VACANT && phase != TASK_PHASE_ENDED && (task.flags & TASK_FLAG_MARKED) != 0;
    if (marked) task.flags &= ~TASK_FLAG_MARKED;
    const generation = task.loadGeneration();
    unlock(schedule.lockAddress);
    if (marked) cancelOne(task, generation, reason, options);
  }
}
