/** What `withTestRuntime` takes beside the options of `init`. */
import { checkOptions, flag, isPlainObject, timeLimit, unknownName } from "../engine/checks.ts";
import type { InitOptions } from "../index.ts";

export interface TestRuntimeOptions extends InitOptions {
	/** Milliseconds for the whole body; then it fails, naming what was still pending. Default 30000. */
	timeout?: number;
	/** Verify, when a view is given up and at the end, that nobody wrote through one. Default true. */
	checkImmutability?: boolean;
	/** Fail if objects (after a garbage collection), tasks or worker threads are left behind. Default true. */
	checkLeaks?: boolean;
}

export interface TestSettings {
	readonly timeout: number;
	readonly checkImmutability: boolean;
	readonly checkLeaks: boolean;
	/** The rest, for `createRuntime` to check. */
	readonly init: unknown;
}

const DEFAULT_TIMEOUT = 30_000;
const checks = { timeout: timeLimit, checkImmutability: flag, checkLeaks: flag };
const near = Object.keys(checks);

export function testSettings(call: string, options: unknown): TestSettings {
	if (!isPlainObject(options)) {
		checkOptions(call, options, checks);
		return { timeout: DEFAULT_TIMEOUT, checkImmutability: true, checkLeaks: true, init: undefined };
	}
	const { timeout, checkImmutability, checkLeaks, ...init } = options;
	for (const name of Object.keys(init)) {
		const hint = unknownName(name, near);
		if (hint.includes("did you mean")) throw new TypeError(`${call}(): unknown option ${hint}`);
	}
	const given = checkOptions(call, { timeout, checkImmutability, checkLeaks }, checks);
	return {
		timeout: given.timeout ?? DEFAULT_TIMEOUT,
		checkImmutability: given.checkImmutability ?? true,
		checkLeaks: given.checkLeaks ?? true,
		init,
	};
}
