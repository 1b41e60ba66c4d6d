// Is every atomic operation needed, and would we notice? Each is dropped, made plain, or skipped in turn, and some
// program has to fail. One that survives is redundant, or the programs do not look.

import { type ExploreOptions, explore } from "./explore.ts";
import type { Site } from "./instrument.ts";
import { Meetings } from "./meetings.ts";
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
	/** Only if it touches nothing but this, as far as the programs say, and meets no other there. */
	readonly touches?: string;
	/** Why no program could fail. */
	readonly reason: string;
}

export interface KillOptions extends ExploreOptions {
	/** Mutants number `from` to `to` − 1. Default: all. */
	readonly from?: number;
	readonly to?: number;
	/** Of these, the first and each so many behind it. Default 1: all. */
	readonly every?: number;
	/** Only mutants whose names contain one of these. */
	readonly only?: readonly string[];
	/** Starts no further mutant after so many seconds, those for the first look at the programs included. */
	readonly within?: number;
	/** The first look at each program, which learns where it comes to. Default: as long as that at a mutant. */
	readonly baseline?: ExploreOptions;
	/** The short look that most mutants fail at. `seconds`, of the longer one, are for all programs together. */
	readonly glance?: ExploreOptions;
	/**
	 * The first look is thorough: an operation that meets no other there need not be mutated to know that nobody would notice if it
	 * were plain. Default false: such a mutant is run.
	 */
	readonly watched?: boolean;
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
	/** Plain ones that survive because a lock is held at each, and all others that come there at the same time want it too. */
	readonly locked: number;
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
	readonly meetings: Meetings;
	readonly seconds: number;
	readonly cut: number;
}

/** Most mutants fail at once; a longer look is for those that do not. */
const BRIEF: ExploreOptions = { bound: 0, maxSchedules: 10, warmUp: 8 };
const GLANCE: ExploreOptions = { bound: 1, maxSchedules: 500 };
const LOOK: ExploreOptions = { bound: 2, maxSchedules: 20_000 };

/** Programs of one core against its mutants. The programs must be right: each is explored as it is first. */
export function killMatrix(programs: readonly Prepared[], options: KillOptions = {}): KillReport {
	const {
		from = 0,
		to,
		every = 1,
		only,
		within = Number.POSITIVE_INFINITY,
		baseline,
		glance = GLANCE,
		watched = false,
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
		.filter((_, index) => index % every === 0)
		.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
	let done = 0;
	let locked = 0;
	const killers = new Map<string, string>();
	const survivors: Survivor[] = [];
	const used = new Set<Accepted>();
	let order = [...baselines].sort((a, b) => a.seconds - b.seconds);
	for (const mutant of mutants) {
		if (performance.now() >= until) break;
		done++;
		const plain = mutant.mutation === "plain";
		const able = order.filter(({ coverage }) => (coverage[mutant.site] & (plain ? 2 : 3)) !== 0);
		const meets = able.filter(({ meetings }) => meetings.met[mutant.site] !== 0);
		if (plain && able.length > 0 && meets.length === 0) {
			if (able.every(({ meetings }) => meetings.unlocked[mutant.site] === 0)) {
				locked++;
				onMutant?.(`locked: ${mutant.name}`);
				continue;
			}
		}
		const touched = touchedBy(baselines, mutant.site);
		const fits = (one: Accepted) => one.touches === undefined || (meets.length === 0 && touched === one.touches);
		const entry = accepted.find((one) => matches(one.mutant, mutant.name) && fits(one));
		// After a short look, one that no program has come to may still be reached.
		const looked = able.length > 0 || watched ? able : order;
		const tried = watched && plain ? meets : watched || entry === undefined ? looked : [];
		const killer = firstKiller(tried, mutant, BRIEF) ?? closerLook(tried, mutant, glance, look);
		if (killer !== undefined) {
			// What found the last one is likely to find the next, which is near.
			order = [killer, ...order.filter((one) => one !== killer)];
			killers.set(mutant.name, killer.prepared.program.name);
			onMutant?.(`killed: ${mutant.name} (${killer.prepared.program.name})`);
			continue;
		}
		const why =
			able.length === 0 ? "no program comes here" : tried.length === 0 ? "it meets no other" : "no program fails";
		const reason = touched === "" ? why : `${why}: ${touched}`;
		if (entry !== undefined) used.add(entry);
		else survivors.push({ name: mutant.name, reason });
		onMutant?.(`${entry === undefined ? "survives" : "accepted"}: ${mutant.name} (${reason})`);
	}
	return {
		mutants: done,
		killed: killers.size,
		accepted: done - killers.size - locked - survivors.length,
		locked,
		survivors,
		unused: accepted.filter((entry) => !used.has(entry)),
		killers,
	};
}

/** What the operation touches, as far as the programs say. */
function touchedBy(baselines: readonly Baseline[], site: number): string {
	const names = new Set(baselines.flatMap(({ meetings }) => [...(meetings.touched.get(site) ?? [])]));
	return [...names].join(", ");
}

function observe(prepared: Prepared, effort: ExploreOptions): Baseline {
	const { machine, program } = prepared;
	machine.coverage.fill(0);
	const meetings = new Meetings(machine.sites, program.placesOf?.(machine.world.words));
	machine.races.meetings = meetings;
	const { violation, seconds, cut } = explore(prepared, effort);
	machine.races.meetings = undefined;
	if (violation !== undefined) {
		throw new Error(`"${program.name}" fails without a mutation: ${violation.message} (${violation.schedule})`);
	}
	return { prepared, coverage: machine.coverage.slice(), meetings, seconds, cut };
}

/** First the programs in which the operation meets another, for long; then the others, as far as there is time left. */
function closerLook(
	programs: readonly Baseline[],
	mutant: Mutant,
	glance: ExploreOptions,
	look: ExploreOptions,
): Baseline | undefined {
	const { seconds = Number.POSITIVE_INFINITY } = look;
	const until = performance.now() + seconds * 1000;
	const meets = programs.filter(({ meetings }) => meetings.met[mutant.site] !== 0);
	const others = programs.filter((one) => !meets.includes(one));
	const each = { ...look, seconds: seconds / 2 / Math.max(1, meets.length) };
	const inTime = (effort: ExploreOptions) =>
		others.find((one) => performance.now() < until && firstKiller([one], mutant, effort) !== undefined);
	return (
		firstKiller(meets, mutant, glance) ??
		firstKiller(meets, mutant, each) ??
		inTime(glance) ??
		inTime({ ...look, seconds: 0.5 })
	);
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
