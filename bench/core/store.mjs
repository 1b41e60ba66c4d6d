// A store for a benchmark, and threads on it. Values are inline and empty, code is one object: what is measured is the core.

const THREADS = 16;
/** Words at which the host writes; the first 64 bytes of the memory are nobody's. */
export const STOP = 4;
export const GO = 5;
/** What a worker does, if not tasks. */
export const CHURN = "churn";

/** A memory with a core laid out in it, and the module that threads instantiate. */
export function createStore(core, { megabytes = 128, objects = 1 << 17, tasks = 1 << 16 } = {}) {
	const tables = objects * core.OBJECT_ENTRY_SIZE + tasks * core.TASK_ENTRY_SIZE;
	const size = Math.ceil((megabytes * 2 ** 20 + tables) / core.PAGE_BYTES + 32) * core.PAGE_BYTES;
	const memory = core.createMemory(size / core.PAGE_BYTES);
	const module = core.compileCore();
	const calls = core.instantiateCore(module, memory);
	check(calls.init(size, objects, tasks, THREADS, megabytes * 2 ** 20), "init");
	return { memory, module };
}

/** An instance on a slot of its own; `index`: one that is reserved already. */
export function joinStore(core, { memory, module }, index) {
	const calls = core.instantiateCore(module, memory);
	const slot = index ?? check(calls.reserve(0, core.THREAD_FLAG_MAY_BLOCK | core.THREAD_FLAG_WORKER), "reserve");
	const views = new core.Views(memory);
	const gate = (views.threadTable + slot * core.THREAD_SIZE + core.THREAD_GATE) >>> 2;
	check(calls.attach(slot, views.u32[gate] >>> core.GATE_EPOCH_SHIFT), "attach");
	return new core.CoreThread(calls, memory, slot);
}

export function inlineFlags(core) {
	return core.STATE_INLINE | (4 << core.STATE_LENGTH_SHIFT);
}

/** Defines a class without needs, and fills in the spec of an empty task; `submit` may then be called again and again. */
export function prepareTasks(core, thread) {
	const { calls, views, spec } = thread;
	check(calls.setResource(core.RESOURCE_CPU, 1024 * core.RESOURCE_UNIT), "setResource");
	const resourceClass = check(calls.defineClass(0, 0), "defineClass");
	const set = (offset, value) => {
		views.u32[spec + (offset >> 2)] = value;
	};
	set(core.TASK_SPEC_CODE, check(calls.put(inlineFlags(core), 0, 0, 0, 0), "put"));
	set(core.TASK_SPEC_CODE_GENERATION, thread.generation);
	set(core.TASK_SPEC_RESOURCE_CLASS, resourceClass);
	set(core.TASK_SPEC_PRIORITY, 8);
	set(core.TASK_SPEC_RESULTS, 1);
	return set;
}

/** A slot, index or address, or ok; anything negative that is a status ends the benchmark. */
export function check(answer, what) {
	if (answer < 0 && (answer & 63) !== 0) throw new Error(`${what} answered ${answer}`);
	return answer;
}

export function stat(thread, offset) {
	check(thread.calls.stats(), "stats");
	return thread.views.u32[thread.scratch + (offset >> 2)];
}
