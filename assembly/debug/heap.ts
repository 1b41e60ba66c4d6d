// The heap, block by block: sizes add up to the heap, no two free neighbours, lists and bits say what is free. Leaves a mark
// for each block, by which the other walks claim what their records have.

import {
  BLOCK_SIZE, Block, HEAP_LISTS, HEAP_LISTS_LENGTH, HEAP_SPANS, HEAP_SUBLEVELS, HEAP_SUBLEVELS_LENGTH, OWNER_CORE, OWNER_NONE, OWNER_PAYLOAD,
  SPAN_SIZE, Span,
  THREAD_SMALL_COUNTS, THREAD_SMALL_HEADS, Thread,
} from "../layout";
import { PAGE, heap, heapEnd, heapStart, pageMap, scheduler } from "../memory/root";
import { ownerAt } from "../memory/spans";
import { threadAt } from "../sync/thread";
import * as faults from "./faults";
import { same, wrong } from "./faults";
import {
  BLOCK_CORE, BLOCK_FREE, BLOCK_FREE_LISTED, BLOCK_HAND, BLOCK_HAND_LISTED, SMALL_FREE, SMALL_FREE_LISTED, SMALL_HAND, SPAN_FULL, SPAN_LISTED,
  SPAN_OPEN, blockMark, setBlockMark, stepBlock,
} from "./tally";

@inline const FREE: u32 = 1;
@inline const GRANULE: u32 = 64;
@inline const SIZES: u32 = 16;
@inline const SPAN_BYTES: u32 = PAGE - 64;

let taken: u32 = 0;
let granules: u32 = 0;
let freeBlocks: u32 = 0;
let openSpans: u32 = 0;

@inline function isMapped(payload: usize): u32 { return load<u8>(pageMap + (payload >> 16)); }

export function walkHeap(): bool {
  taken = 0;
  granules = 0;
  freeBlocks = 0;
  openSpans = 0;
  return walkBlocks() && walkFreeLists() && walkSpanLists() && walkKept() && checkFigures();
}

function walkBlocks(): bool {
  let block: usize = heapStart;
  let before: usize = 0;
  let wasFree = false;
  while (block < heapEnd) {
    const record = changetype<Block>(block);
    const size = record.size & ~FREE;
    const left = (heapEnd - block) as u32;
    if (!size || size & (GRANULE - 1) || size > left) return wrong(faults.BLOCK_SIZE_WRONG, block as u32, size, left);
    if (!same(faults.BLOCK_BEFORE_WRONG, block as u32, record.before, before as u32)) return false;
    const isFree = (record.size & FREE) != 0;
    if (isFree && wasFree) return wrong(faults.BLOCK_NEIGHBOURS_FREE, block as u32, 0, 0);
    if (!(isFree ? noteFree(record) : noteUsed(record, size))) return false;
    wasFree = isFree;
    before = block;
    block += size;
  }
  const end = changetype<Block>(heapEnd);
  return same(faults.BLOCK_SIZE_WRONG, heapEnd as u32, end.size, 0) && same(faults.BLOCK_BEFORE_WRONG, heapEnd as u32, end.before, before as u32);
}

function noteFree(block: Block): bool {
  const payload = changetype<usize>(block) + BLOCK_SIZE;
  freeBlocks++;
  setBlockMark(payload, BLOCK_FREE);
  return same(faults.BLOCK_OWNER_WRONG, payload as u32, block.loadOwner(), OWNER_NONE);
}

function noteUsed(block: Block, size: u32): bool {
  const payload = changetype<usize>(block) + BLOCK_SIZE;
  const owner = block.loadOwner();
  taken += size;
  if (isMapped(payload)) return noteSpan(payload, size, owner);
  granules += block.granules;
  if (owner == OWNER_CORE) setBlockMark(payload, BLOCK_CORE);
  else if (owner == OWNER_NONE || owner > scheduler().freshThread) return wrong(faults.BLOCK_OWNER_WRONG, payload as u32, owner, OWNER_CORE);
  else setBlockMark(payload, BLOCK_HAND);
  return true;
}

function noteSpan(address: usize, size: u32, owner: u32): bool {
  const name = address as u32;
  if (name & (PAGE - 1)) return wrong(faults.PAGE_MAP_WRONG, name >> 16, isMapped(address), 0);
  const span = changetype<Span>(address);
  const granules = span.granules;
  if (!granules || granules > SIZES) return wrong(faults.SPAN_SHAPE_WRONG, name, granules, SIZES);
  const bytes = granules << 6;
  const capacity = span.capacity;
  const first = (SPAN_SIZE + capacity + 63) & ~63;
  // As many blocks as fit: one more would not.
  const one = (SPAN_SIZE + capacity + 1 + 63) & ~63;
  const fits = first + capacity * bytes <= SPAN_BYTES && one + (capacity + 1) * bytes > SPAN_BYTES;
  if (!fits) return wrong(faults.SPAN_SHAPE_WRONG, name, capacity, 0);
  return (
    same(faults.BLOCK_OWNER_WRONG, name, owner, OWNER_CORE) && same(faults.SPAN_SHAPE_WRONG, name, size, PAGE) &&
    same(faults.SPAN_SHAPE_WRONG, name, span.first, first) && noteSmallBlocks(span) && walkSpanFree(span)
  );
}

/** The granule before a span's first block stands for the span itself: no block begins there. */
function noteSmallBlocks(span: Span): bool {
  const address = changetype<usize>(span);
  setBlockMark(address, span.freeCount ? SPAN_OPEN : SPAN_FULL);
  if (span.freeCount) openSpans++;
  for (let index: u32 = 0; index < span.capacity; index++) {
    const payload = address + span.first + index * (span.granules << 6);
    const owner: u32 = load<u8>(ownerAt(span, index));
    if (owner != OWNER_NONE && owner != OWNER_CORE) granules += span.granules;
    if (owner == OWNER_NONE) setBlockMark(payload, SMALL_FREE);
    else if (owner == OWNER_CORE || owner == OWNER_PAYLOAD) setBlockMark(payload, BLOCK_CORE);
    else if (owner <= scheduler().freshThread) setBlockMark(payload, SMALL_HAND);
    else return wrong(faults.SMALL_OWNER_WRONG, payload as u32, owner, 0);
  }
  return true;
}

function walkSpanFree(span: Span): bool {
  const name = changetype<usize>(span) as u32;
  const end = span.first + span.capacity * (span.granules << 6);
  let count: u32 = 0;
  for (let block: usize = span.freeList; block; block = load<u32>(block)) {
    if ((block & ~(PAGE - 1)) != changetype<usize>(span)) return wrong(faults.SPAN_LIST_WRONG, name, block as u32, 0);
    if (!stepBlock(block, SMALL_FREE, SMALL_FREE_LISTED)) return wrong(faults.SPAN_LIST_WRONG, name, block as u32, 0);
    count++;
  }
  if (span.fresh < span.first || span.fresh > end) return wrong(faults.SPAN_SHAPE_WRONG, name, span.fresh, end);
  for (let offset = span.fresh; offset < end; offset += span.granules << 6) {
    const block = changetype<usize>(span) + offset;
    if (!stepBlock(block, SMALL_FREE, SMALL_FREE_LISTED)) return wrong(faults.SPAN_LIST_WRONG, name, block as u32, 0);
    count++;
  }
  if (count == span.capacity) return wrong(faults.SPAN_EMPTY, name, count, 0);
  return same(faults.SPAN_COUNT_WRONG, name, span.freeCount, count) && same(faults.SPAN_LINKED_WRONG, name, span.linked, count ? 1 : 0);
}

/** A first level is a power of two, which 32 second levels divide; the lowest holds what is smaller than 32 granules. */
function listFor(granules: u32): u32 {
  let level: u32 = 0;
  while (granules >= 64) {
    granules >>= 1;
    level++;
  }
  return granules < 32 ? granules : ((level + 1) << 5) + granules - 32;
}

function walkFreeLists(): bool {
  const record = changetype<usize>(heap());
  let listed: u32 = 0;
  for (let list: u32 = 0; list < HEAP_LISTS_LENGTH; list++) {
    let before: usize = 0;
    for (let at: usize = load<u32>(record + HEAP_LISTS + (list << 2)); at; at = changetype<Block>(at).next) {
      const free = stepBlock(at + BLOCK_SIZE, BLOCK_FREE, BLOCK_FREE_LISTED);
      if (!free || listFor((changetype<Block>(at).size & ~FREE) / GRANULE) != list) return wrong(faults.FREE_LIST_WRONG, list, at as u32, 0);
      if (changetype<Block>(at).previous != (before as u32)) return wrong(faults.FREE_LIST_LINK_WRONG, list, at as u32, before as u32);
      before = at;
      listed++;
    }
    const bit = (load<u32>(record + HEAP_SUBLEVELS + ((list >> 5) << 2)) >> (list & 31)) & 1;
    if (!same(faults.FREE_LIST_BITS_WRONG, list, bit, before ? 1 : 0)) return false;
  }
  for (let level: u32 = 0; level < HEAP_SUBLEVELS_LENGTH; level++) {
    const some: u32 = load<u32>(record + HEAP_SUBLEVELS + (level << 2)) ? 1 : 0;
    if (!same(faults.FREE_LIST_BITS_WRONG, level << 5, (heap().levels >> level) & 1, some)) return false;
  }
  return same(faults.FREE_LIST_COUNT_WRONG, 0, listed, freeBlocks);
}

function walkSpanLists(): bool {
  let listed: u32 = 0;
  for (let size: u32 = 1; size <= SIZES; size++) {
    let before: usize = 0;
    for (let at: usize = load<u32>(changetype<usize>(heap()) + HEAP_SPANS + ((size - 1) << 2)); at; at = changetype<Span>(at).next) {
      if (!stepBlock(at, SPAN_OPEN, SPAN_LISTED)) return wrong(faults.SPANS_WRONG, size, at as u32, 0);
      const span = changetype<Span>(at);
      if (span.granules != size || span.previous != (before as u32)) return wrong(faults.SPANS_WRONG, size, at as u32, 0);
      before = at;
      listed++;
    }
  }
  if (!same(faults.SPANS_COUNT_WRONG, 0, listed, openSpans)) return false;
  for (let page: usize = 0; page <= heapEnd >> 16; page++) {
    const mark = blockMark(page << 16);
    const isSpan = mark == SPAN_LISTED || mark == SPAN_FULL;
    if (!same(faults.PAGE_MAP_WRONG, page as u32, isMapped(page << 16), isSpan ? 1 : 0)) return false;
  }
  return true;
}

/** What threads keep and have in hand. A vacant thread's record is looked at too: it must have neither. */
function walkKept(): bool {
  for (let index: u32 = 0; index < scheduler().freshThread; index++) {
    const thread = threadAt(index);
    if (!walkHand(thread, index)) return false;
    for (let size: u32 = 1; size <= SIZES; size++) {
      if (!walkKeptOf(thread, index, size)) return false;
    }
  }
  return true;
}

function walkHand(thread: Thread, index: u32): bool {
  let before: usize = 0;
  for (let at: usize = thread.blocks; at; at = changetype<Block>(at).next) {
    const block = changetype<Block>(at);
    const held = stepBlock(at + BLOCK_SIZE, BLOCK_HAND, BLOCK_HAND_LISTED);
    if (!held || block.loadOwner() != index + 1 || block.previous != (before as u32)) return wrong(faults.HAND_BLOCKS_WRONG, index, at as u32, 0);
    before = at;
  }
  return true;
}

function walkKeptOf(thread: Thread, index: u32, size: u32): bool {
  const record = changetype<usize>(thread);
  let count: u32 = 0;
  for (let at: usize = load<u32>(record + THREAD_SMALL_HEADS + ((size - 1) << 2)); at; at = load<u32>(at)) {
    if (!stepBlock(at, SMALL_FREE, SMALL_FREE_LISTED)) return wrong(faults.KEPT_BLOCKS_WRONG, index, at as u32, 0);
    if (changetype<Span>(at & ~(PAGE - 1)).granules != size) return wrong(faults.KEPT_BLOCKS_WRONG, index, at as u32, 0);
    count++;
  }
  return same(faults.KEPT_COUNT_WRONG, index, load<u32>(record + THREAD_SMALL_COUNTS + ((size - 1) << 2)), count);
}

function checkFigures(): bool {
  const record = heap();
  const size = (heapEnd - heapStart) as u32;
  if (!same(faults.HEAP_TAKEN_WRONG, 0, record.taken, taken)) return false;
  if (record.peak < taken) return wrong(faults.HEAP_PEAK_WRONG, 0, record.peak, taken);
  if (record.limit > size) return wrong(faults.HEAP_CAPACITY_WRONG, 0, record.limit, size);
  return record.loadCapacity() <= size || wrong(faults.HEAP_CAPACITY_WRONG, 0, record.loadCapacity(), size);
}

/** After all records have claimed their blocks: none is left over, and the sum of the hosts' is right. */
export function checkClaims(): bool {
  for (let payload: usize = heapStart + BLOCK_SIZE; payload < heapEnd; payload += GRANULE) {
    const mark = blockMark(payload);
    if (mark == BLOCK_CORE) return wrong(faults.BLOCK_LOST, payload as u32, 0, 0);
    if (mark == BLOCK_HAND) return wrong(faults.HAND_BLOCK_LOST, payload as u32, 0, 0);
    if (mark == SMALL_FREE) return wrong(faults.SMALL_BLOCK_LOST, payload as u32, 0, 0);
  }
  return same(faults.GRANULES_TOTAL_WRONG, 0, heap().loadUsed(), granules);
}
