// What holds with a million of them.

import { median } from "../lib/statistics.mjs";
import { check, createStore, inlineFlags, joinStore, prepareTasks, stat } from "./store.mjs";

const MILLION = 1_000_000;
/** The first and the last so many are compared, in batches. */
const END = 100_000;
const BATCH = 1000;
/** Before, on a store of their own, so that all code is compiled. */
const WARM_UP = 200_000;
/** Seed of the random sizes. */
const SEED = 0x2545f491;

/** Medians of the batches at the start and at the end, in nanoseconds a call. */
function compareEnds(call, total) {
	const times = [];
	for (let i = 0; i < total; i += BATCH) {
		const start = performance.now();
		for (let j = i; j < i + BATCH; j++) call(j);
		times.push(((performance.now() - start) / BATCH) * 1e6);
	}
	const batches = Math.min(END, total / 2) / BATCH;
	const first = median(times.slice(0, batches));
	const last = median(times.slice(-batches));
	return { value: last / first, note: `${first.toFixed(0)} ns at first, ${last.toFixed(0)} ns at last` };
}

/** Runs both steps for so many on a new store, after as much on another one. */
function onNewStore(core, stepsOn) {
	let measured;
	for (const total of [WARM_UP, MILLION]) {
		const [make, end] = stepsOn(
			joinStore(core, createStore(core, { megabytes: 64, objects: 1 << 20, tasks: 1 << 20 })),
		);
		measured = { made: compareEnds(make, total), ended: compareEnds(end, total) };
	}
	return measured;
}

function taskSteps(core) {
	const inline = inlineFlags(core);
	const slots = new Int32Array(MILLION);
	const generations = new Uint32Array(MILLION);
	return (thread) => {
		const { calls } = thread;
		prepareTasks(core, thread);
		let task = 0;
		return [
			(i) => {
				slots[i] = check(calls.submit(), "submit");
				generations[i] = thread.generation;
			},
			// They come in the order of submission.
			(i) => {
				if (task === 0) task = check(calls.take(), "take");
				task = check(calls.finish(task, thread.taskGeneration, inline, 0, 0, 0, 0), "finish");
				check(calls.release(slots[i], generations[i]), "release");
			},
		];
	};
}

/** A million queued tasks. `made`: submitting; `ended`: finishing each, taking the next, releasing its result. */
export const queuedTasks = (core) => onNewStore(core, taskSteps(core));

function objectSteps(core) {
	const inline = inlineFlags(core);
	const slots = new Int32Array(MILLION);
	const generations = new Uint32Array(MILLION);
	return (thread) => {
		const { calls } = thread;
		return [
			(i) => {
				slots[i] = check(calls.put(inline, i, 0, 0, 0), "put");
				generations[i] = thread.generation;
			},
			(i) => check(calls.release(slots[i], generations[i]), "release"),
		];
	};
}

/** A million live objects. `made`: putting; `ended`: releasing. */
export const liveObjects = (core) => onNewStore(core, objectSteps(core));

/** Bytes of the heap that making so many takes. */
function heapBytes(core, thread, make, count) {
	const before = stat(thread, core.STATS_TAKEN);
	for (let i = 0; i < count; i++) make(i);
	return (stat(thread, core.STATS_TAKEN) - before) / count;
}

const HANDLE_BYTES = 4;
/** Handles stand in chunks: counted are whole ones. */
const CHUNK = 8192;

/** Bytes of an object beside its payload and the handle of its one thread. */
export function perObject(core) {
	const store = createStore(core, { megabytes: 1536, objects: 1 << 20 });
	const thread = joinStore(core, store);
	const { calls } = thread;
	const inline = inlineFlags(core);
	const beside = (make, payload, count) =>
		core.OBJECT_ENTRY_SIZE - HANDLE_BYTES - payload + heapBytes(core, thread, make, count);
	const withPayload = (size, count) =>
		beside(() => check(calls.put(0, calls.alloc(size), size, 0, 0), "put"), size, count).toFixed(1);
	const putInline = () => check(calls.put(inline, 0, 0, 0, 0), "put");
	for (let slot = 1; slot < CHUNK; slot++) putInline();
	const value = beside(putInline, 0, 60 * CHUNK);
	const note = `with a block of 64 B ${withPayload(64, 200_000)}, of 4 KiB ${withPayload(4096, 50_000)}, of 64 KiB ${withPayload(65536, 5000)}`;
	return { value: Math.round(value * 10) / 10, note };
}

/** Bytes of a queued task with inline arguments, beside its result. */
export function perTask(core) {
	const thread = joinStore(core, createStore(core, { megabytes: 64, objects: 1 << 20, tasks: 1 << 20 }));
	prepareTasks(core, thread);
	const bytes = heapBytes(core, thread, () => check(thread.calls.submit(), "submit"), 500_000);
	return { value: Math.round((core.TASK_ENTRY_SIZE - HANDLE_BYTES + bytes) * 10) / 10 };
}

/** Objects left after the first of a chain is released, each of which is nested in the one before. */
export function chainRelease(core) {
	const thread = joinStore(core, createStore(core, { megabytes: 256, objects: 1 << 20 }));
	const { calls, views } = thread;
	let slot = check(calls.create(), "create");
	let generation = thread.generation;
	for (let i = 1; i < MILLION; i++) {
		const block = check(calls.alloc(16), "alloc");
		views.u32[(block + 8) >>> 2] = slot;
		views.u32[(block + 12) >>> 2] = generation;
		const outer = check(calls.put(0, block, 8, 1, 0), "put");
		const outerGeneration = thread.generation;
		check(calls.release(slot, generation), "release");
		slot = outer;
		generation = outerGeneration;
	}
	const start = performance.now();
	check(calls.release(slot, generation), "release");
	const milliseconds = performance.now() - start;
	return { value: stat(thread, core.STATS_OBJECTS), note: `in ${milliseconds.toFixed(0)} ms` };
}

/** xorshift32: numbers from 0 to 1, the same in every run. */
function* random(seed) {
	let state = seed;
	for (;;) {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		yield (state >>> 0) / 2 ** 32;
	}
}

const rounded = (size) => Math.ceil(size / 64) * 64;

/**
 * A million times a block of 16 B to 1 MiB, log-uniform, is allocated, or one of those there are is freed: most of the time
 * there are as many bytes as are aimed at. What the heap counts as taken, at the peak, to the sizes of the live blocks; and
 * how far the heap's end had to go.
 */
export function fragmentation(core) {
	const aim = 512 * 2 ** 20;
	const thread = joinStore(core, createStore(core, { megabytes: 1024 }));
	const { calls } = thread;
	const numbers = random(SEED);
	const next = () => numbers.next().value;
	const blocks = [];
	const sizes = [];
	let live = 0;
	let peak = 0;
	let end = 0;
	let start = Number.POSITIVE_INFINITY;
	const base = stat(thread, core.STATS_TAKEN);
	let ratio = 0;
	for (let i = 0; i < MILLION; i++) {
		if (blocks.length === 0 || next() < (live < aim ? 0.6 : 0.4)) {
			const size = Math.floor(16 * 65536 ** next());
			const block = check(calls.alloc(size), "alloc") >>> 0;
			blocks.push(block);
			sizes.push(size);
			live += rounded(size);
			start = Math.min(start, block);
			end = Math.max(end, block + size);
			if (live > peak) {
				peak = live;
				if (i > MILLION / 10) ratio = (stat(thread, core.STATS_TAKEN) - base) / live;
			}
		} else {
			const which = Math.floor(next() * blocks.length);
			check(calls.dealloc(blocks[which]), "dealloc");
			live -= rounded(sizes[which]);
			blocks[which] = blocks[blocks.length - 1];
			sizes[which] = sizes[sizes.length - 1];
			blocks.pop();
			sizes.pop();
		}
	}
	const note = `${blocks.length} blocks, ${(peak / 2 ** 20).toFixed(0)} MiB; the heap's touched part is ${((end - start) / peak).toFixed(3)} ×`;
	return { value: ratio, note };
}
