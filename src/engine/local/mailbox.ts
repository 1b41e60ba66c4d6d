/** A thread's mail: each message that the core has for it is handed to whoever deals with it. */
import {
	MESSAGE_GENERATION,
	MESSAGE_KIND_DECIDE,
	MESSAGE_KIND_ITEM,
	MESSAGE_KIND_LOST,
	MESSAGE_KIND_ROOM,
	MESSAGE_KIND_RUNNER,
	MESSAGE_KIND_SEALED,
	MESSAGE_SLOT,
	MESSAGE_TOKEN,
} from "../../core/layout.ts";
import type { CoreThread } from "../../core/thread.ts";
import { Patience } from "./patience.ts";
import { type AttendHost, attend } from "./protocol/await.ts";
import type { Runner } from "./protocol/run.ts";

export interface MailHandler {
	/** An object is sealed, or a stream has an item: this thread holds it until the next message batch. */
	ready(slot: number, generation: number): void;
	/** Something about a task that this thread runs. */
	runner(task: number, generation: number, bits: number): void;
	/** A failed task's error is to be judged, or a task was lost with its thread. */
	decide(task: number, generation: number, token: number, lost: boolean): void;
	room(): void;
	/** What must come before results; also what others want of this thread that is no mail. */
	beforeBatch(): void;
	/** What may drain again itself. */
	afterMail(): void;
	/** Whether somebody waits for news. */
	isWaiting(): boolean;
	/** Whether all who wait may hear of it a millisecond late. */
	isPatient(): boolean;
}

/** Looks at the wake word, between which the promises of the program go on: some 160 µs, since sleeping and being woken cost as much. */
const MOST_LOOKS = 20;

export class Mailbox implements AttendHost {
	readonly #thread: CoreThread;
	readonly #runner: Runner;
	readonly #handler: MailHandler;
	readonly #patience = new Patience(MOST_LOOKS);
	#beforeSleep = () => {};
	ticket = -1;
	closed = false;

	constructor(thread: CoreThread, runner: Runner, handler: MailHandler) {
		this.#thread = thread;
		this.#runner = runner;
		this.#handler = handler;
	}

	get polls(): number {
		return this.#patience.next();
	}

	isWaiting(): boolean {
		return this.#handler.isWaiting();
	}

	polled(changed: boolean): void {
		if (changed || this.isWaiting()) this.#patience.learn(changed);
	}

	beforeSleep(): boolean {
		if (this.closed) return false;
		this.#beforeSleep();
		return this.#handler.isPatient();
	}

	look(): void {
		this.#handler.beforeBatch();
	}

	/** From now on messages are dealt with as they come. For a thread that takes no tasks; others do it as they work. */
	listen(beforeSleep: () => void): void {
		this.#beforeSleep = beforeSleep;
		this.#runner.attend(attend(this.#runner.steps, this.#thread, this), this.#thread.wakeWord);
	}

	close(): void {
		this.closed = true;
		this.#runner.nudge();
	}

	/** Deals with all messages there are. */
	drain(): void {
		if (!this.#thread.hasMail()) return;
		// The last, empty batch lets the objects of the one before it go.
		for (let count = this.#thread.calls.drain(); count > 0; count = this.#thread.calls.drain()) this.dispatch(count);
	}

	dispatch(count: number): undefined {
		const { u32 } = this.#thread.views;
		const handler = this.#handler;
		handler.beforeBatch();
		for (let i = 0; i < count; i++) {
			const at = this.#thread.message(i);
			const slot = u32[at + (MESSAGE_SLOT >> 2)] as number;
			const generation = u32[at + (MESSAGE_GENERATION >> 2)] as number;
			const token = u32[at + (MESSAGE_TOKEN >> 2)] as number;
			switch (u32[at]) {
				case MESSAGE_KIND_SEALED:
				case MESSAGE_KIND_ITEM:
					handler.ready(slot, generation);
					break;
				case MESSAGE_KIND_RUNNER:
					handler.runner(slot, generation, token);
					break;
				case MESSAGE_KIND_DECIDE:
					handler.decide(slot, generation, token, false);
					break;
				case MESSAGE_KIND_LOST:
					handler.decide(slot, generation, token, true);
					break;
				case MESSAGE_KIND_ROOM:
					handler.room();
					break;
			}
		}
		handler.afterMail();
	}
}
