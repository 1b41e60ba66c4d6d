// New objects, and their flags.

import {
  ObjectEntry, PHASE_PENDING, PHASE_SEALED, STATE_BLOCKS, STATE_READ, STATUS_FULL, STATUS_OK, STATUS_POISONED, STATUS_STALE,
  STATUS_TABLE_FULL,
} from "../layout";
import { self } from "../sync/thread";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { holds, noteHandle, prepareHandle } from "./handles";
import { drop } from "./release";
import { free, seal } from "./seal";
import { generationOf, objectAt, occupy, slotOf } from "./table";
import { prepareValue, returnValue, writeValue } from "./value";

/** An object of which this thread has the only handle: its slot, or a status. */
function newObject(state: u32): i32 {
  const entry = occupy(1, PHASE_PENDING);
  if (!changetype<usize>(entry)) return STATUS_TABLE_FULL;
  const slot = slotOf(entry);
  if (!prepareHandle(slot)) {
    drop(entry);
    return STATUS_FULL;
  }
  noteHandle(slot);
  if (state != PHASE_PENDING) entry.storeState(state);
  self.generation = generationOf(entry);
  return slot as i32;
}

export function create(): i32 {
  return newObject(PHASE_PENDING);
}

export function put(flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = prepareValue(flags, a, b, c);
  if (status != STATUS_OK) return status;
  const slot = newObject(PHASE_SEALED | flags);
  if (slot < 0) returnValue(flags, a, b, c);
  else writeValue(objectAt(slot), flags, a, b, c, d);
  return slot;
}

export function sealHeld(slot: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const entry = objectAt(slot);
  let status = prepareValue(flags, a, b, c);
  if (status != STATUS_OK) return status;
  status = seal(entry, flags, a, b, c, d);
  if (status != STATUS_OK) returnValue(flags, a, b, c);
  return status;
}

/** Somebody has looked at the value. */
export function markRead(slot: u32, generation: u32): i32 {
  return setFlag(slot, generation, STATE_READ);
}

/** The object describes a function that is known to block in a synchronous get. */
export function markBlocking(slot: u32, generation: u32): i32 {
  return setFlag(slot, generation, STATE_BLOCKS);
}

function setFlag(slot: u32, generation: u32, flag: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const entry: ObjectEntry = objectAt(slot);
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  unlockEntry(entry, state | flag);
  return STATUS_OK;
}

export function freeHeld(slot: u32, generation: u32): i32 {
  return holds(slot, generation) ? free(objectAt(slot)) : STATUS_STALE;
}
