// The threads: their gates and epochs, their handles and pins, their inboxes.

import {
  GATE_DEAD, GATE_EPOCH_SHIFT, GATE_OUT, GATE_RESERVED, GATE_STATE_MASK, GATE_VACANT, HANDLE_PIN_SHIFT, HANDLE_WATCH, MESSAGE_KIND_ITEM,
  MESSAGE_KIND_SEALED, NODE_DECIDER, NODE_EDGE, NODE_MASK, NODE_OBJECT, NODE_ROOM, NODE_RUNNER, OBJECT_ENTRY_SIZE, PHASE_FREED, PHASE_SEALED,
  RUNNER_BIT_QUEUED, STATE_PHASE_MASK, TASK_ENTRY_SIZE, TASK_PHASE_ENDED, Thread, ThreadEdge, THREAD_BLOCKS, THREAD_CHUNKS_LENGTH,
  THREAD_DELIVERED, THREAD_DELIVERED_COUNT, THREAD_FREE_OBJECTS, THREAD_FREE_TASKS, THREAD_FRESH_OBJECT, THREAD_FRESH_TASK, THREAD_GATE,
  THREAD_HAND, THREAD_INBOX, THREAD_PARKED, THREAD_ROOM_QUEUED, THREAD_ROOM_WANTED, THREAD_SMALL_HEADS, THREAD_SUSPENDED, THREAD_WOKEN,
} from "../layout";
import { objectTable, root, scheduler, taskTable, threadMax } from "../memory/root";
import { WORDS_PER_CHUNK, chunkAt } from "../objects/handles";
import { generationOf, objectAt } from "../objects/table";
import { linkOf } from "../sync/inbox";
import { threadAt } from "../sync/thread";
import { ownerOf, phaseOf } from "../tasks/queue";
import { taskAt } from "../tasks/table";
import * as faults from "./faults";
import { same, wrong } from "./faults";
import {
  OBJECT_IN_INBOX, TASK_TO_DECIDER, TASK_TO_RUNNER, THREAD_ROOM, THREAD_VACANT, addHolderOf, addPinOf, blockMark, changeWatches, claim, markObject, markTask,
  markThread, threadMarks, watchesLeft,
} from "./tally";

/** A slot whose next thread would have it is not used again. */
@inline const LAST_EPOCH: u32 = (1 << (32 - GATE_EPOCH_SHIFT)) - 1;

export function gateStateOf(index: u32): u32 { return threadAt(index).loadGate() & GATE_STATE_MASK; }

export function isVacant(index: u32): bool { return gateStateOf(index) == GATE_VACANT; }

/** Whether the slot is one of an object that was ever used. */
export function isUsedSlot(slot: u32): bool { return slot - 1 < root().loadObjectFresh() - 1; }

/** Whether the object exists, under this generation. */
export function exists(slot: u32, generation: u32): bool {
  return isUsedSlot(slot) && generationOf(objectAt(slot)) == generation && (objectAt(slot).loadState() & STATE_PHASE_MASK) != 0;
}

export function walkThreads(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    if (!checkGate(index) || !walkHandles(threadAt(index), index)) return false;
  }
  for (let index = scheduler().freshThread; index < threadMax; index++) {
    const gate = threadAt(index).loadGate();
    if (gate) return wrong(faults.VACANT_THREAD_OWNS, index, THREAD_GATE, 0);
  }
  return walkVacant();
}

function checkGate(index: u32): bool {
  const thread = threadAt(index);
  const word = thread.loadGate();
  const state = word & GATE_STATE_MASK;
  if (state != GATE_VACANT && state != GATE_RESERVED && state != GATE_OUT && state != GATE_DEAD) return wrong(faults.GATE_WRONG, index, word, 0);
  const epoch = word >> GATE_EPOCH_SHIFT;
  if (!same(faults.THREAD_EPOCH_WRONG, index, thread.epoch, epoch)) return false;
  if (!same(faults.INBOX_EPOCH_WRONG, index, (thread.loadInbox() >> 32) as u32, epoch)) return false;
  return (state != GATE_VACANT && state != GATE_RESERVED) || ownsNothing(faults.VACANT_THREAD_OWNS, index);
}

function isZero(code: u32, index: u32, offset: u32): bool {
  return load<u32>(changetype<usize>(threadAt(index)) + offset) == 0 || wrong(code, index, offset, 0);
}

/** Nothing that `recover` would have to give back. */
export function ownsNothing(code: u32, index: u32): bool {
  const thread = threadAt(index);
  for (let i: u32 = 0; i < THREAD_CHUNKS_LENGTH; i++) {
    if (!isZero(code, index, (chunkAt(thread, i) - changetype<usize>(thread)) as u32)) return false;
  }
  for (let i: u32 = 0; i < 16; i++) {
    if (!isZero(code, index, THREAD_SMALL_HEADS + (i << 2))) return false;
  }
  if (thread.freshObject != thread.freshObjectEnd) return wrong(code, index, THREAD_FRESH_OBJECT, 0);
  if (thread.freshTask != thread.freshTaskEnd) return wrong(code, index, THREAD_FRESH_TASK, 0);
  return (
    isZero(code, index, THREAD_FREE_OBJECTS) && isZero(code, index, THREAD_FREE_TASKS) && isZero(code, index, THREAD_PARKED) &&
    isZero(code, index, THREAD_WOKEN) && isZero(code, index, THREAD_DELIVERED_COUNT) && hasNoWork(code, index)
  );
}

/** No block in hand, no task, no message, no wish for room. */
export function hasNoWork(code: u32, index: u32): bool {
  return (
    isZero(code, index, THREAD_BLOCKS) && isZero(code, index, THREAD_HAND) && isZero(code, index, THREAD_SUSPENDED) &&
    isZero(code, index, THREAD_ROOM_WANTED) && isZero(code, index, THREAD_ROOM_QUEUED) && isZero(code, index, THREAD_DELIVERED) &&
    isZero(code, index, THREAD_INBOX)
  );
}

function walkVacant(): bool {
  for (let next = scheduler().vacantThread; next; next = threadAt(next - 1).link) {
    const index = next - 1;
    if (index >= scheduler().freshThread || !isVacant(index) || !markThread(index, THREAD_VACANT)) return wrong(faults.VACANT_THREADS_WRONG, index, 0, 0);
  }
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    if (isVacant(index) && threadAt(index).epoch < LAST_EPOCH && !(threadMarks(index) & THREAD_VACANT)) return wrong(faults.VACANT_THREAD_LOST, index, 0, 0);
  }
  return true;
}

/** Each word that is not 0 is a holder; pins in it are one pin. */
function walkHandles(thread: Thread, index: u32): bool {
  for (let i: u32 = 0; i < THREAD_CHUNKS_LENGTH; i++) {
    const chunk: usize = load<u32>(chunkAt(thread, i));
    if (!chunk) continue;
    if (!claim(chunk)) return wrong(faults.CHUNK_WRONG, index, chunk as u32, 0);
    for (let j: u32 = 0; j < WORDS_PER_CHUNK; j++) {
      const word = load<u32>(chunk + (j << 2));
      if (!word) continue;
      const slot = i * WORDS_PER_CHUNK + j;
      if (!isUsedSlot(slot)) return wrong(faults.HANDLE_WRONG, index, slot, 0);
      addHolderOf(slot);
      if (word >> HANDLE_PIN_SHIFT) addPinOf(slot);
      if (word & HANDLE_WATCH) changeWatches(index, 1);
    }
  }
  return true;
}

/** A thread's word for an object. */
function handleWord(owner: u32, slot: u32): u32 {
  const chunk: usize = load<u32>(chunkAt(threadAt(owner - 1), slot / WORDS_PER_CHUNK));
  return chunk ? load<u32>(chunk + ((slot % WORDS_PER_CHUNK) << 2)) : 0;
}

/** A watch, or the message that came of it: of a thread (its index + 1) of this epoch, whose handle says so. */
export function checkWatch(slot: u32, owner: u32, epoch: u32): bool {
  if (!owner || owner > scheduler().freshThread || isVacant(owner - 1)) return wrong(faults.WATCHER_WRONG, slot, owner - 1, epoch);
  if (threadAt(owner - 1).epoch != epoch) return wrong(faults.WATCHER_WRONG, slot, owner - 1, epoch);
  changeWatches(owner - 1, -1);
  return (handleWord(owner, slot) & HANDLE_WATCH) != 0 || wrong(faults.WATCHER_WRONG, slot, owner - 1, epoch);
}

/** The messages in all inboxes, and those taken out and not yet given to the host. */
export function walkInboxes(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    const thread = threadAt(index);
    if (!walkMessages(thread.loadInbox() as u32, index) || !walkMessages(thread.delivered, index)) return false;
    if (!same(faults.WATCHES_WRONG, index, watchesLeft(index), 0)) return false;
    if (thread.roomQueued && !(threadMarks(index) & THREAD_ROOM)) return wrong(faults.ROOM_MESSAGE_LOST, index, 0, 0);
  }
  return true;
}

function walkMessages(node: u32, index: u32): bool {
  while (node) {
    if (!checkMessage(node & NODE_MASK, node & ~NODE_MASK, index)) return wrong(faults.MESSAGE_WRONG, index, node, 0);
    node = load<u32>(linkOf(node));
  }
  return true;
}

function checkMessage(tag: u32, address: usize, index: u32): bool {
  switch (tag) {
    case NODE_OBJECT: return checkSealedMessage(address, index);
    case NODE_EDGE: return checkEdgeMessage(address, index);
    case NODE_RUNNER: return checkTaskMessage(address, index, true);
    case NODE_DECIDER: return checkTaskMessage(address, index, false);
    case NODE_ROOM: return address == changetype<usize>(threadAt(index)) && threadAt(index).roomQueued == 1 && markThread(index, THREAD_ROOM);
    default: return false;
  }
}

function isClosed(slot: u32): bool {
  const phase = objectAt(slot).loadState() & STATE_PHASE_MASK;
  return phase == PHASE_SEALED || phase == PHASE_FREED;
}

function checkSealedMessage(address: usize, index: u32): bool {
  const slot = ((address - objectTable) / OBJECT_ENTRY_SIZE) as u32;
  if (!isUsedSlot(slot) || changetype<usize>(objectAt(slot)) != address || !isClosed(slot)) return false;
  return markObject(slot, OBJECT_IN_INBOX) && checkWatch(slot, index + 1, threadAt(index).epoch);
}

function checkEdgeMessage(address: usize, index: u32): bool {
  if (!blockMark(address) || !claim(address)) return false;
  const edge = changetype<ThreadEdge>(address);
  if (edge.thread != index + 1 || !exists(edge.slot, edge.generation)) return false;
  if (edge.kind != MESSAGE_KIND_ITEM && (edge.kind != MESSAGE_KIND_SEALED || !isClosed(edge.slot))) return false;
  return checkWatch(edge.slot, edge.thread, edge.epoch);
}

/** A message for the runner is in the inbox of who runs it, one for a decision with who decides; a task that is over is nobody's. */
function checkTaskMessage(address: usize, index: u32, toRunner: bool): bool {
  const number = ((address - taskTable) / TASK_ENTRY_SIZE) as u32;
  if (number - 1 >= root().loadTaskFresh() - 1 || changetype<usize>(taskAt(number)) != address) return false;
  const task = taskAt(number);
  if (!markTask(number, toRunner ? TASK_TO_RUNNER : TASK_TO_DECIDER)) return false;
  if (toRunner ? !(task.runnerBits & RUNNER_BIT_QUEUED) : !task.deciderBits) return false;
  if (phaseOf(task) == TASK_PHASE_ENDED || ownerOf(task) == index + 1) return true;
  return wrong(toRunner ? faults.RUNNER_MESSAGE_ASTRAY : faults.DECIDER_MESSAGE_ASTRAY, number, index, ownerOf(task) - 1);
}
