// The whole ABI as commands for the fuzz: each makes one call with what the dice say, and tells the model.
import * as layout from "../../../src/core/layout.ts";
import type { Ref } from "../support/core.ts";
import { drainInbox } from "./drain.ts";
import { ERROR, INLINE, Mismatch, type Value } from "./model.ts";
import type { Obj, Task, Thread } from "./records.ts";
import { Dice, Run } from "./run.ts";

type Command = (run: Run, dice: Dice, thread: Thread) => void;

const { STATUS_OK, STATUS_STALE, STATUS_INVALID, STATUS_WRONG_STATE } = layout;

// ── Threads ──

const start: Command = (run, dice, thread) => {
	const { calls } = run.of(thread);
	if (run.model.threads.length < run.most) {
		run.start(dice.pick([0, 0, 0, 1]) as number, !dice.rarely(4));
		return;
	}
	run.model.expect("reserve", calls.reserve(64 + dice.roll(9), 2), STATUS_INVALID);
	run.model.expect("attach", calls.attach(thread.index, thread.epoch), layout.STATUS_BUSY);
};

const end: Command = (run, dice, thread) => {
	const { calls } = run.of(thread);
	const other = dice.pick(run.model.threads) as Thread;
	if (dice.rarely(4)) {
		run.model.expect("end", calls.end(other.index, other.epoch + 1), layout.STATUS_STALE);
		run.model.expect("end", calls.end(other.index, other.epoch + 2 ** 29), STATUS_INVALID);
		run.model.expect("end", calls.end(-1, other.epoch), STATUS_INVALID);
		return;
	}
	// One must stay to recover the others.
	if (run.living().length < 2) return;
	run.model.expect("end", calls.end(other.index, other.epoch), STATUS_OK);
	if (other.state === "out") run.forget(other);
	other.state = "dead";
};

const recover: Command = (run, dice, thread) => {
	const { calls } = run.of(thread);
	const dead = run.model.threads.filter(({ state }) => state === "dead");
	const other = (dice.rarely(6) ? undefined : dice.pick(dead)) ?? (dice.pick(run.model.threads) as Thread);
	const epoch = dice.rarely(10) ? other.epoch + (dice.rarely(2) ? 1 : 2 ** 29) : other.epoch;
	const may = other.state === "dead" && epoch === other.epoch;
	const result = calls.recover(other.index, epoch);
	if (!run.answered("recover", result, may ? STATUS_OK : STATUS_WRONG_STATE)) return;
	run.model.recover(other, thread);
	run.core.epochOf(other.index);
};

/** An instance whose thread was ended is refused by every call. */
const strayCall: Command = (run, dice) => {
	const calls = dice.pick(run.stray)?.calls;
	if (calls === undefined) return;
	const wanted = layout.STATUS_NOT_ATTACHED;
	run.model.expect("put of a thread that was ended", calls.put(INLINE, 1, 0, 0, 0), wanted);
	run.model.expect("take of a thread that was ended", calls.take(), wanted);
	run.model.expect("drain of a thread that was ended", calls.drain(), wanted);
};

const drain: Command = (run, _, thread) => drainInbox(run, thread);

// ── Blocks ──

const alloc: Command = (run, dice, thread) => {
	const small = dice.roll(4) !== 0;
	run.alloc(thread, small ? dice.roll(1100) : 1000 + dice.roll(run.tight ? 9000 : 60_000));
};

const dealloc: Command = (run, dice, thread) => {
	const foreign = run.model.threads.flatMap((one) => (one === thread ? [] : one.blocks));
	const wrong = [0, 64, 63, -64, Number.NaN, run.core.size, ...foreign.map((block) => block.address)];
	const own = dice.rarely(5) ? undefined : dice.pick(thread.blocks);
	const address = own?.address ?? (dice.pick(wrong) as number);
	const result = run.of(thread).calls.dealloc(address);
	if (run.answered("dealloc", result, own === undefined ? STATUS_INVALID : STATUS_OK))
		run.model.takeBlock(thread, address);
};

const flush: Command = (run, _, thread) => {
	run.model.expect("flush", run.of(thread).calls.flush(), STATUS_OK);
};

// ── Objects ──

const put: Command = (run, dice, thread) => {
	const value = run.value(dice, thread, []);
	const found = run.model.check(thread, value);
	const slot = run.of(thread).calls.put(...Run.numbers(value));
	if (run.isFull(slot)) return;
	if (typeof found === "number") return run.model.expect("put", slot, found);
	if (slot <= 0) throw new Mismatch(`put answered ${slot}`);
	const object = run.model.add(slot, run.of(thread).field(layout.THREAD_GENERATION), thread);
	accept(run, thread, value);
	run.model.write(object, value, found);
};

/** The value's block, if it has one, has left the hand. */
function accept(run: Run, thread: Thread, { flags, a }: Value): void {
	if ((flags & INLINE) === 0) run.model.takeBlock(thread, a);
}

const create: Command = (run, _, thread) => {
	const slot = run.of(thread).calls.create();
	if (run.isFull(slot)) return;
	if (slot <= 0) throw new Mismatch(`create answered ${slot}`);
	run.model.add(slot, run.of(thread).field(layout.THREAD_GENERATION), thread);
};

const seal: Command = (run, dice, thread) => {
	const pending = [...thread.words.keys()].filter(({ phase }) => phase === "pending");
	const ref: Ref = (dice.rarely(5) ? undefined : dice.pick(pending)) ?? run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const value = run.value(dice, thread, object === undefined ? [] : [object]);
	const found = run.model.check(thread, value);
	const result = run.of(thread).calls.seal(ref.slot, ref.generation, ...Run.numbers(value));
	if (object === undefined) return run.model.expect("seal", result, STATUS_STALE);
	if (typeof found === "number") return run.model.expect("seal", result, found);
	if (!run.answered("seal", result, object.phase === "pending" ? STATUS_OK : layout.STATUS_SEALED)) return;
	accept(run, thread, value);
	run.model.seal(object, value, found);
};

const retain: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.find(ref);
	const result = run.of(thread).calls.retain(ref.slot, ref.generation);
	if (!run.answered("retain", result, object === undefined ? STATUS_STALE : STATUS_OK) || object === undefined) return;
	const word = thread.words.get(object);
	if (word === undefined) thread.words.set(object, { count: 1, pins: 0, watch: false });
	else word.count++;
};

const release: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const may = object !== undefined && (thread.words.get(object)?.count ?? 0) > 0;
	const result = run.of(thread).calls.release(ref.slot, ref.generation);
	if (run.answered("release", result, may ? STATUS_OK : STATUS_STALE)) run.model.release(thread, object as Obj);
};

const pin: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const result = run.of(thread).calls.pin(ref.slot, ref.generation);
	if (object === undefined) return run.model.expect("pin", result, STATUS_STALE);
	const word = thread.words.get(object);
	if (word === undefined) throw new Mismatch("held without a word");
	if (word.pins > 0) {
		run.model.expect("pin", result >>> 0, object.value);
	} else if (object.phase !== "sealed") {
		return run.model.expect("pin", result, object.phase === "freed" ? layout.STATUS_FREED : layout.STATUS_PENDING);
	} else if (!object.payload) {
		return run.model.expect("pin", result, STATUS_WRONG_STATE);
	} else {
		run.model.expect("pin", result >>> 0, object.value);
	}
	word.pins++;
};

const unpin: Command = (run, dice, thread) => {
	const pinned = [...thread.words].filter(([, { pins }]) => pins > 0).map(([object]) => object);
	const ref: Ref = (dice.rarely(4) ? undefined : dice.pick(pinned)) ?? run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const word = object && thread.words.get(object);
	const result = run.of(thread).calls.unpin(ref.slot, ref.generation);
	if (!run.answered("unpin", result, word !== undefined && word.pins > 0 ? STATUS_OK : STATUS_STALE)) return;
	if (object === undefined || word === undefined) return;
	word.pins--;
	run.model.unpinned(object);
	run.model.changed(thread, object, word);
};

const free: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const result = run.of(thread).calls.free(ref.slot, ref.generation);
	if (run.answered("free", result, object === undefined ? STATUS_STALE : STATUS_OK)) run.model.free(object as Obj);
};

const watch: Command = (run, dice, thread) => {
	const pending = [...thread.words.keys()].filter(({ phase }) => phase === "pending");
	const ref: Ref = (dice.rarely(4) ? undefined : dice.pick(pending)) ?? run.ref(dice, thread);
	const token = dice.roll(65536);
	const object = run.model.held(thread, ref);
	const result = run.of(thread).calls.watch(ref.slot, ref.generation, token);
	if (object === undefined) return run.model.expect("watch", result, STATUS_STALE);
	const word = thread.words.get(object);
	const nothing = object.phase !== "pending" || (object.stream?.items.length ?? 0) > 0;
	const wanted = nothing ? layout.STATUS_SEALED : word?.watch ? STATUS_WRONG_STATE : STATUS_OK;
	if (!run.answered("watch", result, wanted) || word === undefined) return;
	object.watchers.set(thread, token);
	word.watch = true;
};

const unwatch: Command = (run, dice, thread) => {
	const watched = [...thread.words].filter(([, word]) => word.watch).map(([object]) => object);
	const ref: Ref = (dice.rarely(4) ? undefined : dice.pick(watched)) ?? run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const result = run.of(thread).calls.unwatch(ref.slot, ref.generation);
	if (object === undefined) return run.model.expect("unwatch", result, STATUS_STALE);
	const watches = object.watchers.has(thread);
	if (!run.answered("unwatch", result, watches ? STATUS_OK : layout.STATUS_SEALED)) return;
	object.watchers.delete(thread);
	const word = thread.words.get(object);
	if (word === undefined) return;
	word.watch = false;
	run.model.changed(thread, object, word);
};

const markRead: Command = (run, dice, thread) => {
	const blocking = dice.rarely(2);
	const ref = run.ref(dice, thread);
	const { calls } = run.of(thread);
	const object = run.model.held(thread, ref);
	const result = blocking ? calls.markBlocking(ref.slot, ref.generation) : calls.markRead(ref.slot, ref.generation);
	if (!run.answered("mark", result, object === undefined ? STATUS_STALE : STATUS_OK)) return;
	(object as Obj).flags |= blocking ? layout.STATE_BLOCKS : layout.STATE_READ;
};

const takeUnread: Command = (run, _, thread) => {
	const { model } = run;
	const slot = run.of(thread).calls.takeUnread();
	if (run.isFull(slot)) return;
	if (model.unread.length === 0) return model.expect("takeUnread", slot, layout.STATUS_EMPTY);
	const oldest = model.unread[0].unreadSince;
	const object = model.unread.find((one) => one.slot === slot && one.unreadSince === oldest);
	if (object === undefined) throw new Mismatch(`takeUnread gave object ${slot}, which is not the oldest unread error`);
	model.expect("its generation", run.of(thread).field(layout.THREAD_GENERATION), object.generation);
	model.unread = model.unread.filter((one) => one !== object);
	object.unreadSince = 0;
	object.flags |= layout.STATE_READ;
	thread.words.set(object, { count: 1, pins: 0, watch: false });
};

// ── Resources, classes, room ──

const setResource: Command = (run, dice, thread) => {
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

const defineClass: Command = (run, dice, thread) => {
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

const setLimit: Command = (run, dice, thread) => {
	const { model } = run;
	const most = dice.pick([0, 1, 3, 10, 0xffffffff, 0xffffffff]) as number;
	if (!run.answered("setLimit", run.of(thread).calls.setLimit(most), most === 0 ? STATUS_INVALID : STATUS_OK)) return;
	model.limit = most;
	model.tellRoom();
};

const awaitRoom: Command = (run, dice, thread) => {
	const { model } = run;
	const count = dice.pick([0, 1, 2, 5, 2 ** 32 - 1]) as number;
	const result = run.of(thread).calls.awaitRoom(count);
	if (count === 0 || count > model.limit) return model.expect("awaitRoom", result, STATUS_INVALID);
	model.expect("awaitRoom", result, model.hasRoomFor(count) ? STATUS_OK : layout.STATUS_LIMIT);
	if (result !== STATUS_OK) thread.roomWanted = count;
};

const stats: Command = (run, _, thread) => {
	const { model } = run;
	const figures = run.of(thread).stats();
	model.expect("stats: objects", figures.objects, model.objects.size);
	model.expect("stats: pending", figures.pending, model.tasks.size);
	model.expect("stats: ready", figures.ready, [...model.tasks].filter(({ phase }) => phase === "ready").length);
	model.expect("stats: unread", figures.unread, model.unread.length);
};

// ── Tasks ──

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

const submit: Command = (run, dice, thread) => {
	const { model } = run;
	const core = run.of(thread);
	const stream = dice.rarely(5);
	const results = stream ? 1 : (dice.pick([1, 1, 1, 0, 2, 5]) as number);
	const refs = Array.from({ length: dice.pick([0, 0, 1, 2, 3]) as number }, () => run.ref(dice, thread));
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
	begin1(run, task, found.slice(0, dependencies));
};

function resultIn(run: Run, thread: Thread, list: number, i: number): Obj {
	return run.model.add(run.core.read(list + i * 8), run.core.read(list + i * 8 + 4), thread);
}

/** What is true of the arguments and of the parent already counts at once. */
function begin1(run: Run, task: Task, dependencies: readonly Obj[]): void {
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

/** The answer of a call that gives the next task. */
function expectNext(run: Run, thread: Thread, what: string, result: number, next: Task | undefined): void {
	run.model.expect(what, result, next?.task ?? 0);
	if (next === undefined) return;
	run.model.expect("the task's generation", run.of(thread).field(layout.THREAD_TASK_GENERATION), next.generation);
}

const take: Command = (run, _, thread) => {
	expectNext(run, thread, "take", run.of(thread).calls.take(), run.model.take(thread));
};

const park: Command = (run, dice, thread) => {
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

const unpark: Command = (run, _, thread) => {
	run.model.expect("unpark", run.of(thread).calls.unpark(), STATUS_OK);
	run.model.expect("parked", run.of(thread).field(layout.THREAD_PARKED), layout.PARKED_NO);
};

const begin: Command = (run, dice, thread) => {
	const task = dice.pick([...thread.hand].filter(({ phase }) => phase === "running"));
	if (task === undefined) return;
	run.of(thread).begin({ task: task.task, generation: task.generation });
	task.started = true;
};

const untake: Command = (run, dice, thread) => {
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

const finish: Command = (run, dice, thread) => {
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
	expectNext(run, thread, "finish", result, model.takeNext(thread));
};

const finishMany: Command = (run, dice, thread) => {
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
	expectNext(run, thread, "finishMany", result, model.takeNext(thread));
};

const ask: Command = (run, dice, thread) => {
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

const retry: Command = (run, dice, thread) => {
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

const fail: Command = (run, dice, thread) => {
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

const cancel: Command = (run, dice, thread) => {
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

const suspend: Command = (run, dice, thread) => {
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

const resume: Command = (run, dice, thread) => {
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

const give: Command = (run, dice, thread) => {
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

const next: Command = (run, dice, thread) => {
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

const hasTask = (wanted: (task: Task) => boolean) => (thread: Thread) => [...thread.hand].some(wanted);
const isDecidable = ({ phase, toDecider }: Task) => (phase === "deciding" || phase === "lost") && !toDecider;
const isRunning = ({ phase }: Task) => phase === "running";
const runs = hasTask(({ phase }) => phase !== "deciding" && phase !== "lost");
const always = () => true;

interface Entry {
	/** How often, beside the others. */
	readonly weight: number;
	readonly command: Command;
	/** Threads for which the command makes most sense. */
	readonly suits: (thread: Thread, run: Run) => boolean;
}

const entry = (weight: number, command: Command, suits: Entry["suits"] = always): Entry => ({ weight, command, suits });

const entries: readonly Entry[] = [
	entry(2, start),
	entry(2, end),
	entry(3, recover),
	entry(1, strayCall),
	entry(6, drain, ({ inbox }) => inbox.length > 0),
	entry(4, alloc),
	entry(2, dealloc),
	entry(1, flush),
	entry(5, put),
	entry(5, create),
	entry(6, seal, ({ words }) => [...words.keys()].some(({ phase }) => phase === "pending")),
	entry(3, retain),
	entry(10, release),
	entry(3, pin, ({ words }) => [...words.keys()].some(({ payload }) => payload)),
	entry(2, unpin, ({ words }) => [...words.values()].some(({ pins }) => pins > 0)),
	entry(1, free),
	entry(5, watch, ({ words }) => [...words.keys()].some(({ phase }) => phase === "pending")),
	entry(1, unwatch, ({ words }) => [...words.values()].some((word) => word.watch)),
	entry(2, markRead),
	entry(1, takeUnread),
	entry(2, setResource),
	entry(2, defineClass),
	entry(1, setLimit),
	entry(2, awaitRoom),
	entry(1, stats),
	entry(12, submit),
	entry(9, take, (thread, { model }) => model.best(thread) !== undefined),
	entry(4, park),
	entry(1, unpark),
	entry(
		4,
		begin,
		hasTask(({ phase, started }) => phase === "running" && !started),
	),
	entry(
		1,
		untake,
		hasTask(({ phase, started }) => phase === "running" && !started),
	),
	entry(5, finish, runs),
	entry(
		2,
		finishMany,
		hasTask(({ phase, results }) => phase === "running" && results.length > 1),
	),
	entry(3, ask, runs),
	entry(3, retry, hasTask(isDecidable)),
	entry(2, fail, hasTask(isDecidable)),
	entry(3, cancel),
	entry(4, suspend, hasTask(isRunning)),
	entry(
		4,
		resume,
		hasTask(({ phase }) => phase === "suspended"),
	),
	entry(
		9,
		give,
		hasTask(({ stream, phase }) => stream && phase === "running"),
	),
	entry(6, next, ({ words }) =>
		[...words.keys()].some(({ stream }) => stream !== undefined && stream.items.length > 0),
	),
];

/** Each as often as its weight says. */
export const commands: readonly Entry[] = entries.flatMap((one) => Array<Entry>(one.weight).fill(one));

/** What makes other commands possible, for when one suits nobody. */
const fallbacks: readonly Command[] = [submit, take, take, begin];

/** One step: a command of one thread, mostly one that it suits; then the model and the walker have their say. */
export function step(run: Run, number: number, seed: number): void {
	const dice = new Dice(seed);
	run.model.step++;
	const { command, suits } = commands[number];
	const living = run.living();
	const anyhow = dice.rarely(8);
	const suitable = anyhow ? living : living.filter((thread) => suits(thread, run));
	const thread = dice.pick(suitable);
	if (thread === undefined) (dice.pick(fallbacks) as Command)(run, dice, dice.pick(living) as Thread);
	else command(run, dice, thread);
	run.settle();
}
