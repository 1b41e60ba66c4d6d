// Failures that somebody decides about: run it again, or fail.
//
//   running ──ask──▶ deciding, in the submitter's hand ──┬─ retry ─▶ ready
//   running ──its thread dies──▶ lost, in the hand of ───┤
//                                who recovers it         └─ fail ──▶ ended
//
// If the one who decides dies, a task that was asked about fails with its error, and a lost one goes to who recovers. An
// error that the task does not fail with after all has been dealt with: nobody is told of it.

import {
  NODE_DECIDER, PHASE_SEALED, STATE_ERROR, STATUS_BUSY, STATUS_INVALID, STATUS_OK, STATUS_POISONED, STATUS_STALE, STATUS_TABLE_FULL,
  TASK_PHASE_DECIDING, TASK_PHASE_LOST, TaskEntry, Thread,
} from "../layout";
import { scheduler } from "../memory/root";
import { drop } from "../objects/release";
import { objectAt, occupy, slotOf } from "../objects/table";
import { waive } from "../objects/unread";
import { prepareValue, returnValue, writeValue } from "../objects/value";
import { push } from "../sync/inbox";
import { lock, unlock } from "../sync/lock";
import { ownerNumber, threadOf } from "../sync/thread";
import { dropTask } from "./dispose";
import { endTask, failResults, failResultsFor, leaveLists, settleResults } from "./end";
import { isRunningHere, takeNextAfter } from "./finish";
import { joinHand } from "./hand";
import { wakeFor } from "./park";
import { append, phaseOf, setPhase } from "./queue";
import { classAt, kindAt } from "./resources";
import { isMine, recallRunner } from "./suspend";
import { taskAt } from "./table";

/** The task failed with this error; its submitter shall decide. Gives the next task, or 0. */
export function ask(index: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  if (!isRunningHere(index, generation)) return STATUS_STALE;
  if (!(flags & STATE_ERROR)) return STATUS_INVALID;
  const status = prepareValue(flags, a, b, c);
  if (status != STATUS_OK) return status;
  const verdict = occupy(1, PHASE_SEALED | flags);
  if (!changetype<usize>(verdict)) {
    returnValue(flags, a, b, c);
    return STATUS_TABLE_FULL;
  }
  writeValue(verdict, flags, a, b, c, d);
  return hand(taskAt(index), slotOf(verdict));
}

function hand(task: TaskEntry, verdict: u32): i32 {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const reason = task.loadCancel();
  task.verdict = verdict;
  const submitter = threadOf(task.submitter);
  const asked = !reason && submitter.epoch == task.submitterEpoch;
  if (asked) {
    leaveLists(task);
    recallRunner(task);
    giveToDecide(task, submitter, TASK_PHASE_DECIDING);
  } else {
    endTask(task);
  }
  const next = takeNextAfter();
  unlock(schedule.lockAddress);
  if (!asked) {
    if (reason) failOtherwise(task, reason);
    else failResults(task, verdict);
    dropTask(task);
  }
  return next as i32;
}

/** An ended task fails for this reason, not with the error that it may have been asked about. */
export function failOtherwise(task: TaskEntry, reason: u32): void {
  if (task.verdict) waive(objectAt(task.verdict));
  failResultsFor(task, reason);
}

/** Puts a task that stands nowhere into a thread's hand, and tells it. Under the scheduler's lock. */
export function giveToDecide(task: TaskEntry, thread: Thread, phase: u32): void {
  setPhase(task, phase, ownerNumber(thread));
  joinHand(thread, task);
  if (task.deciderBits) return;
  task.deciderBits = 1;
  task.addHolds(1);
  if (push(thread, thread.epoch, (changetype<usize>(task) as u32) | NODE_DECIDER)) return;
  task.deciderBits = 0;
  task.subHolds(1);
}

/** The task runs again, when a worker takes it. `busy`: its message has not been read yet. */
export function retry(index: u32, generation: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const status = decidable(index, generation);
  let verdict: u32 = 0;
  if (status == STATUS_OK) {
    verdict = task.verdict;
    task.verdict = 0;
    leaveLists(task);
    if (task.retries > 0) task.retries--;
    append(task);
    wakeFor(kindAt(classAt(task.resourceClass).kind));
  }
  unlock(schedule.lockAddress);
  if (verdict) {
    waive(objectAt(verdict));
    drop(objectAt(verdict));
  }
  return status;
}

/** The task fails: with this error, or, with no flags, with the one that was asked about. */
export function fail(index: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  if (flags && !(flags & STATE_ERROR)) return STATUS_INVALID;
  const task = taskAt(index);
  if (flags) {
    const status = prepareValue(flags, a, b, c);
    if (status != STATUS_OK) return status;
  }
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  let status = decidable(index, generation);
  if (status == STATUS_OK && !flags && !task.verdict) status = STATUS_INVALID;
  if (status == STATUS_OK) endTask(task);
  unlock(schedule.lockAddress);
  if (status != STATUS_OK) {
    if (flags) returnValue(flags, a, b, c);
    return status;
  }
  if (flags) {
    if (task.verdict) waive(objectAt(task.verdict));
    settleResults(task, flags, a, b, c, d);
  } else {
    failResults(task, task.verdict);
  }
  dropTask(task);
  return STATUS_OK;
}

/** Under the scheduler's lock. */
function decidable(index: u32, generation: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  const phase = phaseOf(task);
  if (phase != TASK_PHASE_DECIDING && phase != TASK_PHASE_LOST) return STATUS_STALE;
  return task.deciderBits ? STATUS_BUSY : STATUS_OK;
}
