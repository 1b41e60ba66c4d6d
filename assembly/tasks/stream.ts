// Streams: the items of a generator that nobody has taken yet, each an object that the stream holds, chained through `link`
// under the lock of the stream's own object. That object is the task's result: pending while items may come, sealed after
// the last. Whoever watches it hears of the next item too.
//
// Back-pressure: at `limit` unread items the producer is told to pause; taking an item lets it go on. When nobody but the
// task holds the stream any more, the task is cancelled (objects/release.ts).

import {
  MESSAGE_KIND_ITEM, ObjectEntry, PHASE_PENDING, PHASE_SEALED, RUNNER_BIT_CREDIT, STATE_PHASE_MASK, STATE_STREAM,
  STATUS_EMPTY, STATUS_ENDED, STATUS_FULL, STATUS_OK, STATUS_POISONED, STATUS_SEALED, STATUS_STALE, STATUS_TABLE_FULL, STATUS_WRONG_STATE,
  Stream, TASK_FLAG_STREAM, TASK_PHASE_RUNNING, TASK_PHASE_SUSPENDED, TASK_PHASE_RESUMING,
} from "../layout";
import { scheduler } from "../memory/root";
import { BROKEN, lockEntry, unlockEntry } from "../objects/entry";
import { adoptHolder, holds, mayAdopt, prepareHandle } from "../objects/handles";
import { drop } from "../objects/release";
import { tellThreads } from "../objects/seal";
import { generationOf, objectAt, occupy, slotOf } from "../objects/table";
import { prepareValue, returnValue, writeValue } from "../objects/value";
import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";
import { isRunningHere } from "./finish";
import { phaseOf } from "./queue";
import { tellRunner } from "./suspend";
import { taskAt } from "./table";

@inline function streamOf(entry: ObjectEntry): Stream { return changetype<Stream>(entry.stream); }

/** One more item of a running generator: 1 if it shall pause, else 0. An item given by an earlier attempt already is dropped. */
export function give(index: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  if (!isRunningHere(index, generation)) return STATUS_STALE;
  const task = taskAt(index);
  if (!(task.flags & TASK_FLAG_STREAM)) return STATUS_WRONG_STATE;
  const status = prepareValue(flags, a, b, c);
  if (status != STATUS_OK) return status;
  const item = occupy(1, PHASE_SEALED | flags);
  if (!changetype<usize>(item)) {
    returnValue(flags, a, b, c);
    return STATUS_TABLE_FULL;
  }
  writeValue(item, flags, a, b, c, d);
  return append(objectAt(task.result), item, task.produced++);
}

function append(entry: ObjectEntry, item: ObjectEntry, number: u32): i32 {
  const state = lockEntry(entry);
  if (state == BROKEN) return STATUS_POISONED;
  const stream = streamOf(entry);
  const open = (state & STATE_PHASE_MASK) == PHASE_PENDING;
  const taken = open && number == stream.produced;
  let edges: usize = 0;
  let pauses = 0;
  if (taken) {
    const slot = slotOf(item);
    item.link = 0;
    if (stream.tail) objectAt(stream.tail).link = slot;
    else stream.head = slot;
    stream.tail = slot;
    stream.unread++;
    stream.produced++;
    edges = entry.threadEdges;
    entry.threadEdges = 0;
    if (stream.limit && stream.unread >= stream.limit) {
      stream.paused = 1;
      pauses = 1;
    }
  }
  unlockEntry(entry, state);
  if (!taken) drop(item);
  if (edges) tellThreads(edges, MESSAGE_KIND_ITEM);
  return open ? pauses : STATUS_SEALED;
}

/** The next item, of which this thread then has a handle: its slot. `empty`: watch the stream; `ended`: there are no more. */
export function next(slot: u32, generation: u32): i32 {
  if (!holds(slot, generation)) return STATUS_STALE;
  const entry = objectAt(slot);
  while (true) {
    const state = lockEntry(entry);
    if (state == BROKEN) return STATUS_POISONED;
    if (!(state & STATE_STREAM)) {
      unlockEntry(entry, state);
      return STATUS_WRONG_STATE;
    }
    const stream = streamOf(entry);
    const item = stream.head;
    // An item is taken only when its handle can be noted; room for that is made outside of the lock.
    const status = item ? mayAdopt(item) : STATUS_OK;
    const credits = status == STATUS_OK && item != 0 && takeHead(stream);
    unlockEntry(entry, state);
    if (!item) return (state & STATE_PHASE_MASK) == PHASE_PENDING ? STATUS_EMPTY : STATUS_ENDED;
    if (status == STATUS_OK) {
      if (credits) giveCredit(stream.task, stream.taskGeneration);
      self.generation = generationOf(objectAt(item));
      adoptHolder(item);
      return item as i32;
    }
    if (status != STATUS_FULL) return status;
    if (!prepareHandle(item)) return STATUS_FULL;
  }
}

/** Takes the first item off a stream. True: the producer may go on. */
function takeHead(stream: Stream): bool {
  stream.head = objectAt(stream.head).link;
  if (!stream.head) stream.tail = 0;
  stream.unread--;
  if (!stream.paused || stream.unread >= stream.limit) return false;
  stream.paused = 0;
  return true;
}

function giveCredit(index: u32, generation: u32): void {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return;
  const task = taskAt(index);
  const phase = phaseOf(task);
  const runs = phase == TASK_PHASE_RUNNING || phase == TASK_PHASE_SUSPENDED || phase == TASK_PHASE_RESUMING;
  if (runs && task.loadGeneration() == generation) tellRunner(task, RUNNER_BIT_CREDIT);
  unlock(schedule.lockAddress);
}
