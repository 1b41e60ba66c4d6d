// "Task waits for object": one block of edges a task, one edge a dependency, linked into the objects' lists.

import {
  ObjectEntry, PHASE_FREED, PHASE_PENDING, REFERENCE_SIZE, Reference, STATE_ERROR, STATE_PHASE_MASK, TASK_EDGE_SIZE, TaskEdge, TaskEntry,
} from "../layout";
import { BROKEN, lockEntry, unlockEntry } from "../objects/entry";
import { referencesBehind } from "../objects/release";
import { objectAt } from "../objects/table";
import { argumentArrived, missOneLess } from "./arrival";

@inline function edgeAt(task: TaskEntry, index: u32): TaskEdge { return changetype<TaskEdge>(task.edges + index * TASK_EDGE_SIZE); }

/** The object of a task's i-th dependency. */
@inline function dependency(task: TaskEntry, index: u32): u32 {
  return changetype<Reference>(referencesBehind(task.args, task.argsSize) + index * REFERENCE_SIZE).slot;
}

/** Links all edges of a task that is being submitted; what is sealed already counts at once. */
export function addEdges(task: TaskEntry): void {
  for (let i: u32 = 0; i < task.dependencies; i++) addEdge(task, edgeAt(task, i), dependency(task, i));
}

function addEdge(task: TaskEntry, edge: TaskEdge, slot: u32): void {
  const entry = objectAt(slot);
  edge.object = 0;
  const state = lockEntry(entry);
  if (state == BROKEN) return;
  const phase = state & STATE_PHASE_MASK;
  if (phase == PHASE_PENDING) {
    const first = entry.taskEdges;
    edge.task = changetype<usize>(task) as u32;
    edge.object = slot;
    edge.previous = 0;
    edge.next = first;
    if (first) changetype<TaskEdge>(first).previous = changetype<usize>(edge) as u32;
    entry.taskEdges = changetype<usize>(edge) as u32;
  }
  unlockEntry(entry, state);
  if (phase != PHASE_PENDING) argumentArrived(task, state & STATE_ERROR || phase == PHASE_FREED ? slot : 0);
}

/** Takes a task that ended before it was ready out of all lists it stands in. */
export function removeEdges(task: TaskEntry): void {
  for (let i: u32 = 0; i < task.dependencies; i++) {
    const edge = edgeAt(task, i);
    if (edge.object && removeEdge(edge)) missOneLess(task);
  }
}

/** False: the object is sealed; whoever sealed it has the edge. */
function removeEdge(edge: TaskEdge): bool {
  const entry: ObjectEntry = objectAt(edge.object);
  const state = lockEntry(entry);
  if (state == BROKEN) return false;
  const linked = (state & STATE_PHASE_MASK) == PHASE_PENDING;
  if (linked) {
    if (edge.next) changetype<TaskEdge>(edge.next).previous = edge.previous;
    if (edge.previous) changetype<TaskEdge>(edge.previous).next = edge.next;
    else entry.taskEdges = edge.next;
  }
  unlockEntry(entry, state);
  return linked;
}
