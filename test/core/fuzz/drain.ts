// Reading an inbox: every message that was sent comes once, in order, unless it concerns nobody any more.
import * as layout from "../../../src/core/layout.ts";
import { Mismatch } from "./object-model.ts";
import type { Note, Task, Thread } from "./records.ts";
import type { Run } from "./run.ts";

/** The inbox as the core gives it, against what the model says was sent. */
export function drainInbox(run: Run, thread: Thread): void {
	const { model } = run;
	for (const object of thread.delivered) model.release(thread, object);
	thread.delivered = [];
	model.sweep();
	const messages = run.of(thread).drain();
	let next = 0;
	while (next < 64 && thread.inbox.length > 0) {
		// Messages of one call may come in any order.
		const { step } = thread.inbox[0];
		const group = thread.inbox.filter((note) => note.step === step);
		const silent = group.find((note) => textOf(note, thread) === undefined);
		const message = messages[next];
		const spoken = group.find((note) => message !== undefined && textOf(note, thread) === JSON.stringify(message));
		const note = spoken ?? silent;
		if (note === undefined) {
			const wanted = group.map((one) => textOf(one, thread)).join(" or ");
			throw new Mismatch(`message ${next} is ${JSON.stringify(message)}, it should be ${wanted}`);
		}
		if (spoken !== undefined) next++;
		thread.inbox.splice(thread.inbox.indexOf(note), 1);
		read(note, thread);
	}
	model.expect("the number of messages", messages.length, next);
}

/** What a message says; undefined: it concerns nobody any more, and is not told. */
function textOf({ kind, object, token = 0, task }: Note, thread: Thread): string | undefined {
	const say = (number: number, slot: number, generation: number, word: number) =>
		JSON.stringify({ kind: number, slot, generation, token: word });
	if (kind === "room") return say(layout.MESSAGE_KIND_ROOM, 0, 0, 0);
	if (object !== undefined) {
		const number = kind === "sealed" ? layout.MESSAGE_KIND_SEALED : layout.MESSAGE_KIND_ITEM;
		return say(number, object.slot, object.generation, token);
	}
	const { task: index, generation, phase, toRunner = 0, owner, token: word } = task as Task;
	if (kind === "runner") {
		return owner === thread ? say(layout.MESSAGE_KIND_RUNNER, index, generation, toRunner) : undefined;
	}
	if (phase === "deciding") return say(layout.MESSAGE_KIND_DECIDE, index, generation, word);
	return phase === "lost" ? say(layout.MESSAGE_KIND_LOST, index, generation, word) : undefined;
}

function read({ kind, object, task }: Note, thread: Thread): void {
	if (kind === "room") thread.roomQueued = false;
	if (kind === "runner") (task as Task).toRunner = undefined;
	if (kind === "decider") (task as Task).toDecider = false;
	if (object === undefined) return;
	const word = thread.words.get(object);
	if (word === undefined) throw new Mismatch(`a message names object ${object.slot}, which the thread does not hold`);
	word.watch = false;
	word.count++;
	thread.delivered.push(object);
}
