// Errors that nobody looked at. When the last holder of such an object goes, it is put on a list of the root instead of being
// vacated, so that the host can report it. Nobody can hold it again: its holders are 0.

import { ObjectEntry, STATE_READ, STATUS_EMPTY, STATUS_FULL, STATUS_OK, STATUS_POISONED } from "../layout";
import { root } from "../memory/root";
import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { mayAdopt, noteHandle, prepareHandle } from "./handles";
import { generationOf, slotOf } from "./table";

/** More are counted, not kept. */
@inline const MOST: u32 = 1000;

/** False: not kept; the caller goes on releasing it. */
export function keepUnread(entry: ObjectEntry): bool {
  const record = root();
  if (!lock(record.lockAddress)) return false;
  const kept = record.unreadCount < MOST;
  if (kept) {
    entry.link = 0;
    if (record.unreadTail) changetype<ObjectEntry>(record.unreadTail).link = changetype<usize>(entry) as u32;
    else record.unread = changetype<usize>(entry) as u32;
    record.unreadTail = changetype<usize>(entry) as u32;
    record.unreadCount++;
  } else {
    record.unreadDropped++;
  }
  unlock(record.lockAddress);
  return kept;
}

/** Somebody has dealt with the error, so it is not to be reported. The caller must hold the object. */
export function waive(entry: ObjectEntry): void {
  const state = lockEntry(entry);
  if (state != BROKEN) unlockEntry(entry, state | STATE_READ);
}

/** Takes the oldest off the list; this thread then has a handle of it. Its slot; the generation is the call's second result. */
export function takeUnread(): i32 {
  const record = root();
  while (true) {
    if (!lock(record.lockAddress)) return STATUS_POISONED;
    const entry = changetype<ObjectEntry>(record.unread);
    const slot = changetype<usize>(entry) ? slotOf(entry) : 0;
    // It is taken only when its handle can be noted; room for that is made outside of the lock.
    const ready = slot != 0 && mayAdopt(slot) == STATUS_OK;
    if (ready) {
      record.unread = entry.link;
      if (!entry.link) record.unreadTail = 0;
      record.unreadCount--;
    }
    unlock(record.lockAddress);
    if (!slot) return STATUS_EMPTY;
    if (!ready) {
      if (!prepareHandle(slot)) return STATUS_FULL;
      continue;
    }
    entry.storeState(entry.loadState() | STATE_READ);
    entry.addWord(1);
    noteHandle(slot);
    self.generation = generationOf(entry);
    return slot as i32;
  }
}
