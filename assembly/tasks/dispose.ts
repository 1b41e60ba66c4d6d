// Holds on a task's entry, and what goes with the last: the arguments and all references of the task.

import { TASK_FLAG_INLINE_ARGS, TaskEntry } from "../layout";
import { freeBlock } from "../memory/heap";
import { drop, referencesBehind } from "../objects/release";
import { objectAt } from "../objects/table";
import { dropReferences } from "../objects/value";
import { resultAt } from "./end";
import { vacateTask } from "./table";

/** One hold less. Ended tasks lose their last one; no lock is held. */
export function dropTask(task: TaskEntry): void {
  if (task.subHolds(1) == 1) dispose(task);
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
