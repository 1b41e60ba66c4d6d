/** Waiting for an AbortSignal, by any number: they share one listener, because hosts warn of more than ten. */

const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls back when the signal aborts; it has not yet. Returns the way to withdraw. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
	const callbacks = waiting.get(signal) ?? listen(signal);
	callbacks.add(callback);
	return () => {
		callbacks.delete(callback);
		if (callbacks.size > 0 || waiting.get(signal) !== callbacks) return;
		waiting.delete(signal);
		signal.removeEventListener("abort", runAll);
	};
}

function listen(signal: AbortSignal): Set<() => void> {
	const callbacks = new Set<() => void>();
	waiting.set(signal, callbacks);
	signal.addEventListener("abort", runAll, { once: true });
	return callbacks;
}

function runAll(this: AbortSignal): void {
	const callbacks = waiting.get(this) ?? [];
	waiting.delete(this);
	for (const callback of callbacks) callback();
}
