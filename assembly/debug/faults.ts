// What the walker can find wrong. The comment above a number is its message; test/core/support/walk.ts reads both from
// this file and puts the numbers of the case in the place of {record}, {found} and {wanted}.

// ── The memory ──
/** the memory holds no initialised core of this layout */
@inline export const NOT_INITIALISED: u32 = 1;
/** the walker needs {wanted} bytes of its own behind the core's memory, it was given {found} */
@inline export const NO_ROOM: u32 = 2;
/** lock {record} (0 tables, 1 scheduler, 2 heap) is held: its word is {found} */
@inline export const LOCK_HELD: u32 = 3;
/** somebody wrote to a record at address 0, which means "none": the word at {record} is {found} */
@inline export const NONE_WRITTEN: u32 = 4;

// ── The heap ──
/** block {record}: its size is {found}, which cannot be; {wanted} bytes are left */
@inline export const BLOCK_SIZE_WRONG: u32 = 10;
/** block {record}: it names {found} as the block before it, which is {wanted} */
@inline export const BLOCK_BEFORE_WRONG: u32 = 11;
/** block {record} is free, and so is the one before it */
@inline export const BLOCK_NEIGHBOURS_FREE: u32 = 12;
/** block {record}: its owner is {found}, which cannot be */
@inline export const BLOCK_OWNER_WRONG: u32 = 13;
/** heap: {found} bytes are noted as taken, {wanted} are */
@inline export const HEAP_TAKEN_WRONG: u32 = 14;
/** heap: the peak is {found}, below the {wanted} bytes taken */
@inline export const HEAP_PEAK_WRONG: u32 = 15;
/** heap: the capacity or limit is {found}, beyond the heap's {wanted} bytes */
@inline export const HEAP_CAPACITY_WRONG: u32 = 16;
/** heap: {found} granules of hosts' blocks are noted, there are {wanted} */
@inline export const GRANULES_TOTAL_WRONG: u32 = 84;
/** list {record} of free blocks holds {found}, which is no free block of that size, or there twice */
@inline export const FREE_LIST_WRONG: u32 = 17;
/** list {record} of free blocks: the links of block {found} do not match, {wanted} stands before it */
@inline export const FREE_LIST_LINK_WRONG: u32 = 18;
/** list {record} of free blocks: its bits say {found}, it should be {wanted} */
@inline export const FREE_LIST_BITS_WRONG: u32 = 19;
/** heap: {found} blocks are in the free lists, {wanted} are free */
@inline export const FREE_LIST_COUNT_WRONG: u32 = 20;
/** the page map says {found} of page {record}, it should be {wanted} */
@inline export const PAGE_MAP_WRONG: u32 = 21;
/** span {record}: a field is {found}, for its block size it should be {wanted} */
@inline export const SPAN_SHAPE_WRONG: u32 = 22;
/** span {record}: {found} free blocks are noted, {wanted} are free */
@inline export const SPAN_COUNT_WRONG: u32 = 23;
/** span {record}: its free list holds {found}, which is no free block of it, or there twice */
@inline export const SPAN_LIST_WRONG: u32 = 24;
/** span {record}: "linked" is {found}, it should be {wanted} */
@inline export const SPAN_LINKED_WRONG: u32 = 25;
/** list {record} of spans holds {found}, which is no span of that size with free blocks, or there twice */
@inline export const SPANS_WRONG: u32 = 26;
/** the lists of spans hold {found} spans, {wanted} have free blocks */
@inline export const SPANS_COUNT_WRONG: u32 = 27;
/** small block {record}: its owner is {found}, which is neither the core nor a thread */
@inline export const SMALL_OWNER_WRONG: u32 = 28;
/** small block {record} is free, but in no list */
@inline export const SMALL_BLOCK_LOST: u32 = 29;
/** block {record} is the core's, but no record has it: a leak */
@inline export const BLOCK_LOST: u32 = 30;
/** block {record} is said to be in a thread's hand, but in no thread's list */
@inline export const HAND_BLOCK_LOST: u32 = 31;
/** span {record} has no block in use, and is still a span */
@inline export const SPAN_EMPTY: u32 = 32;

// ── Threads ──
/** thread {record}: its gate is {found}, which it cannot be while all are outside */
@inline export const GATE_WRONG: u32 = 40;
/** thread {record}: the scheduler knows it by epoch {found}, its gate's is {wanted} */
@inline export const THREAD_EPOCH_WRONG: u32 = 41;
/** thread {record}: its inbox is for epoch {found}, its gate's is {wanted} */
@inline export const INBOX_EPOCH_WRONG: u32 = 42;
/** the list of vacant threads holds {record}, which is not vacant, or there twice */
@inline export const VACANT_THREADS_WRONG: u32 = 43;
/** thread {record} is vacant, but in no list */
@inline export const VACANT_THREAD_LOST: u32 = 44;
/** thread {record} is vacant or not started, but something is left in its record at offset {found} */
@inline export const VACANT_THREAD_OWNS: u32 = 45;
/** thread {record}: its chunk of handles at {found} is no block of the core's, or somebody else's too */
@inline export const CHUNK_WRONG: u32 = 46;
/** thread {record}: it has a handle of object {found}, which does not exist */
@inline export const HANDLE_WRONG: u32 = 47;
/** thread {record}: its list of blocks in hand holds {found}, which is not in its hand, or there twice */
@inline export const HAND_BLOCKS_WRONG: u32 = 48;
/** thread {record}: its list of kept small blocks holds {found}, which is not free, of another size, or there twice */
@inline export const KEPT_BLOCKS_WRONG: u32 = 49;
/** thread {record}: {found} kept small blocks of a size are noted, {wanted} are in the list */
@inline export const KEPT_COUNT_WRONG: u32 = 50;
/** thread {record}: its handles tell of {found} watches more than there are edges and messages of it */
@inline export const WATCHES_WRONG: u32 = 51;

// ── Objects ──
/** object {record}: its state is {found}, which cannot be */
@inline export const OBJECT_STATE_WRONG: u32 = 60;
/** object {record}: its count is {found}, its holders are {wanted} */
@inline export const OBJECT_COUNT_WRONG: u32 = 61;
/** object {record}: its pins are {found}, {wanted} threads have pins */
@inline export const OBJECT_PINS_WRONG: u32 = 62;
/** object {record} is vacant, but {found} holders name it */
@inline export const VACANT_OBJECT_HELD: u32 = 63;
/** object {record} is vacant, but in no list of free entries */
@inline export const VACANT_OBJECT_LOST: u32 = 64;
/** a list of free object entries holds {record}, which is not vacant, or in a list twice */
@inline export const FREE_OBJECTS_WRONG: u32 = 65;
/** list of free object entries {record} (a thread, or -1: a batch): {found} are noted, {wanted} are there */
@inline export const FREE_OBJECTS_COUNT_WRONG: u32 = 66;
/** object {record}: its payload at {found} is no block of the core's, or somebody else's too */
@inline export const PAYLOAD_WRONG: u32 = 67;
/** object {record}: its payload of {found} bytes or granules does not fit a block of {wanted} */
@inline export const PAYLOAD_SIZE_WRONG: u32 = 68;
/** object {record} refers to object {found}, which does not exist under generation {wanted} */
@inline export const REFERENCE_WRONG: u32 = 69;
/** object {record} is no error that nobody looked at, but is listed as one, or twice */
@inline export const UNREAD_WRONG: u32 = 70;
/** {found} errors that nobody looked at are noted, {wanted} are in the list */
@inline export const UNREAD_COUNT_WRONG: u32 = 71;
/** object {record} has no holder, and is not in the list of errors that nobody looked at */
@inline export const OBJECT_LOST: u32 = 72;
/** object {record} is sealed, but {found} still waits for it */
@inline export const EDGES_ON_SEALED: u32 = 73;
/** object {record}: {found} in its list of tasks that wait is no edge of a waiting task for it */
@inline export const TASK_EDGE_WRONG: u32 = 74;
/** object {record}: edge {found} of a task does not link back to {wanted} */
@inline export const TASK_EDGE_LINK_WRONG: u32 = 75;
/** object {record}: {found} in its list of threads that watch is no edge for it */
@inline export const THREAD_EDGE_WRONG: u32 = 76;
/** object {record} is watched by thread {found}, which has no handle for that, or is of another epoch */
@inline export const WATCHER_WRONG: u32 = 77;
/** object {record}: its stream at {found} is no block of the core's, or somebody else's too */
@inline export const STREAM_WRONG: u32 = 78;
/** object {record}: its stream has the item {found}, which is no sealed object, or in two lists */
@inline export const STREAM_ITEM_WRONG: u32 = 79;
/** object {record}: a counter or end of its stream is {found}, it should be {wanted} */
@inline export const STREAM_COUNT_WRONG: u32 = 80;
/** object {record} is a stream that is still open, but its task {found} is over */
@inline export const STREAM_ORPHANED: u32 = 81;
/** object {record} is an open stream that nobody but its task {found} holds, and that is not cancelled */
@inline export const STREAM_ABANDONED: u32 = 82;
/** threads: {found} objects are noted, there are {wanted} */
@inline export const OBJECTS_TOTAL_WRONG: u32 = 83;
/** object {record} was never used, but its entry says {found} */
@inline export const FRESH_OBJECT_USED: u32 = 85;

// ── Messages ──
/** thread {record}: its inbox holds {found}, which is no message for it, or in a list twice */
@inline export const MESSAGE_WRONG: u32 = 90;
/** task {record}: a message to its runner is noted as under way, but in no inbox */
@inline export const RUNNER_MESSAGE_LOST: u32 = 91;
/** task {record}: a message to who decides is noted as under way, but in no inbox */
@inline export const DECIDER_MESSAGE_LOST: u32 = 92;
/** thread {record}: the message "there is room" is noted as under way, but in no inbox */
@inline export const ROOM_MESSAGE_LOST: u32 = 93;
/** task {record}: a message to its runner is in the inbox of thread {found}, it is with {wanted} */
@inline export const RUNNER_MESSAGE_ASTRAY: u32 = 94;
/** task {record}: a message to who decides is in the inbox of thread {found}, it is with {wanted} */
@inline export const DECIDER_MESSAGE_ASTRAY: u32 = 95;

// ── Tasks ──
/** task {record}: its phase is {found}, which it cannot be */
@inline export const TASK_PHASE_WRONG: u32 = 100;
/** task {record} is vacant, but in no list of free entries */
@inline export const VACANT_TASK_LOST: u32 = 101;
/** a list of free task entries holds {record}, which is not vacant, or in a list twice */
@inline export const FREE_TASKS_WRONG: u32 = 102;
/** list of free task entries {record} (a thread, or -1: a batch): {found} are noted, {wanted} are there */
@inline export const FREE_TASKS_COUNT_WRONG: u32 = 103;
/** task {record}: its owner is thread {found}, in this phase it should be {wanted} */
@inline export const TASK_OWNER_WRONG: u32 = 104;
/** task {record}: {found} holds are noted, there are {wanted} */
@inline export const TASK_HOLDS_WRONG: u32 = 105;
/** task {record}: {found} missing arguments are noted, {wanted} are */
@inline export const TASK_MISSING_WRONG: u32 = 106;
/** task {record} was cancelled or lost an argument ({found}), and still waits or is ready */
@inline export const TASK_NOT_ENDED: u32 = 107;
/** task {record}: the block {found} of its arguments, edges or results is no block of the core's, or somebody else's too */
@inline export const TASK_BLOCK_WRONG: u32 = 108;
/** task {record}: its function, argument, result or verdict {found} does not exist under generation {wanted} */
@inline export const TASK_OBJECT_WRONG: u32 = 109;
/** task {record} is over, but its result {found} is not settled */
@inline export const TASK_RESULT_UNSETTLED: u32 = 110;
/** task {record}: a field (class, priority, flags, sizes) is {found}, which cannot be */
@inline export const TASK_FIELD_WRONG: u32 = 111;
/** task {record}: it has the GPUs {found}, its class needs {wanted} of them */
@inline export const TASK_GPUS_WRONG: u32 = 112;
/** task {record} is {found} times in the list that its phase asks for */
@inline export const TASK_LISTED_WRONG: u32 = 113;
/** a list of tasks of {record} holds {found}, which is no task of that list, or there twice */
@inline export const TASK_LIST_WRONG: u32 = 114;
/** a list of tasks of {record}: the links or the end at {found} do not match {wanted} */
@inline export const TASK_LIST_LINK_WRONG: u32 = 115;
/** task {record} became ready after the one behind it */
@inline export const TASK_ORDER_WRONG: u32 = 116;
/** {found} unfinished tasks are noted, there are {wanted} */
@inline export const PENDING_WRONG: u32 = 117;
/** {found} ready tasks are noted, there are {wanted} */
@inline export const READY_WRONG: u32 = 118;
/** thread {record}: {found} suspended tasks are noted, it has {wanted} */
@inline export const SUSPENDED_WRONG: u32 = 119;
/** task {record}: an error to decide about ({found}) is kept in a phase without a decision */
@inline export const TASK_VERDICT_WRONG: u32 = 120;

// ── The scheduler ──
/** class {record}: its bits of ready priorities are {found}, they should be {wanted} */
@inline export const CLASS_READY_WRONG: u32 = 130;
/** kind {record}: its bits of ready priorities are {found}, they should be {wanted} */
@inline export const KIND_READY_WRONG: u32 = 131;
/** class {record} is {found} times in the list of its kind */
@inline export const CLASS_LISTED_WRONG: u32 = 132;
/** class {record}: its kind is {found}, the scheduler knows of {wanted} */
@inline export const KINDS_WRONG: u32 = 142;
/** class {record}: {found} unfinished tasks are noted, there are {wanted} */
@inline export const CLASS_TASKS_WRONG: u32 = 145;
/** kind {record}: {found} idle workers are noted as woken, they are {wanted} */
@inline export const CALLED_WRONG: u32 = 144;
/** resource {record}: {found} is noted as free, it should be {wanted} */
@inline export const RESOURCE_WRONG: u32 = 133;
/** GPU {record}: {found} is noted as free, it should be {wanted} */
@inline export const GPU_WRONG: u32 = 134;
/** resource or GPU {record}: {found} is noted as free of what suspended tasks have, it should be {wanted} */
@inline export const ATTAINABLE_WRONG: u32 = 143;
/** the task that is starving, {found}, is not ready */
@inline export const STARVING_WRONG: u32 = 135;
/** kind {record}: its lists of parked workers hold {found}, which does not belong there, or twice */
@inline export const PARKED_WRONG: u32 = 136;
/** thread {record}: "parked" is {found}, the list it is in says {wanted} */
@inline export const PARKED_STATE_WRONG: u32 = 137;
/** thread {record} is parked, task {found} would fit, and nobody of its kind is about to wake */
@inline export const WAKE_LOST: u32 = 138;
/** task {record} wants its CPU again, which is free, and it was not given it */
@inline export const GRANT_LOST: u32 = 139;
/** {found} threads are noted as waiting for room, {wanted} do */
@inline export const ROOM_WAITERS_WRONG: u32 = 140;
/** thread {record} waits for room for {found} tasks, which there is, and it was not told */
@inline export const ROOM_NOT_TOLD: u32 = 141;

// ── At the end of everything ──
/** object {record} is still there, with {found} holders */
@inline export const OBJECT_LEFT: u32 = 150;
/** task {record} is still there, in phase {found} */
@inline export const TASK_LEFT: u32 = 151;
/** heap: {found} bytes are still taken */
@inline export const HEAP_LEFT: u32 = 152;
/** thread {record} still has something at offset {found} of its record */
@inline export const THREAD_LEFT: u32 = 153;

/** The first thing found wrong. */
export let fault: u32 = 0;
export let faultRecord: u32 = 0;
export let faultFound: u32 = 0;
export let faultWanted: u32 = 0;

export function forgetFault(): void {
  fault = 0;
}

/** Always false: a walk goes on while what it calls answers true. */
export function wrong(code: u32, record: u32, found: u32, wanted: u32): bool {
  if (fault) return false;
  fault = code;
  faultRecord = record;
  faultFound = found;
  faultWanted = wanted;
  return false;
}

export function same(code: u32, record: u32, found: u32, wanted: u32): bool {
  return found == wanted || wrong(code, record, found, wanted);
}
