// The heap: small blocks from spans, the rest from the segregated fit. Payloads are 64-byte aligned.
//
// A block is the core's, or in the hand of one thread: between its `alloc` and the call that puts it into an object or a task
// it stands on that thread's record (a list of large blocks, the owner byte of a small one), so that it can be taken back
// when the thread dies.
//
// What was in a hand once counts against the capacity until it is freed: `Heap.used` is the sum of what hosts asked for, in
// granules. The core's own blocks do not count, and what is not within the capacity is kept free for them.

import { atomicLoad, atomicStore } from "../sync/atomic";
import { lock, unlock } from "../sync/lock";
import { me, self } from "../sync/thread";
import { blockOf, giveBlock, sizeOf, takeBlock } from "./blocks";
import { BLOCK_SIZE, Block, OWNER_CORE, OWNER_NONE, OWNER_PAYLOAD, Span, Thread } from "../layout";
import { heap, heapEnd, heapStart } from "./root";
import { SMALL_MAX, giveSmall, indexIn, isSmall, ownerAt, spanOf, takeSmall } from "./spans";

@inline function granulesFor(size: u32): u32 { return size ? ((size - 1) >> 6) + 1 : 1; }

/** A block for the core itself, or 0. */
export function allocate(size: u32): usize {
  return allocateFor(size, OWNER_CORE, 0);
}

/** A block in this thread's hand, or 0. */
export function allocateInHand(size: u32): usize {
  const granules = granulesFor(size);
  if (!charge(granules)) return 0;
  const payload = allocateFor(size, me, heap().reserve);
  if (!payload) heap().subUsed(granules);
  else if (size > SMALL_MAX) hold(payload, granules);
  return payload;
}

/** Counts so many granules more, if the capacity allows it. */
function charge(granules: u32): bool {
  const record = heap();
  let used = record.loadUsed();
  while (used + granules <= record.loadCapacity() >> 6) {
    const seen = record.casUsed(used, used + granules);
    if (seen == used) return true;
    used = seen;
  }
  return false;
}

/** The owner of a small block; a large one is the core's until it is in a hand. */
function allocateFor(size: u32, owner: u32, reserve: u32): usize {
  if (size <= SMALL_MAX) {
    const payload = takeSmall(granulesFor(size), reserve);
    if (payload) {
      const span = spanOf(payload);
      atomicStore<u8>(ownerAt(span, indexIn(span, payload)), owner as u8);
    }
    return payload;
  }
  if (!lock(heap().lockAddress)) return 0;
  const payload = takeBlock(size, reserve);
  unlock(heap().lockAddress);
  if (payload) blockOf(payload).granules = 0;
  return payload;
}

/** Frees a block that is the core's or in this thread's hand. */
export function freeBlock(payload: usize): void {
  if (isSmall(payload)) {
    const span = spanOf(payload);
    const owner = ownerAt(span, indexIn(span, payload));
    const had = atomicLoad<u8>(owner);
    if (isDefined(CORE_DEBUG)) assert(had != OWNER_NONE);
    if (had != OWNER_CORE) heap().subUsed(span.granules);
    atomicStore<u8>(owner, OWNER_NONE as u8);
    giveSmall(payload, span.granules);
    return;
  }
  const block = blockOf(payload);
  if (isDefined(CORE_DEBUG)) assert(block.loadOwner() != OWNER_NONE);
  if (block.loadOwner() == me) letGo(payload);
  if (block.granules) heap().subUsed(block.granules);
  if (!lock(heap().lockAddress)) return;
  giveBlock(payload);
  unlock(heap().lockAddress);
}

/** The debug build looks whether a large block is really one. */
function isListed(payload: usize): bool {
  let at: usize = self.blocks;
  while (at && at != payload - BLOCK_SIZE) at = changetype<Block>(at).next;
  return at != 0;
}

/** Whether this is a block in this thread's hand. Release builds may take an address inside of a large block for one. */
export function inHand(payload: usize): bool {
  if (payload & 63 || payload < heapStart + BLOCK_SIZE || payload >= heapEnd) return false;
  if (!isSmall(payload)) return blockOf(payload).loadOwner() == me && (!isDefined(CORE_DEBUG) || isListed(payload));
  const span = spanOf(payload);
  const offset = (payload - changetype<usize>(span)) as u32;
  if (offset < span.first) return false;
  const index = indexIn(span, payload);
  return index < span.capacity && offset == span.first + index * (span.granules << 6) && atomicLoad<u8>(ownerAt(span, index)) == me;
}

/** Bytes a block has room for. */
export function roomIn(payload: usize): u32 {
  return isSmall(payload) ? spanOf(payload).granules << 6 : sizeOf(blockOf(payload)) - BLOCK_SIZE;
}

/** From the hand to the core, and back if a call is refused after all. */
export function adopt(payload: usize): void {
  if (isSmall(payload)) setSmallOwner(payload, OWNER_PAYLOAD);
  else letGo(payload);
}

export function disown(payload: usize): void {
  if (isSmall(payload)) setSmallOwner(payload, me);
  else hold(payload, blockOf(payload).granules);
}

@inline function setSmallOwner(payload: usize, owner: u32): void {
  const span = spanOf(payload);
  atomicStore<u8>(ownerAt(span, indexIn(span, payload)), owner as u8);
}

function hold(payload: usize, granules: u32): void {
  const block = blockOf(payload);
  block.granules = granules;
  const first = self.blocks;
  block.storeOwner(me);
  block.previous = 0;
  block.next = first;
  if (first) changetype<Block>(first).previous = changetype<usize>(block) as u32;
  self.blocks = changetype<usize>(block) as u32;
}

function letGo(payload: usize): void {
  const block = blockOf(payload);
  block.storeOwner(OWNER_CORE);
  if (block.next) changetype<Block>(block.next).previous = block.previous;
  if (block.previous) changetype<Block>(block.previous).next = block.next;
  else self.blocks = block.next;
}

/** Frees all that a dead thread has in its hand. `owner` is its index + 1. */
export function freeHandOf(thread: Thread, owner: u32): void {
  while (thread.blocks) {
    const block = changetype<Block>(thread.blocks);
    thread.blocks = block.next;
    heap().subUsed(block.granules);
    if (!lock(heap().lockAddress)) return;
    giveBlock(changetype<usize>(block) + BLOCK_SIZE);
    unlock(heap().lockAddress);
  }
  for (let page = heapStart >> 16; page <= heapEnd >> 16; page++) {
    if (isSmall(page << 16)) freeInSpan(page << 16, owner);
  }
}

/** The page may stop being a span at any time but under the lock; while it is one, its dead owner's blocks keep it one. */
function freeInSpan(address: usize, owner: u32): void {
  const span = changetype<Span>(address);
  for (let index: u32 = 0; ; index++) {
    let payload: usize = 0;
    if (!lock(heap().lockAddress)) return;
    if (isSmall(address)) {
      while (index < span.capacity && atomicLoad<u8>(ownerAt(span, index)) != owner) index++;
      if (index < span.capacity) payload = address + span.first + index * (span.granules << 6);
    }
    unlock(heap().lockAddress);
    if (!payload) return;
    freeBlock(payload);
  }
}
