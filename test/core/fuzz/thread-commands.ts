// Commands: threads, their inboxes, and blocks in their hands.
import * as layout from "../../../src/core/layout.ts";
import type { Command } from "./command.ts";
import { drainInbox } from "./drain.ts";
import { INLINE } from "./object-model.ts";
import type { Thread } from "./records.ts";

const { STATUS_OK, STATUS_INVALID, STATUS_WRONG_STATE } = layout;

export const start: Command = (run, dice, thread) => {
	const { calls } = run.of(thread);
	if (run.model.threads.length < run.most) {
		run.start(dice.pick([0, 0, 0, 1]) as number, !dice.rarely(4));
		return;
	}
	run.model.expect("reserve", calls.reserve(64 + dice.roll(9), 2), STATUS_INVALID);
	run.model.expect("attach", calls.attach(thread.index, thread.epoch), layout.STATUS_BUSY);
};

export const end: Command = (run, dice, thread) => {
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

export const recover: Command = (run, dice, thread) => {
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
export const strayCall: Command = (run, dice) => {
	const calls = dice.pick(run.stray)?.calls;
	if (calls === undefined) return;
	const wanted = layout.STATUS_NOT_ATTACHED;
	run.model.expect("put of a thread that was ended", calls.put(INLINE, 1, 0, 0, 0), wanted);
	run.model.expect("take of a thread that was ended", calls.take(), wanted);
	run.model.expect("drain of a thread that was ended", calls.drain(), wanted);
};

export const drain: Command = (run, _, thread) => drainInbox(run, thread);

export const alloc: Command = (run, dice, thread) => {
	const small = dice.roll(4) !== 0;
	run.alloc(thread, small ? dice.roll(1100) : 1000 + dice.roll(run.tight ? 9000 : 60_000));
};

export const dealloc: Command = (run, dice, thread) => {
	const foreign = run.model.threads.flatMap((one) => (one === thread ? [] : one.blocks));
	const wrong = [0, 64, 63, -64, Number.NaN, run.core.size, ...foreign.map((block) => block.address)];
	const own = dice.rarely(5) ? undefined : dice.pick(thread.blocks);
	const address = own?.address ?? (dice.pick(wrong) as number);
	const result = run.of(thread).calls.dealloc(address);
	if (run.answered("dealloc", result, own === undefined ? STATUS_INVALID : STATUS_OK))
		run.model.takeBlock(thread, address);
};

export const flush: Command = (run, _, thread) => {
	run.model.expect("flush", run.of(thread).calls.flush(), STATUS_OK);
};
