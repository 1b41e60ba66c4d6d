// What the host does to memory itself, as sites like those of the module.
import type { Site } from "./instrument.ts";

/** Pseudo-sites of what the host does itself, numbered behind the module's. */
const hostOperations = [
	["read", "load"],
	["write", "store"],
	["exchange", "xchg"],
	["add", "add"],
	["compareExchange", "cmpxchg"],
	["park", "wait"],
	["waitAsync", "wait"],
	["settled", "wait"],
	["notify", "notify"],
	["mark", "store"],
	["peek", "load"],
	["poke", "store"],
] as const;

/** Named after the steps. */
export type HostOperation = (typeof hostOperations)[number][0];

/** The module's sites, and behind them the host's. */
export function withHostSites(sites: readonly Site[]): Site[] {
	const added = hostOperations.map(([operation, kind], index) => ({
		id: sites.length + index,
		kind,
		atomic: operation !== "peek" && operation !== "poke",
		width: 4,
		instruction: operation,
		function: "host",
		name: `host: ${operation}`,
	}));
	return [...sites, ...added];
}
