// Taken once: a program's fake timers must not stop the runtime.
export const { setImmediate: nextTurn } = globalThis;
const { setTimeout: after } = globalThis;

/** Calls back a millisecond or so later, which does not keep the process alive. */
export function nap(then: () => void): void {
	after(then, 1).unref();
}

/**
 * Resolves in a later turn of the event loop: timers, messages, `Atomics.waitAsync` and finalizers get their chance before.
 * Costs 1–4 µs. The process stays alive meanwhile.
 */
export function yieldToEventLoop(): Promise<void> {
	return new Promise((resolve) => {
		nextTurn(resolve);
	});
}
