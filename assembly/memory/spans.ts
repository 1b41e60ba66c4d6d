// Small blocks, of 1 to 16 granules: spans of 64 KiB cut into blocks of one size, without a header of their own.
//
//   64 KiB aligned:
//   ┌───────────┬─────────────────────────────┬───────┬───────┬─────┬────────────────────────────┐
//   │ Span (64) │ owner of each block, a byte │ block │ block │  …  │ header of the next block … │
//   └───────────┴─────────────────────────────┴───────┴───────┴─────┴────────────────────────────┘
//     owner: 0 free · 1 … 250 in the hand of that thread · 254 the core's, filled by a host · 255 the core's
//
// A thread takes blocks from lists of its own and fetches and returns them in batches. A span whose blocks are all back
// becomes a free large block again. The page map has a byte for each 64 KiB: 1 where a span is.
// Spans change under the heap's lock; an owner byte is written by whoever has the block.

import { atomicLoad, atomicStore } from "../sync/atomic";
import { lock, unlock } from "../sync/lock";
import { self } from "../sync/thread";
import { giveBlock, takeAligned } from "./blocks";
import { HEAP_SPANS, OWNER_NONE, SPAN_SIZE, Span, THREAD_SMALL_COUNTS, THREAD_SMALL_HEADS, Thread } from "../layout";
import { PAGE, heap, pageMap } from "./root";

@inline export const SMALL_MAX: u32 = 1024;
@inline const SPAN_BYTES: u32 = PAGE - 64;
@inline const BATCH: u32 = 32;
@inline const KEPT: u32 = 64;

@inline export function spanOf(payload: usize): Span { return changetype<Span>(payload & ~(PAGE - 1)); }
@inline export function isSmall(payload: usize): bool { return atomicLoad<u8>(pageMap + (payload >> 16)) != 0; }
@inline export function indexIn(span: Span, payload: usize): u32 {
  return ((payload - changetype<usize>(span)) as u32 - span.first) / (span.granules << 6);
}
@inline export function ownerAt(span: Span, index: u32): usize { return changetype<usize>(span) + SPAN_SIZE + index; }
@inline function headAt(thread: Thread, granules: u32): usize { return changetype<usize>(thread) + THREAD_SMALL_HEADS + ((granules - 1) << 2); }
@inline function countAt(thread: Thread, granules: u32): usize { return changetype<usize>(thread) + THREAD_SMALL_COUNTS + ((granules - 1) << 2); }
@inline function spansAt(granules: u32): usize { return changetype<usize>(heap()) + HEAP_SPANS + ((granules - 1) << 2); }

/** A block of this thread's, or 0. Its owner byte is still "free". A new span must leave `reserve` bytes. */
export function takeSmall(granules: u32, reserve: u32): usize {
  const head = headAt(self, granules);
  let block: usize = load<u32>(head);
  if (!block) {
    if (!fetch(granules, reserve)) return 0;
    block = load<u32>(head);
  }
  store<u32>(head, load<u32>(block));
  const count = countAt(self, granules);
  store<u32>(count, load<u32>(count) - 1);
  return block;
}

/** Keeps a block for this thread, whose owner byte is "free" already. */
export function giveSmall(payload: usize, granules: u32): void {
  const head = headAt(self, granules);
  const count = countAt(self, granules);
  store<u32>(payload, load<u32>(head));
  store<u32>(head, payload as u32);
  const kept = load<u32>(count) + 1;
  store<u32>(count, kept);
  if (kept >= KEPT) giveBack(self, granules, BATCH);
}

/** Returns up to `most` kept blocks of one size to their spans. False: poisoned. */
function giveBack(thread: Thread, granules: u32, most: u32): bool {
  const head = headAt(thread, granules);
  const count = countAt(thread, granules);
  if (!lock(heap().lockAddress)) return false;
  let block: usize = load<u32>(head);
  let given: u32 = 0;
  for (; block && given < most; given++) {
    const next = load<u32>(block);
    returnToSpan(block);
    block = next;
  }
  store<u32>(head, block as u32);
  store<u32>(count, load<u32>(count) - given);
  unlock(heap().lockAddress);
  return true;
}

/** Returns all kept blocks of a thread. */
export function giveBackAll(thread: Thread): void {
  for (let granules: u32 = 1; granules <= SMALL_MAX >> 6; granules++) {
    while (load<u32>(headAt(thread, granules))) {
      if (!giveBack(thread, granules, BATCH)) return;
    }
  }
}

/** Moves a batch of blocks from a span to this thread. */
function fetch(granules: u32, reserve: u32): bool {
  if (!lock(heap().lockAddress)) return false;
  const list = spansAt(granules);
  if (!load<u32>(list)) openSpan(granules, reserve);
  const span = changetype<Span>(load<u32>(list));
  const found = changetype<usize>(span) != 0;
  if (found) {
    const head = headAt(self, granules);
    const count = countAt(self, granules);
    let moved: u32 = 0;
    for (; moved < BATCH && span.freeCount; moved++) {
      const block = takeFrom(span);
      store<u32>(block, load<u32>(head));
      store<u32>(head, block as u32);
    }
    store<u32>(count, load<u32>(count) + moved);
    if (!span.freeCount) unlink(span);
  }
  unlock(heap().lockAddress);
  return found;
}

function takeFrom(span: Span): usize {
  span.freeCount--;
  const block = span.freeList;
  if (block) {
    span.freeList = load<u32>(block);
    return block;
  }
  const fresh = changetype<usize>(span) + span.fresh;
  span.fresh += span.granules << 6;
  return fresh;
}

function openSpan(granules: u32, reserve: u32): void {
  const address = takeAligned(PAGE, reserve);
  if (!address) return;
  const span = changetype<Span>(address);
  const size = granules << 6;
  // As many as fit with their owner bytes, which are rounded up to a granule.
  let capacity = (SPAN_BYTES - SPAN_SIZE) / (size + 1);
  while (firstOf(capacity) + capacity * size > SPAN_BYTES) capacity--;
  span.granules = granules;
  span.capacity = capacity;
  span.first = firstOf(capacity);
  span.fresh = span.first;
  span.freeList = 0;
  span.freeCount = capacity;
  span.linked = 0;
  memory.fill(ownerAt(span, 0), OWNER_NONE as u8, capacity);
  atomicStore<u8>(pageMap + (address >> 16), 1);
  link(span);
}

@inline function firstOf(capacity: u32): u32 { return (SPAN_SIZE + capacity + 63) & ~63; }

function returnToSpan(block: usize): void {
  const span = spanOf(block);
  store<u32>(block, span.freeList);
  span.freeList = block as u32;
  span.freeCount++;
  if (span.freeCount < span.capacity) {
    if (!span.linked) link(span);
    return;
  }
  if (span.linked) unlink(span);
  atomicStore<u8>(pageMap + (changetype<usize>(span) >> 16), 0);
  giveBlock(changetype<usize>(span));
}

function link(span: Span): void {
  const list = spansAt(span.granules);
  const first = load<u32>(list);
  span.linked = 1;
  span.previous = 0;
  span.next = first;
  if (first) changetype<Span>(first).previous = changetype<usize>(span) as u32;
  store<u32>(list, changetype<usize>(span) as u32);
}

function unlink(span: Span): void {
  span.linked = 0;
  if (span.next) changetype<Span>(span.next).previous = span.previous;
  if (span.previous) changetype<Span>(span.previous).next = span.next;
  else store<u32>(spansAt(span.granules), span.next);
}
