import type { VariableScope } from "../platform/inspect.ts";
import type { GraphNode, Named, Place } from "./description.ts";

/** A function's use of a variable. */
interface Noted {
	readonly name: string;
	/** For errors. */
	readonly where: string;
	readonly fn: unknown;
	/** The function's place in the graph. */
	readonly user: Place;
	readonly place: Place;
	readonly assigned: boolean;
	/** All that the function sees, and which of them holds the variable. */
	readonly scopes: readonly VariableScope[];
	readonly depth: number;
	readonly scriptId: string;
}

/**
 * Each function gets variables of its own, with the values as they were. Two functions that share a variable which
 * one of them changes must go on sharing it: they get a cell. Engines do not say whether two functions share a scope,
 * so that has to be found out; where it cannot be, sending them would be a guess, and they are not sent.
 */
export class SharedVariables {
	readonly #noted = new Map<string, Noted[]>();

	note(use: Noted): void {
		const { kind, owner } = use.scopes[use.depth] as VariableScope;
		const key = `${use.scriptId} ${use.name} ${isModuleLevel(use) ? "" : `${kind} ${owner}`}`;
		const others = this.#noted.get(key);
		if (others === undefined) this.#noted.set(key, [use]);
		else others.push(use);
	}

	/** Rewrites the functions that share a changed variable; returns the variables of which it cannot be told. */
	intoCells(nodes: GraphNode[]): string[] {
		const unclear: string[] = [];
		for (const uses of this.#noted.values()) {
			if (uses.length < 2 || !uses.some(({ assigned }) => assigned)) continue;
			const variables = tellApart(uses);
			if (variables === undefined) unclear.push((uses[0] as Noted).where);
			else for (const users of variables) if (users.length > 1) makeCell(nodes, users);
		}
		return unclear;
	}
}

/** The uses of each variable of that name; undefined if it cannot be told. */
function tellApart(uses: readonly Noted[]): Noted[][] | undefined {
	const users = new Set(uses.map(({ fn }) => fn));
	const variables: [Noted, ...Noted[]][] = [];
	search: for (const use of uses) {
		for (const variable of variables) {
			const verdict = isSame(variable[0], use, users);
			if (verdict === undefined) return undefined;
			if (!verdict) continue;
			variable.push(use);
			continue search;
		}
		variables.push([use]);
	}
	return variables;
}

/**
 * Two scopes of one place in the source are one if both hold the same function, itself one that sees the variable;
 * they are two if anything in them differs.
 */
function isSame(one: Noted, other: Noted, users: ReadonlySet<unknown>): boolean | undefined {
	if (isModuleLevel(one)) return true;
	const mine = (one.scopes[one.depth] as VariableScope).variables;
	const its = (other.scopes[other.depth] as VariableScope).variables;
	const names = Object.keys(mine);
	if (names.some((name) => !Object.is(mine[name], its[name]))) return false;
	return names.some((name) => users.has(mine[name])) ? true : undefined;
}

/** A file has one such scope: an ES module's, or that of the function that loaders wrap around others. */
function isModuleLevel({ scopes, depth }: Noted): boolean {
	const { kind, owner } = scopes[depth] as VariableScope;
	return kind === "Module" || kind === "Script" || (kind === "Closure" && owner === "" && depth === scopes.length - 1);
}

function makeCell(nodes: GraphNode[], users: readonly Noted[]): void {
	const cell = nodes.push({ type: "cell", value: (users[0] as Noted).place }) - 1;
	for (const { user, name } of users) {
		const node = nodes[user];
		if (node?.type !== "function") continue;
		const { uses = [], ...rest } = node;
		const kept = uses.filter(([used]) => used !== name);
		const cells: readonly Named[] = [...(node.cells ?? []), [name, cell]];
		nodes[user] = { ...rest, cells, ...(kept.length > 0 && { uses: kept }) };
	}
}
