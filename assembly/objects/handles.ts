// What one thread has of each object: handles and pins, counted without atomics in a table of its own.
//
//   handle word:  31       20   19   18            0        chunks of 8192 words, made on first touch
//                ┌───────────┬───────┬──────────────┐
//                │   pins    │ watch │   handles    │
//                └───────────┴───────┴──────────────┘
//
// A word that is not 0 is one holder of the object, and pins that are not 0 are one of its `pins`; only these steps between
// 0 and 1 touch the shared entry. When the thread dies its table says exactly what to give back.
//
// The watch has a bit of its own, which no release takes away: what an edge or a message points to stays. When the message
// is given to the host the bit becomes a handle.

import {
  HANDLE_COUNT_MASK, HANDLE_PIN_SHIFT, HANDLE_PIN_UNIT, HANDLE_WATCH, ObjectEntry, PHASE_FREED, PHASE_SEALED, STATE_INLINE, STATE_PHASE_MASK,
  STATUS_FREED, STATUS_FULL, STATUS_OK, STATUS_OVERFLOW, STATUS_PENDING, STATUS_POISONED, STATUS_STALE, STATUS_WRONG_STATE,
  OBJECT_ENTRY_VALUE, THREAD_CHUNKS, THREAD_CHUNKS_LENGTH, Thread,
} from "../layout";
import { allocate, freeBlock } from "../memory/heap";
import { self } from "../sync/thread";
import { BROKEN, lockEntry, unlockEntry } from "./entry";
import { drop, takeOffPin } from "./release";
import { generationOf, isSlot, objectAt } from "./table";

@inline export const WORDS_PER_CHUNK: u32 = 8192;
@inline const CHUNK_BITS: u32 = 13;
@inline const PIN_MAX: u32 = 4095;

@inline export function chunkAt(thread: Thread, index: u32): usize { return changetype<usize>(thread) + THREAD_CHUNKS + (index << 2); }

/** This thread's word for an object, or 0 if it has touched none of that chunk. */
@inline function wordOf(slot: u32): usize {
  const chunk: usize = load<u32>(chunkAt(self, slot >> CHUNK_BITS));
  return chunk ? chunk + ((slot & (WORDS_PER_CHUNK - 1)) << 2) : 0;
}

/** The same, made if need be; 0 if there is no room. */
function touchWord(slot: u32): usize {
  const word = wordOf(slot);
  if (word) return word;
  const chunk = allocate(WORDS_PER_CHUNK << 2);
  if (!chunk) return 0;
  memory.fill(chunk, 0, WORDS_PER_CHUNK << 2);
  store<u32>(chunkAt(self, slot >> CHUNK_BITS), chunk as u32);
  return wordOf(slot);
}

/** Whether this thread has a handle of, or a pin on, this very object. */
export function holds(slot: u32, generation: u32): bool {
  if (!isSlot(slot)) return false;
  const word = wordOf(slot);
  return word != 0 && load<u32>(word) != 0 && generationOf(objectAt(slot)) == generation;
}

/** Makes sure that a first handle of the object can be noted. */
@inline export function prepareHandle(slot: u32): bool { return touchWord(slot) != 0; }

/** Notes a first handle of an object just made; the entry counts this thread already. */
@inline export function noteHandle(slot: u32): void { store<u32>(wordOf(slot), 1); }

/** One more holder of a live object: a CAS, for 0 is final. */
export function addHolder(slot: u32, generation: u32): bool {
  if (!isSlot(slot)) return false;
  const entry = objectAt(slot);
  while (true) {
    const word = entry.loadWord();
    if ((word >> 32) as u32 != generation || !(word as u32)) return false;
    if (entry.casWord(word, word + 1) == word) return true;
  }
}

/** Whether somebody holds the object just now. */
function isHeld(slot: u32, generation: u32): bool {
  const word = objectAt(slot).loadWord();
  return (word >> 32) as u32 == generation && (word as u32) != 0;
}

export function retain(slot: u32, generation: u32): i32 {
  // One that is stale shall not cost a chunk.
  if (!isSlot(slot) || !isHeld(slot, generation)) return STATUS_STALE;
  const word = touchWord(slot);
  if (!word) return STATUS_FULL;
  const held = load<u32>(word);
  if (!held) {
    if (!addHolder(slot, generation)) return STATUS_STALE;
  } else if (isFull(held)) {
    return STATUS_OVERFLOW;
  }
  store<u32>(word, held + 1);
  return STATUS_OK;
}

/** The watch counts as the handle that it will be. */
@inline function isFull(held: u32): bool {
  return (held & HANDLE_COUNT_MASK) + (held & HANDLE_WATCH ? 1 : 0) >= HANDLE_COUNT_MASK;
}

/** Whether this thread, which must hold the object, could watch it: ok, `overflow`, or `wrongState`: it does so already. */
export function mayWatch(slot: u32): i32 {
  const held = load<u32>(wordOf(slot));
  if (held & HANDLE_WATCH) return STATUS_WRONG_STATE;
  return isFull(held) ? STATUS_OVERFLOW : STATUS_OK;
}

export function noteWatch(slot: u32): void {
  const word = wordOf(slot);
  store<u32>(word, load<u32>(word) | HANDLE_WATCH);
}

/** The watch has come to nothing. */
export function forgetWatch(slot: u32): void {
  const word = wordOf(slot);
  const left = load<u32>(word) & ~HANDLE_WATCH;
  store<u32>(word, left);
  if (!left) drop(objectAt(slot));
}

/** Its message is given to the host, with a handle. */
export function deliverWatch(slot: u32): void {
  const word = wordOf(slot);
  store<u32>(word, (load<u32>(word) & ~HANDLE_WATCH) + 1);
}

/** Whether one more handle of the object can be noted: ok, `overflow`, or `full`: `prepareHandle` first. */
export function mayAdopt(slot: u32): i32 {
  const word = wordOf(slot);
  if (!word) return STATUS_FULL;
  return isFull(load<u32>(word)) ? STATUS_OVERFLOW : STATUS_OK;
}

/** A handle for this thread out of a holder that was somebody else's: a stream's, for one. It must be possible. */
export function adoptHolder(slot: u32): void {
  const word = wordOf(slot);
  const held = load<u32>(word);
  store<u32>(word, held + 1);
  if (held) drop(objectAt(slot));
}

export function release(slot: u32, generation: u32): i32 {
  if (!isSlot(slot)) return STATUS_STALE;
  const word = wordOf(slot);
  if (!word) return STATUS_STALE;
  const held = load<u32>(word);
  if (!(held & HANDLE_COUNT_MASK) || generationOf(objectAt(slot)) != generation) return STATUS_STALE;
  store<u32>(word, held - 1);
  if (held == 1) drop(objectAt(slot));
  return STATUS_OK;
}

/** The payload's address, which stays until `unpin`. The thread must hold the object. */
export function pin(slot: u32, generation: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const word = wordOf(slot);
  const held = load<u32>(word);
  const entry = objectAt(slot);
  if (held >> HANDLE_PIN_SHIFT == PIN_MAX) return STATUS_OVERFLOW;
  if (!(held >> HANDLE_PIN_SHIFT)) {
    const status = addPin(entry, false);
    if (status != STATUS_OK) return status;
  }
  store<u32>(word, held + HANDLE_PIN_UNIT);
  return load<u32>(changetype<usize>(entry) + OBJECT_ENTRY_VALUE);
}

/** One holder more, which pins the payload too. Anything but ok: nothing is held. */
export function addPinningHolder(slot: u32, generation: u32): i32 {
  if (!addHolder(slot, generation)) return STATUS_STALE;
  const entry = objectAt(slot);
  const status = addPin(entry, true);
  if (status != STATUS_OK) drop(entry);
  return status;
}

/** One pin more. What was freed takes another only if `late`, and while its payload is still there. */
function addPin(entry: ObjectEntry, late: bool): i32 {
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  const status = pinnable(state, late && entry.pins != 0);
  if (status == STATUS_OK) entry.pins++;
  unlockEntry(entry, state);
  return status;
}

function pinnable(state: u32, late: bool): i32 {
  const phase = state & STATE_PHASE_MASK;
  if (phase == PHASE_FREED) return late ? STATUS_OK : STATUS_FREED;
  if (phase != PHASE_SEALED) return STATUS_PENDING;
  return state & STATE_INLINE ? STATUS_WRONG_STATE : STATUS_OK;
}

export function unpin(slot: u32, generation: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const word = wordOf(slot);
  const held = load<u32>(word);
  if (!(held >> HANDLE_PIN_SHIFT)) return STATUS_STALE;
  const left = held - HANDLE_PIN_UNIT;
  store<u32>(word, left);
  const entry = objectAt(slot);
  if (!(left >> HANDLE_PIN_SHIFT)) takeOffPin(entry);
  if (!left) drop(entry);
  return STATUS_OK;
}

/** Gives back the parts of this thread's table in which it has nothing. */
export function freeEmptyChunks(): void {
  for (let i: u32 = 0; i < THREAD_CHUNKS_LENGTH; i++) {
    const chunk: usize = load<u32>(chunkAt(self, i));
    if (!chunk || !isEmptyChunk(chunk)) continue;
    store<u32>(chunkAt(self, i), 0);
    freeBlock(chunk);
  }
}

function isEmptyChunk(chunk: usize): bool {
  for (let j: u32 = 0; j < WORDS_PER_CHUNK; j += 2) {
    if (load<u64>(chunk + (j << 2))) return false;
  }
  return true;
}
