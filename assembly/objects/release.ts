// What happens when holders go. At the last one the payload, and the references nested in it, are released: with a list of
// work instead of recursion, since chains of a million nested objects exist. The list is chained through `link`, which is
// free in an entry that nobody holds.

import {
  OBJECT_ENTRY_VALUE, ObjectEntry, PHASE_PENDING, PHASE_SEALED, REASON_CANCELLED, Reference, REFERENCE_SIZE, STATE_ALIAS, STATE_ERROR, STATE_INLINE,
  STATE_PHASE_MASK, STATE_READ, STATE_REPORT, STATE_STREAM, Stream,
} from "../layout";
import { freeBlock } from "../memory/heap";
import { self } from "../sync/thread";
import { cancelOne } from "../tasks/cancel";
import { taskAt } from "../tasks/table";
import { objectAt, vacate } from "./table";
import { keepUnread } from "./unread";

/** Entries without holders whose payloads are still to be released. */
let doomed: u32 = 0;

/** One holder less: how many are left. */
export function drop(entry: ObjectEntry): u32 {
  const left = doom(entry);
  reclaimDoomed();
  return left;
}

function reclaimDoomed(): void {
  while (doomed) {
    const entry = changetype<ObjectEntry>(doomed);
    doomed = entry.link;
    reclaim(entry);
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
  self.storeGranules(self.loadGranules() - load<u32>(valueAt(entry, 3)));
  let reference = referencesBehind(address, load<u32>(valueAt(entry, 1)));
  for (let left = load<u32>(valueAt(entry, 2)); left; left--) {
    doom(objectAt(changetype<Reference>(reference).slot));
    reference += REFERENCE_SIZE;
  }
  freeBlock(address);
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
