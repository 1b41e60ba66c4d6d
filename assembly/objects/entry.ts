// An entry's lock: a bit of its state word, held for a few dozen instructions.
//
//   28      24 23    16 15      12 11    10     9    8      7     6      5     4       3    2    0
//   ┌─────────┬────────┬─────┬────┬──────┬──────┬────┬──────┬─────┬──────┬─────┬───────┬────┬─────┐
//   │ length  │  kind  │  ·  │sys-│blocks│report│read│stream│alias│inline│error│waiters│lock│phase│
//   └─────────┴────────┴─────┴tem─┴──────┴──────┴────┴──────┴─────┴──────┴─────┴───────┴────┴─────┘
//
// Whoever locks an entry holds it (has a holder that counts), so the entry cannot go meanwhile.

import { ObjectEntry, STATE_LOCK, STATE_WAITERS } from "../layout";
import { root } from "../memory/root";
import { notifyAll, sleepOn } from "../sync/atomic";
import { SLICE, SPINS, noteLocked, noteUnlocked } from "../sync/lock";
import { mayBlock } from "../sync/thread";

/** What `lockEntry` answers when the memory is poisoned; no state has the lock's bit when it is unlocked. */
@inline export const BROKEN: u32 = STATE_LOCK;

/** The state without the lock's bits; the entry is this thread's until `unlockEntry`. */
export function lockEntry(entry: ObjectEntry): u32 {
  noteLocked();
  let spins: u32 = 0;
  while (true) {
    const state = entry.loadState();
    if (!(state & STATE_LOCK)) {
      if (entry.casState(state, state | STATE_LOCK) == state) return state;
    } else if (++spins > SPINS) {
      if (root().loadPoison()) {
        noteUnlocked();
        return BROKEN;
      }
      const waited = state | STATE_WAITERS;
      if (mayBlock && (state == waited || entry.casState(state, waited) == state)) sleepOn(entry.stateAddress, waited, SLICE);
    }
  }
}

export function unlockEntry(entry: ObjectEntry, state: u32): void {
  noteUnlocked();
  if (entry.exchangeState(state) & STATE_WAITERS) notifyAll(entry.stateAddress);
}
