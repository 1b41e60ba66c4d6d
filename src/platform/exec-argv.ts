/**
 * The options of Node that a worker thread is started with. Threads inherit the process's by themselves, except that
 * some of those break a worker; once a list is given instead, Node refuses what is the process's alone (V8's options).
 */
import { Worker } from "node:worker_threads";
import { hostName } from "./host.ts";

/** Options about the program's main file, or that wait for a debugger: with --input-type=module a worker's text would be an ES module. */
const forMainOnly =
	/^(-e|-p|-pe|-i|-c|--eval|--print|--interactive|--check|--input-type|--test(-[\w-]+)?|--watch(-[\w-]+)?|--inspect-brk(-node)?|--inspect-wait)(=|$)/;

/** No host knows it, so a worker with it never starts, and the error names it beside what else is refused. */
const unknownOption = "--wasmray-unknown-option";

/** What to start a worker with, given options beside the process's own; undefined: let it inherit. */
export function workerExecArgv(extra: readonly string[] = []): string[] | undefined {
	const inherited = optionsOf(process.execArgv);
	let kept = inherited.filter(([option]) => !forMainOnly.test(option as string));
	if (extra.length === 0 && kept.length === inherited.length) return undefined;
	for (;;) {
		const refused = refusedExecArgv(kept.flat());
		const accepted = kept.filter(([option]) => !refused.some((text) => text.startsWith(option as string)));
		if (accepted.length === kept.length) return [...kept.flat(), ...extra];
		kept = accepted;
	}
}

/** Those of a list that the host refuses for worker threads, or what it says of them. Starts no thread. */
export function refusedExecArgv(execArgv: readonly string[]): string[] {
	// The others take any list and use nothing of it.
	if (hostName !== "node" || execArgv.length === 0) return [];
	try {
		void new Worker("", { eval: true, execArgv: [...execArgv, unknownOption] }).terminate();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code !== "ERR_WORKER_INVALID_EXEC_ARGV") throw error;
		const texts = message.slice(message.indexOf(": ") + 2).split(", ");
		return texts.filter((text) => text !== unknownOption);
	}
	return [];
}

/** Each option with its values: `["--require", "./a.cjs"]`. */
function optionsOf(execArgv: readonly string[]): string[][] {
	const options: string[][] = [];
	for (const word of execArgv) {
		const last = options.at(-1);
		if (last === undefined || word.startsWith("-")) options.push([word]);
		else last.push(word);
	}
	return options;
}
