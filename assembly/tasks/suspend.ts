// A task that waits gives its CPU back (not its GPUs), and takes it again before it goes on, ahead of new tasks. Those that
// find none free stand in one list, first come, first served. The message that it has its CPU goes to its thread.

import {
  NODE_RUNNER, RUNNER_BIT_QUEUED, RUNNER_BIT_RESUME, STATUS_BUSY, STATUS_OK, STATUS_POISONED, STATUS_STALE, STATUS_WRONG_STATE,
  TASK_PHASE_RESUMING, TASK_PHASE_RUNNING, TASK_PHASE_SUSPENDED, TaskEntry,
} from "../layout";
import { scheduler } from "../memory/root";
import { push, recall } from "../sync/inbox";
import { lock, unlock } from "../sync/lock";
import { me, myEpoch, self, threadOf } from "../sync/thread";
import { wakeForAll } from "./park";
import { ownerOf, phaseOf, setPhase } from "./queue";
import { classAt, cpuOf, freeCpu, giveCpu, keep, takeCpu } from "./resources";
import { isTask, taskAt } from "./table";

/**
 * Whether this is a task in the calling thread's hand, under this number. What is to be decided about, others may end at any time: so it
 * has to be asked again under the scheduler's lock.
 */
export function isMine(index: u32, generation: u32): bool {
  if (!isTask(index)) return false;
  const task = taskAt(index);
  return ownerOf(task) == me && task.loadGeneration() == generation;
}

export function suspend(index: u32, generation: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const running = isMine(index, generation) && phaseOf(task) == TASK_PHASE_RUNNING;
  if (running) {
    setPhase(task, TASK_PHASE_SUSPENDED, me);
    threadOf(me).suspended++;
    keep(classAt(task.resourceClass), task, false);
    giveCpu(cpuOf(classAt(task.resourceClass)));
    grantCpu();
    wakeForAll();
  }
  unlock(schedule.lockAddress);
  return running ? STATUS_OK : STATUS_WRONG_STATE;
}

/** ok: it has its CPU again. `busy`: a message will say when it has. */
export function resume(index: u32, generation: u32): i32 {
  if (!isMine(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  let status = STATUS_WRONG_STATE;
  if (isMine(index, generation) && phaseOf(task) == TASK_PHASE_SUSPENDED) {
    keep(classAt(task.resourceClass), task, true);
    const cpu = cpuOf(classAt(task.resourceClass));
    if (!cpu || (!schedule.resuming.head && freeCpu() >= cpu)) {
      goOn(task, cpu);
      // This thread may be parked, and with nothing suspended it would take more than before.
      wakeForAll();
      status = STATUS_OK;
    } else {
      setPhase(task, TASK_PHASE_RESUMING, me);
      enlistResuming(task);
      status = STATUS_BUSY;
    }
  }
  unlock(schedule.lockAddress);
  return status;
}

function goOn(task: TaskEntry, cpu: u32): void {
  takeCpu(cpu);
  const owner = ownerOf(task);
  threadOf(owner).suspended--;
  setPhase(task, TASK_PHASE_RUNNING, owner);
}

function enlistResuming(task: TaskEntry): void {
  const list = scheduler().resuming;
  const last = list.tail;
  task.next = 0;
  task.previous = last;
  if (last) changetype<TaskEntry>(last).next = changetype<usize>(task) as u32;
  else list.head = changetype<usize>(task) as u32;
  list.tail = changetype<usize>(task) as u32;
}

/** Takes a task out of the list, without giving it its CPU. Under the scheduler's lock. */
export function unlistResuming(task: TaskEntry): void {
  const list = scheduler().resuming;
  const next = task.next;
  const previous = task.previous;
  if (next) changetype<TaskEntry>(next).previous = previous;
  else list.tail = previous;
  if (previous) changetype<TaskEntry>(previous).next = next;
  else list.head = next;
}

/** Gives free CPUs to the tasks that want theirs again. Under the scheduler's lock, whenever CPUs come back. */
export function grantCpu(): void {
  const list = scheduler().resuming;
  while (list.head) {
    const task = changetype<TaskEntry>(list.head);
    const cpu = cpuOf(classAt(task.resourceClass));
    if (freeCpu() < cpu) return;
    unlistResuming(task);
    goOn(task, cpu);
    tellRunner(task, RUNNER_BIT_RESUME);
  }
}

/**
 * The calling thread runs the task no more, and the task goes on elsewhere: a message to it that was not read is taken back,
 * or the next runner's would be left with it. Under the scheduler's lock.
 */
export function recallRunner(task: TaskEntry): void {
  if (!(task.runnerBits & RUNNER_BIT_QUEUED)) return;
  recall(self, myEpoch, (changetype<usize>(task) as u32) | NODE_RUNNER);
  task.runnerBits = 0;
  task.subHolds(1);
}

/** Sends bits to the thread that runs the task; those not read yet are added to. Under the scheduler's lock. */
export function tellRunner(task: TaskEntry, bits: u32): void {
  const before = task.runnerBits;
  task.runnerBits = before | bits | RUNNER_BIT_QUEUED;
  if (before & RUNNER_BIT_QUEUED) return;
  const thread = threadOf(ownerOf(task));
  task.addHolds(1);
  if (push(thread, thread.epoch, (changetype<usize>(task) as u32) | NODE_RUNNER)) return;
  task.runnerBits = 0;
  task.subHolds(1);
}
