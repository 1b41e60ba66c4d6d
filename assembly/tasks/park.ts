// Parking. Idle workers of a kind stand in one list, those that have unfinished asynchronous tasks in another. New work wakes
// one idle worker, or, if there is none, all of the others. A woken worker is off the list and owes something: whoever stops
// being parked without taking, takes a task and leaves one that fits, or is recovered, wakes the next. So if there is work
// that fits and a worker is parked, somebody is about to wake it. Under the scheduler's lock.

import { PARKED_BUSY, PARKED_IDLE, PARKED_NO, Thread, WorkerKind } from "../layout";
import { scheduler } from "../memory/root";
import { wakeLater } from "../sync/wake";
import { kindAt } from "./resources";
import { best, bestOf, looksAgain } from "./queue";

@inline function listOf(kind: WorkerKind, state: u32): u32 { return state == PARKED_IDLE ? kind.idle : kind.busy; }

@inline function setList(kind: WorkerKind, state: u32, first: u32): void {
  if (state == PARKED_IDLE) kind.idle = first;
  else kind.busy = first;
}

/** The calling thread has found nothing to take. If it has not seen all, its sleep ends at once. */
export function joinParked(thread: Thread, state: u32): void {
  const kind = kindAt(thread.kind);
  const first = listOf(kind, state);
  thread.parked = state;
  thread.parkPrevious = 0;
  thread.parkNext = first;
  if (first) changetype<Thread>(first).parkPrevious = changetype<usize>(thread) as u32;
  setList(kind, state, changetype<usize>(thread) as u32);
  if (looksAgain) wakeParked(thread);
}

export function leaveParked(thread: Thread): void {
  if (thread.parked == PARKED_NO) return;
  const next = thread.parkNext;
  const previous = thread.parkPrevious;
  if (next) changetype<Thread>(next).parkPrevious = previous;
  if (previous) changetype<Thread>(previous).parkNext = next;
  else setList(kindAt(thread.kind), thread.parked, next);
  thread.parked = PARKED_NO;
}

/** Wakes an idle worker of this kind that would take a task now; if there is none, all of the others that would. */
export function wakeFor(kind: WorkerKind): void {
  if (!kind.ready) return;
  if (!wakeThose(kind.idle, true) && !wakeThose(kind.busy, false)) askForThread(kind);
}

/**
 * All that is ready is known to block, and all parked workers have suspended tasks: unless another thread takes it, nobody
 * will. One of them is woken to say so, once.
 */
function askForThread(kind: WorkerKind): void {
  if (!kind.busy || !wantsThread(kind)) return;
  const thread = changetype<Thread>(kind.busy);
  thread.storeShort(1);
  wakeParked(thread);
}

/** The same, for a worker that has just parked, and need not be woken. */
export function askWhoParks(thread: Thread): void {
  if (thread.parked == PARKED_BUSY && wantsThread(kindAt(thread.kind))) thread.storeShort(1);
}

function wantsThread(kind: WorkerKind): bool {
  if (kind.short || kind.called || !changetype<usize>(bestOf(kind, false))) return false;
  kind.short = 1;
  return true;
}

/** What one of them may not take, for its suspended tasks, another may; more than two answers there are not. */
function wakeThose(first: u32, one: bool): bool {
  let woke = false;
  let asksSuspended = true;
  while (first) {
    const thread = changetype<Thread>(first);
    first = thread.parkNext;
    if (thread.suspended && !asksSuspended) continue;
    if (changetype<usize>(best(thread))) {
      wakeParked(thread);
      woke = true;
      if (one) return true;
    } else if (thread.suspended) {
      asksSuspended = false;
    } else {
      return woke;
    }
  }
  return woke;
}

function wakeParked(thread: Thread): void {
  thread.woken = thread.parked;
  if (thread.woken == PARKED_IDLE) kindAt(thread.kind).called++;
  leaveParked(thread);
  wakeLater(thread);
}

/** Wakes workers of every kind that has work: resources came back. */
export function wakeForAll(): void {
  if (!scheduler().ready) return;
  for (let index: u32 = 0; index < scheduler().kinds; index++) wakeFor(kindAt(index));
}

/** This worker is not parked any more; what it was woken for, it passes on if it does not take it. */
export function stopParking(thread: Thread): void {
  if (thread.woken == PARKED_IDLE) kindAt(thread.kind).called--;
  leaveParked(thread);
  thread.woken = PARKED_NO;
}

/** A worker is not parked any more and has taken nothing. What is kept for a starving task is kept for an idle worker, too. */
export function passOn(thread: Thread): void {
  const woken = thread.woken;
  stopParking(thread);
  if (scheduler().starving) wakeForAll();
  else if (woken) wakeFor(kindAt(thread.kind));
}
