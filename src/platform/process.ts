/** 1: standard output, 2: standard error. */
export type OutputStream = 1 | 2;

/** All threads of a process have the same. */
export const processId: number = process.pid;

const ignore = () => {};

/** Writes text to the process's output. A reader that has gone (`… | head`) is no reason to fail, as with `console`. */
export function writeOutput(stream: OutputStream, text: string): void {
	const output = stream === 1 ? process.stdout : process.stderr;
	// An error comes at once or later, and without a listener it would end the process.
	const lone = output.listenerCount("error") === 0;
	if (lone) output.once("error", ignore);
	try {
		output.write(text, (error) => {
			if (error && output.listenerCount("error") === 0) output.once("error", ignore);
		});
	} catch {
		// As if it had been written.
	} finally {
		if (lone) output.removeListener("error", ignore);
	}
}

/** One listener of the process for all callbacks, however many runtimes there are: more than ten would be warned of. */
function shareListener(event: "exit" | "beforeExit"): (callback: (code: number) => void) => () => void {
	const callbacks = new Set<(code: number) => void>();
	const run = (code: number) => {
		for (const callback of [...callbacks]) callback(code);
	};
	return (callback) => {
		if (callbacks.size === 0) process.on(event as "exit", run);
		callbacks.add(callback);
		return () => {
			callbacks.delete(callback);
			if (callbacks.size === 0) process.removeListener(event, run);
		};
	};
}

/**
 * Calls back when this thread ends by itself: the end of its event loop, `process.exit()`, an uncaught exception; not
 * when it is terminated or a signal ends the process. Only synchronous work gets done. Returns the way to withdraw.
 */
export const onExit = shareListener("exit");

const onBeforeExit = shareListener("beforeExit");

/**
 * Calls back when the event loop has run dry, after all of the program's own listeners and what they do at once: any of
 * them may begin new work. What the callback begins keeps the process. Returns the way to withdraw.
 */
export function onLoopEmpty(callback: () => void): () => void {
	let open = true;
	const withdraw = onBeforeExit(() => queueMicrotask(() => process.nextTick(() => open && callback())));
	return () => {
		open = false;
		withdraw();
	};
}
