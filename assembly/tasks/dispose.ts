// Holds on a task's entry, and what goes with the last: the arguments and all references of the task.

import { TASK_FLAG_INLINE_ARGS, TaskEntry } from "../layout";
import { freeBlock } from "../memory/heap";
import { drop, dropReferences, referencesBehind } from "../objects/release";
import { objectAt } from "../objects/table";
import { resultAt } from "./end";
import { vacateTask } from "./table";

/** Ended tasks that nobody holds, chained through `next`. Worked off at the end of the call: what a task held may end others. */
let disposable: u32 = 0;

/** One hold less. Ended tasks lose their last one; no lock is held. */
export function dropTask(task: TaskEntry): void {
  if (task.subHolds(1) != 1) return;
  task.next = disposable;
  disposable = changetype<usize>(task) as u32;
}

/** False: there is nothing to do. */
export function disposeOne(): bool {
  if (!disposable) return false;
  const task = changetype<TaskEntry>(disposable);
  disposable = task.next;
  dispose(task);
  return true;
}

function dispose(task: TaskEntry): void {
  if (task.edges) freeBlock(task.edges);
  if (!(task.flags & TASK_FLAG_INLINE_ARGS)) {
    dropReferences(referencesBehind(task.args, task.argsSize), task.references);
    freeBlock(task.args);
  }
  drop(objectAt(task.code));
  if (task.verdict) drop(objectAt(task.verdict));
  for (let i: u32 = 0; i < task.results; i++) drop(objectAt(resultAt(task, i)));
  if (task.results > 1) freeBlock(task.result);
  vacateTask(task);
}
