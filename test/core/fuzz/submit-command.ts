// The command that submits a task: with any arguments, parent, class, and now and then a wrong field.
import * as layout from "../../../src/core/layout.ts";
import type { Command } from "./command.ts";
import { ERROR, Mismatch, pinning } from "./object-model.ts";
import type { Obj, Task, Thread } from "./records.ts";
import type { Run } from "./run.ts";

const { STATUS_STALE, STATUS_INVALID } = layout;

const spoilers: readonly (readonly [field: number, value: number])[] = [
	[layout.TASK_SPEC_PRIORITY, 16],
	[layout.TASK_SPEC_PRIORITY, -1],
	[layout.TASK_SPEC_KIND, 256],
	[layout.TASK_SPEC_FLAGS, layout.TASK_FLAG_MARKED],
	[layout.TASK_SPEC_FLAGS, 0x80000000],
	[layout.TASK_SPEC_RESULTS, 2 ** 20 + 1],
	[layout.TASK_SPEC_RESULTS, 0xffffffff],
	[layout.TASK_SPEC_RESOURCE_CLASS, 255],
	[layout.TASK_SPEC_RESOURCE_CLASS, 0xffffffff],
	[layout.TASK_SPEC_ARGS_SIZE, 0xffffffff],
	[layout.TASK_SPEC_ARGS, 64],
	[layout.TASK_SPEC_ARGS, 0xffffffc0],
	[layout.TASK_SPEC_REFERENCES, 0x20000000],
	[layout.TASK_SPEC_DEPENDENCIES, 100],
	[layout.TASK_SPEC_CODE, 0],
	[layout.TASK_SPEC_CODE, 0xffffffff],
	[layout.TASK_SPEC_CODE_GENERATION, 0],
];

export const submit: Command = (run, dice, thread) => {
	const { model } = run;
	const core = run.of(thread);
	const stream = dice.rarely(5);
	const results = stream ? 1 : (dice.pick([1, 1, 1, 0, 2, 5]) as number);
	const refs = Array.from({ length: dice.pick([0, 0, 1, 2, 3]) as number }, () => run.ref(dice, thread)).map((ref) =>
		dice.rarely(40) ? pinning(ref) : ref,
	);
	const dependencies = dice.roll(refs.length + 1);
	const size = 8 + dice.roll(40);
	const args =
		refs.length > 0 || dice.rarely(4) ? run.alloc(thread, Math.ceil(size / 8) * 8 + refs.length * 8) : undefined;
	if (args === undefined && refs.length > 0) return;
	const list = results > 1 ? run.alloc(thread, results * 8) : undefined;
	if (list === undefined && results > 1) return;
	// The core writes there, even if it then refuses.
	if (list !== undefined) run.writeFill(list.address, 0);
	if (args !== undefined) {
		run.writeFill(args.address, size);
		run.writeReferences(args.address, size, refs);
	}
	const code = run.ref(dice, thread);
	const parent = run.task(dice, thread);
	const resourceClass = dice.roll(Math.max(1, model.classes.length));
	const priority = dice.pick([8, 8, 0, 15, 9]) as number;
	const retries = dice.pick([0, 3, -1]) as number;
	const limit = dice.roll(4);
	const token = dice.roll(65536);
	const argsSize = args === undefined ? dice.roll(37) : size;
	core.fillSpec(
		{
			code,
			resourceClass,
			priority,
			retries,
			results,
			stream,
			limit,
			parent: { task: parent.slot, generation: parent.generation },
			token,
			dependencies: refs.slice(0, dependencies),
			nested: refs.slice(dependencies),
		},
		args?.address,
		argsSize,
		list?.address,
	);
	const spoiler = dice.rarely(8) ? dice.pick(spoilers) : undefined;
	if (spoiler !== undefined) core.writeSpec(...spoiler);
	const result = core.calls.submit();
	if (run.isFull(result)) return;
	if (spoiler !== undefined) {
		if (result >= 0) throw new Mismatch(`submit answered ${result} to a spec with field ${spoiler[0]} = ${spoiler[1]}`);
		return;
	}
	const codeObject = model.find(code);
	const found = args === undefined ? [] : model.checkReferences(thread, args.address, size, refs);
	if (codeObject === undefined || found === STATUS_STALE) return model.expect("submit", result, STATUS_STALE);
	if (typeof found === "number") return model.expect("submit", result, found);
	if (model.classes.length === 0) return model.expect("submit", result, STATUS_INVALID);
	if (model.tasks.size >= model.limit) return model.expect("submit", result, layout.STATUS_LIMIT);
	if (result < 0) return model.expect("submit", result, results === 1 ? "a slot" : 0);
	if (args !== undefined) model.takeBlock(thread, args.address);
	const generation = core.field(layout.THREAD_GENERATION);
	const made: Obj[] =
		results === 1
			? [model.add(result, generation, thread)]
			: Array.from({ length: results }, (_, i) => resultIn(run, thread, list?.address ?? 0, i));
	const task: Task = {
		task: core.field(layout.THREAD_TASK),
		generation: core.field(layout.THREAD_TASK_GENERATION),
		phase: "waiting",
		code: codeObject,
		references: found,
		missing: [],
		failures: [],
		results: made,
		resourceClass,
		priority,
		stream,
		token,
		submitter: thread,
		parent: model.findTask(parent.slot, parent.generation),
		sequence: undefined,
		retries,
		attempt: 0,
		started: false,
		cancel: 0,
		tree: false,
		produced: 0,
		owner: undefined,
		verdict: undefined,
		gpus: [],
		toRunner: undefined,
		toDecider: false,
	};
	model.tasks.add(task);
	if (stream) {
		made[0].stream = { task, limit, items: [], produced: 0, paused: false };
		made[0].flags = layout.STATE_STREAM;
	}
	settleAtOnce(run, task, found.slice(0, dependencies));
};

function resultIn(run: Run, thread: Thread, list: number, i: number): Obj {
	return run.model.add(run.core.read(list + i * 8), run.core.read(list + i * 8 + 4), thread);
}

/** What is true of the arguments and of the parent already counts at once. */
function settleAtOnce(run: Run, task: Task, dependencies: readonly Obj[]): void {
	const { model } = run;
	for (const object of dependencies) {
		if (object.phase === "pending") task.missing.push(object);
		else if (object.phase === "freed" || (object.flags & ERROR) !== 0) task.failures.push(object);
	}
	if (task.parent !== undefined && task.parent.cancel !== 0) {
		task.cancel = layout.REASON_CANCELLED;
		model.endTask(task);
		model.failFor(task, task.cancel);
	} else if (task.failures.length > 0) {
		model.endTask(task);
		for (const result of task.results) model.sealAlias(result, task.failures);
	} else if (task.missing.length === 0) {
		task.phase = "ready";
	}
}
