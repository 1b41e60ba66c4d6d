// Large blocks: a two-level segregated fit (M. Masmano, I. Ripoll, A. Crespo, J. Real: TLSF, ECRTS 2004).
//
//   32 bytes before each payload:                     sizes in granules of 64 bytes:
//   ┌──────┬────────┬──────┬──────────┬───────┬───┐   level 0: 1 … 31, a list each
//   │ size │ before │ next │ previous │ owner │ · │   level n: 2^(n+4) … 2^(n+5) - 1, in 32 steps
//   └──────┴────────┴──────┴──────────┴───────┴───┘
//     bit 0 of size: free                             a bit a level, and a bit a list, say where blocks are
//
// A block begins 32 bytes past a multiple of 64, so payloads are 64-byte aligned and power-of-two payloads cost one granule.
// Two free blocks never lie side by side. A block of size 0, never free, ends the heap. All under the heap's lock, but for
// the links of a block in hand, which are its thread's own, and the owner.

import { heap, heapEnd, heapStart } from "./root";
import { BLOCK_SIZE, Block, HEAP_LISTS, HEAP_SUBLEVELS, OWNER_CORE, OWNER_NONE } from "../layout";

@inline const GRANULE: u32 = 64;
@inline const FREE: u32 = 1;
@inline const STEPS: u32 = 32;
@inline const STEP_BITS: u32 = 5;

@inline export function blockOf(payload: usize): Block { return changetype<Block>(payload - BLOCK_SIZE); }
@inline export function payloadOf(block: Block): usize { return changetype<usize>(block) + BLOCK_SIZE; }
@inline export function sizeOf(block: Block): u32 { return block.size & ~FREE; }
@inline function after(block: Block): Block { return changetype<Block>(changetype<usize>(block) + sizeOf(block)); }

@inline function levelOf(granules: u32): u32 { return granules < STEPS ? 0 : 31 - clz(granules) - STEP_BITS + 1; }
@inline function stepOf(granules: u32, level: u32): u32 { return level ? (granules >> (level - 1)) & (STEPS - 1) : granules; }
@inline function listAt(level: u32, step: u32): usize { return changetype<usize>(heap()) + HEAP_LISTS + ((level * STEPS + step) << 2); }
@inline function stepsAt(level: u32): usize { return changetype<usize>(heap()) + HEAP_SUBLEVELS + (level << 2); }

/** The heap becomes one free block. */
export function openHeap(capacity: u32): void {
  const whole = changetype<Block>(heapStart);
  const end = changetype<Block>(heapEnd);
  const size = (heapEnd - heapStart) as u32;
  whole.size = size;
  end.size = 0;
  end.storeOwner(OWNER_CORE);
  const record = heap();
  record.limit = size;
  record.storeCapacity(capacity < size ? capacity : size);
  // What lies beyond the capacity is for the core's own blocks, and for what is lost around the hosts'.
  record.reserve = capacity < size ? (size - capacity) >> 1 : 0;
  insert(whole);
}

function insert(block: Block): void {
  const granules = block.size / GRANULE;
  const level = levelOf(granules);
  const step = stepOf(granules, level);
  const list = listAt(level, step);
  const first = load<u32>(list);
  block.size |= FREE;
  block.storeOwner(OWNER_NONE);
  block.previous = 0;
  block.next = first;
  if (first) changetype<Block>(first).previous = changetype<usize>(block) as u32;
  store<u32>(list, changetype<usize>(block) as u32);
  store<u32>(stepsAt(level), load<u32>(stepsAt(level)) | (1 << step));
  heap().levels |= 1 << level;
  after(block).before = changetype<usize>(block) as u32;
}

function remove(block: Block): void {
  block.size &= ~FREE;
  const next = block.next;
  const previous = block.previous;
  if (next) changetype<Block>(next).previous = previous;
  if (previous) {
    changetype<Block>(previous).next = next;
    return;
  }
  const granules = block.size / GRANULE;
  const level = levelOf(granules);
  const step = stepOf(granules, level);
  store<u32>(listAt(level, step), next);
  if (next) return;
  const steps = load<u32>(stepsAt(level)) & ~(1 << step);
  store<u32>(stepsAt(level), steps);
  if (!steps) heap().levels &= ~(1 << level);
}

/**
 * A free block of at least so many granules, or 0: the first of the list of that size if it is large enough, for sizes come
 * back; else of the next list, of which any block fits.
 */
function find(granules: u32): usize {
  const nearest = levelOf(granules);
  const first: usize = load<u32>(listAt(nearest, stepOf(granules, nearest)));
  if (first && changetype<Block>(first).size / GRANULE >= granules) return first;
  if (granules >= STEPS) granules += (1 << (31 - clz(granules) - STEP_BITS)) - 1;
  let level = levelOf(granules);
  let steps = load<u32>(stepsAt(level)) & (-1 << stepOf(granules, level));
  if (!steps) {
    const levels = heap().levels & (-2 << level);
    if (!levels) return 0;
    level = ctz(levels);
    steps = load<u32>(stepsAt(level));
  }
  return load<u32>(listAt(level, ctz(steps)));
}

/** Cuts what is beyond `size` off a block in use, as a free block. */
function trim(block: Block, size: u32): void {
  const rest = block.size - size;
  if (!rest) return;
  block.size = size;
  const tail = after(block);
  tail.size = rest;
  tail.before = changetype<usize>(block) as u32;
  insert(tail);
}

function account(block: Block): usize {
  const record = heap();
  record.taken += block.size;
  if (record.taken > record.peak) record.peak = record.taken;
  block.storeOwner(OWNER_CORE);
  block.next = 0;
  block.previous = 0;
  return payloadOf(block);
}

/** Whether so many bytes may be taken if `reserve` shall be left. */
@inline function isWithin(size: u32, reserve: u32): bool { return (heap().taken as u64) + size + reserve <= heap().limit; }

/** A block with this payload, or 0 if there is no room for it beside `reserve`. Owned by the core. */
export function takeBlock(payload: u32, reserve: u32): usize {
  const size = (payload + BLOCK_SIZE + GRANULE - 1) & ~(GRANULE - 1);
  if (size < payload || !isWithin(size, reserve)) return 0;
  const found = find(size / GRANULE);
  if (!found) return 0;
  const block = changetype<Block>(found);
  remove(block);
  trim(block, size);
  after(block).before = found as u32;
  return account(block);
}

/** A block of exactly `size` bytes, header included, whose payload stands at a multiple of it. A power of two. */
export function takeAligned(size: u32, reserve: u32): usize {
  if (!isWithin(size, reserve)) return 0;
  const found = find((2 * size - GRANULE) / GRANULE);
  if (!found) return 0;
  let block = changetype<Block>(found);
  remove(block);
  const front = (size - ((payloadOf(block) as u32) & (size - 1))) & (size - 1);
  if (front) {
    const aligned = changetype<Block>(found + front);
    aligned.size = block.size - front;
    aligned.before = found as u32;
    block.size = front;
    insert(block);
    block = aligned;
  }
  trim(block, size);
  after(block).before = changetype<usize>(block) as u32;
  return account(block);
}

/** Gives a block back; free neighbours become one with it. */
export function giveBlock(payload: usize): void {
  let block = blockOf(payload);
  heap().taken -= block.size;
  const next = after(block);
  if (next.size & FREE) {
    remove(next);
    block.size += next.size;
  }
  const before = block.before;
  if (before && changetype<Block>(before).size & FREE) {
    const first = changetype<Block>(before);
    remove(first);
    first.size += block.size;
    block = first;
  }
  insert(block);
}
