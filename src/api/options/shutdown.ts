import { checkOptions, flag, timeLimit } from "../../engine/checks.ts";
import type { ShutdownOptions } from "../../types.ts";

export const defaultShutdown: Required<ShutdownOptions> = { drain: false, timeout: 5000 };

const shutdownChecks = { drain: flag, timeout: timeLimit };

export function shutdownOptions(call: string, options: unknown): Required<ShutdownOptions> {
	return { ...defaultShutdown, ...checkOptions(call, options, shutdownChecks) };
}
