/**
 * A thread's mail: drains the inbox when its wake word changes, and hands each message to who deals with it. The event loop
 * lives meanwhile; `waitUntil` does the same for a thread that blocks.
 */

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

export interface MailHandler {
	/** An object is sealed, or a stream has an item: this thread holds it until the next message batch. */
	ready(slot: number, generation: number): void;
	/** Something about a task that this thread runs. */
	runner(task: number, generation: number, bits: number): void;
	/** A failed task's error is to be judged, or a task was lost with its thread. */
	decide(task: number, generation: number, token: number, lost: boolean): void;
	room(): void;
	/** What must come before results. */
	beforeBatch(): void;
	/** What may drain again itself. */
	afterMail(): void;
}

/** A blocked thread looks up this often, for what comes without a wake. */
const SLICE = 50;

export class Mailbox {
	readonly #thread: CoreThread;
	readonly #handler: MailHandler;
	#armed = false;
	#closed = false;

	constructor(thread: CoreThread, handler: MailHandler) {
		this.#thread = thread;
		this.#handler = handler;
	}

	close(): void {
		this.#closed = true;
		// Ends the wait that may be pending.
		const { i32 } = this.#thread.views;
		Atomics.add(i32, this.#thread.wakeWord, 1);
		Atomics.notify(i32, this.#thread.wakeWord);
	}

	/** Deals with all messages there are. */
	drain(): void {
		const { calls, views } = this.#thread;
		const handler = this.#handler;
		if (!this.#thread.hasMail()) return;
		handler.beforeBatch();
		// The last, empty batch lets the objects of the one before it go.
		for (;;) {
			const count = calls.drain();
			if (count <= 0) break;
			const { u32 } = views;
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
		}
		handler.afterMail();
	}

	/** From now on messages are dealt with as they come. */
	listen(): void {
		if (this.#armed) return;
		this.#armed = true;
		void this.#listen();
	}

	async #listen(): Promise<void> {
		const { i32 } = this.#thread.views;
		const { wakeWord } = this.#thread;
		while (!this.#closed) {
			const seen = Atomics.load(i32, wakeWord);
			// A wake may be for something beside the mail.
			this.#handler.beforeBatch();
			this.drain();
			const wait = Atomics.waitAsync(i32, wakeWord, seen);
			if (wait.async) await wait.value;
		}
	}

	/** Blocks until `done`, dealing with messages; false at the deadline. `each` runs between, and says when it is due next. */
	waitUntil(done: () => boolean, deadline: number, each: () => number): boolean {
		const { i32 } = this.#thread.views;
		for (;;) {
			const seen = Atomics.load(i32, this.#thread.wakeWord);
			this.drain();
			const due = each();
			if (done()) return true;
			const now = performance.now();
			if (now >= deadline) return false;
			Atomics.wait(i32, this.#thread.wakeWord, seen, Math.max(0, Math.min(deadline - now, due - now, SLICE)));
		}
	}
}
