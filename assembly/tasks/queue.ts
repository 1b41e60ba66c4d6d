// Ready tasks: a first-in, first-out list for each class and priority, without a limit, behind the scheduler's one lock.
//
//   kind of worker ──▶ its classes ──▶ 16 lists by priority ──▶ tasks, linked both ways
//       │ ready: a bit a priority  │ ready: a bit a priority
//
// A worker takes the task of the highest priority, within it the oldest over all classes of its kind that fits. One that does
// not fit lets others pass; after PATIENCE of them, what it lacks is kept for it, unless suspended tasks have so much that it
// could not run anyway: they may be waiting for just those that would be held up. If a worker of its kind is idle, tasks for
// other kinds count too, and all it needs is kept from them until that worker has it. Tasks that want their CPU back go first.
//
// A thread that has suspended tasks must not take one of a function that blocks: those could not go on. What stands behind
// such a task it may take, and may have to, if a suspended one waits for it. So it sets those in its way aside, into a second
// list of the class and priority, where other threads look too: at most SLICE under one hold of the lock. If that was not
// enough, it is woken as soon as it parks.

import {
  ResourceClass, RESOURCE_CLASS_ASIDE, RESOURCE_CLASS_LISTS, STATE_BLOCKS, TASK_FLAG_ASIDE, TASK_PHASE_READY, TASK_PHASE_RUNNING, TaskEntry,
  TaskList, Thread, WorkerKind,
} from "../layout";
import { scheduler } from "../memory/root";
import { objectAt } from "../objects/table";
import { me, self } from "../sync/thread";
import { joinHand } from "./hand";
import { classAt, cpuOf, fits, kindAt, mayFit, take as takeResources, takesFrom } from "./resources";

@inline const PATIENCE: u32 = 1000;
@inline const SLICE: u32 = 64;
/** Instead of a task: what stands behind those set aside was not looked at. */
@inline const LOOK_AGAIN: usize = 1;

/** Whether this thread's last look for a task was cut short. */
export let looksAgain: bool = false;

@inline function listAt(cls: ResourceClass, priority: u32): TaskList {
  return changetype<TaskList>(changetype<usize>(cls) + RESOURCE_CLASS_LISTS + (priority << 3));
}

@inline function asideAt(cls: ResourceClass, priority: u32): TaskList {
  return changetype<TaskList>(changetype<usize>(cls) + RESOURCE_CLASS_ASIDE + (priority << 3));
}

@inline export function setPhase(task: TaskEntry, phase: u32, owner: u32): void { task.storeState(phase | (owner << 8)); }
@inline export function phaseOf(task: TaskEntry): u32 { return task.loadState() & 0xff; }
@inline export function ownerOf(task: TaskEntry): u32 { return task.loadState() >> 8; }

/** Puts a task at the end of its list. */
export function append(task: TaskEntry): void {
  const list = enlist(task);
  task.sequence = scheduler().sequence++;
  link(list, task, list.tail, 0);
}

/** Puts a task that was taken and not started back in its old order: at the head, or behind others that were put back. */
export function putBack(task: TaskEntry): void {
  insert(enlist(task), task);
}

/** In the order of becoming ready. */
function insert(list: TaskList, task: TaskEntry): void {
  const last = changetype<TaskEntry>(list.tail);
  if (!list.tail || last.sequence < task.sequence) {
    link(list, task, list.tail, 0);
    return;
  }
  let before: u32 = 0;
  let after = list.head;
  while (changetype<TaskEntry>(after).sequence < task.sequence) {
    before = after;
    after = changetype<TaskEntry>(after).next;
  }
  link(list, task, before, after);
}

function link(list: TaskList, task: TaskEntry, before: u32, after: u32): void {
  task.previous = before;
  task.next = after;
  if (after) changetype<TaskEntry>(after).previous = changetype<usize>(task) as u32;
  else list.tail = changetype<usize>(task) as u32;
  if (before) changetype<TaskEntry>(before).next = changetype<usize>(task) as u32;
  else list.head = changetype<usize>(task) as u32;
}

function enlist(task: TaskEntry): TaskList {
  const cls = classAt(task.resourceClass);
  const bit: u32 = 1 << task.priority;
  cls.ready |= bit;
  const kind = kindAt(cls.kind);
  kind.ready |= bit;
  scheduler().ready++;
  task.passed = 0;
  task.flags &= ~TASK_FLAG_ASIDE;
  setPhase(task, TASK_PHASE_READY, 0);
  return listAt(cls, task.priority);
}

function takeOut(list: TaskList, task: TaskEntry): void {
  const next = task.next;
  const previous = task.previous;
  if (next) changetype<TaskEntry>(next).previous = previous;
  else list.tail = previous;
  if (previous) changetype<TaskEntry>(previous).next = next;
  else list.head = next;
}

/** Takes a ready task out of its list. */
export function unlist(task: TaskEntry): void {
  const cls = classAt(task.resourceClass);
  const list = listAt(cls, task.priority);
  const aside = asideAt(cls, task.priority);
  takeOut(task.flags & TASK_FLAG_ASIDE ? aside : list, task);
  scheduler().ready--;
  if (scheduler().starving == (changetype<usize>(task) as u32)) scheduler().starving = 0;
  if (list.head || aside.head) return;
  const bit: u32 = 1 << task.priority;
  cls.ready &= ~bit;
  const kind = kindAt(cls.kind);
  let others: u32 = 0;
  for (let index = kind.classes; index; index = classAt(index - 1).next) others |= classAt(index - 1).ready;
  if (!(others & bit)) kind.ready &= ~bit;
}

/** The task a worker of this thread's record would take now, null, or LOOK_AGAIN. */
@inline export function best(thread: Thread): TaskEntry { return bestOf(kindAt(thread.kind), thread.suspended != 0); }

/** The same for any thread of this kind; `yields`: it has suspended tasks. */
export function bestOf(kind: WorkerKind, yields: bool): TaskEntry {
  for (let left = kind.ready; left; ) {
    const priority: u32 = 31 - clz(left);
    left &= ~(1 << priority);
    let found = changetype<TaskEntry>(0);
    for (let index = kind.classes; index; index = classAt(index - 1).next) {
      const cls = classAt(index - 1);
      if (!(cls.ready & (1 << priority)) || !isOpen(cls)) continue;
      const task = yields ? firstThatYields(cls, priority) : oldest(cls, priority);
      if (changetype<usize>(task) == LOOK_AGAIN) return task;
      if (changetype<usize>(task) && !(changetype<usize>(found) && task.sequence > found.sequence)) found = task;
    }
    if (changetype<usize>(found)) return found;
  }
  return changetype<TaskEntry>(0);
}

/** The oldest task of a class and priority, set aside or not; null: there is none. */
function oldest(cls: ResourceClass, priority: u32): TaskEntry {
  const first = changetype<TaskEntry>(listAt(cls, priority).head);
  const aside = changetype<TaskEntry>(asideAt(cls, priority).head);
  if (!changetype<usize>(aside)) return first;
  return changetype<usize>(first) && first.sequence < aside.sequence ? first : aside;
}

/** The oldest whose function is not known to block; those before it are set aside. Null: there is none. Or LOOK_AGAIN. */
function firstThatYields(cls: ResourceClass, priority: u32): TaskEntry {
  const list = listAt(cls, priority);
  const aside = asideAt(cls, priority);
  for (let slice = SLICE; list.head; slice--) {
    const task = changetype<TaskEntry>(list.head);
    if (!(objectAt(task.code).loadState() & STATE_BLOCKS)) return task;
    if (!slice) return changetype<TaskEntry>(LOOK_AGAIN);
    takeOut(list, task);
    task.flags |= TASK_FLAG_ASIDE;
    insert(aside, task);
  }
  return changetype<TaskEntry>(0);
}

/** Whether a task of this class may run now. For the starving one itself, if it fits, nothing is lacking. */
function isOpen(cls: ResourceClass): bool {
  if (!fits(cls)) return false;
  const schedule = scheduler();
  if (schedule.resuming.head && cpuOf(cls)) return false;
  const starving = changetype<TaskEntry>(schedule.starving);
  if (!changetype<usize>(starving)) return true;
  const wanted = classAt(starving.resourceClass);
  const other = cls.kind != wanted.kind;
  if (other && !hasIdle(kindAt(wanted.kind))) return true;
  return !takesFrom(cls, wanted, other) || !mayFit(wanted);
}

/** Whether a worker of this kind waits for work, or is just coming for it: such a one is soon there, and can take any task. */
@inline function hasIdle(kind: WorkerKind): bool { return (kind.idle | kind.called) != 0; }

/** Takes the best task for this thread, with its resources, or null. */
export function takeBest(): TaskEntry {
  const task = best(self);
  looksAgain = changetype<usize>(task) == LOOK_AGAIN;
  if (looksAgain || !changetype<usize>(task)) return changetype<TaskEntry>(0);
  const cls = classAt(task.resourceClass);
  for (let index: u32 = 0; index < scheduler().kinds; index++) {
    const kind = kindAt(index);
    if (kind.ready & (-1 << task.priority) && (index == cls.kind || hasIdle(kind))) notePassed(kind, task);
  }
  unlist(task);
  takeResources(cls, task);
  task.attempt++;
  task.produced = 0;
  task.storeStarted(0);
  setPhase(task, TASK_PHASE_RUNNING, me);
  joinHand(self, task);
  return task;
}

/** Counts how often those were passed that stood before the task taken and did not fit. */
function notePassed(kind: WorkerKind, taken: TaskEntry): void {
  for (let index = kind.classes; index; index = classAt(index - 1).next) {
    const cls = classAt(index - 1);
    for (let left = cls.ready & (-1 << taken.priority); left; left &= left - 1) {
      const task = oldest(cls, ctz(left));
      if (task == taken || (task.priority == taken.priority && task.sequence > taken.sequence) || fits(cls)) continue;
      if (++task.passed >= PATIENCE && !scheduler().starving) scheduler().starving = changetype<usize>(task) as u32;
    }
  }
}
