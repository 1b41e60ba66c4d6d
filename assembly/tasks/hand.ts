// The tasks in a thread's hand: those it runs, and those it has to decide about. Under the scheduler's lock.

import { TaskEntry, Thread } from "../layout";

export function joinHand(thread: Thread, task: TaskEntry): void {
  const first = thread.hand;
  task.handPrevious = 0;
  task.handNext = first;
  if (first) changetype<TaskEntry>(first).handPrevious = changetype<usize>(task) as u32;
  thread.hand = changetype<usize>(task) as u32;
}

export function leaveHand(thread: Thread, task: TaskEntry): void {
  const next = task.handNext;
  const previous = task.handPrevious;
  if (next) changetype<TaskEntry>(next).handPrevious = previous;
  if (previous) changetype<TaskEntry>(previous).handNext = next;
  else thread.hand = next;
}
