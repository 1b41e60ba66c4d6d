// The objects: each entry's state, payload, edges and stream; then its count and pins against all that was found.

import {
  NESTED_PIN, OBJECT_ENTRY_VALUE, ObjectEntry, PHASE_FREED, PHASE_PENDING, PHASE_SEALED, PHASE_VACANT, REFERENCE_SIZE, Reference, STATE_ALIAS, STATE_BLOCKS,
  STATE_ERROR, STATE_HOST_MASK, STATE_INLINE, STATE_LENGTH_SHIFT, STATE_PHASE_MASK, STATE_READ, STATE_REPORT, STATE_STREAM, STATE_SYSTEM, Stream,
  TASK_EDGE_SIZE, TASK_ENTRY_SIZE, TaskEdge, ThreadEdge, TASK_PHASE_ENDED, TASK_PHASE_VACANT, TASK_PHASE_WAITING, Thread,
} from "../layout";
import { roomIn } from "../memory/heap";
import { objectTable, root, scheduler, taskTable } from "../memory/root";
import { referencesBehind } from "../objects/release";
import { generationOf, objectAt, slotOf } from "../objects/table";
import { threadAt } from "../sync/thread";
import { phaseOf } from "../tasks/queue";
import { taskAt } from "../tasks/table";
import * as faults from "./faults";
import { same, wrong } from "./faults";
import {
  OBJECT_FREE, OBJECT_ITEM, OBJECT_UNREAD, addEdgeOf, addHolderOf, addPinOf, claim, holdersOf, markObject, objectMarks, pinsOf,
} from "./tally";
import { checkWatch, exists, isUsedSlot } from "./threads";

@inline const BATCH: u32 = 32;
@inline const LAST_GENERATION: u32 = u32.MAX_VALUE - 1;
@inline const STATES: u32 =
  STATE_PHASE_MASK | STATE_HOST_MASK | STATE_ALIAS | STATE_STREAM | STATE_READ | STATE_BLOCKS | STATE_SYSTEM;

let objects: u32 = 0;

@inline function phaseOfObject(entry: ObjectEntry): u32 { return entry.loadState() & STATE_PHASE_MASK; }
@inline function holdersNoted(entry: ObjectEntry): u32 { return entry.loadWord() as u32; }
@inline function valueOf(entry: ObjectEntry, index: u32): u32 { return load<u32>(changetype<usize>(entry) + OBJECT_ENTRY_VALUE + (index << 2)); }

export function walkObjects(): bool {
  objects = 0;
  if (!walkFreeObjects() || !walkUnread()) return false;
  for (let slot: u32 = 1; slot < root().loadObjectFresh(); slot++) {
    if (phaseOfObject(objectAt(slot)) != PHASE_VACANT && !walkObject(slot)) return false;
  }
  return checkTotals();
}

function walkFreeObjects(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    const thread = threadAt(index);
    if (!walkFreeChain(thread.freeObjects, index, thread.freeObjectCount) || !walkFreshObjects(thread)) return false;
  }
  for (let batch = root().objectBatches; batch; batch = changetype<ObjectEntry>(batch).newer) {
    if (!walkFreeChain(batch, -1, BATCH)) return false;
  }
  return true;
}

function walkFreeChain(first: u32, name: u32, noted: u32): bool {
  let count: u32 = 0;
  for (let at = first; at; at = changetype<ObjectEntry>(at).link) {
    const slot = slotOf(changetype<ObjectEntry>(at));
    if (!isUsedSlot(slot) || changetype<usize>(objectAt(slot)) != at || !isFreeEntry(slot)) return wrong(faults.FREE_OBJECTS_WRONG, slot, 0, 0);
    count++;
  }
  return same(faults.FREE_OBJECTS_COUNT_WRONG, name, noted, count);
}

function isFreeEntry(slot: u32): bool {
  const entry = objectAt(slot);
  return phaseOfObject(entry) == PHASE_VACANT && generationOf(entry) < LAST_GENERATION && markObject(slot, OBJECT_FREE);
}

function walkFreshObjects(thread: Thread): bool {
  for (let slot = thread.freshObject; slot < thread.freshObjectEnd; slot++) {
    if (!isUsedSlot(slot) || !isFreeEntry(slot)) return wrong(faults.FREE_OBJECTS_WRONG, slot, 0, 0);
    if (objectAt(slot).loadWord()) return wrong(faults.FRESH_OBJECT_USED, slot, objectAt(slot).loadState(), 0);
  }
  return true;
}

/** Errors that nobody looked at: nobody holds them. */
function walkUnread(): bool {
  const owed = STATE_ERROR | STATE_REPORT;
  let count: u32 = 0;
  let last: u32 = 0;
  for (let at = root().unread; at; at = changetype<ObjectEntry>(at).link) {
    const entry = changetype<ObjectEntry>(at);
    const slot = slotOf(entry);
    if (!isUsedSlot(slot) || changetype<usize>(objectAt(slot)) != at || !markObject(slot, OBJECT_UNREAD)) return wrong(faults.UNREAD_WRONG, slot, 0, 0);
    if ((entry.loadState() & (owed | STATE_READ)) != owed || holdersNoted(entry)) return wrong(faults.UNREAD_WRONG, slot, 0, 0);
    last = at;
    count++;
  }
  return same(faults.UNREAD_COUNT_WRONG, 0, root().unreadCount, count) && same(faults.UNREAD_COUNT_WRONG, 0, root().unreadTail, last);
}

function walkObject(slot: u32): bool {
  const entry = objectAt(slot);
  const state = entry.loadState();
  objects++;
  if (!isLegal(state)) return wrong(faults.OBJECT_STATE_WRONG, slot, state, 0);
  if (state & STATE_ALIAS) {
    if (!holdReference(slot, valueOf(entry, 0), valueOf(entry, 1))) return false;
  } else if (hasPayload(entry, state) && !walkPayload(slot)) {
    return false;
  }
  if (state & STATE_STREAM && !walkStream(slot)) return false;
  return (state & STATE_PHASE_MASK) == PHASE_PENDING ? walkTaskEdges(slot) && walkWatchers(slot) : hasNoEdges(slot);
}

function isLegal(state: u32): bool {
  const phase = state & STATE_PHASE_MASK;
  if (state & ~STATES || phase > PHASE_FREED || phase < PHASE_PENDING) return false;
  if (state & STATE_INLINE && state >> STATE_LENGTH_SHIFT > 16) return false;
  if (state & (STATE_ALIAS | STATE_SYSTEM)) return (state & (STATE_INLINE | STATE_ERROR)) == (STATE_INLINE | STATE_ERROR);
  return phase == PHASE_SEALED || phase == PHASE_FREED || !(state & STATE_HOST_MASK);
}

/** A freed payload stays until the last pin is gone. */
function hasPayload(entry: ObjectEntry, state: u32): bool {
  if (state & STATE_INLINE) return false;
  const phase = state & STATE_PHASE_MASK;
  return phase == PHASE_SEALED || (phase == PHASE_FREED && entry.pins != 0);
}

function walkPayload(slot: u32): bool {
  const entry = objectAt(slot);
  const address: usize = valueOf(entry, 0);
  if (!claim(address)) return wrong(faults.PAYLOAD_WRONG, slot, address as u32, 0);
  const room = roomIn(address);
  const size = valueOf(entry, 1);
  const count = valueOf(entry, 2);
  if (size > room) return wrong(faults.PAYLOAD_SIZE_WRONG, slot, size, room);
  const first = referencesBehind(address, size);
  if (count && (first - address > room || count > (room - ((first - address) as u32)) / REFERENCE_SIZE)) return wrong(faults.PAYLOAD_SIZE_WRONG, slot, count, room);
  if (!same(faults.PAYLOAD_SIZE_WRONG, slot, valueOf(entry, 3), room >> 6)) return false;
  return holdReferences(slot, first, count, faults.REFERENCE_WRONG, NESTED_PIN);
}

/** References behind a payload or behind arguments: each is a holder, and one with the bit `pin` a pin too. */
export function holdReferences(name: u32, first: usize, count: u32, code: u32, pin: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const reference = changetype<Reference>(first + i * REFERENCE_SIZE);
    const slot = reference.slot & ~pin;
    if (!exists(slot, reference.generation)) return wrong(code, name, reference.slot, reference.generation);
    addHolderOf(slot);
    if (reference.slot & pin) addPinOf(slot);
  }
  return true;
}

function holdReference(name: u32, slot: u32, generation: u32): bool {
  if (!exists(slot, generation)) return wrong(faults.REFERENCE_WRONG, name, slot, generation);
  addHolderOf(slot);
  return true;
}

function walkStream(slot: u32): bool {
  const entry = objectAt(slot);
  if (!claim(entry.stream)) return wrong(faults.STREAM_WRONG, slot, entry.stream, 0);
  const stream = changetype<Stream>(entry.stream);
  let count: u32 = 0;
  let last: u32 = 0;
  for (let item = stream.head; item; item = objectAt(item).link) {
    if (!isUsedSlot(item) || !markObject(item, OBJECT_ITEM)) return wrong(faults.STREAM_ITEM_WRONG, slot, item, 0);
    const phase = phaseOfObject(objectAt(item));
    if (phase != PHASE_SEALED && phase != PHASE_FREED) return wrong(faults.STREAM_ITEM_WRONG, slot, item, 0);
    addHolderOf(item);
    last = item;
    count++;
  }
  const paused: u32 = stream.limit && count >= stream.limit ? 1 : 0;
  if (!same(faults.STREAM_COUNT_WRONG, slot, stream.tail, last) || !same(faults.STREAM_COUNT_WRONG, slot, stream.unread, count)) return false;
  if (stream.produced < count) return wrong(faults.STREAM_COUNT_WRONG, slot, stream.produced, count);
  return same(faults.STREAM_COUNT_WRONG, slot, stream.paused, paused) && (phaseOfObject(entry) != PHASE_PENDING || checkOpenStream(slot, stream));
}

/** An open stream has a task that will close it, and somebody else who wants its items, or that task is cancelled. */
function checkOpenStream(slot: u32, stream: Stream): bool {
  const task = taskAt(stream.task);
  if (stream.task - 1 >= root().loadTaskFresh() - 1) return wrong(faults.STREAM_ORPHANED, slot, stream.task, 0);
  const phase = phaseOf(task);
  const lives = phase != TASK_PHASE_VACANT && phase != TASK_PHASE_ENDED && task.loadGeneration() == stream.taskGeneration;
  if (!lives) return wrong(faults.STREAM_ORPHANED, slot, stream.task, 0);
  return holdersNoted(objectAt(slot)) != 1 || task.loadCancel() != 0 || wrong(faults.STREAM_ABANDONED, slot, stream.task, 0);
}

function hasNoEdges(slot: u32): bool {
  const entry = objectAt(slot);
  return (
    same(faults.EDGES_ON_SEALED, slot, entry.taskEdges, 0) && same(faults.EDGES_ON_SEALED, slot, entry.threadEdges, 0) &&
    same(faults.EDGES_ON_SEALED, slot, entry.watcher, 0)
  );
}

function walkTaskEdges(slot: u32): bool {
  let before: u32 = 0;
  for (let at = objectAt(slot).taskEdges; at; at = changetype<TaskEdge>(at).next) {
    if (!isTaskEdge(at, slot)) return wrong(faults.TASK_EDGE_WRONG, slot, at, 0);
    if (changetype<TaskEdge>(at).previous != before) return wrong(faults.TASK_EDGE_LINK_WRONG, slot, at, before);
    before = at;
  }
  return true;
}

/** An edge i of a waiting task, whose i-th dependency this object is. Counted, so a list in a circle ends. */
function isTaskEdge(at: u32, slot: u32): bool {
  if (at & 15 || (at as usize) + TASK_EDGE_SIZE > ((memory.size() as usize) << 16)) return false;
  const address: usize = changetype<TaskEdge>(at).task;
  const number = ((address - taskTable) / TASK_ENTRY_SIZE) as u32;
  if (number - 1 >= root().loadTaskFresh() - 1 || changetype<usize>(taskAt(number)) != address) return false;
  const task = taskAt(number);
  const index = (at - task.edges) / TASK_EDGE_SIZE;
  if (phaseOf(task) != TASK_PHASE_WAITING || index >= task.dependencies) return false;
  const dependency = changetype<Reference>(referencesBehind(task.args, task.argsSize) + index * REFERENCE_SIZE).slot;
  return changetype<TaskEdge>(at).object == slot && dependency == slot && addEdgeOf(number) <= task.dependencies;
}

function walkWatchers(slot: u32): bool {
  const entry = objectAt(slot);
  if (entry.watcher && !checkWatch(slot, entry.watcher, entry.watcherEpoch)) return false;
  for (let at = entry.threadEdges; at; at = changetype<ThreadEdge>(at).next) {
    if (!claim(at)) return wrong(faults.THREAD_EDGE_WRONG, slot, at, 0);
    const edge = changetype<ThreadEdge>(at);
    if (edge.slot != slot || edge.generation != generationOf(entry)) return wrong(faults.THREAD_EDGE_WRONG, slot, at, 0);
    if (!checkWatch(slot, edge.thread, edge.epoch)) return false;
  }
  return true;
}

function checkTotals(): bool {
  let notedObjects: u32 = 0;
  for (let index: u32 = 0; index < scheduler().freshThread; index++) notedObjects += threadAt(index).loadObjects();
  return same(faults.OBJECTS_TOTAL_WRONG, 0, notedObjects, objects);
}

/** After all holders are found: counts, pins, and whoever nobody holds. */
export function checkCounts(): bool {
  for (let slot: u32 = 1; slot < root().loadObjectFresh(); slot++) {
    const entry = objectAt(slot);
    const marks = objectMarks(slot);
    const holders = holdersOf(slot);
    if (phaseOfObject(entry) == PHASE_VACANT) {
      if (holders || holdersNoted(entry)) return wrong(faults.VACANT_OBJECT_HELD, slot, holders, 0);
      if (!(marks & OBJECT_FREE) && generationOf(entry) < LAST_GENERATION) return wrong(faults.VACANT_OBJECT_LOST, slot, 0, 0);
      continue;
    }
    if (!same(faults.OBJECT_COUNT_WRONG, slot, holdersNoted(entry), holders)) return false;
    if (!same(faults.OBJECT_PINS_WRONG, slot, entry.pins, pinsOf(slot))) return false;
    if (!holders && !(marks & OBJECT_UNREAD)) return wrong(faults.OBJECT_LOST, slot, 0, 0);
  }
  return true;
}

/** At the end of everything. */
export function checkNoObjects(): bool {
  for (let slot: u32 = 1; slot < root().loadObjectFresh(); slot++) {
    if (phaseOfObject(objectAt(slot)) != PHASE_VACANT) return wrong(faults.OBJECT_LEFT, slot, holdersNoted(objectAt(slot)), 0);
  }
  return true;
}

/** Whether an object of a task's is there, and holds it: a function, a result, a verdict. */
export function holdSlot(slot: u32): bool {
  if (!isUsedSlot(slot) || phaseOfObject(objectAt(slot)) == PHASE_VACANT) return false;
  addHolderOf(slot);
  return true;
}
