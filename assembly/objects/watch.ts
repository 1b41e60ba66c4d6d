// "This thread wants to know": at most one edge an object and thread. The first stands in the entry itself, others are
// blocks; a stream's are always blocks, since it tells its watchers more than once. A watch is noted in the thread's handle
// word, so what is waited for stays, until its message is given to the host.

import {
  ObjectEntry, PHASE_PENDING, STATE_PHASE_MASK, STATE_STREAM, STATUS_FULL, STATUS_OK, STATUS_POISONED, STATUS_SEALED, STATUS_STALE,
  Stream, ThreadEdge, THREAD_EDGE_SIZE,
} from "../layout";
import { allocate, freeBlock } from "../memory/heap";
import { me, myEpoch } from "../sync/thread";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { forgetWatch, holds, mayWatch, noteWatch } from "./handles";
import { objectAt, slotOf } from "./table";

/** ok: a message will come. `sealed`: there is nothing to wait for. `wrongState`: this thread watches it already. */
export function watch(slot: u32, generation: u32, token: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const entry = objectAt(slot);
  let status = place(entry, generation, token, 0);
  // Only a second watcher needs a block; it is made outside of the lock.
  if (status == STATUS_FULL) {
    const block = allocate(THREAD_EDGE_SIZE);
    if (block) status = place(entry, generation, token, block);
    if (block && status != STATUS_OK) freeBlock(block);
  }
  if (status == STATUS_OK) noteWatch(slot);
  return status;
}

/** `full`: it takes a block to place the edge. */
function place(entry: ObjectEntry, generation: u32, token: u32, block: usize): i32 {
  const may = mayWatch(slotOf(entry));
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  const status = placeLocked(entry, state, may, generation, token, block);
  unlockEntry(entry, state);
  return status;
}

function placeLocked(entry: ObjectEntry, state: u32, may: i32, generation: u32, token: u32, block: usize): i32 {
  const stream = (state & STATE_STREAM) != 0;
  if (stream && changetype<Stream>(entry.stream).head) return STATUS_SEALED;
  if ((state & STATE_PHASE_MASK) != PHASE_PENDING) return STATUS_SEALED;
  if (may != STATUS_OK) return may;
  if (!block) {
    if (stream || entry.watcher) return STATUS_FULL;
    entry.watcher = me;
    entry.watcherEpoch = myEpoch;
    entry.watcherToken = token;
    return STATUS_OK;
  }
  const edge = changetype<ThreadEdge>(block);
  edge.thread = me;
  edge.epoch = myEpoch;
  edge.token = token;
  edge.slot = slotOf(entry);
  edge.generation = generation;
  edge.next = entry.threadEdges;
  entry.threadEdges = block as u32;
  return STATUS_OK;
}

/** A thread's edge in the list; 0: it has none. Under the entry's lock. */
function edgeOf(entry: ObjectEntry, owner: u32): usize {
  let edge: usize = entry.threadEdges;
  while (edge && changetype<ThreadEdge>(edge).thread != owner) edge = changetype<ThreadEdge>(edge).next;
  return edge;
}

/** Takes the watch back. `sealed`: too late, its message is on its way or has come. */
export function unwatch(slot: u32, generation: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const status = removeWatch(objectAt(slot), me);
  if (status == STATUS_OK) forgetWatch(slot);
  return status;
}

/** Removes a thread's edge, whatever handles it has. */
export function removeWatch(entry: ObjectEntry, owner: u32): i32 {
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  let edge: usize = 0;
  let found = entry.watcher == owner;
  if (found) {
    entry.watcher = 0;
  } else {
    edge = edgeOf(entry, owner);
    found = edge != 0;
    if (found) unlinkEdge(entry, edge);
  }
  unlockEntry(entry, state);
  if (edge) freeBlock(edge);
  return found ? STATUS_OK : STATUS_SEALED;
}

function unlinkEdge(entry: ObjectEntry, edge: usize): void {
  const next = changetype<ThreadEdge>(edge).next;
  if ((entry.threadEdges as usize) == edge) {
    entry.threadEdges = next;
    return;
  }
  let before = changetype<ThreadEdge>(entry.threadEdges);
  while ((before.next as usize) != edge) before = changetype<ThreadEdge>(before.next);
  before.next = next;
}
