// A thread's inbox: a stack of messages, pushed by any thread, emptied by its own.
//
//   inbox word:  epoch << 32 | address of the newest message
//
// The messages are records that exist anyway, tagged by the low bits of their address: a sealed object's entry, an edge, a
// task's entry (one place for its runner, one for who decides about it), a thread's record. So pushing never allocates. The
// epoch keeps what was meant for a dead thread from its successor: the push fails, and the pusher keeps the message.

import {
  NODE_DECIDER, NODE_EDGE, NODE_MASK, NODE_OBJECT, NODE_ROOM, NODE_RUNNER, OBJECT_ENTRY_LINK, TASK_ENTRY_DECIDER_NEXT,
  TASK_ENTRY_RUNNER_NEXT, THREAD_DELIVERED, THREAD_EDGE_NEXT, THREAD_ROOM_NEXT, Thread,
} from "../layout";
import { wakeLater } from "./wake";

/** Where a message keeps the next one. */
export function linkOf(message: u32): usize {
  const record: usize = message & ~NODE_MASK;
  switch (message & NODE_MASK) {
    case NODE_OBJECT: return record + OBJECT_ENTRY_LINK;
    case NODE_EDGE: return record + THREAD_EDGE_NEXT;
    case NODE_RUNNER: return record + TASK_ENTRY_RUNNER_NEXT;
    case NODE_DECIDER: return record + TASK_ENTRY_DECIDER_NEXT;
    default: return record + THREAD_ROOM_NEXT;
  }
}

/** False: that thread's epoch is over. */
export function push(thread: Thread, epoch: u32, message: u32): bool {
  const link = linkOf(message);
  while (true) {
    const word = thread.loadInbox();
    if ((word >> 32) as u32 != epoch) return false;
    store<u32>(link, word as u32);
    if (thread.casInbox(word, ((epoch as u64) << 32) | message) != word) continue;
    if (!(word as u32)) wakeLater(thread);
    return true;
  }
}

/** All messages, oldest first; the inbox then belongs to `epoch`. */
export function takeAll(thread: Thread, epoch: u32): u32 {
  let newest = thread.exchangeInbox((epoch as u64) << 32) as u32;
  let oldest: u32 = 0;
  while (newest) {
    const link = linkOf(newest);
    const next = load<u32>(link);
    store<u32>(link, oldest);
    oldest = newest;
    newest = next;
  }
  return oldest;
}

/** Takes a message that stands in the calling thread's own inbox, or among those taken out of it, back. */
export function recall(thread: Thread, epoch: u32, message: u32): void {
  const first = changetype<usize>(thread) + THREAD_DELIVERED;
  let link = first;
  while (load<u32>(link)) link = linkOf(load<u32>(link));
  store<u32>(link, takeAll(thread, epoch));
  for (link = first; load<u32>(link) != message; link = linkOf(load<u32>(link))) {
    if (!load<u32>(link)) return;
  }
  store<u32>(link, load<u32>(linkOf(message)));
}
