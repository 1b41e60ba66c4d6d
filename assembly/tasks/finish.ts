// The worker's side: take a task, finish it and take the next, park when there is none.

import {
  PARKED_BUSY, PARKED_IDLE, PARKED_NO, STATE_ERROR, STATE_INLINE, STATUS_INVALID, STATUS_OK, STATUS_POISONED, STATUS_STALE, STATUS_WRONG_STATE,
  TASK_PHASE_DECIDING, TASK_PHASE_LOST, TASK_PHASE_RUNNING, TaskEntry, THREAD_FLAG_WORKER, VALUE_SPEC_SIZE, ValueSpec,
} from "../layout";
import { inHand, roomIn } from "../memory/heap";
import { scheduler } from "../memory/root";
import { seal } from "../objects/seal";
import { objectAt } from "../objects/table";
import { discardValue, prepareValue, returnValue } from "../objects/value";
import { lock, unlock } from "../sync/lock";
import { me, self } from "../sync/thread";
import { dropEnded, readySlice } from "./arrival";
import { dropTask } from "./dispose";
import { endTask, failResultsFor, leaveLists, resultAt, settleResults } from "./end";
import { askWhoParks, joinParked, passOn, stopParking, wakeFor, wakeForAll } from "./park";
import { phaseOf, putBack, takeBest } from "./queue";
import { kindAt } from "./resources";
import { grantCpu, isMine, recallRunner } from "./suspend";
import { indexOf, isTask, taskAt } from "./table";

/**
 * Under the lock: the next task for this thread, or 0; then it is parked in the list it names, if it names one. Leaves nothing
 * undone that another parked worker could do.
 */
function takeNext(parks: u32): u32 {
  if (!(self.flags & THREAD_FLAG_WORKER)) return 0;
  const kept = scheduler().starving;
  const task = takeBest();
  stopParking(self);
  if (!self.suspended) kindAt(self.kind).short = 0;
  // Less may be kept for a starving task than before: workers of other kinds may have waited for that.
  if (kept) wakeForAll();
  else wakeFor(kindAt(self.kind));
  if (!changetype<usize>(task)) {
    if (parks == PARKED_IDLE || parks == PARKED_BUSY) {
      joinParked(self, parks);
      self.wakeValue = self.loadWake();
      askWhoParks(self);
    }
    return 0;
  }
  self.taskGeneration = task.loadGeneration();
  return indexOf(task);
}

/** A task, or 0. The call's second result is its generation. */
export function take(): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const next = takeNext(PARKED_NO);
  unlock(schedule.lockAddress);
  return next as i32;
}

/** A task; or 0, and then the worker is parked: it may sleep on its wake word while that has the value given as second result. */
export function park(busy: bool): i32 {
  if (!(self.flags & THREAD_FLAG_WORKER)) return STATUS_WRONG_STATE;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const next = takeNext(busy ? PARKED_BUSY : PARKED_IDLE);
  unlock(schedule.lockAddress);
  return next as i32;
}

/** The worker is awake for something else than a task. */
export function unpark(): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  passOn(self);
  unlock(schedule.lockAddress);
  return STATUS_OK;
}

/** Puts back a task that was taken and not started; the attempt does not count. One that was cancelled meanwhile ends. */
export function untake(index: u32, generation: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const fresh = isMine(index, generation) && phaseOf(task) == TASK_PHASE_RUNNING && !task.loadStarted();
  const reason = fresh ? task.loadCancel() : 0;
  if (reason) {
    endTask(task);
  } else if (fresh) {
    leaveLists(task);
    recallRunner(task);
    task.attempt--;
    putBack(task);
  }
  if (fresh) resourcesCameBack();
  unlock(schedule.lockAddress);
  if (reason) {
    failResultsFor(task, reason);
    dropTask(task);
  }
  return fresh ? STATUS_OK : STATUS_WRONG_STATE;
}

/** Resources came back: tasks that want their CPU go first. Under the lock. */
export function resourcesCameBack(): void {
  grantCpu();
  wakeForAll();
}

/** Ends a task with one value: its result, or the error of all its results. Gives the next task, or 0. */
export function finish(index: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  if (!isRunningHere(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  if (task.results > 1 && !(flags & STATE_ERROR)) return STATUS_INVALID;
  const status = prepareValue(flags, a, b, c);
  if (status != STATUS_OK) return status;
  settleResults(task, flags, a, b, c, d);
  return conclude(task);
}

/** Ends a task with as many values as it has results, in a block of `ValueSpec`s that is in this thread's hand and stays there. */
export function finishMany(index: u32, generation: u32, values: usize, count: u32): i32 {
  if (!isRunningHere(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  if (task.results != count || !inHand(values) || roomIn(values) / VALUE_SPEC_SIZE < count) return STATUS_INVALID;
  for (let i: u32 = 0; i < count; i++) {
    const value = valueOf(values, i);
    // The list itself cannot be a value: whoever gets it may free it before the rest is read.
    const itself = value.a == (values as u32) && !(value.flags & STATE_INLINE);
    const status = itself ? STATUS_INVALID : prepareValue(value.flags, value.a, value.b, value.c);
    if (status == STATUS_OK) continue;
    while (i--) {
      const prepared = valueOf(values, i);
      returnValue(prepared.flags, prepared.a, prepared.b, prepared.c);
    }
    return status;
  }
  for (let i: u32 = 0; i < count; i++) {
    const value = valueOf(values, i);
    const entry = objectAt(resultAt(task, i));
    if (seal(entry, value.flags, value.a, value.b, value.c, value.d) != STATUS_OK) discardValue(value.flags, value.a, value.b, value.c);
  }
  return conclude(task);
}

@inline function valueOf(values: usize, index: u32): ValueSpec { return changetype<ValueSpec>(values + index * VALUE_SPEC_SIZE); }

/**
 * Whether the task is one that this thread runs, suspended or not; decisions are not. Owner and phase are read at once: what is to be
 * decided about, others may end at any time.
 */
export function isRunningHere(index: u32, generation: u32): bool {
  if (!isTask(index)) return false;
  const task = taskAt(index);
  const state = task.loadState();
  const phase = state & 0xff;
  return state >> 8 == me && task.loadGeneration() == generation && phase != TASK_PHASE_DECIDING && phase != TASK_PHASE_LOST;
}

/**
 * The results are settled: the task ends, and the thread takes the next, which may be one that waited for these results. For
 * what it and the two that are woken anyway leave of those, others are woken.
 */
function conclude(task: TaskEntry): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  endTask(task);
  let count = readySlice(false);
  const next = takeNextAfter();
  for (; count > 3; count--) wakeForAll();
  unlock(schedule.lockAddress);
  dropEnded();
  dropTask(task);
  return next as i32;
}

/**
 * A task of this thread's is over: those who resume go first, then this thread, then others. With nothing to do it parks in
 * the same step: whoever hears of the result and submits more finds it parked, and wakes no other. Under the lock.
 */
export function takeNextAfter(): u32 {
  grantCpu();
  const next = takeNext(self.parks);
  wakeForAll();
  return next;
}
