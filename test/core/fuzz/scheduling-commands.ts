// Commands: resources, classes of tasks, the limit, and who runs what.
import * as layout from "../../../src/core/layout.ts";
import type { Command } from "./command.ts";
import { accept, expectNext } from "./command.ts";
import { ERROR, INLINE } from "./object-model.ts";
import type { Obj } from "./records.ts";
import { type Dice, Run } from "./run.ts";

const { STATUS_OK, STATUS_STALE, STATUS_INVALID, STATUS_WRONG_STATE } = layout;

export const setResource: Command = (run, dice, thread) => {
	const { model } = run;
	const { calls } = run.of(thread);
	const resource = dice.pick([0, 0, 1, 2, 3, 31]) as number;
	const unit = resource === layout.RESOURCE_GPU ? layout.RESOURCE_UNIT : 2500;
	const amount = Math.min(model.total[resource] + dice.roll(3) * unit, 32 * layout.RESOURCE_UNIT);
	if (dice.rarely(5)) {
		model.expect("setResource", calls.setResource(32 + dice.roll(9), 1), STATUS_INVALID);
		model.expect("setResource", calls.setResource(0, 2 ** 31), STATUS_INVALID);
		model.expect("setResource", calls.setResource(2, model.total[2] + 1), STATUS_INVALID);
		if (model.total[0] > 0) model.expect("setResource", calls.setResource(0, model.total[0] - 1), STATUS_INVALID);
		return;
	}
	model.expect("setResource", calls.setResource(resource, amount), STATUS_OK);
	model.available[resource] += amount - model.total[resource];
	model.total[resource] = amount;
	while (resource === 2 && model.gpus.length < amount / layout.RESOURCE_UNIT) model.gpus.push(layout.RESOURCE_UNIT);
	model.expect("available", calls.available(resource), model.available[resource]);
	model.grant();
};

export const defineClass: Command = (run, dice, thread) => {
	const { model } = run;
	const core = run.of(thread);
	const kind = dice.pick([0, 0, 0, 1]) as number;
	const needs = [0, 1, 2, 3]
		.filter(() => dice.roll(2) === 1)
		.map((resource) => [resource, amountOf(resource, dice)] as const);
	if (dice.rarely(6)) {
		core.writeNeeds([[0, 0]]);
		model.expect("defineClass", core.calls.defineClass(0, 1), STATUS_INVALID);
		core.writeNeeds([[40, 1]]);
		model.expect("defineClass", core.calls.defineClass(0, 1), STATUS_INVALID);
		core.writeNeeds([[0, model.total[0] + 1]]);
		model.expect("defineClass", core.calls.defineClass(0, 1), layout.STATUS_UNSCHEDULABLE);
		model.expect("defineClass", core.calls.defineClass(64, 0), STATUS_INVALID);
		model.expect("defineClass", core.calls.defineClass(0, 17), STATUS_INVALID);
		return;
	}
	core.writeNeeds(needs);
	const result = core.calls.defineClass(kind, needs.length);
	if (needs.some(([resource, amount]) => amount > model.total[resource])) {
		return model.expect("defineClass", result, layout.STATUS_UNSCHEDULABLE);
	}
	const same = model.classes.findIndex(
		(one) => one.kind === kind && JSON.stringify(one.needs) === JSON.stringify(needs),
	);
	model.expect("defineClass", result, same >= 0 ? same : model.classes.length);
	if (same < 0) model.classes.push({ kind, needs });
};

function amountOf(resource: number, dice: Dice): number {
	if (resource === layout.RESOURCE_GPU) return [2500, 5000, 10_000, 20_000][dice.roll(4)];
	return (1 + dice.roll(4)) * 2500;
}

export const setLimit: Command = (run, dice, thread) => {
	const { model } = run;
	const most = dice.pick([0, 1, 3, 10, 0xffffffff, 0xffffffff]) as number;
	if (!run.answered("setLimit", run.of(thread).calls.setLimit(most), most === 0 ? STATUS_INVALID : STATUS_OK)) return;
	model.limit = most;
	model.tellRoom();
};

export const awaitRoom: Command = (run, dice, thread) => {
	const { model } = run;
	const count = dice.pick([0, 1, 2, 5, 2 ** 32 - 1]) as number;
	const result = run.of(thread).calls.awaitRoom(count);
	if (count === 0 || count > model.limit) return model.expect("awaitRoom", result, STATUS_INVALID);
	model.expect("awaitRoom", result, model.hasRoomFor(count) ? STATUS_OK : layout.STATUS_LIMIT);
	if (result !== STATUS_OK) thread.roomWanted = count;
};

export const stats: Command = (run, _, thread) => {
	const { model } = run;
	const figures = run.of(thread).stats();
	model.expect("stats: objects", figures.objects, model.objects.size);
	model.expect("stats: pending", figures.pending, model.tasks.size);
	model.expect("stats: ready", figures.ready, [...model.tasks].filter(({ phase }) => phase === "ready").length);
	model.expect("stats: unread", figures.unread, model.unread.length);
};

export const take: Command = (run, _, thread) => {
	expectNext(run, thread, "take", run.of(thread).calls.take(), run.model.take(thread));
};

export const park: Command = (run, dice, thread) => {
	const busy = dice.roll(2);
	const core = run.of(thread);
	const result = core.calls.park(busy);
	if (!thread.worker) return run.model.expect("park", result, STATUS_WRONG_STATE);
	const next = run.model.take(thread);
	expectNext(run, thread, "park", result, next);
	if (next !== undefined) return;
	run.model.expect("parked", core.field(layout.THREAD_PARKED), busy ? layout.PARKED_BUSY : layout.PARKED_IDLE);
	run.model.expect("the value to wait on", core.field(layout.THREAD_WAKE_VALUE), core.wakes);
};

export const unpark: Command = (run, _, thread) => {
	run.model.expect("unpark", run.of(thread).calls.unpark(), STATUS_OK);
	run.model.expect("parked", run.of(thread).field(layout.THREAD_PARKED), layout.PARKED_NO);
};

export const begin: Command = (run, dice, thread) => {
	const task = dice.pick([...thread.hand].filter(({ phase }) => phase === "running"));
	if (task === undefined) return;
	run.of(thread).begin({ task: task.task, generation: task.generation });
	task.started = true;
};

export const untake: Command = (run, dice, thread) => {
	const ref = run.task(dice, thread, ({ started }) => !started);
	const task = run.model.mine(thread, ref.slot, ref.generation);
	const result = run.of(thread).calls.untake(ref.slot, ref.generation);
	if (task === undefined) return run.model.expect("untake", result, STATUS_STALE);
	const may = task.phase === "running" && !task.started;
	if (!run.answered("untake", result, may ? STATUS_OK : STATUS_WRONG_STATE)) return;
	if (task.cancel !== 0) {
		run.model.endTask(task);
		run.model.grant();
		run.model.failFor(task, task.cancel);
	} else {
		run.model.putBack(task, thread);
		run.model.grant();
	}
};

export const finish: Command = (run, dice, thread) => {
	const ref = run.task(dice, thread, ({ phase }) => phase !== "deciding" && phase !== "lost");
	const { model } = run;
	const task = model.running(thread, ref.slot, ref.generation);
	const value = run.value(dice, thread, task?.results ?? [], dice.rarely(4) ? ERROR : 0);
	const found = model.check(thread, value);
	const result = run.of(thread).calls.finish(ref.slot, ref.generation, ...Run.numbers(value));
	if (run.isFull(result)) return;
	if (task === undefined) return model.expect("finish", result, STATUS_STALE);
	if (task.results.length > 1 && (value.flags & ERROR) === 0) return model.expect("finish", result, STATUS_INVALID);
	if (typeof found === "number") return model.expect("finish", result, found);
	accept(run, thread, value);
	model.settleResults(task, value, found);
	model.endTask(task);
	expectNext(run, thread, "finish", result, model.takeAfterEnd(thread));
};

export const finishMany: Command = (run, dice, thread) => {
	const { model, core } = run;
	const ref = run.task(dice, thread, ({ phase, results }) => phase === "running" && results.length > 1);
	const task = model.running(thread, ref.slot, ref.generation);
	const count = dice.rarely(8) ? dice.roll(7) : (task?.results.length ?? 2);
	const block = run.alloc(thread, Math.max(1, count) * layout.VALUE_SPEC_SIZE);
	if (block === undefined) return;
	const used = new Set([block.address]);
	const values = Array.from({ length: count }, () => {
		const value = run.value(dice, thread, task?.results ?? [], 0, used);
		if ((value.flags & INLINE) === 0) used.add(value.a >>> 0);
		return value;
	});
	// One block for two values, or the list as one of its own values.
	if (count > 1 && dice.rarely(9)) values[count - 1] = values[0];
	else if (count > 0 && dice.rarely(9)) values[count - 1] = { flags: 0, a: block.address, size: 0, references: [] };
	run.writeFill(block.address, 0);
	for (const [i, value] of values.entries()) {
		const at = block.address + i * layout.VALUE_SPEC_SIZE;
		const [flags, a, b, c, d] = Run.numbers(value);
		const fields = [
			layout.VALUE_SPEC_FLAGS,
			layout.VALUE_SPEC_A,
			layout.VALUE_SPEC_B,
			layout.VALUE_SPEC_C,
			layout.VALUE_SPEC_D,
		];
		for (const [j, number] of [flags, a, b, c, d].entries()) core.write(at + fields[j], number);
	}
	const address = dice.rarely(12) ? block.address + 64 * 1024 * 1024 : block.address;
	const result = run.of(thread).calls.finishMany(ref.slot, ref.generation, address, count);
	if (task === undefined) return model.expect("finishMany", result, STATUS_STALE);
	if (task.results.length !== count || address !== block.address)
		return model.expect("finishMany", result, STATUS_INVALID);
	const blocks = new Set<number>([block.address]);
	const prepared: Obj[][] = [];
	for (const value of values) {
		const inline = (value.flags & INLINE) !== 0;
		const found = !inline && blocks.has(value.a >>> 0) ? STATUS_INVALID : model.check(thread, value);
		if (typeof found === "number") return model.expect("finishMany", result, found);
		if (!inline) blocks.add(value.a >>> 0);
		prepared.push(found);
	}
	for (const [i, value] of values.entries()) {
		accept(run, thread, value);
		model.seal(task.results[i], value, prepared[i]);
	}
	model.endTask(task);
	expectNext(run, thread, "finishMany", result, model.takeAfterEnd(thread));
};

export const suspend: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, ({ phase }) => phase === "running");
	const task = model.mine(thread, ref.slot, ref.generation);
	const result = run.of(thread).calls.suspend(ref.slot, ref.generation);
	if (task === undefined) return model.expect("suspend", result, STATUS_STALE);
	if (!run.answered("suspend", result, task.phase === "running" ? STATUS_OK : STATUS_WRONG_STATE)) return;
	task.phase = "suspended";
	model.available[layout.RESOURCE_CPU] += model.cpuOf(task);
	model.grant();
};

export const resume: Command = (run, dice, thread) => {
	const { model } = run;
	const ref = run.task(dice, thread, ({ phase }) => phase === "suspended");
	const task = model.mine(thread, ref.slot, ref.generation);
	const result = run.of(thread).calls.resume(ref.slot, ref.generation);
	if (task === undefined) return model.expect("resume", result, STATUS_STALE);
	if (task.phase !== "suspended") return model.expect("resume", result, STATUS_WRONG_STATE);
	const cpu = model.cpuOf(task);
	const at = cpu === 0 || (model.resuming.length === 0 && model.available[layout.RESOURCE_CPU] >= cpu);
	model.expect("resume", result, at ? STATUS_OK : layout.STATUS_BUSY);
	if (at) return model.goOn(task);
	task.phase = "resuming";
	model.resuming.push(task);
};
