// A value on its way into an object: (flags, a, b, c, d), as `put`, `seal` and `finish` take it.
//
//   inline:   a … d  the 16 bytes
//   payload:  a  a block in this thread's hand,  b  its size in bytes,  c  how many references stand behind it
//
// Preparing it takes the block out of the hand and holds the references; until it is used it can be put back.

import {
  NESTED_PIN, ObjectEntry, REFERENCE_SIZE, Reference, STATE_HOST_MASK, STATE_INLINE, STATE_LENGTH_SHIFT, STATUS_INVALID, STATUS_OK, STATUS_STALE,
} from "../layout";
import { adopt, disown, freeBlock, inHand, roomIn } from "../memory/heap";
import { addHolder, addPinningHolder } from "./handles";
import { dropReferences, referencesBehind, valueAt } from "./release";

@inline const INLINE_MOST: u32 = 16;

/** Checks the value and takes it over. Anything but ok: nothing has changed. */
export function prepareValue(flags: u32, a: u32, b: u32, c: u32): i32 {
  if (flags & ~STATE_HOST_MASK) return STATUS_INVALID;
  if (flags & STATE_INLINE) return flags >> STATE_LENGTH_SHIFT <= INLINE_MOST ? STATUS_OK : STATUS_INVALID;
  const status = holdReferences(a, b, c, c, true);
  if (status == STATUS_OK) adopt(a);
  return status;
}

/** Holds the references behind a block in hand, those that pin only if they may. Anything but ok: none is held. */
export function holdReferences(block: usize, size: u32, count: u32, dependencies: u32, mayPin: bool): i32 {
  if (!inHand(block)) return STATUS_INVALID;
  const room = roomIn(block);
  if (size > room || dependencies > count) return STATUS_INVALID;
  const behind = (size + 7) & ~7;
  if (count && (behind > room || count > (room - behind) / REFERENCE_SIZE)) return STATUS_INVALID;
  const first = block + behind;
  for (let i: u32 = 0; i < count; i++) {
    const reference = changetype<Reference>(first + i * REFERENCE_SIZE);
    const status = hold(reference.slot, reference.generation, mayPin);
    if (status == STATUS_OK) continue;
    dropReferences(first, i);
    return status;
  }
  return STATUS_OK;
}

/** A slot that must not pin is out of range. */
@inline function hold(slot: u32, generation: u32, mayPin: bool): i32 {
  if (mayPin && slot & NESTED_PIN) return addPinningHolder(slot & ~NESTED_PIN, generation);
  return addHolder(slot, generation) ? STATUS_OK : STATUS_STALE;
}

/** Puts a prepared value back into the hand. */
export function returnValue(flags: u32, a: u32, b: u32, c: u32): void {
  if (flags & STATE_INLINE) return;
  dropReferences(referencesBehind(a, b), c);
  disown(a);
}

/** Gives a prepared value up that nobody will get. */
export function discardValue(flags: u32, a: u32, b: u32, c: u32): void {
  if (flags & STATE_INLINE) return;
  dropReferences(referencesBehind(a, b), c);
  freeBlock(a);
}

/** Writes a prepared value into an entry that is this thread's: new, or locked. */
export function writeValue(entry: ObjectEntry, flags: u32, a: u32, b: u32, c: u32, d: u32): void {
  store<u32>(valueAt(entry, 0), a);
  store<u32>(valueAt(entry, 1), b);
  store<u32>(valueAt(entry, 2), c);
  if (!(flags & STATE_INLINE)) d = roomIn(a) >> 6;
  store<u32>(valueAt(entry, 3), d);
}
