import process from "node:process";

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

const exitCallbacks = new Set<(code: number) => void>();

function runExitCallbacks(code: number): void {
	for (const callback of [...exitCallbacks]) callback(code);
}

/**
 * Calls back when this thread ends by itself: the end of its event loop, `process.exit()`, an uncaught exception; not
 * when it is terminated or a signal ends the process. Only synchronous work gets done. Returns the way to withdraw.
 */
export function onExit(callback: (code: number) => void): () => void {
	// One listener for all, however many runtimes there are: more than ten would be warned of.
	if (exitCallbacks.size === 0) process.on("exit", runExitCallbacks);
	exitCallbacks.add(callback);
	return () => {
		exitCallbacks.delete(callback);
		if (exitCallbacks.size === 0) process.removeListener("exit", runExitCallbacks);
	};
}
