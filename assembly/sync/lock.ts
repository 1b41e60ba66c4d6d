// A lock in one word: 0 free, 1 held, 2 held and somebody sleeps.
//
// Critical sections are a few dozen instructions, so a waiter first spins; with more threads than cores the holder may be
// preempted for milliseconds, so then it sleeps, if its thread may. Never two locks at once: the debug build asserts it.
// A false answer means that the memory is poisoned: the lock is not held, and the caller gives up.

import { root } from "../memory/root";
import { atomicCas, atomicExchange, atomicLoad, atomicNotifyOne, sleepOn } from "./atomic";
import { mayBlock } from "./thread";

@inline const FREE: u32 = 0;
@inline const HELD: u32 = 1;
@inline const CONTENDED: u32 = 2;

/** Longer than a critical section, shorter than a time slice. */
@inline export const SPINS: u32 = 200;
/** A sleeper looks up so often whether the memory was poisoned. */
@inline export const SLICE: i64 = 50_000_000;

/** In debug builds: whether this thread holds a lock. */
let holding: bool = false;

@inline export function noteLocked(): void {
  if (isDefined(CORE_DEBUG)) {
    assert(!holding);
    holding = true;
  }
}

@inline export function noteUnlocked(): void {
  if (isDefined(CORE_DEBUG)) {
    assert(holding);
    holding = false;
  }
}

export function lock(word: usize): bool {
  noteLocked();
  if (atomicCas<u32>(word, FREE, HELD) == FREE || lockSlowly(word)) return true;
  noteUnlocked();
  return false;
}

function lockSlowly(word: usize): bool {
  for (let spin: u32 = 0; spin < SPINS; spin++) {
    if (atomicLoad<u32>(word) == FREE && atomicCas<u32>(word, FREE, HELD) == FREE) return true;
  }
  while (atomicExchange<u32>(word, CONTENDED) != FREE) {
    if (root().loadPoison()) return false;
    if (mayBlock) sleepOn(word, CONTENDED, SLICE);
  }
  return true;
}

export function unlock(word: usize): void {
  noteUnlocked();
  if (atomicExchange<u32>(word, FREE) == CONTENDED) atomicNotifyOne(word);
}
