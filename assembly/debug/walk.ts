// The invariant walker: recomputes from all records what must be true of the whole memory, and names the first thing that is
// not. It trusts no list before it has checked it, so it ends, and does not trap, on a damaged memory too.
//
// When it may be called: when no thread is inside the core, also with threads that are ended and not recovered yet, or after
// `poison`. By any instance of the debug build on the memory, attached or not; nothing but the scratch is written. The build
// must match the memory: threaded for a shared one, single for one that is not.
//
// The scratch is memory behind what `init` was told of, `checkRoom` bytes of it. The first words answer:
//
//   ┌──────┬────────┬───────┬────────┬──────────
//   │ code │ record │ found │ wanted │ tally …      code: a number of faults.ts, 0: all is well
//   └──────┴────────┴───────┴────────┴──────────

import { PLACE_ROOT, STATUS_OK } from "../layout";
import { heap, locate, objectMax, root, scheduler, taskMax, threadMax } from "../memory/root";
import * as faults from "./faults";
import { fault, faultFound, faultRecord, faultWanted, forgetFault, same, wrong } from "./faults";
import { checkClaims, walkHeap } from "./heap";
import { checkCounts, checkNoObjects, walkObjects } from "./objects";
import { walkScheduler } from "./schedule";
import { clearTally, roomFor } from "./tally";
import { checkListed, checkNoTasks, walkTasks } from "./tasks";
import { hasNoWork, walkInboxes, walkThreads } from "./threads";

@inline const ANSWER: u32 = 64;

/** Options of `check`: everything is released, finished and flushed, so every table is empty and the heap one free block. */
@inline const OVER: u32 = 1;

/** Bytes that `check` needs, for a core that was laid out with these numbers. */
export function checkRoom(size: u32, objects: u32, tasks: u32, threads: u32): u32 {
  return ANSWER + roomFor(size, objects, tasks, threads);
}

/** The code of what is wrong; 0: nothing. `scratch`: a multiple of 64 at or behind the size that `init` was told. */
export function check(scratch: u32, room: u32, options: u32): u32 {
  forgetFault();
  walk(scratch, room, options);
  if (fault != faults.NO_ROOM) answer(scratch);
  return fault;
}

function answer(scratch: usize): void {
  store<u32>(scratch, fault);
  store<u32>(scratch, faultRecord, 4);
  store<u32>(scratch, faultFound, 8);
  store<u32>(scratch, faultWanted, 12);
}

function walk(scratch: u32, room: u32, options: u32): bool {
  if (locate() != STATUS_OK) return wrong(faults.NOT_INITIALISED, 0, 0, 0);
  const wanted = checkRoom(root().size, objectMax, taskMax, threadMax);
  const end = (scratch as u64) + (room as u64);
  if (room < wanted || scratch & 63 || scratch < root().size || end > ((memory.size() as u64) << 16)) return wrong(faults.NO_ROOM, 0, room, wanted);
  clearTally(scratch + ANSWER);
  return (
    checkNone() && checkLocks() && walkHeap() && walkThreads() && walkObjects() && walkTasks() && walkInboxes() && walkScheduler() && checkListed() &&
    checkCounts() && checkClaims() && (!(options & OVER) || checkOver())
  );
}

function checkNone(): bool {
  for (let address: u32 = 0; address < PLACE_ROOT; address += 4) {
    if (!same(faults.NONE_WRITTEN, address, load<u32>(address), 0)) return false;
  }
  return true;
}

function checkLocks(): bool {
  return (
    same(faults.LOCK_HELD, 0, root().loadLock(), 0) && same(faults.LOCK_HELD, 1, scheduler().loadLock(), 0) &&
    same(faults.LOCK_HELD, 2, heap().loadLock(), 0)
  );
}

function checkOver(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    if (!hasNoWork(faults.THREAD_LEFT, index)) return false;
  }
  return checkNoObjects() && checkNoTasks() && same(faults.HEAP_LEFT, 0, heap().taken, 0);
}
