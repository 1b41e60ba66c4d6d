// Sealing: once. It closes the lists of those who wait, under the entry's lock, and then tells each of them:
//
//   a task      one argument less is missing; at none it is ready (or, the object being an error, it fails without running)
//   a thread    the edge, or the entry itself, becomes the message in its inbox
//
// An edge added to a closed list takes effect at once.

import {
  NODE_EDGE, NODE_OBJECT, ObjectEntry, PHASE_FREED, PHASE_PENDING, PHASE_SEALED, REASON_FREED, STATE_ALIAS, STATE_BLOCKS, STATE_ERROR,
  STATE_INLINE, STATE_LENGTH_SHIFT, STATE_PHASE_MASK, STATE_READ, STATE_STREAM, STATE_SYSTEM, STATUS_OK, STATUS_POISONED, STATUS_SEALED,
  TaskEdge, TaskEntry, ThreadEdge, MESSAGE_KIND_SEALED,
} from "../layout";
import { freeBlock } from "../memory/heap";
import { push } from "../sync/inbox";
import { threadOf } from "../sync/thread";
import { argumentArrived } from "../tasks/arrival";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { addHolder } from "./handles";
import { drop, freePayload, valueAt } from "./release";
import { generationOf, objectAt, slotOf } from "./table";
import { writeValue } from "./value";

/** State bits of an object that stay when it is sealed: what a host said of a pending one, too. */
@inline const KEPT: u32 = STATE_STREAM | STATE_READ | STATE_BLOCKS;
/** An error that the core makes itself: a `Reason`, and the task with its generation. */
@inline const SYSTEM_ERROR: u32 = STATE_INLINE | STATE_ERROR | STATE_SYSTEM | (12 << STATE_LENGTH_SHIFT);

/** Seals with a prepared value. `sealed`: it was sealed before; the value is still the caller's. */
export function seal(entry: ObjectEntry, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  if ((state & STATE_PHASE_MASK) != PHASE_PENDING) {
    unlockEntry(entry, state);
    return STATUS_SEALED;
  }
  writeValue(entry, flags, a, b, c, d);
  close(entry, (state & KEPT) | flags | PHASE_SEALED);
  return STATUS_OK;
}

/** Seals with an error that the core makes itself. */
export function sealReason(entry: ObjectEntry, reason: u32, task: u32, generation: u32): void {
  seal(entry, SYSTEM_ERROR, reason, task, generation, 0);
}

/** Seals with the error that another object is. */
export function sealAlias(entry: ObjectEntry, slot: u32): void {
  const other = objectAt(slot);
  if (other.loadState() & STATE_ALIAS) slot = load<u32>(valueAt(other, 0));
  const generation = generationOf(objectAt(slot));
  if (!addHolder(slot, generation)) return;
  const flags = STATE_INLINE | STATE_ERROR | STATE_ALIAS | (8 << STATE_LENGTH_SHIFT);
  if (seal(entry, flags, slot, generation, 0, 0) != STATUS_OK) drop(objectAt(slot));
}

/** Unlocks the entry in its last phase and tells all who wait. */
function close(entry: ObjectEntry, state: u32): void {
  const edges = entry.taskEdges;
  const watcher = entry.watcher;
  const epoch = entry.watcherEpoch;
  const others = entry.threadEdges;
  entry.taskEdges = 0;
  entry.watcher = 0;
  entry.threadEdges = 0;
  unlockEntry(entry, state);
  if (watcher) push(threadOf(watcher), epoch, (changetype<usize>(entry) as u32) | NODE_OBJECT);
  if (others) tellThreads(others, MESSAGE_KIND_SEALED);
  const failed = (state & STATE_ERROR) != 0 || (state & STATE_PHASE_MASK) == PHASE_FREED;
  tellTasks(edges, failed ? slotOf(entry) : 0);
}

/** The edges become messages; those for threads that are gone are given back. */
export function tellThreads(edges: usize, kind: u32): void {
  while (edges) {
    const edge = changetype<ThreadEdge>(edges);
    edges = edge.next;
    edge.kind = kind;
    const address = changetype<usize>(edge);
    if (!push(threadOf(edge.thread), edge.epoch, (address as u32) | NODE_EDGE)) freeBlock(address);
  }
}

function tellTasks(edges: usize, failure: u32): void {
  while (edges) {
    const edge = changetype<TaskEdge>(edges);
    edges = edge.next;
    argumentArrived(changetype<TaskEntry>(edge.task), failure);
  }
}

/** Deletes the value, whoever holds the object. A pending object fails for all who wait; pinned payloads stay until unpinned. */
export function free(entry: ObjectEntry): i32 {
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  const phase = state & STATE_PHASE_MASK;
  if (phase == PHASE_PENDING) {
    writeValue(entry, SYSTEM_ERROR, REASON_FREED, 0, 0, 0);
    close(entry, (state & KEPT) | PHASE_FREED | SYSTEM_ERROR);
    return STATUS_OK;
  }
  if (phase == PHASE_FREED) {
    unlockEntry(entry, state);
    return STATUS_OK;
  }
  const gone = !(state & STATE_INLINE) && !entry.pins;
  // An error that was deleted is not reported: there is nothing left to report.
  unlockEntry(entry, (state & ~STATE_PHASE_MASK) | PHASE_FREED | STATE_READ);
  if (gone) freePayload(entry);
  return STATUS_OK;
}
