// What a program's thread does, one step at a time: it yields steps and is sent their results.

/** Waits and notifications answer as `memory.atomic.wait32` does. */
export const WOKEN = 0;
export const NOT_EQUAL = 1;
export const TIMED_OUT = 2;

export type Step =
	/** A call of the core, interleaved at each atomic operation in it. Sent back: what it returns. */
	| { readonly op: "call"; readonly name: string; readonly args: readonly number[] }
	/** Atomic accesses of the host to a 32-bit word. Sent back: the word as it was. */
	| { readonly op: "read"; readonly address: number }
	| { readonly op: "write" | "exchange" | "add"; readonly address: number; readonly value: number }
	| { readonly op: "compareExchange"; readonly address: number; readonly expected: number; readonly value: number }
	/** Atomics.wait. Sent back: WOKEN, NOT_EQUAL or TIMED_OUT. Without `timeout` it waits for ever. */
	| { readonly op: "park"; readonly address: number; readonly value: number; readonly timeout?: number | undefined }
	/** Atomics.waitAsync. Sent back: a ticket, or −1 if the word has another value. The thread goes on. */
	| { readonly op: "waitAsync"; readonly address: number; readonly value: number }
	/** Blocks until one of the tickets is notified. Sent back: that ticket, or −1 for the timeout. */
	| { readonly op: "settled"; readonly tickets: readonly number[]; readonly timeout?: number | undefined }
	/** Sent back: how many it woke. */
	| { readonly op: "notify"; readonly address: number; readonly count: number }
	/** Ends another thread wherever it stands, as `worker.terminate()` and waiting for its exit. */
	| { readonly op: "stop"; readonly thread: number }
	/** An entry in the log whose order relative to other threads' marks is explored and may be checked. */
	| { readonly op: "mark"; readonly entry: readonly unknown[] }
	/** Others go on first, if any can: for loops of the host that try again. */
	| { readonly op: "pause" }
	/** Nothing, but a place where a killable thread may end and another thread may go on. */
	| { readonly op: "boundary" };

export type Steps = Generator<Step, void, number>;

export const steps = {
	call: (name: string, ...args: number[]): Step => ({ op: "call", name, args }),
	read: (address: number): Step => ({ op: "read", address }),
	write: (address: number, value: number): Step => ({ op: "write", address, value }),
	exchange: (address: number, value: number): Step => ({ op: "exchange", address, value }),
	add: (address: number, value: number): Step => ({ op: "add", address, value }),
	compareExchange: (address: number, expected: number, value: number): Step => ({
		op: "compareExchange",
		address,
		expected,
		value,
	}),
	park: (address: number, value: number, timeout?: number): Step => ({ op: "park", address, value, timeout }),
	waitAsync: (address: number, value: number): Step => ({ op: "waitAsync", address, value }),
	settled: (tickets: readonly number[], timeout?: number): Step => ({ op: "settled", tickets, timeout }),
	notify: (address: number, count = Number.POSITIVE_INFINITY): Step => ({ op: "notify", address, count }),
	stop: (thread: number): Step => ({ op: "stop", thread }),
	mark: (...entry: unknown[]): Step => ({ op: "mark", entry }),
	pause: (): Step => ({ op: "pause" }),
	boundary: (): Step => ({ op: "boundary" }),
};
