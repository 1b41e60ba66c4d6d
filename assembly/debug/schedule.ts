// The scheduler: classes and kinds, ready lists, resources, parked workers, those who wait for room.

import {
  GATE_DEAD, GATE_OUT, PARKED_BUSY, PARKED_IDLE, PARKED_NO, RESOURCE_CLASS_ASIDE, RESOURCE_CLASS_LISTS, RESOURCE_MAX, RESOURCE_UNIT, ResourceClass, SCHEDULER_AVAILABLE,
  SCHEDULER_ATTAINABLE, SCHEDULER_ATTAINABLE_GPUS, SCHEDULER_GPUS, SCHEDULER_TOTAL, TASK_FLAG_ASIDE, TASK_PHASE_READY, TASK_PHASE_RESUMING, TaskEntry, TaskList, Thread, THREAD_SIZE, WorkerKind,
} from "../layout";
import { KIND_MAX, scheduler, threadAddress } from "../memory/root";
import { threadAt } from "../sync/thread";
import { best, phaseOf } from "../tasks/queue";
import { classAt, cpuOf, freeCpu, kindAt } from "../tasks/resources";
import { indexOf } from "../tasks/table";
import * as faults from "./faults";
import { same, wrong } from "./faults";
import {
  TASK_READY, TASK_RESUMES, THREAD_BUSY, THREAD_IDLE, gpuKeptOf, gpuUsedOf, keptOf, markTask, markThread, suspendedOf, tasksOf, threadMarks,
  usedOf,
} from "./tally";
import { isTaskAddress, walkHand } from "./tasks";
import { gateStateOf } from "./threads";

@inline const PRIORITIES: u32 = 16;
/** The name under which the list of tasks that want their CPU again is reported. */
@inline const RESUMING: u32 = u32.MAX_VALUE;

export function walkScheduler(): bool {
  for (let index: u32 = 0; index < scheduler().classes; index++) {
    if (classAt(index).kind >= scheduler().kinds) return wrong(faults.KINDS_WRONG, index, classAt(index).kind, scheduler().kinds);
    if (!walkReady(classAt(index), index) || !same(faults.CLASS_TASKS_WRONG, index, classAt(index).tasks, tasksOf(index))) return false;
  }
  // Workers may be parked of a kind for which there is no class yet.
  for (let index: u32 = 0; index < KIND_MAX; index++) {
    if (!walkKind(kindAt(index), index)) return false;
  }
  if (!walkResuming() || !checkResources() || !checkStarving()) return false;
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    if (!checkThread(threadAt(index), index)) return false;
  }
  return checkRoom();
}

function walkReady(cls: ResourceClass, index: u32): bool {
  let ready: u32 = 0;
  for (let priority: u32 = 0; priority < PRIORITIES; priority++) {
    const list = changetype<TaskList>(changetype<usize>(cls) + RESOURCE_CLASS_LISTS + (priority << 3));
    const aside = changetype<TaskList>(changetype<usize>(cls) + RESOURCE_CLASS_ASIDE + (priority << 3));
    if (!walkReadyList(list, index, priority, 0) || !walkReadyList(aside, index, priority, TASK_FLAG_ASIDE)) return false;
    if (list.head || aside.head) ready |= 1 << priority;
  }
  return same(faults.CLASS_READY_WRONG, index, cls.ready, ready);
}

function walkReadyList(list: TaskList, index: u32, priority: u32, flag: u32): bool {
  let before: u32 = 0;
  for (let at = list.head; at; at = changetype<TaskEntry>(at).next) {
    const task = changetype<TaskEntry>(at);
    const belongs = isTaskAddress(at) && phaseOf(task) == TASK_PHASE_READY && task.resourceClass == index && task.priority == priority;
    if (!belongs || (task.flags & TASK_FLAG_ASIDE) != flag || !markTask(indexOf(task), TASK_READY)) return wrong(faults.TASK_LIST_WRONG, index, at, 0);
    if (!same(faults.TASK_LIST_LINK_WRONG, index, task.previous, before)) return false;
    if (before && changetype<TaskEntry>(before).sequence >= task.sequence) return wrong(faults.TASK_ORDER_WRONG, indexOf(changetype<TaskEntry>(before)), 0, 0);
    before = at;
  }
  return same(faults.TASK_LIST_LINK_WRONG, index, list.tail, before);
}

function walkKind(kind: WorkerKind, index: u32): bool {
  let ready: u32 = 0;
  let listed: u32 = 0;
  for (let next = kind.classes; next; next = classAt(next - 1).next) {
    if (next > scheduler().classes || classAt(next - 1).kind != index || ++listed > scheduler().classes) return wrong(faults.CLASS_LISTED_WRONG, next - 1, listed, 1);
    ready |= classAt(next - 1).ready;
  }
  let wanted: u32 = 0;
  for (let i: u32 = 0; i < scheduler().classes; i++) wanted += classAt(i).kind == index ? 1 : 0;
  if (listed != wanted) return wrong(faults.CLASS_LISTED_WRONG, index, listed, wanted);
  let called: u32 = 0;
  for (let i: u32 = 0; i < scheduler().freshThread; i++) called += threadAt(i).kind == index && threadAt(i).woken == PARKED_IDLE ? 1 : 0;
  if (!same(faults.CALLED_WRONG, index, kind.called, called)) return false;
  return same(faults.KIND_READY_WRONG, index, kind.ready, ready) && walkParked(kind.idle, index, PARKED_IDLE) && walkParked(kind.busy, index, PARKED_BUSY);
}

function walkParked(first: u32, kind: u32, state: u32): bool {
  let before: u32 = 0;
  for (let at = first; at; at = changetype<Thread>(at).parkNext) {
    const index = (((at as usize) - threadAddress(0)) / THREAD_SIZE) as u32;
    if (index >= scheduler().freshThread || threadAddress(index) != at) return wrong(faults.PARKED_WRONG, kind, at, 0);
    const thread = threadAt(index);
    const gate = gateStateOf(index);
    const belongs = thread.kind == kind && thread.parkPrevious == before && (gate == GATE_OUT || gate == GATE_DEAD);
    if (!belongs || !markThread(index, state == PARKED_IDLE ? THREAD_IDLE : THREAD_BUSY)) return wrong(faults.PARKED_WRONG, kind, index, 0);
    if (!same(faults.PARKED_STATE_WRONG, index, thread.parked, state)) return false;
    before = at;
  }
  return true;
}

function walkResuming(): bool {
  const list = scheduler().resuming;
  let before: u32 = 0;
  for (let at = list.head; at; at = changetype<TaskEntry>(at).next) {
    const task = changetype<TaskEntry>(at);
    if (!isTaskAddress(at) || phaseOf(task) != TASK_PHASE_RESUMING || !markTask(indexOf(task), TASK_RESUMES)) return wrong(faults.TASK_LIST_WRONG, RESUMING, at, 0);
    if (!same(faults.TASK_LIST_LINK_WRONG, RESUMING, task.previous, before)) return false;
    before = at;
  }
  if (!same(faults.TASK_LIST_LINK_WRONG, RESUMING, list.tail, before)) return false;
  const first = changetype<TaskEntry>(list.head);
  if (!list.head || freeCpu() < cpuOf(classAt(first.resourceClass))) return true;
  return wrong(faults.GRANT_LOST, indexOf(first), freeCpu(), 0);
}

function checkResources(): bool {
  const record = changetype<usize>(scheduler());
  for (let resource: u32 = 0; resource < RESOURCE_MAX; resource++) {
    const total = load<u32>(record + SCHEDULER_TOTAL + (resource << 2));
    const free = load<u32>(record + SCHEDULER_AVAILABLE + (resource << 2));
    if (free > total || usedOf(resource) != total - free) return wrong(faults.RESOURCE_WRONG, resource, free, total - usedOf(resource));
    const attainable = load<u32>(record + SCHEDULER_ATTAINABLE + (resource << 2));
    if (!same(faults.ATTAINABLE_WRONG, resource, attainable, total - keptOf(resource))) return false;
  }
  for (let index: u32 = 0; index < 32; index++) {
    const all: u32 = index < scheduler().gpuCount ? RESOURCE_UNIT : 0;
    if (!same(faults.GPU_WRONG, index, load<u32>(record + SCHEDULER_GPUS + (index << 2)), all - gpuUsedOf(index))) return false;
    if (!same(faults.ATTAINABLE_WRONG, index, load<u32>(record + SCHEDULER_ATTAINABLE_GPUS + (index << 2)), all - gpuKeptOf(index))) return false;
  }
  return true;
}

function checkStarving(): bool {
  const starving = scheduler().starving;
  if (!starving) return true;
  return (isTaskAddress(starving) && phaseOf(changetype<TaskEntry>(starving)) == TASK_PHASE_READY) || wrong(faults.STARVING_WRONG, 0, starving, 0);
}

function checkThread(thread: Thread, index: u32): bool {
  const marks = threadMarks(index);
  const parked: u32 = marks & THREAD_IDLE ? PARKED_IDLE : marks & THREAD_BUSY ? PARKED_BUSY : PARKED_NO;
  if (!same(faults.PARKED_STATE_WRONG, index, thread.parked, parked)) return false;
  if (thread.woken && parked != PARKED_NO) return wrong(faults.PARKED_STATE_WRONG, index, thread.woken, 0);
  if (!walkHand(thread, index) || !same(faults.SUSPENDED_WRONG, index, thread.suspended, suspendedOf(index))) return false;
  return parked == PARKED_NO || gateStateOf(index) == GATE_DEAD || checkWake(thread, index);
}

/** If there is work that fits and a worker is parked, somebody is about to wake it: one that was woken and has not looked yet. */
function checkWake(thread: Thread, index: u32): bool {
  const task = best(thread);
  if (!changetype<usize>(task)) return true;
  for (let other: u32 = 0; other < scheduler().freshThread; other++) {
    if (threadAt(other).woken && threadAt(other).kind == thread.kind) return true;
  }
  return wrong(faults.WAKE_LOST, index, indexOf(task), 0);
}

function checkRoom(): bool {
  const record = scheduler();
  let waiters: u32 = 0;
  for (let index: u32 = 0; index < record.freshThread; index++) {
    const wanted = threadAt(index).roomWanted;
    if (!wanted) continue;
    waiters++;
    const most = wanted < record.pendingLimit ? wanted : record.pendingLimit;
    if (record.pending <= record.pendingLimit - most) return wrong(faults.ROOM_NOT_TOLD, index, wanted, 0);
  }
  return same(faults.ROOM_WAITERS_WRONG, 0, record.roomWaiters, waiters);
}
