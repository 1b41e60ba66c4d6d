// Commands: failures and decisions about them, cancelling, and the items of generators.
import * as layout from "../../../src/core/layout.ts";
import type { Ref } from "../support/thread.ts";
import { accept, type Command, expectNext } from "./command.ts";
import { ERROR, Mismatch, type Value } from "./object-model.ts";
import type { Obj, Task } from "./records.ts";
import { Run } from "./run.ts";

const { STATUS_OK, STATUS_STALE, STATUS_INVALID, STATUS_WRONG_STATE } = layout;

/** Whether its owner may decide about the task now. */
export const isDecidable = ({ phase, toDecider }: Task): boolean =>
	(phase === "deciding" || phase === "lost") && !toDecider;

export const ask: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, ({ phase }) => phase === "running");
	const task = model.running(thread, ref.slot, ref.generation);
	const value = run.value(dice, thread, task?.results ?? [], dice.rarely(8) ? 0 : ERROR);
	const found = model.check(thread, value);
	const result = run.of(thread).calls.ask(ref.slot, ref.generation, ...Run.numbers(value));
	if (run.isFull(result)) return;
	if (task === undefined) return model.expect("ask", result, STATUS_STALE);
	if ((value.flags & ERROR) === 0) return model.expect("ask", result, STATUS_INVALID);
	if (typeof found === "number") return model.expect("ask", result, found);
	accept(run, thread, value);
	const slot = verdictOf(run, task, result);
	const verdict = model.add(slot.slot, slot.generation, undefined);
	model.write(verdict, value, found);
	expectNext(run, thread, "ask", result, model.ask(task, verdict));
};

/** Nobody says which slot the error was given: it stands in the task's entry. */
function verdictOf(run: Run, task: Task, result: number): Ref {
	if (result < 0) throw new Mismatch(`ask answered ${result}`);
	const slot = run.core.taskField(task.task, layout.TASK_ENTRY_VERDICT);
	const phase = run.core.phaseOf(slot);
	const generation = run.core.read(run.core.objectAddress(slot) + 4);
	// If the task has failed for another reason the error is gone already.
	return { slot, generation: phase === layout.PHASE_VACANT ? generation - 1 : generation };
}

export const retry: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, isDecidable);
	const task = model.mine(thread, ref.slot, ref.generation);
	const result = run.of(thread).calls.retry(ref.slot, ref.generation);
	if (run.answered("retry", result, decidable(task))) model.retry(task as Task);
};

function decidable(task: Task | undefined): number {
	if (task === undefined || (task.phase !== "deciding" && task.phase !== "lost")) return STATUS_STALE;
	return task.toDecider ? layout.STATUS_BUSY : STATUS_OK;
}

export const fail: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, isDecidable);
	const own = dice.rarely(2);
	const task = model.mine(thread, ref.slot, ref.generation);
	const error = dice.rarely(8) ? 0 : ERROR;
	const value = own ? run.value(dice, thread, task?.results ?? [], error) : { flags: 0, a: 0, size: 0, references: [] };
	const found = own ? model.check(thread, value) : [];
	const result = run.of(thread).calls.fail(ref.slot, ref.generation, ...Run.numbers(value));
	const own0 = value.flags !== 0;
	if (task === undefined) return model.expect("fail", result, STATUS_STALE);
	if (own0 && (value.flags & ERROR) === 0) return model.expect("fail", result, STATUS_INVALID);
	if (own0 && typeof found === "number") return model.expect("fail", result, found);
	const may = decidable(task);
	const lacks = may === STATUS_OK && !own0 && task.verdict === undefined;
	if (!run.answered("fail", result, lacks ? STATUS_INVALID : may)) return;
	model.endTask(task);
	if (own0) {
		accept(run, thread, value);
		if (task.verdict !== undefined) task.verdict.flags |= layout.STATE_READ;
		model.settleResults(task, value, found as Obj[]);
	} else {
		for (const object of task.results) model.sealAlias(object, [task.verdict as Obj]);
	}
};

export const cancel: Command = (run, dice, thread) => {
	const { model } = run;
	const any = dice.rarely(3) ? undefined : dice.pick([...model.tasks]);
	const ref = any === undefined ? run.task(dice, thread) : { slot: any.task, generation: any.generation };
	const reason = dice.pick([1, 2, 4, 1, 0]) as number;
	const options = dice.rarely(10) ? 4 + dice.roll(9) : dice.roll(4);
	const task = model.findTask(ref.slot, ref.generation);
	const result = run.of(thread).calls.cancel(ref.slot, ref.generation, reason, options);
	if (result === STATUS_INVALID && (reason === 0 || options > 3)) return;
	if (run.answered("cancel", result, task === undefined ? STATUS_STALE : STATUS_OK))
		model.cancel(task as Task, reason, options);
};

export const give: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, ({ stream, phase }) => stream && phase === "running");
	const task = model.running(thread, ref.slot, ref.generation);
	const value = run.value(dice, thread, task?.results ?? []);
	const found = model.check(thread, value);
	const before = task?.stream ? run.core.objectField(task.results[0].slot, layout.OBJECT_ENTRY_STREAM) : 0;
	const result = run.of(thread).calls.give(ref.slot, ref.generation, ...Run.numbers(value));
	if (run.isFull(result)) return;
	if (task === undefined) return model.expect("give", result, STATUS_STALE);
	if (!task.stream) return model.expect("give", result, STATUS_WRONG_STATE);
	if (typeof found === "number") return model.expect("give", result, found);
	accept(run, thread, value);
	const entry = task.results[0];
	const stream = entry.stream;
	if (stream === undefined) throw new Mismatch("a generator without a stream");
	const open = entry.phase === "pending";
	const taken = open && task.produced++ === stream.produced;
	if (!open) task.produced++;
	if (taken) {
		const slot = run.core.read(before + layout.STREAM_TAIL);
		const item = model.add(slot, run.core.read(run.core.objectAddress(slot) + 4), undefined);
		model.write(item, value, found);
		stream.items.push(item);
		stream.produced++;
		for (const [watcher, token] of entry.watchers) {
			model.push(watcher, { kind: "item", step: model.step, object: entry, token });
		}
		entry.watchers.clear();
	} else {
		dropped(run, value, found);
	}
	const pauses = stream.limit > 0 && stream.items.length >= stream.limit;
	if (open && taken && pauses) stream.paused = true;
	model.expect("give", result, open ? (taken && pauses ? 1 : 0) : layout.STATUS_SEALED);
};

/** An item that nobody got; one that shall be reported is, like any error that nobody looked at. */
function dropped(run: Run, value: Value, references: readonly Obj[]): void {
	const owed = ERROR | layout.STATE_REPORT;
	if ((value.flags & owed) !== owed) return;
	const last = run.core.rootField(layout.ROOT_UNREAD_TAIL);
	const slot = (last - run.core.rootField(layout.ROOT_OBJECT_TABLE)) / layout.OBJECT_ENTRY_SIZE;
	const item = run.model.add(slot, run.core.read(run.core.objectAddress(slot) + 4), undefined);
	run.model.write(item, value, references);
}

export const next: Command = (run, dice, thread) => {
	const { model } = run;
	const streams = [...thread.words.keys()].filter(({ stream }) => stream !== undefined);
	const ref: Ref = (dice.rarely(5) ? undefined : dice.pick(streams)) ?? run.ref(dice, thread);
	const object = model.held(thread, ref);
	const result = run.of(thread).calls.next(ref.slot, ref.generation);
	if (run.isFull(result)) return;
	if (object === undefined) return model.expect("next", result, STATUS_STALE);
	const { stream } = object;
	if (stream === undefined) return model.expect("next", result, STATUS_WRONG_STATE);
	const item = stream.items[0];
	if (item === undefined) {
		return model.expect("next", result, object.phase === "pending" ? layout.STATUS_EMPTY : layout.STATUS_ENDED);
	}
	model.expect("next", result, item.slot);
	model.expect("its generation", run.of(thread).field(layout.THREAD_GENERATION), item.generation);
	stream.items.shift();
	const word = thread.words.get(item);
	if (word === undefined) thread.words.set(item, { count: 1, pins: 0, watch: false });
	else word.count++;
	if (!stream.paused || stream.items.length >= stream.limit) return;
	stream.paused = false;
	const { task } = stream;
	const runs = task.phase === "running" || task.phase === "suspended" || task.phase === "resuming";
	if (runs) model.tellRunner(task, layout.RUNNER_BIT_CREDIT);
};
