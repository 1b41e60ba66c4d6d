// Resources: what there is, what is free, and what a class of tasks needs. Counters, taken and given back in the same step as
// the task itself, so a task that is taken can run. GPUs have ids: a whole number of free ones, or a fraction of one.
// What would be free if only suspended tasks had anything is counted too. All under the scheduler's lock.
//
//   number of a class:  30            8 7       0
//                      ┌───────────────┬─────────┐
//                      │  generation   │  place  │
//                      └───────────────┴─────────┘
//
// A class counts its unfinished tasks. While there are any it keeps its place; once all places are taken, a new class gets
// that of one without, under the next generation. Who submits with the old number is refused, and defines the class again:
// number and count are looked at under the same hold of the lock, so no task is ever of another class than it was meant for.

import {
  RESOURCE_CLASS_AMOUNTS, RESOURCE_CLASS_RESOURCES, RESOURCE_CPU, RESOURCE_GPU, RESOURCE_MAX, RESOURCE_UNIT, ResourceClass,
  SCHEDULER_ATTAINABLE, SCHEDULER_AVAILABLE, SCHEDULER_GPUS, SCHEDULER_TOTAL, STATUS_INVALID, STATUS_OK, STATUS_POISONED, STATUS_TABLE_FULL,
  STATUS_OUTDATED, STATUS_UNSCHEDULABLE, TaskEntry, THREAD_SCRATCH, WorkerKind, WORKER_KIND_SIZE, RESOURCE_CLASS_SIZE,
} from "../layout";
import { CLASSES, CLASS_MAX, KINDS, KIND_MAX, scheduler } from "../memory/root";
import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";
import { resourcesCameBack } from "./finish";

@inline const NEEDS_MAX: u32 = 16;
@inline const PLACE_BITS: u32 = 8;
/** Numbers are answers of calls: not negative. */
@inline const LAST_GENERATION: u32 = (i32.MAX_VALUE as u32) >> PLACE_BITS;

@inline export function classAt(index: u32): ResourceClass { return changetype<ResourceClass>(CLASSES + index * RESOURCE_CLASS_SIZE); }
@inline export function kindAt(index: u32): WorkerKind { return changetype<WorkerKind>(KINDS + index * WORKER_KIND_SIZE); }
/** Of each resource, and behind that of each GPU: what is free, and what would be if only suspended tasks had anything. */
@inline const FREE: usize = SCHEDULER_AVAILABLE;
@inline const ATTAINABLE: usize = SCHEDULER_ATTAINABLE;
@inline const GPUS: usize = SCHEDULER_GPUS - SCHEDULER_AVAILABLE;

@inline function counters(offset: usize, resource: u32): usize { return changetype<usize>(scheduler()) + offset + (resource << 2); }
@inline function total(resource: u32): usize { return counters(SCHEDULER_TOTAL, resource); }
@inline function available(resource: u32): usize { return counters(FREE, resource); }
@inline function gpu(counts: usize, index: u32): usize { return counters(counts + GPUS, index); }
@inline function neededResource(cls: ResourceClass, i: u32): u32 { return load<u8>(changetype<usize>(cls) + RESOURCE_CLASS_RESOURCES + i); }
@inline function neededAmount(cls: ResourceClass, i: u32): u32 { return load<u32>(changetype<usize>(cls) + RESOURCE_CLASS_AMOUNTS + (i << 2)); }

/** How much there is of a resource in all. It may only grow. */
export function setTotal(resource: u32, amount: u32): i32 {
  // `available` answers amounts, and what is negative would be a status.
  if (resource >= RESOURCE_MAX || amount > (i32.MAX_VALUE as u32)) return STATUS_INVALID;
  if (resource == RESOURCE_GPU && (amount % RESOURCE_UNIT || amount / RESOURCE_UNIT > 32)) return STATUS_INVALID;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const before = load<u32>(total(resource));
  const grows = amount >= before;
  if (grows) {
    store<u32>(total(resource), amount);
    change(FREE, resource, amount - before, true);
    change(ATTAINABLE, resource, amount - before, true);
    if (resource == RESOURCE_GPU) {
      for (; schedule.gpuCount < amount / RESOURCE_UNIT; schedule.gpuCount++) {
        store<u32>(gpu(FREE, schedule.gpuCount), RESOURCE_UNIT);
        store<u32>(gpu(ATTAINABLE, schedule.gpuCount), RESOURCE_UNIT);
      }
    }
    resourcesCameBack();
  }
  unlock(schedule.lockAddress);
  return grows ? STATUS_OK : STATUS_INVALID;
}

export function availableOf(resource: u32): i32 {
  if (resource >= RESOURCE_MAX) return STATUS_INVALID;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const amount = load<u32>(available(resource));
  unlock(schedule.lockAddress);
  return amount as i32;
}

@inline export function placeOf(number: u32): u32 { return number & (CLASS_MAX - 1); }

/** Whether the number is that of a class: ok, `outdated`: not any more, `invalid`. Under the scheduler's lock. */
export function checkNumber(number: u32): i32 {
  if (placeOf(number) >= scheduler().classes) return STATUS_INVALID;
  const generation = classAt(placeOf(number)).generation;
  if (number >> PLACE_BITS > generation) return STATUS_INVALID;
  return number >> PLACE_BITS == generation ? STATUS_OK : STATUS_OUTDATED;
}

/** The class of tasks with these needs: pairs of resource and amount stand in the thread's `scratch`. Its number. */
export function defineClass(kind: u32, needs: u32): i32 {
  if (kind >= KIND_MAX || needs > NEEDS_MAX) return STATUS_INVALID;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  const status = defineLocked(kind, needs);
  unlock(schedule.lockAddress);
  return status;
}

function defineLocked(kind: u32, needs: u32): i32 {
  const status = checkNeeds(needs);
  if (status != STATUS_OK) return status;
  for (let index = kindAt(kind).classes; index; index = classAt(index - 1).next) {
    if (hasNeeds(classAt(index - 1), needs)) return numberOf(index - 1);
  }
  const place = findPlace();
  if (place == CLASS_MAX) return STATUS_TABLE_FULL;
  const cls = classAt(place);
  for (let i: u32 = 0; i < needs; i++) {
    store<u8>(changetype<usize>(cls) + RESOURCE_CLASS_RESOURCES + i, givenResource(i) as u8);
    store<u32>(changetype<usize>(cls) + RESOURCE_CLASS_AMOUNTS + (i << 2), givenAmount(i));
  }
  cls.kind = kind;
  cls.needs = needs;
  cls.next = kindAt(kind).classes;
  kindAt(kind).classes = place + 1;
  if (scheduler().kinds <= kind) scheduler().kinds = kind + 1;
  return numberOf(place);
}

@inline function numberOf(place: u32): i32 { return ((classAt(place).generation << PLACE_BITS) | place) as i32; }
@inline function givenResource(i: u32): u32 { return load<u32>(changetype<usize>(self) + THREAD_SCRATCH + (i << 3)); }
@inline function givenAmount(i: u32): u32 { return load<u32>(changetype<usize>(self) + THREAD_SCRATCH + (i << 3), 4); }

function checkNeeds(needs: u32): i32 {
  let seen: u32 = 0;
  for (let i: u32 = 0; i < needs; i++) {
    const resource = givenResource(i);
    const amount = givenAmount(i);
    if (resource >= RESOURCE_MAX || !amount || seen & (1 << resource)) return STATUS_INVALID;
    if (resource == RESOURCE_GPU && amount > RESOURCE_UNIT && amount % RESOURCE_UNIT) return STATUS_INVALID;
    if (amount > load<u32>(total(resource))) return STATUS_UNSCHEDULABLE;
    seen |= 1 << resource;
  }
  return STATUS_OK;
}

/** Whether the class has the needs given, in the same order. */
function hasNeeds(cls: ResourceClass, needs: u32): bool {
  if (cls.needs != needs) return false;
  let i: u32 = 0;
  while (i < needs && neededResource(cls, i) == givenResource(i) && neededAmount(cls, i) == givenAmount(i)) i++;
  return i == needs;
}

/** A place for a class, whose next generation it is; CLASS_MAX: each has unfinished tasks. In turn, so that a new class stays longest. */
function findPlace(): u32 {
  const schedule = scheduler();
  if (schedule.classes < CLASS_MAX) return schedule.classes++;
  for (let looked: u32 = 0; looked < CLASS_MAX; looked++) {
    const place = schedule.nextClass;
    schedule.nextClass = placeOf(place + 1);
    const cls = classAt(place);
    if (cls.tasks || cls.generation == LAST_GENERATION) continue;
    leaveKind(cls, place);
    cls.generation++;
    return place;
  }
  return CLASS_MAX;
}

/** Takes a class without tasks out of the list of its kind. */
function leaveKind(cls: ResourceClass, place: u32): void {
  const kind = kindAt(cls.kind);
  if (kind.classes == place + 1) {
    kind.classes = cls.next;
    return;
  }
  let before = classAt(kind.classes - 1);
  while (before.next != place + 1) before = classAt(before.next - 1);
  before.next = cls.next;
}

/** Whether what the class needs is free. */
export function fits(cls: ResourceClass): bool {
  for (let i: u32 = 0; i < cls.needs; i++) {
    if (lacks(FREE, neededResource(cls, i), neededAmount(cls, i))) return false;
  }
  return true;
}

/** Whether it will be, when all tasks that are not suspended are over. */
export function mayFit(cls: ResourceClass): bool {
  for (let i: u32 = 0; i < cls.needs; i++) {
    if (lacks(ATTAINABLE, neededResource(cls, i), neededAmount(cls, i))) return false;
  }
  return true;
}

/** Whether the class asks for any of what the other class lacks; `all`: of what that needs. */
export function takesFrom(cls: ResourceClass, other: ResourceClass, all: bool): bool {
  for (let i: u32 = 0; i < cls.needs; i++) {
    const resource = neededResource(cls, i);
    for (let j: u32 = 0; j < other.needs; j++) {
      if (neededResource(other, j) == resource && (all || lacks(FREE, resource, neededAmount(other, j)))) return true;
    }
  }
  return false;
}

@inline function lacks(counts: usize, resource: u32, amount: u32): bool {
  return load<u32>(counters(counts, resource)) < amount || (resource == RESOURCE_GPU && !chooseGpus(counts, amount));
}

export function cpuOf(cls: ResourceClass): u32 {
  for (let i: u32 = 0; i < cls.needs; i++) {
    if (neededResource(cls, i) == RESOURCE_CPU) return neededAmount(cls, i);
  }
  return 0;
}

@inline export function freeCpu(): u32 { return load<u32>(available(RESOURCE_CPU)); }

export function take(cls: ResourceClass, task: TaskEntry): void {
  for (let i: u32 = 0; i < cls.needs; i++) {
    const resource = neededResource(cls, i);
    const amount = neededAmount(cls, i);
    if (resource == RESOURCE_GPU) {
      task.gpus = chooseGpus(FREE, amount);
      changeGpus(FREE, task.gpus, amount, false);
    }
    change(FREE, resource, amount, false);
  }
}

/** The task is suspended, with all it has but its CPU; or is not any more (`back`). */
export function keep(cls: ResourceClass, task: TaskEntry, back: bool): void {
  for (let i: u32 = 0; i < cls.needs; i++) {
    const resource = neededResource(cls, i);
    const amount = neededAmount(cls, i);
    if (resource == RESOURCE_CPU) continue;
    if (resource == RESOURCE_GPU) changeGpus(ATTAINABLE, task.gpus, amount, back);
    change(ATTAINABLE, resource, amount, back);
  }
}

/** Gives back what a task has; its CPU only if it has not given that back before. */
export function give(cls: ResourceClass, task: TaskEntry, cpuToo: bool): void {
  for (let i: u32 = 0; i < cls.needs; i++) {
    const resource = neededResource(cls, i);
    const amount = neededAmount(cls, i);
    if (resource == RESOURCE_CPU && !cpuToo) continue;
    if (resource == RESOURCE_GPU) {
      changeGpus(FREE, task.gpus, amount, true);
      task.gpus = 0;
    }
    change(FREE, resource, amount, true);
  }
}

@inline export function takeCpu(amount: u32): void { change(FREE, RESOURCE_CPU, amount, false); }
@inline export function giveCpu(amount: u32): void { change(FREE, RESOURCE_CPU, amount, true); }

@inline function change(counts: usize, resource: u32, amount: u32, back: bool): void {
  const counter = counters(counts, resource);
  store<u32>(counter, back ? load<u32>(counter) + amount : load<u32>(counter) - amount);
}

/** A bit for each GPU that would be given for this amount, or 0: of a fraction, the fullest that has room. */
function chooseGpus(counts: usize, amount: u32): u32 {
  const count = scheduler().gpuCount;
  let chosen: u32 = 0;
  if (amount >= RESOURCE_UNIT) {
    let wanted = amount / RESOURCE_UNIT;
    for (let i: u32 = 0; i < count && wanted; i++) {
      if (load<u32>(gpu(counts, i)) != RESOURCE_UNIT) continue;
      chosen |= 1 << i;
      wanted--;
    }
    return wanted ? 0 : chosen;
  }
  let least: u32 = u32.MAX_VALUE;
  for (let i: u32 = 0; i < count; i++) {
    const room = load<u32>(gpu(counts, i));
    if (room < amount || room >= least) continue;
    least = room;
    chosen = 1 << i;
  }
  return chosen;
}

function changeGpus(counts: usize, chosen: u32, amount: u32, back: bool): void {
  const each = amount < RESOURCE_UNIT ? amount : RESOURCE_UNIT;
  for (; chosen; chosen &= chosen - 1) {
    const room = gpu(counts, ctz(chosen));
    store<u32>(room, back ? load<u32>(room) + each : load<u32>(room) - each);
  }
}
