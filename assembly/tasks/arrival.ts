// When arguments are sealed: tasks that miss none become ready, tasks whose argument failed fail without running.
//
// Sealing may complete or fail tasks, whose results fail further tasks, and so on; so what is due is put on two lists and
// worked off by `settleDue` at the end of the call, with no lock held: chains of any length cost no stack.
//   arrived  tasks that miss nothing any more              linked through `next`, which waiting tasks do not use
//   failed   tasks with the first of their failed arguments; each still counts that argument as missing, so that it cannot
//            be on the other list too

import { TASK_PHASE_WAITING, TaskEntry } from "../layout";
import { scheduler } from "../memory/root";
import { lock, unlock } from "../sync/lock";
import { disposeOne, dropTask } from "./dispose";
import { removeEdges } from "./edges";
import { endTask, failResults } from "./end";
import { append, phaseOf } from "./queue";
import { wakeFor } from "./park";
import { classAt, kindAt } from "./resources";

/** So many tasks become ready under one hold of the lock. */
@inline const SLICE: u32 = 32;

let arrived: u32 = 0;
let failed: u32 = 0;
/** Those that arrived at nothing: they had ended before. */
let ended: u32 = 0;

/** One argument of a waiting task is sealed; `failure`: it is an error, this object. */
export function argumentArrived(task: TaskEntry, failure: u32): void {
  if (failure && task.casFailure(0, failure) == 0) {
    task.next = failed;
    failed = changetype<usize>(task) as u32;
    return;
  }
  missOneLess(task);
}

export function missOneLess(task: TaskEntry): void {
  if (task.subMissing(1) != 1) return;
  task.next = arrived;
  arrived = changetype<usize>(task) as u32;
}

/** Works off what sealing has made due. No lock is held. */
export function settleDue(): void {
  do {
    while (arrived || failed) {
      if (arrived) makeReady();
      else failOne();
    }
  } while (disposeOne());
}

function makeReady(): void {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) {
    arrived = 0;
    return;
  }
  readySlice(true);
  unlock(schedule.lockAddress);
  dropEnded();
}

/**
 * Some of those that miss nothing become ready: how many. Under the scheduler's lock; `dropEnded` has to follow without it,
 * and, unless this `wakes`, waking.
 */
export function readySlice(wakes: bool): u32 {
  let count: u32 = 0;
  for (let slice = SLICE; arrived && slice; slice--) {
    const task = changetype<TaskEntry>(arrived);
    arrived = task.next;
    if (phaseOf(task) == TASK_PHASE_WAITING) {
      // The hold for the edges; the one for its life is still there.
      task.subHolds(1);
      append(task);
      count++;
      if (wakes) wakeFor(kindAt(classAt(task.resourceClass).kind));
    } else {
      task.next = ended;
      ended = changetype<usize>(task) as u32;
    }
  }
  return count;
}

export function dropEnded(): void {
  while (ended) {
    const task = changetype<TaskEntry>(ended);
    ended = task.next;
    dropTask(task);
  }
}

function failOne(): void {
  const task = changetype<TaskEntry>(failed);
  failed = task.next;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) {
    failed = 0;
    return;
  }
  const fails = phaseOf(task) == TASK_PHASE_WAITING;
  if (fails) endTask(task);
  unlock(schedule.lockAddress);
  if (fails) {
    failResults(task, task.loadFailure());
    removeEdges(task);
    dropTask(task);
  }
  missOneLess(task);
}
