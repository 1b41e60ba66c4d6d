// The engine's list of waiters: first in, first out at each address, blocked threads and `waitAsync` tickets together.

import type { Digest } from "./states.ts";

export interface Waiter {
	readonly thread: number;
	readonly address: number;
	/** −1: the thread itself is blocked. */
	readonly ticket: number;
}

export class WaitList {
	#waiters: Waiter[] = [];
	/** What became of each ticket of this run. */
	readonly #settled: boolean[] = [];

	clear(): void {
		if (this.#waiters.length > 0) this.#waiters = [];
		this.#settled.length = 0;
	}

	add(thread: number, address: number): void {
		this.#waiters.push({ thread, address, ticket: -1 });
	}

	addTicket(thread: number, address: number): number {
		const ticket = this.#settled.push(false) - 1;
		this.#waiters.push({ thread, address, ticket });
		return ticket;
	}

	/** Removes and returns the first waiter at the address. A ticket counts as settled from here. */
	take(address: number): Waiter | undefined {
		const at = this.#waiters.findIndex((waiter) => waiter.address === address);
		if (at < 0) return undefined;
		const [waiter] = this.#waiters.splice(at, 1);
		if (waiter.ticket >= 0) this.#settled[waiter.ticket] = true;
		return waiter;
	}

	/** The first settled one of the tickets, or −1. */
	settledOf(tickets: readonly number[]): number {
		return tickets.find((ticket) => this.#settled[ticket]) ?? -1;
	}

	addressOf(ticket: number): number {
		return this.#waiters.find((waiter) => waiter.ticket === ticket)?.address ?? -1;
	}

	/** The thread's own wait is over without a notification. */
	leave(thread: number): void {
		this.#waiters = this.#waiters.filter((waiter) => waiter.thread !== thread || waiter.ticket >= 0);
	}

	/** The thread is gone, and everything it waited for. */
	drop(thread: number): void {
		this.#waiters = this.#waiters.filter((waiter) => waiter.thread !== thread);
	}

	/** Their order at each address matters; between addresses it does not, but is seldom different. */
	digest(into: Digest): void {
		for (const { thread, address, ticket } of this.#waiters) into.add(thread, address, ticket);
		for (const [ticket, settled] of this.#settled.entries()) into.add(13, ticket, settled ? 1 : 0);
	}
}
