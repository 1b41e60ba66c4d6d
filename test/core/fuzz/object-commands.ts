// Commands: objects, handles, pins, watches.
import * as layout from "../../../src/core/layout.ts";
import type { Ref } from "../support/thread.ts";
import { accept, type Command } from "./command.ts";
import { Mismatch } from "./object-model.ts";
import type { Obj } from "./records.ts";
import { Run } from "./run.ts";

const { STATUS_OK, STATUS_STALE, STATUS_WRONG_STATE } = layout;

export const put: Command = (run, dice, thread) => {
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

export const create: Command = (run, _, thread) => {
	const slot = run.of(thread).calls.create();
	if (run.isFull(slot)) return;
	if (slot <= 0) throw new Mismatch(`create answered ${slot}`);
	run.model.add(slot, run.of(thread).field(layout.THREAD_GENERATION), thread);
};

export const seal: Command = (run, dice, thread) => {
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

export const retain: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.find(ref);
	const result = run.of(thread).calls.retain(ref.slot, ref.generation);
	if (!run.answered("retain", result, object === undefined ? STATUS_STALE : STATUS_OK) || object === undefined) return;
	const word = thread.words.get(object);
	if (word === undefined) thread.words.set(object, { count: 1, pins: 0, watch: false });
	else word.count++;
};

export const release: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const may = object !== undefined && (thread.words.get(object)?.count ?? 0) > 0;
	const result = run.of(thread).calls.release(ref.slot, ref.generation);
	if (run.answered("release", result, may ? STATUS_OK : STATUS_STALE)) run.model.release(thread, object as Obj);
};

export const pin: Command = (run, dice, thread) => {
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

export const unpin: Command = (run, dice, thread) => {
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

export const free: Command = (run, dice, thread) => {
	const ref = run.ref(dice, thread);
	const object = run.model.held(thread, ref);
	const result = run.of(thread).calls.free(ref.slot, ref.generation);
	if (run.answered("free", result, object === undefined ? STATUS_STALE : STATUS_OK)) run.model.free(object as Obj);
};

export const watch: Command = (run, dice, thread) => {
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

export const unwatch: Command = (run, dice, thread) => {
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

export const markRead: Command = (run, dice, thread) => {
	const blocking = dice.rarely(2);
	const ref = run.ref(dice, thread);
	const { calls } = run.of(thread);
	const object = run.model.held(thread, ref);
	const result = blocking ? calls.markBlocking(ref.slot, ref.generation) : calls.markRead(ref.slot, ref.generation);
	if (!run.answered("mark", result, object === undefined ? STATUS_STALE : STATUS_OK)) return;
	(object as Obj).flags |= blocking ? layout.STATE_BLOCKS : layout.STATE_READ;
};

export const takeUnread: Command = (run, _, thread) => {
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
