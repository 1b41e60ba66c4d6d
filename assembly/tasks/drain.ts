// Reading the inbox: the messages become records in the thread's `messages`, at most as many as fit there.
//
// A message about an object turns its watch into a handle; the next `drain` releases that, so the host reads the value, or
// takes a handle of its own, before it.

import {
  MESSAGE_KIND_DECIDE, MESSAGE_KIND_ITEM, MESSAGE_KIND_LOST, MESSAGE_KIND_ROOM, MESSAGE_KIND_RUNNER,
  MESSAGE_KIND_SEALED, MESSAGE_SIZE, Message, NODE_DECIDER, NODE_EDGE, NODE_MASK, NODE_OBJECT, NODE_ROOM, NODE_RUNNER, ObjectEntry,
  RUNNER_BIT_QUEUED, TASK_PHASE_DECIDING, TASK_PHASE_LOST, TaskEntry, Thread, THREAD_MESSAGES, ThreadEdge,
} from "../layout";
import { freeBlock } from "../memory/heap";
import { scheduler } from "../memory/root";
import { deliverWatch, release } from "../objects/handles";
import { generationOf, slotOf } from "../objects/table";
import { linkOf, takeAll } from "../sync/inbox";
import { lock, unlock } from "../sync/lock";
import { me, myEpoch, self } from "../sync/thread";
import { dropTask } from "./dispose";
import { ownerOf, phaseOf } from "./queue";
import { indexOf } from "./table";

@inline const MOST: u32 = 64;

@inline function messageAt(index: u32): Message { return changetype<Message>(changetype<usize>(self) + THREAD_MESSAGES + index * MESSAGE_SIZE); }

/**
 * How many messages were written; with as many as fit, there may be more. With fewer, the inbox was empty at some time in
 * this call: whoever read its wake word before may sleep on that value.
 */
export function drain(): i32 {
  releaseDelivered();
  let count: u32 = 0;
  while (count < MOST) {
    if (!self.delivered) {
      if (!(self.loadInbox() as u32)) break;
      self.delivered = takeAll(self, myEpoch);
    }
    const node = self.delivered;
    self.delivered = load<u32>(linkOf(node));
    if (read(node, messageAt(count))) count++;
  }
  self.deliveredCount = count;
  return count as i32;
}

function releaseDelivered(): void {
  const count = self.deliveredCount;
  self.deliveredCount = 0;
  for (let i: u32 = 0; i < count; i++) {
    const message = messageAt(i);
    if (message.kind == MESSAGE_KIND_SEALED || message.kind == MESSAGE_KIND_ITEM) release(message.slot, message.generation);
  }
}

/** False: the message is not worth telling any more. */
function read(node: u32, message: Message): bool {
  const address: usize = node & ~NODE_MASK;
  switch (node & NODE_MASK) {
    case NODE_OBJECT: {
      const entry = changetype<ObjectEntry>(address);
      deliverWatch(slotOf(entry));
      return write(message, MESSAGE_KIND_SEALED, slotOf(entry), generationOf(entry), entry.watcherToken);
    }
    case NODE_EDGE: {
      const edge = changetype<ThreadEdge>(address);
      deliverWatch(edge.slot);
      write(message, edge.kind, edge.slot, edge.generation, edge.token);
      freeBlock(address);
      return true;
    }
    case NODE_RUNNER: return readRunner(changetype<TaskEntry>(address), message);
    case NODE_DECIDER: return readDecider(changetype<TaskEntry>(address), message);
    default: return readRoom(message);
  }
}

function write(message: Message, kind: u32, slot: u32, generation: u32, token: u32): bool {
  message.kind = kind;
  message.slot = slot;
  message.generation = generation;
  message.token = token;
  return true;
}

function readRunner(task: TaskEntry, message: Message): bool {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return false;
  const bits = task.runnerBits & ~RUNNER_BIT_QUEUED;
  task.runnerBits = 0;
  const mine = bits != 0 && ownerOf(task) == me;
  if (mine) write(message, MESSAGE_KIND_RUNNER, indexOf(task), task.loadGeneration(), bits);
  unlock(schedule.lockAddress);
  dropTask(task);
  return mine;
}

function readDecider(task: TaskEntry, message: Message): bool {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return false;
  task.deciderBits = 0;
  const phase = phaseOf(task);
  const open = phase == TASK_PHASE_DECIDING || phase == TASK_PHASE_LOST;
  const kind = phase == TASK_PHASE_LOST ? MESSAGE_KIND_LOST : MESSAGE_KIND_DECIDE;
  if (open) write(message, kind, indexOf(task), task.loadGeneration(), task.token);
  unlock(schedule.lockAddress);
  dropTask(task);
  return open;
}

function readRoom(message: Message): bool {
  const schedule = scheduler();
  if (!lock(schedule.lockAddress)) return false;
  self.roomQueued = 0;
  unlock(schedule.lockAddress);
  return write(message, MESSAGE_KIND_ROOM, 0, 0, 0);
}
