// The ABI: every export, and nothing else.
//
// Numbers only: u32 and i32. A call answers a status (0 or a negative `Status`), or a slot, index, count or address, or
// instead of that a negative status: slots, indices and counts are not negative, addresses are multiples of 64.
// Further results stand in the calling thread's record. No call traps; one that answers an error has changed nothing.
//
// A thread instantiates the module with the shared memory as `env.memory`, and attaches to a slot that was reserved for it.
// Unless it says otherwise, a call is for attached threads; user code may be anywhere on the stack, so such calls first make
// sure that the stack has room for the core's deepest path.

import { STATUS_FULL, STATUS_INVALID, STATUS_OK } from "./layout";
import { allocateInHand, freeBlock, inHand } from "./memory/heap";
import { KIND_MAX, initialise, locate, root } from "./memory/root";
import { flushCaches, setCapacityTo, writeStats } from "./memory/stats";
import { create as newPending, freeHeld, markBlocking as setBlocking, markRead as setRead, put as putValue, sealHeld } from "./objects/create";
import * as handles from "./objects/handles";
import { takeUnread as takeUnreadError } from "./objects/unread";
import * as watches from "./objects/watch";
import { recover as recoverThread } from "./recover";
import * as threads from "./sync/thread";
import { probeStack } from "./sync/stack";
import { settleDue } from "./tasks/arrival";
import { cancel as cancelTask } from "./tasks/cancel";
import * as decisions from "./tasks/decide";
import { drain as drainInbox } from "./tasks/drain";
import * as work from "./tasks/finish";
import * as resources from "./tasks/resources";
import * as room from "./tasks/room";
import * as streams from "./tasks/stream";
import { submit as submitTask } from "./tasks/submit";
import * as suspension from "./tasks/suspend";

@inline function enter(): i32 {
  probeStack();
  return threads.enter();
}

/** Does what the call has made due, wakes whom it concerns, and leaves. */
function leave(status: i32): i32 {
  settleDue();
  threads.leave();
  return status;
}

// ── The memory ──

/**
 * Lays out a memory of zeros of `size` bytes, with tables for so many objects, tasks and threads; hosts' blocks may take `capacity`
 * bytes. For any instance, attached or not; the first caller does it, others hear `initialised`.
 */
export function init(size: u32, objects: u32, tasks: u32, threadCount: u32, capacity: u32): i32 {
  probeStack();
  return initialise(size, objects, tasks, threadCount, capacity);
}

/** Says that nothing in the memory can be trusted any more. For any instance. Every call from now on answers `poisoned`. */
export function poison(): i32 {
  const status = locate();
  if (status == STATUS_OK) root().storePoison(1);
  return status;
}

/** From now on hosts' blocks may take so many bytes, and all blocks, with the core's own, `most`; what is taken stays. */
export function setCapacity(bytes: u32, most: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(setCapacityTo(bytes, most)) : status;
}

/** Writes `Stats` into the thread's `scratch`. */
export function stats(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(writeStats()) : status;
}

// ── Threads ──

/** Takes a slot for a thread about to start: its index. `kind`: which tasks it takes; `flags`: `ThreadFlag`. For any instance. */
export function reserve(kind: u32, flags: u32): i32 {
  probeStack();
  return kind < KIND_MAX ? threads.reserve(kind, flags) : STATUS_INVALID;
}

/** Puts the calling instance on a reserved slot. The epoch stands in the slot's gate. */
export function attach(index: u32, epoch: u32): i32 {
  return threads.attach(index, epoch);
}

/** Ends a thread: it passes the gate no more. `busy`: it is inside the core just now. For any instance; call it before stopping the thread. */
export function end(index: u32, epoch: u32): i32 {
  return threads.end(index, epoch);
}

/**
 * Gives back all that an ended thread owned. Only when it has really stopped. Its unfinished tasks come as `lost`
 * messages.
 */
export function recover(index: u32, epoch: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(recoverThread(index, epoch)) : status;
}

/** Reads the inbox into the thread's `messages`: how many. The objects they name are held until the next `drain`. */
export function drain(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(drainInbox()) : status;
}

/** Gives the thread's kept small blocks, and the parts of its table of handles that are empty, back to the heap. */
export function flush(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(flushCaches()) : status;
}

// ── Blocks ──

/** A block of at least `size` bytes, in this thread's hand until it goes into a value or a task. Its address. */
export function alloc(size: u32): i32 {
  const status = enter();
  if (status != STATUS_OK) return status;
  const address = allocateInHand(size);
  return leave(address ? (address as i32) : STATUS_FULL);
}

/** Gives a block in this thread's hand back. */
export function dealloc(address: u32): i32 {
  const status = enter();
  if (status != STATUS_OK) return status;
  if (!inHand(address)) return leave(STATUS_INVALID);
  freeBlock(address);
  return leave(STATUS_OK);
}

// ── Objects. Unless it says otherwise the thread must hold the object ──

/**
 * A sealed object, of which the thread has a handle: its slot; second result: `generation`. Inline: 16 bytes in a … d;
 * otherwise a block in hand, its size, and how many references stand behind it.
 */
export function put(flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(putValue(flags, a, b, c, d)) : status;
}

/** A pending object, of which the thread has a handle: its slot; second result: `generation`. */
export function create(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(newPending()) : status;
}

/** Gives a pending object its value, once. */
export function seal(slot: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(sealHeld(slot, generation, flags, a, b, c, d)) : status;
}

/** One more handle. The thread need not hold the object, but somebody must. */
export function retain(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(handles.retain(slot, generation)) : status;
}

/** One handle less; with the last holder the object goes, and what is nested in it. */
export function release(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(handles.release(slot, generation)) : status;
}

/** The payload's address, which stays valid until `unpin`, also if the object is freed. A pin holds the object. */
export function pin(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(handles.pin(slot, generation)) : status;
}

/** One pin less. */
export function unpin(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(handles.unpin(slot, generation)) : status;
}

/** Deletes the value for all holders; who waits for it hears of an error. */
export function free(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(freeHeld(slot, generation)) : status;
}

/**
 * A message will say when the object is sealed (a stream: has an item or ended). `sealed`: there is nothing to wait for;
 * `wrongState`: watched already.
 */
export function watch(slot: u32, generation: u32, token: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(watches.watch(slot, generation, token)) : status;
}

/** No message, please. `sealed`: too late, it is on its way. */
export function unwatch(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(watches.unwatch(slot, generation)) : status;
}

/** Somebody looked at the value: an error that is `report`ed only if nobody does. */
export function markRead(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(setRead(slot, generation)) : status;
}

/** The object describes a function known to block in a synchronous get: no thread with suspended tasks takes it. */
export function markBlocking(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(setBlocking(slot, generation)) : status;
}

/** An error that nobody looked at: its slot, with a handle; second result: `generation`. `empty`: there is none. */
export function takeUnread(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(takeUnreadError()) : status;
}

// ── Resources and classes of tasks ──

/** How much there is in all, in 1/10,000 (memory: MiB). It may only grow. */
export function setResource(resource: u32, amount: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(resources.setTotal(resource, amount)) : status;
}

/** How much is free. */
export function available(resource: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(resources.availableOf(resource)) : status;
}

/**
 * A class of tasks for one kind of worker, whose `needs` pairs of resource and amount stand in the thread's `scratch`: its
 * number. When there are 256, a class without unfinished tasks gives its place to a new one; `tableFull`: all have some.
 */
export function defineClass(kind: u32, needs: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(resources.defineClass(kind, needs)) : status;
}

/** How many tasks may be unfinished at once. */
export function setLimit(most: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(room.setLimit(most)) : status;
}

/** ok: there is room for so many tasks; `limit`: a `room` message will say when there is. */
export function awaitRoom(count: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(room.awaitRoom(count)) : status;
}

// ── Tasks ──

/**
 * Submits what stands in the thread's `spec`: the slot of the only result, or of the stream; else 0. Further results:
 * `generation`, `task`, `taskGeneration`. `outdated`: its class has lost its place; define it again, and repeat.
 */
export function submit(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(submitTask()) : status;
}

/** A task for this worker: its index; second result: `taskGeneration`. 0: there is none that fits. */
export function take(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.take()) : status;
}

/**
 * Like `take`; at 0 the worker is parked and may sleep on its wake word while that is `wakeValue`. `busy`: it has
 * unfinished tasks.
 */
export function park(busy: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.park(busy != 0)) : status;
}

/** The worker is awake for something else than a task. */
export function unpark(): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.unpark()) : status;
}

/**
 * Looks at this thread's wake word while it is `value`, at most so many times: 1 if it has changed. The thread does not enter for
 * it, and may be ended meanwhile.
 */
export function spin(value: u32, times: u32): i32 {
  return threads.spin(value, times);
}

/** Puts a task that was taken and not started back at the head; the attempt does not count. */
export function untake(task: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.untake(task, generation)) : status;
}

/**
 * Ends a task this thread runs, with its value or the error of all its results. Gives the next task; at 0 the worker is parked
 * if its record's `parks` says in which list.
 */
export function finish(task: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.finish(task, generation, flags, a, b, c, d)) : status;
}

/** Ends a task with several results: `ValueSpec`s in a block in hand, which stays there. Gives the next task, like `finish`. */
export function finishMany(task: u32, generation: u32, values: u32, count: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(work.finishMany(task, generation, values, count)) : status;
}

/** The task failed with this error; its submitter gets a `decide` message. Gives the next task, like `finish`. */
export function ask(task: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(decisions.ask(task, generation, flags, a, b, c, d)) : status;
}

/** For a task to decide about: run it again. */
export function retry(task: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(decisions.retry(task, generation)) : status;
}

/** For a task to decide about: fail it with this error; with no flags, with the one that was asked about. */
export function fail(task: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(decisions.fail(task, generation, flags, a, b, c, d)) : status;
}

/** Cancels a task of any thread's. Options: bits of `Cancel`. */
export function cancel(task: u32, generation: u32, reason: u32, options: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(cancelTask(task, generation, reason, options)) : status;
}

/** The task waits and gives its CPU back. */
export function suspend(task: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(suspension.suspend(task, generation)) : status;
}

/** The task goes on. `busy`: when its CPU is free; a message will say so. */
export function resume(task: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(suspension.resume(task, generation)) : status;
}

/** One more item of a generator: 1 if it shall pause, `sealed` if nobody wants more. */
export function give(task: u32, generation: u32, flags: u32, a: u32, b: u32, c: u32, d: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(streams.give(task, generation, flags, a, b, c, d)) : status;
}

/** The stream's next item: its slot, with a handle; second result: `generation`. `empty`, `ended`. */
export function next(slot: u32, generation: u32): i32 {
  const status = enter();
  return status == STATUS_OK ? leave(streams.next(slot, generation)) : status;
}
