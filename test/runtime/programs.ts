/** Programs of the folder beside, run as a user would. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Ended {
	readonly code: number | null;
	readonly signal: string | null;
	readonly out: string;
	readonly err: string;
}

export function run(program: string, ...args: string[]): Promise<Ended> {
	return runWith([], program, ...args);
}

/** With options of Node's. */
export function runWith(options: readonly string[], program: string, ...args: string[]): Promise<Ended> {
	const file = fileURLToPath(new URL(`programs/${program}.mjs`, import.meta.url));
	const { VITEST: _, NODE_OPTIONS: _o, ...env } = process.env;
	return new Promise((resolve) => {
		const child = execFile(
			process.execPath,
			[...options, file, ...args],
			{ env, timeout: 25_000 },
			(_error, out, err) => resolve({ code: child.exitCode, signal: child.signalCode, out, err }),
		);
	});
}
