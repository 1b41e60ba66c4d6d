import { FunctionNotShippableError } from "../errors.ts";
import { type BuiltinPlace, builtinAt } from "./builtins.ts";
import { filePath } from "./callsite.ts";
import type { KnownClasses } from "./classes.ts";
import { type Compiled, compile } from "./compile.ts";
import { type Definitions, definitions } from "./definitions.ts";
import type { Description, FunctionNode, GraphNode, Named, Place } from "./description.ts";
import { globalAt } from "./globals.ts";
import { importFrom, importModule } from "./importing.ts";
import { findExport } from "./library.ts";
import { makeHelper } from "./toolchain.ts";

type Callable = (...args: never[]) => unknown;

export interface MaterializeHost {
	/** All that `import * as ray` gives, for functions that use it. */
	readonly packageNamespace?: object;
	/** A remote function of what `CaptureHooks.inline` gave. */
	readonly remote?: (settings: unknown, fn: Callable) => unknown;
	/** Turns back what `CaptureHooks.replace` gave. */
	readonly restore?: (value: unknown) => unknown;
	/** Those that this thread has been sent before. */
	readonly classes?: KnownClasses;
	/** Default: this thread's. */
	readonly definitions?: Definitions;
}

/**
 * The function or class that was described. At once for most; modules and packages have to be imported first. What is wrong is a
 * FunctionNotShippableError, thrown or rejected with.
 */
export function materialize(description: Description, host: MaterializeHost = {}): Callable | Promise<Callable> {
	if (description.kind === "module") return (host.definitions ?? definitions()).awaitDefinition(description);
	const { nodes } = description;
	if (!nodes.some(({ type }) => type === "import")) return new Graph(nodes, host, []).build();
	return importAll(nodes).then((imported) => new Graph(nodes, host, imported).build());
}

/** What the packages export, by place. */
function importAll(nodes: readonly GraphNode[]): Promise<unknown[]> {
	return Promise.all(
		nodes.map(async (node) => {
			if (node.type !== "import") return undefined;
			const { file, specifier } = node;
			const module = specifier === undefined ? await importModule(file) : await importFrom(specifier, file);
			const found = findExport(module as object, node.name, node.hash, node.path);
			if (found !== undefined) return found;
			throw new FunctionNotShippableError(
				`A worker cannot have ${node.name || "a function without a name"} of ${filePath(node.file)}: importing that file ` +
					"gives no such export. Import the package inside the function, by `await import(…)`.",
			);
		}),
	);
}

/** Functions whose variables are not set yet, or not all. */
interface Pending {
	readonly node: FunctionNode;
	readonly compiled: Compiled;
}

const unmade = Symbol("unmade");

class Graph {
	readonly #nodes: readonly GraphNode[];
	readonly #host: MaterializeHost;
	readonly #imported: readonly unknown[];
	readonly #made: unknown[];
	readonly #cells = new Map<Place, { value: unknown }>();
	/** Classes and functions that are being made: what refers to them is completed when they are there. */
	readonly #underWay = new Set<Place>();
	#pending: Pending[] = [];
	#completions: (() => void)[] = [];

	constructor(nodes: readonly GraphNode[], host: MaterializeHost, imported: readonly unknown[]) {
		this.#imported = imported;
		this.#nodes = nodes;
		this.#host = host;
		this.#made = nodes.map(() => unmade);
	}

	build(): Callable {
		const root = this.#at(0);
		this.#settle();
		while (this.#completions.length > 0) {
			const completions = this.#completions;
			this.#completions = [];
			for (const complete of completions) complete();
			this.#settle();
		}
		return root as Callable;
	}

	/** What stands at a place; `unmade` for a class that is just being made. */
	#at(place: Place): unknown {
		const before = this.#made[place];
		if (before !== unmade || this.#underWay.has(place)) return before;
		const node = this.#nodes[place] as GraphNode;
		switch (node.type) {
			case "value":
				return this.#keep(place, node.value);
			case "replaced":
				return this.#keep(place, this.#host.restore?.(node.value));
			case "function":
				return this.#function(place, node);
			case "object":
				return this.#fill(this.#keep(place, node.bare ? Object.create(null) : {}), node.entries);
			case "namespace":
				return this.#fill(this.#keep(place, Object.create(null)), node.entries);
			case "array": {
				const array = this.#keep<unknown[]>(place, []);
				for (const [index, item] of node.items.entries()) this.#whenMade([item], ([value]) => (array[index] = value));
				return array;
			}
			case "set": {
				const set = this.#keep(place, new Set());
				this.#whenMade(node.items, (items) => {
					for (const item of items) set.add(item);
				});
				return set;
			}
			case "map": {
				const map = this.#keep(place, new Map());
				this.#whenMade(node.entries.flat(), (flat) => {
					for (let index = 0; index < flat.length; index += 2) map.set(flat[index], flat[index + 1]);
				});
				return map;
			}
			case "instance": {
				const type = this.#at(node.class);
				if (type === unmade) return unmade;
				const instance = this.#keep(place, Object.create((type as Callable).prototype as object));
				this.#fill(instance, node.hidden ?? [], "hidden");
				return this.#fill(instance, node.entries);
			}
			case "remote": {
				const fn = this.#at(node.fn);
				return fn === unmade ? unmade : this.#keep(place, this.#host.remote?.(node.settings, fn as Callable));
			}
			case "cell":
				return this.#at(node.value);
			case "global":
				return this.#keep(place, globalAt(node.path));
			case "builtin":
				return this.#keep(place, builtin(node, node.namespace === true));
			case "import":
				return this.#keep(place, this.#imported[place]);
			case "symbol":
				return this.#keep(place, Symbol.for(node.key));
			case "package":
				return this.#keep(place, this.#package(node.member));
			case "helper":
				return this.#keep(place, makeHelper(node.helper, node.file, importFrom));
		}
	}

	#keep<T>(place: Place, value: T): T {
		this.#made[place] = value;
		return value;
	}

	/** Now, or at the end if one of them is just being made. */
	#whenMade(places: readonly Place[], use: (values: unknown[]) => void): void {
		const values = places.map((place) => this.#at(place));
		if (values.includes(unmade)) this.#completions.push(() => this.#whenMade(places, use));
		else use(values);
	}

	#fill(holder: object, entries: readonly Named[], how?: "hidden"): object {
		for (const [name, place] of entries) this.#whenMade([place], ([value]) => define(holder, name, value, how));
		return holder;
	}

	/** `member` may be a path: `util.Queue`. */
	#package(member: string): unknown {
		let value: unknown = this.#host.packageNamespace;
		if (member !== "")
			for (const name of member.split(".")) value = (value as Record<string, unknown> | undefined)?.[name];
		return value;
	}

	/** A function first, then what it uses, since functions may use each other; a class must have what it extends. */
	#function(place: Place, node: FunctionNode): unknown {
		const known = node.identity === undefined ? undefined : this.#host.classes?.get(node.identity);
		if (known !== undefined) return this.#keep(place, known);
		checkGlobals(node);
		this.#underWay.add(place);
		const compiled = compile(node, this.#sharedVariables(node.cells ?? []));
		if (node.uses !== undefined) this.#pending.push({ node, compiled });
		if (node.eager !== undefined) this.#settle();
		const made = this.#keep(place, fromHolder(compiled.make(), node)) as Callable;
		this.#underWay.delete(place);
		if (node.identity !== undefined) this.#host.classes?.set(node.identity, made);
		if (typeof made.name === "string" && made.name !== node.name) define(made, "name", node.name, "hidden");
		this.#fill(made, node.properties ?? []);
		if (node.prototype !== undefined) this.#fill(made.prototype as object, node.prototype, "hidden");
		return made;
	}

	/** Gives functions their variables; those that use what is just being made are given them again later. */
	#settle(): void {
		const later: Pending[] = [];
		for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
			const values = (next.node.uses ?? []).map(([, place]) => this.#at(place));
			next.compiled.set(values.map((value) => (value === unmade ? undefined : value)));
			if (values.includes(unmade)) later.push(next);
		}
		this.#pending = later;
	}

	#sharedVariables(cells: readonly Named[]): object {
		const variables: object = Object.create(null);
		for (const [name, place] of cells) {
			let cell = this.#cells.get(place);
			if (cell === undefined) {
				cell = { value: undefined };
				this.#cells.set(place, cell);
			}
			const shared = cell;
			this.#whenMade([place], ([value]) => (shared.value = value));
			const access = { get: () => shared.value, set: (value: unknown) => (shared.value = value) };
			Object.defineProperty(variables, name, access as PropertyDescriptor);
		}
		return variables;
	}
}

/** What was added to the driver's global object may have been added here as well, by a preloaded module. */
function checkGlobals(node: FunctionNode): void {
	for (const name of node.globals ?? []) {
		if (name in globalThis) continue;
		throw new FunctionNotShippableError(
			`The function ${node.name || "without a name"} uses the global \`${name}\`, which was added in the driver and ` +
				`which the worker does not have. Give it as an argument or by options({ closure: { ${name} } }).`,
		);
	}
}

/** A method stands in an object of its own. */
function fromHolder(made: unknown, node: FunctionNode): unknown {
	if (node.form !== "method") return made;
	const [key] = Reflect.ownKeys(made as object);
	return (made as Record<PropertyKey, unknown>)[key as PropertyKey];
}

function define(holder: object, name: string, value: unknown, how?: "hidden"): void {
	Object.defineProperty(holder, name, { value, enumerable: how === undefined, configurable: true, writable: true });
}

/** A namespace has `default` besides what the module exports. */
function builtin(place: BuiltinPlace, isNamespace: boolean): unknown {
	const value = builtinAt(place);
	return isNamespace ? Object.create(value as object, { default: { value, enumerable: true } }) : value;
}
