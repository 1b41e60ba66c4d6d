// What a dead thread owned, given back. Runs only after the thread has stopped; one table in docs/architecture.md lists each
// thing that a thread can own, the record that names the owner, and what is done here.

import {
  HANDLE_PIN_SHIFT, HANDLE_WATCH, NODE_DECIDER, NODE_EDGE, NODE_MASK, NODE_RUNNER, STATUS_INVALID, STATUS_OK,
  STATUS_POISONED, STATUS_WRONG_STATE, TASK_PHASE_DECIDING, TASK_PHASE_LOST, TASK_PHASE_RUNNING, TaskEntry, Thread, THREAD_CHUNKS_LENGTH,
} from "./layout";
import { freeBlock, freeHandOf } from "./memory/heap";
import { scheduler, threadMax } from "./memory/root";
import { giveBackAll } from "./memory/spans";
import { WORDS_PER_CHUNK, chunkAt } from "./objects/handles";
import { drop, takeOffPin } from "./objects/release";
import { inheritObjects, objectAt } from "./objects/table";
import { removeWatch } from "./objects/watch";
import { linkOf, takeAll } from "./sync/inbox";
import { lock, unlock } from "./sync/lock";
import { claimDead, self, threadAt, vacateThread } from "./sync/thread";
import { dropTask } from "./tasks/dispose";
import { endTask, failResults, leaveLists } from "./tasks/end";
import { failOtherwise, giveToDecide } from "./tasks/decide";
import { resourcesCameBack } from "./tasks/finish";
import { passOn, wakeFor } from "./tasks/park";
import { phaseOf, putBack } from "./tasks/queue";
import { kindAt } from "./tasks/resources";
import { forgetRoom } from "./tasks/room";
import { inheritTasks } from "./tasks/table";

export function recover(index: u32, epoch: u32): i32 {
  if (index >= threadMax) return STATUS_INVALID;
  if (!claimDead(index, epoch)) return STATUS_WRONG_STATE;
  const thread = threadAt(index);
  // First the inbox changes its epoch: from here on nothing new reaches it, and the lists in it can be taken apart.
  discardMessages(takeAll(thread, epoch + 1));
  discardMessages(thread.delivered);
  thread.delivered = 0;
  thread.deliveredCount = 0;
  if (!recoverTasks(thread, index, epoch)) return STATUS_POISONED;
  releaseHandles(thread, index + 1);
  freeHandOf(thread, index + 1);
  giveBackAll(thread);
  inheritObjects(thread);
  inheritTasks(thread);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  vacateThread(index, epoch + 1);
  unlock(schedule.lockAddress);
  return STATUS_OK;
}

function discardMessages(node: u32): void {
  while (node) {
    const address: usize = node & ~NODE_MASK;
    const tag = node & NODE_MASK;
    const task = changetype<TaskEntry>(address);
    node = load<u32>(linkOf(node));
    if (tag == NODE_EDGE) freeBlock(address);
    if (tag == NODE_RUNNER || tag == NODE_DECIDER) discardTaskMessage(task, tag);
  }
}

function discardTaskMessage(task: TaskEntry, tag: u32): void {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return;
  if (tag == NODE_RUNNER) task.runnerBits = 0;
  else task.deciderBits = 0;
  unlock(schedule.lockAddress);
  dropTask(task);
}

/** Parking, a wake it was given, the wish for room, and the tasks in its hand, one at a time. */
function recoverTasks(thread: Thread, index: u32, epoch: u32): bool {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return false;
  // Of no epoch until its slot is vacant: nothing is sent to a thread that has tasks in its hand and reads no more.
  thread.epoch = 0;
  // It may be the one that was told that another thread is wanted, or the other thread itself.
  const kind = kindAt(thread.kind);
  const short = kind.short;
  kind.short = 0;
  passOn(thread);
  if (short) wakeFor(kind);
  forgetRoom(index);
  thread.roomQueued = 0;
  unlock(schedule.lockAddress);
  while (true) {
    if (!lock(schedule.lockAddress)) return false;
    const task = changetype<TaskEntry>(thread.hand);
    const phase = changetype<usize>(task) ? phaseOf(task) : 0;
    const verdict = changetype<usize>(task) ? task.verdict : 0;
    const reason = changetype<usize>(task) ? task.loadCancel() : 0;
    const ends = phase == TASK_PHASE_DECIDING || reason != 0;
    if (changetype<usize>(task)) {
      if (ends) endTask(task);
      else giveOn(task, phase);
      resourcesCameBack();
    }
    unlock(schedule.lockAddress);
    if (!changetype<usize>(task)) return true;
    if (!ends) continue;
    if (reason) failOtherwise(task, reason);
    else failResults(task, verdict);
    dropTask(task);
  }
}

/** A task that was not started is taken back; any other waits for a decision of the thread that recovers. */
function giveOn(task: TaskEntry, phase: u32): void {
  leaveLists(task);
  if (phase == TASK_PHASE_RUNNING && !task.loadStarted()) {
    task.attempt--;
    putBack(task);
  } else {
    giveToDecide(task, self, TASK_PHASE_LOST);
  }
}

/** Handles, pins and watches: the handle table says which. */
function releaseHandles(thread: Thread, owner: u32): void {
  for (let i: u32 = 0; i < THREAD_CHUNKS_LENGTH; i++) {
    const chunk: usize = load<u32>(chunkAt(thread, i));
    if (!chunk) continue;
    for (let j: u32 = 0; j < WORDS_PER_CHUNK; j++) {
      const held = load<u32>(chunk + (j << 2));
      if (!held) continue;
      const entry = objectAt(i * WORDS_PER_CHUNK + j);
      if (held & HANDLE_WATCH) removeWatch(entry, owner);
      if (held >> HANDLE_PIN_SHIFT) takeOffPin(entry);
      drop(entry);
    }
    store<u32>(chunkAt(thread, i), 0);
    freeBlock(chunk);
  }
}
