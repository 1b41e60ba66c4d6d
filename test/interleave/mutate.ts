// Is every atomic operation needed, and would we notice? Each is dropped, made plain, or skipped in turn, and some
// program has to fail. One that survives is redundant, or the programs do not look.

import { type ExploreOptions, explore } from "./explore.ts";
import type { Site } from "./instrument.ts";
import type { MutationKind } from "./model.ts";
import type { Mutant, Prepared } from "./program.ts";

/** What can be done to each kind of operation; `drop` of a read-modify-write leaves its read. */
function mutationsOf(site: Site): MutationKind[] {
	if (!site.atomic || site.kind === "wait") return [];
	if (site.kind === "load") return ["plain"];
	if (site.kind === "notify") return ["skip"];
	return ["drop", "plain"];
}

export function mutantsOf(sites: readonly Site[]): Mutant[] {
	return sites.flatMap((site) =>
		mutationsOf(site).map((mutation) => ({ site: site.id, mutation, name: `${site.name}: ${mutation}` })),
	);
}

/** Waits that return at once without a reason, as engines may: no program may fail because of these. */
export function spuriousWaitsOf(sites: readonly Site[]): Mutant[] {
	return sites
		.filter((site) => site.kind === "wait")
		.map((site) => ({ site: site.id, mutation: "spurious", name: `${site.name}: spurious` }));
}

export function findMutant(sites: readonly Site[], name: string): Mutant {
	const all = [...mutantsOf(sites), ...spuriousWaitsOf(sites)];
	const found = all.find((mutant) => mutant.name === name);
	if (found === undefined) throw new Error(`there is no mutant "${name}"; the first is "${all[0]?.name}"`);
	return found;
}

/** A mutant that may survive. */
export interface Accepted {
	/** The mutant's name; `*` stands for anything. */
	readonly mutant: string;
	/** Why no program could fail. */
	readonly reason: string;
}

export interface KillOptions extends ExploreOptions {
	/** Mutants number `from` to `to` − 1. Default: all. */
	readonly from?: number;
	readonly to?: number;
	/** Of these, the first and each so many behind it. Default 1: all. */
	readonly every?: number;
	/** Starts no further mutant after so many seconds, those for the first look at the programs included. */
	readonly within?: number;
	/** The first look at each program, which learns where it comes to. Default: as long as that at a mutant. */
	readonly baseline?: ExploreOptions;
	/** The short look that most mutants fail at. */
	readonly glance?: ExploreOptions;
	readonly accepted?: readonly Accepted[];
	readonly onMutant?: (line: string) => void;
}

export interface Survivor {
	readonly name: string;
	readonly reason: string;
}

export interface KillReport {
	readonly mutants: number;
	readonly killed: number;
	readonly accepted: number;
	/** Survivors that are not accepted. */
	readonly survivors: readonly Survivor[];
	/** Entries of the list that no survivor of this slice matched. */
	readonly unused: readonly Accepted[];
	/** For each killed mutant, the program that did it. */
	readonly killers: ReadonlyMap<string, string>;
}

interface Baseline {
	readonly prepared: Prepared;
	readonly coverage: Uint8Array;
	readonly seconds: number;
	readonly cut: number;
}

/** Most mutants fail at once; a longer look is for those that do not. */
const GLANCE: ExploreOptions = { bound: 1, maxSchedules: 500 };
const LOOK: ExploreOptions = { bound: 2, maxSchedules: 20_000 };

/** Programs of one core against its mutants. The programs must be right: each is explored as it is first. */
export function killMatrix(programs: readonly Prepared[], options: KillOptions = {}): KillReport {
	const {
		from = 0,
		to,
		every = 1,
		within = Number.POSITIVE_INFINITY,
		baseline,
		glance = GLANCE,
		accepted = [],
		onMutant,
		...effort
	} = options;
	const until = performance.now() + within * 1000;
	const core = programs[0]?.core;
	if (core === undefined) throw new RangeError("no programs to run against the mutants");
	const stranger = programs.find((one) => one.core.hash !== core.hash);
	if (stranger !== undefined) throw new Error(`"${stranger.program.name}" is about other bytes than the first program`);
	const look = { ...LOOK, ...effort };
	const baselines = programs.map((prepared) => observe(prepared, baseline ?? look));
	const mutants = mutantsOf(core.sites)
		.slice(from, to)
		.filter((_, index) => index % every === 0);
	let done = 0;
	const killers = new Map<string, string>();
	const survivors: Survivor[] = [];
	const used = new Set<Accepted>();
	let order = [...baselines].sort((a, b) => a.seconds - b.seconds);
	for (const mutant of mutants) {
		if (performance.now() >= until) break;
		done++;
		const able = order.filter(({ coverage }) => coverage[mutant.site] !== 0);
		const killer = firstKiller(able, mutant, glance) ?? firstKiller(able, mutant, look);
		if (killer !== undefined) {
			// What found the last one is likely to find the next, which is near.
			order = [killer, ...order.filter((one) => one !== killer)];
			killers.set(mutant.name, killer.prepared.program.name);
			onMutant?.(`killed: ${mutant.name} (${killer.prepared.program.name})`);
			continue;
		}
		const entry = accepted.find((one) => matches(one.mutant, mutant.name));
		if (entry !== undefined) used.add(entry);
		else
			survivors.push({ name: mutant.name, reason: able.length === 0 ? "no program comes here" : "no program fails" });
		onMutant?.(`${entry === undefined ? "survives" : "accepted"}: ${mutant.name}`);
	}
	return {
		mutants: done,
		killed: killers.size,
		accepted: done - killers.size - survivors.length,
		survivors,
		unused: accepted.filter((entry) => !used.has(entry)),
		killers,
	};
}

function observe(prepared: Prepared, effort: ExploreOptions): Baseline {
	prepared.machine.coverage.fill(0);
	const { violation, seconds, cut } = explore(prepared, effort);
	if (violation !== undefined) {
		throw new Error(
			`"${prepared.program.name}" fails without a mutation: ${violation.message} (${violation.schedule})`,
		);
	}
	return { prepared, coverage: prepared.machine.coverage.slice(), seconds, cut };
}

function firstKiller(baselines: readonly Baseline[], mutant: Mutant, effort: ExploreOptions): Baseline | undefined {
	return baselines.find(({ prepared, cut }) => {
		const result = explore(prepared, { ...effort, mutant, simplest: false });
		// Also one that goes on for ever where the original does not.
		return result.violation !== undefined || (cut === 0 && result.cut > 0);
	});
}

function matches(pattern: string, name: string): boolean {
	const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
	return new RegExp(`^${parts.join(".*")}$`).test(name);
}
