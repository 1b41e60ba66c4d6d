// The state of all threads and tasks in words, read from the memory alone: no call of the core, which may be what hangs.
import * as layout from "../../src/core/layout.ts";

const names = (prefix: string) => {
	const found = new Map<number, string>();
	for (const [name, value] of Object.entries(layout)) {
		if (name.startsWith(prefix)) found.set(value as number, name.slice(prefix.length).toLowerCase());
	}
	return (value: number) => found.get(value) ?? String(value);
};
const gateName = names("GATE_");
const taskPhase = names("TASK_PHASE_");
const objectPhase = names("PHASE_");
const MOST_TASKS = 400;

export function dump(memory: WebAssembly.Memory): string {
	const words = new Uint32Array(memory.buffer);
	const at = (address: number) => words[address >>> 2] as number;
	const root = (offset: number) => at(layout.PLACE_ROOT + offset);
	const scheduler = layout.PLACE_ROOT + layout.ROOT_SIZE;
	const heap = scheduler + layout.SCHEDULER_SIZE;
	const lines = [
		`locks: tables ${root(layout.ROOT_LOCK)}, scheduler ${at(scheduler)}, heap ${at(heap)}; poison ${root(layout.ROOT_POISON)}`,
		`tasks: ${at(scheduler + layout.SCHEDULER_PENDING)} unfinished, ${at(scheduler + layout.SCHEDULER_READY)} ready`,
	];
	const free: string[] = [];
	for (let i = 0; i < layout.RESOURCE_MAX; i++) {
		const total = at(scheduler + layout.SCHEDULER_TOTAL + i * 4);
		if (total > 0) free.push(`${i}: ${at(scheduler + layout.SCHEDULER_AVAILABLE + i * 4)} of ${total}`);
	}
	lines.push(`free resources: ${free.join(", ")}`, "threads:");
	for (let i = 0; i < root(layout.ROOT_THREAD_MAX); i++) {
		const thread = root(layout.ROOT_THREAD_TABLE) + i * layout.THREAD_SIZE;
		const gate = at(thread + layout.THREAD_GATE);
		if (gate === 0) continue;
		const word = (offset: number) => at(thread + offset);
		lines.push(
			`  ${i}: ${gateName(gate & layout.GATE_STATE_MASK)} epoch ${gate >>> layout.GATE_EPOCH_SHIFT}, wake ${word(layout.THREAD_WAKE)}` +
				`, inbox ${word(layout.THREAD_INBOX) ? "has mail" : "empty"}, delivered ${word(layout.THREAD_DELIVERED) ? "some" : "none"}` +
				`, parked ${word(layout.THREAD_PARKED)}, woken ${word(layout.THREAD_WOKEN)}, suspended ${word(layout.THREAD_SUSPENDED)}`,
		);
	}
	const bytes = new Uint8Array(memory.buffer);
	const textAt = (address: number, size: number) => new TextDecoder().decode(bytes.slice(address, address + size));
	const callOf = (task: number) => {
		const code = root(layout.ROOT_OBJECT_TABLE) + at(task + layout.TASK_ENTRY_CODE) * layout.OBJECT_ENTRY_SIZE;
		const name = textAt(at(code + layout.OBJECT_ENTRY_VALUE), at(code + layout.OBJECT_ENTRY_VALUE + 4));
		const inline = at(task + layout.TASK_ENTRY_FLAGS) & layout.TASK_FLAG_INLINE_ARGS;
		const args = inline ? task + layout.TASK_ENTRY_INLINED : at(task + layout.TASK_ENTRY_ARGS);
		return `${name}(${textAt(args, Math.min(80, at(task + layout.TASK_ENTRY_ARGS_SIZE)))})`;
	};
	lines.push("tasks:");
	const streamOf = (object: number) => {
		if (!(at(object + layout.OBJECT_ENTRY_STATE) & layout.STATE_STREAM)) return "";
		const stream = at(object + layout.OBJECT_ENTRY_STREAM);
		const word = (offset: number) => at(stream + offset);
		return (
			` with ${at(object + layout.OBJECT_ENTRY_WORD)} holders, ${word(layout.STREAM_UNREAD)} of ${word(layout.STREAM_LIMIT)} unread` +
			`, ${word(layout.STREAM_PRODUCED)} produced, paused ${word(layout.STREAM_PAUSED)}, watched ${at(object + layout.OBJECT_ENTRY_THREAD_EDGES)}`
		);
	};
	let count = 0;
	for (let i = 1; i < root(layout.ROOT_TASK_FRESH); i++) {
		const task = root(layout.ROOT_TASK_TABLE) + i * layout.TASK_ENTRY_SIZE;
		const word = (offset: number) => at(task + offset);
		const state = word(layout.TASK_ENTRY_STATE);
		if ((state & 0xff) === layout.TASK_PHASE_VACANT || ++count > MOST_TASKS) continue;
		const results = word(layout.TASK_ENTRY_RESULTS);
		const result = root(layout.ROOT_OBJECT_TABLE) + word(layout.TASK_ENTRY_RESULT) * layout.OBJECT_ENTRY_SIZE;
		const phase = results === 1 ? objectPhase(at(result + layout.OBJECT_ENTRY_STATE) & layout.STATE_PHASE_MASK) : "…";
		lines.push(
			`  ${i}: ${callOf(task)} ${taskPhase(state & 0xff)} of thread ${(state >>> 8) - 1}, started ${word(layout.TASK_ENTRY_STARTED)}` +
				`, attempt ${word(layout.TASK_ENTRY_ATTEMPT)}, cancel ${word(layout.TASK_ENTRY_CANCEL)}, missing ${word(layout.TASK_ENTRY_MISSING)}` +
				`, holds ${word(layout.TASK_ENTRY_HOLDS)}, class ${word(layout.TASK_ENTRY_RESOURCE_CLASS) & 0xffff}` +
				`, runner ${word(layout.TASK_ENTRY_RUNNER_BITS)}, decider ${word(layout.TASK_ENTRY_DECIDER_BITS)}, result ${phase}${streamOf(result)}`,
		);
	}
	if (count > MOST_TASKS) lines.push(`  … and ${count - MOST_TASKS} more`);
	return lines.join("\n");
}

/** How many objects a thread has handles of, or pins on. */
export function handlesOf(memory: WebAssembly.Memory, index: number): number {
	const words = new Uint32Array(memory.buffer);
	const thread = (words[(layout.PLACE_ROOT + layout.ROOT_THREAD_TABLE) >>> 2] as number) + index * layout.THREAD_SIZE;
	let count = 0;
	for (let i = 0; i < layout.THREAD_CHUNKS_LENGTH; i++) {
		const chunk = words[(thread + layout.THREAD_CHUNKS + i * 4) >>> 2] as number;
		if (chunk) for (let j = 0; j < 8192; j++) if (words[(chunk >>> 2) + j]) count++;
	}
	return count;
}
