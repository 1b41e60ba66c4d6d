// Thread slots and the gate.
//
// A thread can be ended at any instruction, also inside the core. So each slot has a word, its gate:
//
//   31            3 2     0      vacant ──reserve──▶ reserved ──attach──▶ out ──enter──▶ in
//   ┌──────────────┬───────┐        ▲                   │                 │  ◀──leave──
//   │    epoch     │ state │        └─recovering ◀─ dead ◀──────end───────┘
//   └──────────────┴───────┘
//
// Every export enters by CAS from `out` with the epoch its instance was attached with, and the supervisor ends a thread by CAS
// from `out` to `dead` before it stops it: no thread is ended with a lock held or half-way through a change. `recover` runs
// only when the thread has really stopped, for until then it may go on writing into blocks it holds.
//
// An instance's globals are its thread's own: this file's are who it is.

import { locate, root, scheduler, threadAddress, threadMax } from "../memory/root";
import {
  GATE_DEAD, GATE_EPOCH_SHIFT, GATE_IN, GATE_OUT, GATE_RECOVERING, GATE_RESERVED, GATE_STATE_MASK, GATE_VACANT, PARKED_NO, STATUS_BUSY,
  STATUS_INVALID, STATUS_NOT_ATTACHED, STATUS_OK, STATUS_POISONED, STATUS_STALE, STATUS_TABLE_FULL, THREAD_FLAG_MAY_BLOCK, THREAD_SIZE, Thread,
} from "../layout";
import { lock, unlock } from "./lock";
import { wakeNow } from "./wake";

/** This thread's record, its index + 1, and whether it may sleep in the core. */
export let self: Thread = changetype<Thread>(0);
export let me: u32 = 0;
export let myEpoch: u32 = 0;
export let mayBlock: bool = false;

let gateOut: u32 = 0;
let gateIn: u32 = 0;

/** What the gate has room for. The slot whose next thread would have it is not used again. */
@inline const LAST_EPOCH: u32 = (1 << (32 - GATE_EPOCH_SHIFT)) - 1;

@inline function gateWord(state: u32, epoch: u32): u32 { return state | (epoch << GATE_EPOCH_SHIFT); }

@inline export function threadAt(index: u32): Thread { return changetype<Thread>(threadAddress(index)); }
@inline export function threadOf(owner: u32): Thread { return threadAt(owner - 1); }
/** A thread's index + 1, by which records name who owns them. */
@inline export function ownerNumber(thread: Thread): u32 { return ((changetype<usize>(thread) - threadAddress(0)) / THREAD_SIZE + 1) as u32; }

/** Passes the gate. Anything but ok is the status to answer, with nothing entered. */
export function enter(): i32 {
  if (!changetype<usize>(self)) return STATUS_NOT_ATTACHED;
  if (root().loadPoison()) return STATUS_POISONED;
  return self.casGate(gateOut, gateIn) == gateOut ? STATUS_OK : STATUS_NOT_ATTACHED;
}

/** Wakes whom the call has to wake, and leaves. */
export function leave(): void {
  wakeNow();
  self.storeGate(gateOut);
}

/** A call is over soon, whatever it is asked for. */
@inline const SPIN_MAX: u32 = 1 << 16;

/** Whether this thread's wake word has another value, or gets one soon. */
export function spin(value: u32, times: u32): i32 {
  if (!changetype<usize>(self)) return STATUS_NOT_ATTACHED;
  for (let left = min(times, SPIN_MAX); left > 0; left--) if (self.loadWake() != value) return 1;
  return 0;
}

/** For calls that do not pass the gate. */
function locateSound(): i32 {
  const status = locate();
  return status == STATUS_OK && root().loadPoison() ? STATUS_POISONED : status;
}

/** Takes a slot for a thread that is about to start. May be called by an instance that stands on none. */
export function reserve(kind: u32, flags: u32): i32 {
  const status = locateSound();
  if (status != STATUS_OK) return status;
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return STATUS_POISONED;
  let index: u32;
  if (schedule.vacantThread) {
    index = schedule.vacantThread - 1;
    schedule.vacantThread = threadAt(index).link;
  } else if (schedule.freshThread < threadMax) {
    index = schedule.freshThread++;
    const fresh = threadAt(index);
    fresh.epoch = 1;
    fresh.storeInbox(1 << 32);
  } else {
    unlock(schedule.lockAddress);
    return STATUS_TABLE_FULL;
  }
  const record = threadAt(index);
  record.kind = kind;
  record.flags = flags;
  record.parks = PARKED_NO;
  record.storeShort(0);
  record.storeGate(gateWord(GATE_RESERVED, record.epoch));
  unlock(schedule.lockAddress);
  return index;
}

/** Puts the calling instance on a reserved slot. */
export function attach(index: u32, epoch: u32): i32 {
  const status = locateSound();
  if (status != STATUS_OK) return status;
  if (index >= threadMax || epoch > LAST_EPOCH) return STATUS_INVALID;
  if (changetype<usize>(self) && gateState() != GATE_VACANT) return STATUS_BUSY;
  const record = threadAt(index);
  const reserved = gateWord(GATE_RESERVED, epoch);
  if (record.casGate(reserved, gateWord(GATE_OUT, epoch)) != reserved) return STATUS_STALE;
  gateOut = gateWord(GATE_OUT, epoch);
  gateIn = gateWord(GATE_IN, epoch);
  self = record;
  me = index + 1;
  myEpoch = epoch;
  mayBlock = (record.flags & THREAD_FLAG_MAY_BLOCK) != 0;
  return STATUS_OK;
}

/** This instance's state on its slot; vacant if another epoch has it. */
function gateState(): u32 {
  const word = self.loadGate();
  return word >> GATE_EPOCH_SHIFT == myEpoch ? word & GATE_STATE_MASK : GATE_VACANT;
}

/** Ends the thread of a slot: it never passes the gate again. `busy`: it is inside; try again. */
export function end(index: u32, epoch: u32): i32 {
  const status = locate();
  if (status != STATUS_OK) return status;
  if (index >= threadMax || epoch > LAST_EPOCH) return STATUS_INVALID;
  const record = threadAt(index);
  const dead = gateWord(GATE_DEAD, epoch);
  while (true) {
    const word = record.loadGate();
    if (word == dead) return STATUS_OK;
    if (word == gateWord(GATE_IN, epoch)) return STATUS_BUSY;
    if (word != gateWord(GATE_OUT, epoch) && word != gateWord(GATE_RESERVED, epoch)) return STATUS_STALE;
    if (record.casGate(word, dead) == word) return STATUS_OK;
  }
}

/** The right to recover an ended slot, for one caller. */
export function claimDead(index: u32, epoch: u32): bool {
  if (epoch > LAST_EPOCH) return false;
  const dead = gateWord(GATE_DEAD, epoch);
  return threadAt(index).casGate(dead, gateWord(GATE_RECOVERING, epoch)) == dead;
}

/** The slot is empty: its next thread has the next epoch. Under the scheduler's lock. */
export function vacateThread(index: u32, epoch: u32): void {
  const record = threadAt(index);
  record.epoch = epoch;
  record.storeGate(gateWord(GATE_VACANT, epoch));
  if (epoch >= LAST_EPOCH) return;
  record.link = scheduler().vacantThread;
  scheduler().vacantThread = index + 1;
}

