// The tasks: phase, owner, holds, blocks and objects of each entry; who has what resources.

import {
  GATE_RESERVED, GATE_VACANT, PHASE_PENDING, RESOURCE_CPU, RESOURCE_GPU, RESOURCE_UNIT, RESOURCE_CLASS_AMOUNTS, RESOURCE_CLASS_RESOURCES,
  RUNNER_BIT_QUEUED, STATE_PHASE_MASK, TASK_FLAG_ASIDE, TASK_FLAG_HAS_CHILDREN, TASK_FLAG_INLINE_ARGS, TASK_FLAG_MARKED, TASK_FLAG_STREAM, TASK_FLAG_TREE,
  TASK_PHASE_DECIDING, TASK_PHASE_ENDED, TASK_PHASE_LOST, TASK_PHASE_READY, TASK_PHASE_RESUMING, TASK_PHASE_RUNNING, TASK_PHASE_SUSPENDED,
  TASK_PHASE_VACANT, TASK_PHASE_WAITING, TaskEntry, Thread,
} from "../layout";
import { root, scheduler } from "../memory/root";
import { referencesBehind } from "../objects/release";
import { objectAt } from "../objects/table";
import { threadAt } from "../sync/thread";
import { resultAt } from "../tasks/end";
import { ownerOf, phaseOf } from "../tasks/queue";
import { classAt } from "../tasks/resources";
import { indexOf, taskAt } from "../tasks/table";
import * as faults from "./faults";
import { same, wrong } from "./faults";
import { exists, gateStateOf } from "./threads";
import { holdReferences, holdSlot } from "./objects";
import {
  TASK_FREE, TASK_IN_HAND, TASK_READY, TASK_RESUMES, TASK_TO_DECIDER, TASK_TO_RUNNER, addGpuKept, addGpuUsed, addKept, addSuspendedOf, addTaskOf, addUsed, claim, edgesOf,
  markTask, taskMarks,
} from "./tally";

@inline const BATCH: u32 = 32;
@inline const LAST_GENERATION: u32 = u32.MAX_VALUE - 1;
@inline const FLAGS: u32 = TASK_FLAG_ASIDE | TASK_FLAG_STREAM | TASK_FLAG_HAS_CHILDREN | TASK_FLAG_INLINE_ARGS | TASK_FLAG_TREE;

let unfinished: u32 = 0;
let readyTasks: u32 = 0;

@inline function isHeldPhase(phase: u32): bool {
  return phase == TASK_PHASE_RUNNING || phase == TASK_PHASE_SUSPENDED || phase == TASK_PHASE_RESUMING;
}
@inline function isDecision(phase: u32): bool { return phase == TASK_PHASE_DECIDING || phase == TASK_PHASE_LOST; }

export function isTaskAddress(address: u32): bool {
  const number = indexOf(changetype<TaskEntry>(address));
  return number - 1 < root().loadTaskFresh() - 1 && changetype<usize>(taskAt(number)) == address;
}

export function walkTasks(): bool {
  unfinished = 0;
  readyTasks = 0;
  if (!walkFreeTasks()) return false;
  for (let number: u32 = 1; number < root().loadTaskFresh(); number++) {
    if (phaseOf(taskAt(number)) != TASK_PHASE_VACANT && !walkTask(number)) return false;
  }
  return same(faults.PENDING_WRONG, 0, scheduler().pending, unfinished) && same(faults.READY_WRONG, 0, scheduler().ready, readyTasks);
}

function walkFreeTasks(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    const thread = threadAt(index);
    if (!walkFreeChain(thread.freeTasks, index, thread.freeTaskCount)) return false;
    for (let number = thread.freshTask; number < thread.freshTaskEnd; number++) {
      if (number >= root().loadTaskFresh() || !isFreeEntry(number)) return wrong(faults.FREE_TASKS_WRONG, number, 0, 0);
    }
  }
  for (let batch = root().taskBatches; batch; batch = changetype<TaskEntry>(batch).previous) {
    if (!walkFreeChain(batch, -1, BATCH)) return false;
  }
  for (let number: u32 = 1; number < root().loadTaskFresh(); number++) {
    const task = taskAt(number);
    if (phaseOf(task) != TASK_PHASE_VACANT || task.loadGeneration() >= LAST_GENERATION) continue;
    if (!(taskMarks(number) & TASK_FREE)) return wrong(faults.VACANT_TASK_LOST, number, 0, 0);
  }
  return true;
}

function walkFreeChain(first: u32, name: u32, noted: u32): bool {
  let count: u32 = 0;
  for (let at = first; at; at = changetype<TaskEntry>(at).next) {
    const number = indexOf(changetype<TaskEntry>(at));
    if (!isTaskAddress(at) || !isFreeEntry(number)) return wrong(faults.FREE_TASKS_WRONG, number, 0, 0);
    count++;
  }
  return same(faults.FREE_TASKS_COUNT_WRONG, name, noted, count);
}

function isFreeEntry(number: u32): bool {
  return phaseOf(taskAt(number)) == TASK_PHASE_VACANT && taskAt(number).loadGeneration() < LAST_GENERATION && markTask(number, TASK_FREE);
}

function walkTask(number: u32): bool {
  const task = taskAt(number);
  const phase = phaseOf(task);
  if (phase > TASK_PHASE_ENDED) return wrong(faults.TASK_PHASE_WRONG, number, phase, 0);
  if (phase == TASK_PHASE_READY) readyTasks++;
  if (!checkFields(task, number)) return false;
  if (phase != TASK_PHASE_ENDED) {
    unfinished++;
    addTaskOf(task.resourceClass);
  }
  return (
    checkOwner(task, number, phase) && checkWaiting(task, number, phase) && checkHolds(task, number, phase) &&
    holdArguments(task, number) && holdResults(task, number, phase) && checkVerdict(task, number, phase) && noteResources(task, number, phase)
  );
}

function checkFields(task: TaskEntry, number: u32): bool {
  if (task.resourceClass >= scheduler().classes) return wrong(faults.TASK_FIELD_WRONG, number, task.resourceClass, 0);
  if (task.priority > 15) return wrong(faults.TASK_FIELD_WRONG, number, task.priority, 0);
  // One that ended while it was looked for keeps its mark.
  const known = phaseOf(task) == TASK_PHASE_ENDED ? FLAGS | TASK_FLAG_MARKED : FLAGS;
  if (task.flags & ~known) return wrong(faults.TASK_FIELD_WRONG, number, task.flags, 0);
  if (task.flags & TASK_FLAG_STREAM && task.results != 1) return wrong(faults.TASK_FIELD_WRONG, number, task.results, 1);
  return task.dependencies <= task.references || wrong(faults.TASK_FIELD_WRONG, number, task.dependencies, task.references);
}

/** Who runs it or decides about it is there; nobody has any other. */
function checkOwner(task: TaskEntry, number: u32, phase: u32): bool {
  const owner = ownerOf(task);
  const owned = isHeldPhase(phase) || isDecision(phase);
  if (!owned) return same(faults.TASK_OWNER_WRONG, number, owner - 1, -1);
  if (!owner || owner > scheduler().freshThread) return wrong(faults.TASK_OWNER_WRONG, number, owner - 1, 0);
  const gate = gateStateOf(owner - 1);
  return (gate != GATE_VACANT && gate != GATE_RESERVED) || wrong(faults.TASK_OWNER_WRONG, number, owner - 1, -1);
}

function checkWaiting(task: TaskEntry, number: u32, phase: u32): bool {
  const waits = phase == TASK_PHASE_WAITING;
  if (phase == TASK_PHASE_READY || waits) {
    if (task.loadCancel()) return wrong(faults.TASK_NOT_ENDED, number, task.loadCancel(), 0);
    if (task.loadFailure()) return wrong(faults.TASK_NOT_ENDED, number, task.loadFailure(), 0);
  }
  if (waits && !task.loadMissing()) return wrong(faults.TASK_NOT_ENDED, number, 0, 0);
  if (!waits) return same(faults.TASK_MISSING_WRONG, number, edgesOf(number), 0);
  return same(faults.TASK_MISSING_WRONG, number, task.loadMissing(), edgesOf(number));
}

/** One for its life, one for all its edges, one a message on its way. */
function checkHolds(task: TaskEntry, number: u32, phase: u32): bool {
  let holds: u32 = phase == TASK_PHASE_ENDED ? 0 : 1;
  if (phase == TASK_PHASE_WAITING) holds++;
  if (task.runnerBits & RUNNER_BIT_QUEUED) holds++;
  if (task.deciderBits) holds++;
  return same(faults.TASK_HOLDS_WRONG, number, task.loadHolds(), holds);
}

function holdArguments(task: TaskEntry, number: u32): bool {
  if (!exists(task.code, task.codeGeneration) || !holdSlot(task.code)) return wrong(faults.TASK_OBJECT_WRONG, number, task.code, task.codeGeneration);
  if ((task.edges != 0) != (task.dependencies != 0)) return wrong(faults.TASK_FIELD_WRONG, number, task.edges, task.dependencies);
  if (task.edges && !claim(task.edges)) return wrong(faults.TASK_BLOCK_WRONG, number, task.edges, 0);
  if (task.flags & TASK_FLAG_INLINE_ARGS) return same(faults.TASK_FIELD_WRONG, number, task.references, 0);
  if (!claim(task.args)) return wrong(faults.TASK_BLOCK_WRONG, number, task.args, 0);
  return holdReferences(number, referencesBehind(task.args, task.argsSize), task.references, faults.TASK_OBJECT_WRONG, 0);
}

function holdResults(task: TaskEntry, number: u32, phase: u32): bool {
  if (task.results > 1 && !claim(task.result)) return wrong(faults.TASK_BLOCK_WRONG, number, task.result, 0);
  for (let i: u32 = 0; i < task.results; i++) {
    const slot = resultAt(task, i);
    if (!holdSlot(slot)) return wrong(faults.TASK_OBJECT_WRONG, number, slot, 0);
    if (phase == TASK_PHASE_ENDED && (objectAt(slot).loadState() & STATE_PHASE_MASK) == PHASE_PENDING) return wrong(faults.TASK_RESULT_UNSETTLED, number, slot, 0);
  }
  return true;
}

function checkVerdict(task: TaskEntry, number: u32, phase: u32): bool {
  const verdict = task.verdict;
  if (phase == TASK_PHASE_DECIDING && !verdict) return wrong(faults.TASK_VERDICT_WRONG, number, 0, 0);
  if (!verdict) return true;
  if (phase != TASK_PHASE_DECIDING && phase != TASK_PHASE_ENDED) return wrong(faults.TASK_VERDICT_WRONG, number, verdict, 0);
  return holdSlot(verdict) || wrong(faults.TASK_OBJECT_WRONG, number, verdict, 0);
}

function noteResources(task: TaskEntry, number: u32, phase: u32): bool {
  if (!isHeldPhase(phase)) return same(faults.TASK_GPUS_WRONG, number, task.gpus, 0);
  if (phase != TASK_PHASE_RUNNING) addSuspendedOf(ownerOf(task) - 1);
  const cls = classAt(task.resourceClass);
  let gpus: u32 = 0;
  for (let i: u32 = 0; i < cls.needs; i++) {
    const resource: u32 = load<u8>(changetype<usize>(cls) + RESOURCE_CLASS_RESOURCES + i);
    const amount = load<u32>(changetype<usize>(cls) + RESOURCE_CLASS_AMOUNTS + (i << 2));
    if (resource == RESOURCE_GPU) gpus = amount;
    if (resource != RESOURCE_CPU || phase == TASK_PHASE_RUNNING) addUsed(resource, amount);
    if (resource != RESOURCE_CPU && phase == TASK_PHASE_SUSPENDED) addKept(resource, amount);
  }
  return noteGpus(task, number, phase, gpus);
}

function noteGpus(task: TaskEntry, number: u32, phase: u32, amount: u32): bool {
  const each = amount < RESOURCE_UNIT ? amount : RESOURCE_UNIT;
  const wanted: u32 = amount ? (amount < RESOURCE_UNIT ? 1 : amount / RESOURCE_UNIT) : 0;
  if (popcnt(task.gpus) != wanted) return wrong(faults.TASK_GPUS_WRONG, number, task.gpus, wanted);
  for (let bits = task.gpus; bits; bits &= bits - 1) {
    if (ctz(bits) >= scheduler().gpuCount) return wrong(faults.TASK_GPUS_WRONG, number, task.gpus, wanted);
    addGpuUsed(ctz(bits), each);
    if (phase == TASK_PHASE_SUSPENDED) addGpuKept(ctz(bits), each);
  }
  return true;
}

/** The tasks in a thread's hand. */
export function walkHand(thread: Thread, index: u32): bool {
  let before: u32 = 0;
  for (let at = thread.hand; at; at = changetype<TaskEntry>(at).handNext) {
    const task = changetype<TaskEntry>(at);
    if (!isTaskAddress(at) || ownerOf(task) != index + 1 || !markTask(indexOf(task), TASK_IN_HAND)) return wrong(faults.TASK_LIST_WRONG, index, at, 0);
    if (!same(faults.TASK_LIST_LINK_WRONG, index, task.handPrevious, before)) return false;
    before = at;
  }
  return true;
}

/** After all lists are walked: each task is in those that its phase asks for. */
export function checkListed(): bool {
  for (let number: u32 = 1; number < root().loadTaskFresh(); number++) {
    const task = taskAt(number);
    const phase = phaseOf(task);
    if (phase == TASK_PHASE_VACANT) continue;
    const marks = taskMarks(number);
    let wanted: u32 = 0;
    if (phase == TASK_PHASE_READY) wanted = TASK_READY;
    if (isHeldPhase(phase) || isDecision(phase)) wanted = TASK_IN_HAND;
    if (phase == TASK_PHASE_RESUMING) wanted |= TASK_RESUMES;
    if ((marks & (TASK_READY | TASK_IN_HAND | TASK_RESUMES)) != wanted) return wrong(faults.TASK_LISTED_WRONG, number, marks & wanted ? 1 : 0, 0);
    if (task.runnerBits & RUNNER_BIT_QUEUED && !(marks & TASK_TO_RUNNER)) return wrong(faults.RUNNER_MESSAGE_LOST, number, 0, 0);
    if (task.deciderBits && !(marks & TASK_TO_DECIDER)) return wrong(faults.DECIDER_MESSAGE_LOST, number, 0, 0);
  }
  return true;
}

/** At the end of everything. */
export function checkNoTasks(): bool {
  for (let number: u32 = 1; number < root().loadTaskFresh(); number++) {
    if (phaseOf(taskAt(number)) != TASK_PHASE_VACANT) return wrong(faults.TASK_LEFT, number, phaseOf(taskAt(number)), 0);
  }
  return true;
}
