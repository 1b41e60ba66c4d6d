import { AsyncLocalStorage } from "node:async_hooks";

/** A value that a function, and all it awaits, can ask for. */
export interface Scope<T> {
	run<R>(value: T, fn: () => R): R;
	getStore(): T | undefined;
}

/** From its first use on it costs every await of the thread, so it is made only when it is needed. */
export function createScope<T>(): Scope<T> {
	return new AsyncLocalStorage<T>();
}
