// The whole ABI as commands for the fuzz, each as often as it is worth.
import type { Command } from "./command.ts";
import {
	create,
	free,
	markRead,
	pin,
	put,
	release,
	retain,
	seal,
	takeUnread,
	unpin,
	unwatch,
	watch,
} from "./object-commands.ts";
import { ask, cancel, fail, give, isDecidable, next, retry } from "./outcome-commands.ts";
import type { Task, Thread } from "./records.ts";
import { Dice, type Run } from "./run.ts";
import {
	awaitRoom,
	begin,
	defineClass,
	finish,
	finishMany,
	park,
	resume,
	setLimit,
	setResource,
	stats,
	suspend,
	take,
	unpark,
	untake,
} from "./scheduling-commands.ts";
import { submit } from "./submit-command.ts";
import { alloc, dealloc, drain, end, flush, recover, start, strayCall } from "./thread-commands.ts";

const hasTask = (wanted: (task: Task) => boolean) => (thread: Thread) => [...thread.hand].some(wanted);
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
