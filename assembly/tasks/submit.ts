// Submitting: what the host wrote into its thread's `spec` becomes a task. All that can be refused is refused before anything
// is seen by others; then the task is queued at once, or its edges are put in place and its last missing argument is the
// submitter itself.

import {
  PHASE_PENDING, STATE_STREAM, STATUS_FULL, STATUS_INVALID, STATUS_LIMIT, STATUS_OK, STATUS_POISONED,
  STATUS_STALE, STATUS_TABLE_FULL, Stream, STREAM_SIZE, TASK_EDGE_SIZE, TASK_ENTRY_INLINED, TASK_FLAG_HAS_CHILDREN,
  TASK_FLAG_INLINE_ARGS, TASK_FLAG_STREAM, TASK_PHASE_ENDED, TASK_PHASE_SUBMITTING, TASK_PHASE_VACANT, TASK_PHASE_WAITING, TASK_SPEC_INLINED, TASK_SPEC_INLINED_LENGTH,
  TaskEntry, TaskSpec, REASON_CANCELLED,
} from "../layout";
import { adopt, allocate, disown, freeBlock, inHand, roomIn } from "../memory/heap";
import { scheduler } from "../memory/root";
import { addHolder, noteHandle, prepareHandle, release } from "../objects/handles";
import { drop, dropReferences, referencesBehind } from "../objects/release";
import { generationOf, objectAt, occupy, slotOf } from "../objects/table";
import { holdReferences } from "../objects/value";
import { lock, unlock } from "../sync/lock";
import { me, myEpoch, self } from "../sync/thread";
import { missOneLess } from "./arrival";
import { dropTask } from "./dispose";
import { addEdges, removeEdges } from "./edges";
import { endTask, failResults, failResultsFor, resultAt } from "./end";
import { wakeFor } from "./park";
import { append, phaseOf, setPhase } from "./queue";
import { checkNumber, classAt, kindAt, placeOf } from "./resources";
import { indexOf, isTask, occupyTask, taskAt, vacateTask } from "./table";

@inline const PRIORITIES: u32 = 16;
@inline const RESULTS_MOST: u32 = 1 << 20;
@inline const FLAGS: u32 = TASK_FLAG_STREAM;

/** The slot of the only result, or of a stream; with several, 0. Second results: its generation, the task and its generation. */
export function submit(): i32 {
  const spec = self.spec;
  if (spec.priority >= PRIORITIES || spec.kind > 255 || spec.flags & ~FLAGS || spec.results > RESULTS_MOST) return STATUS_INVALID;
  if (spec.flags & TASK_FLAG_STREAM && spec.results != 1) return STATUS_INVALID;
  // Several results: their references are written into a block of the caller's.
  if (spec.results > 1 && (!inHand(spec.resultList) || roomIn(spec.resultList) < spec.results << 3)) return STATUS_INVALID;
  if (spec.results > 1 && spec.resultList == spec.args) return STATUS_INVALID;
  const inlined = !spec.args;
  if (inlined && (spec.argsSize > TASK_SPEC_INLINED_LENGTH || spec.references || spec.dependencies)) return STATUS_INVALID;
  if (!inlined && !spec.argsSize && !spec.references) return STATUS_INVALID;
  if (!addHolder(spec.code, spec.codeGeneration)) return STATUS_STALE;
  let status = spec.args ? holdReferences(spec.args, spec.argsSize, spec.references, spec.dependencies, false) : STATUS_OK;
  if (status == STATUS_OK) {
    status = build(spec);
    if (status < 0 && spec.args) dropReferences(referencesBehind(spec.args, spec.argsSize), spec.references);
  }
  if (status < 0) drop(objectAt(spec.code));
  return status;
}

function build(spec: TaskSpec): i32 {
  const task = occupyTask();
  if (!changetype<usize>(task)) return STATUS_TABLE_FULL;
  task.edges = 0;
  task.results = spec.results;
  let status = spec.dependencies ? makeEdges(task, spec.dependencies) : STATUS_OK;
  if (status == STATUS_OK) {
    status = makeResults(task, spec);
    if (status == STATUS_OK) {
      fill(task, spec);
      status = publish(task, spec);
      if (status < 0) forgetResults(task, spec.results);
    }
    if (status < 0 && task.edges) freeBlock(task.edges);
  }
  if (status < 0) vacateTask(task);
  return status;
}

function makeEdges(task: TaskEntry, count: u32): i32 {
  task.edges = allocate(count * TASK_EDGE_SIZE) as u32;
  return task.edges ? STATUS_OK : STATUS_FULL;
}

/** The result objects: the thread and the task hold each. */
function makeResults(task: TaskEntry, spec: TaskSpec): i32 {
  const count = spec.results;
  if (count > 1) {
    task.result = allocate(count << 2) as u32;
    if (!task.result) return STATUS_FULL;
  }
  for (let i: u32 = 0; i < count; i++) {
    const status = makeResult(task, spec, i);
    if (status == STATUS_OK) continue;
    forgetResults(task, i);
    return status;
  }
  return STATUS_OK;
}

function makeResult(task: TaskEntry, spec: TaskSpec, index: u32): i32 {
  const streams = (spec.flags & TASK_FLAG_STREAM) != 0;
  const entry = occupy(2, streams ? PHASE_PENDING | STATE_STREAM : PHASE_PENDING);
  if (!changetype<usize>(entry)) return STATUS_TABLE_FULL;
  const slot = slotOf(entry);
  const noted = prepareHandle(slot);
  const stream = streams ? allocate(STREAM_SIZE) : 0;
  entry.stream = stream as u32;
  if (!noted || (streams && !stream)) {
    entry.storeState(PHASE_PENDING);
    if (stream) freeBlock(stream);
    entry.subWord(1);
    drop(entry);
    return STATUS_FULL;
  }
  if (streams) openStream(changetype<Stream>(stream), task, spec.limit);
  noteHandle(slot);
  const generation = generationOf(entry);
  if (spec.results == 1) {
    task.result = slot;
    self.generation = generation;
    return STATUS_OK;
  }
  store<u32>((task.result as usize) + (index << 2), slot);
  store<u32>((spec.resultList as usize) + (index << 3), slot);
  store<u32>((spec.resultList as usize) + (index << 3), generation, 4);
  return STATUS_OK;
}

function openStream(stream: Stream, task: TaskEntry, limit: u32): void {
  stream.head = 0;
  stream.tail = 0;
  stream.unread = 0;
  stream.limit = limit;
  stream.produced = 0;
  stream.paused = 0;
  stream.task = indexOf(task);
  stream.taskGeneration = task.loadGeneration();
}

/** Undoes the first `count` results, and their list. */
function forgetResults(task: TaskEntry, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const entry = objectAt(resultAt(task, i));
    entry.subWord(1);
    release(slotOf(entry), generationOf(entry));
  }
  if (task.results > 1) freeBlock(task.result);
}

function fill(task: TaskEntry, spec: TaskSpec): void {
  task.storeCancel(0);
  task.storeStarted(0);
  task.storeFailure(0);
  task.storeHolds(1);
  task.code = spec.code;
  task.codeGeneration = spec.codeGeneration;
  task.resourceClass = placeOf(spec.resourceClass) as u16;
  task.priority = spec.priority as u8;
  task.kind = spec.kind as u8;
  task.flags = spec.args ? spec.flags : spec.flags | TASK_FLAG_INLINE_ARGS;
  task.attempt = 0;
  task.retries = spec.retries;
  task.submitter = me;
  task.submitterEpoch = myEpoch;
  task.parent = 0;
  task.args = spec.args;
  task.argsSize = spec.argsSize;
  task.references = spec.references;
  task.dependencies = spec.dependencies;
  task.gpus = 0;
  task.runnerBits = 0;
  task.deciderBits = 0;
  task.verdict = 0;
  task.token = spec.token;
  if (!spec.args) {
    memory.copy(changetype<usize>(task) + TASK_ENTRY_INLINED, changetype<usize>(spec) + TASK_SPEC_INLINED, TASK_SPEC_INLINED_LENGTH);
  }
}

/** Makes the task known, if the limit, its class and its parent allow it. Once the lock is given back, it may be over. */
function publish(task: TaskEntry, spec: TaskSpec): i32 {
  const schedule = scheduler();
  const waits = spec.dependencies != 0;
  const result = spec.results == 1 ? task.result : 0;
  if (waits) {
    task.storeMissing(spec.dependencies + 1);
    task.storeHolds(2);
  }
  if (spec.args) adopt(spec.args);
  const status = lock(schedule.lockAddress) ? admit(task, spec) : STATUS_POISONED;
  if (status != STATUS_OK) {
    if (status != STATUS_POISONED) unlock(schedule.lockAddress);
    if (spec.args) disown(spec.args);
    return status;
  }
  self.task = indexOf(task);
  self.taskGeneration = task.loadGeneration();
  schedule.pending++;
  classAt(task.resourceClass).tasks++;
  const settles = waits || task.loadCancel() != 0;
  if (settles) {
    setPhase(task, TASK_PHASE_SUBMITTING, 0);
  } else {
    append(task);
    wakeFor(kindAt(classAt(task.resourceClass).kind));
  }
  unlock(schedule.lockAddress);
  if (waits) addEdges(task);
  if (settles && !settleSubmitted(task, waits)) return STATUS_POISONED;
  return result as i32;
}

/** Under the lock. A child of a cancelled task is let in and cancelled at once. */
function admit(task: TaskEntry, spec: TaskSpec): i32 {
  const schedule = scheduler();
  const status = checkNumber(spec.resourceClass);
  if (status != STATUS_OK) return status;
  if (schedule.pending >= schedule.pendingLimit) return STATUS_LIMIT;
  if (!isTask(spec.parent)) return STATUS_OK;
  const parent = taskAt(spec.parent);
  const phase = phaseOf(parent);
  if (phase == TASK_PHASE_VACANT || phase == TASK_PHASE_ENDED || parent.loadGeneration() != spec.parentGeneration) return STATUS_OK;
  task.parent = spec.parent;
  task.parentGeneration = spec.parentGeneration;
  parent.flags |= TASK_FLAG_HAS_CHILDREN;
  if (parent.loadCancel()) task.storeCancel(REASON_CANCELLED);
  return STATUS_OK;
}

/** The edges stand: from here on arguments may fail the task and others may cancel it. What came before is done now. */
function settleSubmitted(task: TaskEntry, waits: bool): bool {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return false;
  const reason = task.loadCancel();
  const failure = waits ? task.loadFailure() : 0;
  const ends = reason != 0 || failure != 0;
  if (ends) endTask(task);
  else setPhase(task, TASK_PHASE_WAITING, 0);
  unlock(schedule.lockAddress);
  if (ends) {
    if (reason) failResultsFor(task, reason);
    else failResults(task, failure);
    if (waits) removeEdges(task);
    dropTask(task);
  }
  if (waits) missOneLess(task);
  return true;
}
