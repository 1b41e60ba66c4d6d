// What happens when holders go. At the last one the payload, and the references nested in it, are released: with a list of
// work instead of recursion, since chains of a million nested objects exist. The list is chained through `link`, which is
// free in an entry that nobody holds.
//
// A nested reference that pins may be the last to keep the payload of an object that was freed: then that is released too,
// from a second list, chained through `newer`. The reference holds the object until this is done.

import {
  NESTED_PIN, OBJECT_ENTRY_VALUE, ObjectEntry, PHASE_FREED, PHASE_PENDING, PHASE_SEALED, REASON_CANCELLED, Reference, REFERENCE_SIZE, STATE_ALIAS,
  STATE_ERROR, STATE_INLINE, STATE_PHASE_MASK, STATE_READ, STATE_REPORT, STATE_STREAM, Stream,
} from "../layout";
import { freeBlock } from "../memory/heap";
import { self } from "../sync/thread";
import { cancelOne } from "../tasks/cancel";
import { taskAt } from "../tasks/table";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { objectAt, vacate } from "./table";
import { keepUnread } from "./unread";

/** Entries without holders whose payloads are still to be released. */
let doomed: u32 = 0;
/** Freed entries that a reference, which pinned them last, still holds: their payloads are to be released. */
let unpinned: u32 = 0;

/** One holder less: how many are left. */
export function drop(entry: ObjectEntry): u32 {
  const left = doom(entry);
  reclaimDoomed();
  return left;
}

function reclaimDoomed(): void {
  while (true) {
    while (doomed) {
      const entry = changetype<ObjectEntry>(doomed);
      doomed = entry.link;
      reclaim(entry);
    }
    if (!unpinned) return;
    const entry = changetype<ObjectEntry>(unpinned);
    unpinned = entry.newer;
    releasePayload(entry);
    doom(entry);
  }
}

function doom(entry: ObjectEntry): u32 {
  // What an open stream says of its task is read while it is held: afterwards it may be gone.
  const open = (entry.loadState() & (STATE_STREAM | STATE_PHASE_MASK)) == (STATE_STREAM | PHASE_PENDING);
  const stream = changetype<Stream>(entry.stream);
  const task = open ? stream.task : 0;
  const generation = open ? stream.taskGeneration : 0;
  const left = (entry.subWord(1) as u32) - 1;
  if (!left) {
    entry.link = doomed;
    doomed = changetype<usize>(entry) as u32;
  } else if (open && left == 1 && !taskAt(task).loadCancel()) {
    // Only its task holds the stream: nobody will take another item.
    cancelOne(taskAt(task), generation, REASON_CANCELLED, 0);
  }
  return left;
}

@inline export function valueAt(entry: ObjectEntry, index: u32): usize { return changetype<usize>(entry) + OBJECT_ENTRY_VALUE + (index << 2); }
@inline export function referencesBehind(address: usize, size: u32): usize { return address + ((size + 7) & ~7); }

/** The entry is this thread's alone. */
function reclaim(entry: ObjectEntry): void {
  const state = entry.loadState();
  const owed = STATE_ERROR | STATE_REPORT;
  if ((state & (owed | STATE_READ)) == owed && keepUnread(entry)) return;
  if (state & STATE_STREAM) releaseStream(entry);
  if (state & STATE_ALIAS) doom(objectAt(load<u32>(valueAt(entry, 0))));
  else if (!(state & STATE_INLINE) && (state & STATE_PHASE_MASK) == PHASE_SEALED) releasePayload(entry);
  vacate(entry);
}

/** The payload of an object that others still hold, but that `free` deleted. */
export function freePayload(entry: ObjectEntry): void {
  releasePayload(entry);
  reclaimDoomed();
}

function releasePayload(entry: ObjectEntry): void {
  const address: usize = load<u32>(valueAt(entry, 0));
  doomReferences(referencesBehind(address, load<u32>(valueAt(entry, 1))), load<u32>(valueAt(entry, 2)));
  freeBlock(address);
}

/** References that were held and never came to stand in an object, or stood in a task. */
export function dropReferences(first: usize, count: u32): void {
  doomReferences(first, count);
  reclaimDoomed();
}

function doomReferences(first: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const slot = changetype<Reference>(first + i * REFERENCE_SIZE).slot;
    const entry = objectAt(slot & ~NESTED_PIN);
    if (slot & NESTED_PIN && isLastPin(entry)) {
      entry.newer = unpinned;
      unpinned = changetype<usize>(entry) as u32;
    } else {
      doom(entry);
    }
  }
}

/** One pin of the entry less; a payload freed meanwhile goes with the last. */
export function takeOffPin(entry: ObjectEntry): void {
  if (isLastPin(entry)) freePayload(entry);
}

/** Takes a pin off. True: it was the last on what was freed, and the payload is this thread's to release. */
function isLastPin(entry: ObjectEntry): bool {
  const state = lockEntry(entry);
  if (state == BROKEN) return false;
  const pins = --entry.pins;
  unlockEntry(entry, state);
  return !pins && (state & STATE_PHASE_MASK) == PHASE_FREED;
}

function releaseStream(entry: ObjectEntry): void {
  const stream = changetype<Stream>(entry.stream);
  let item = stream.head;
  while (item) {
    const object = objectAt(item);
    item = object.link;
    doom(object);
  }
  freeBlock(changetype<usize>(stream));
}
