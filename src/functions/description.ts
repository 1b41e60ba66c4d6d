/**
 * What is sent of a function: plain values only (strings, numbers, arrays, plain objects), and in `value` nodes the
 * user's own, refs and handles included, which the codec knows how to send.
 *
 *   source   nodes[0] is the function (or where to import it); the nodes name what they use by its place in `nodes`, so cycles are fine
 *   module   where the function is registered: the worker imports that file and finds it
 */
export type Description = SourceDescription | ModuleDescription;

export interface SourceDescription {
	readonly kind: "source";
	readonly nodes: readonly GraphNode[];
}

export interface ModuleDescription {
	readonly kind: "module";
	/** Path or URL, as the engine names the file at the call site. */
	readonly file: string;
	readonly line: number;
	readonly column: number;
	/** The how-manyth function registered at that site: loops and helpers register several. */
	readonly ordinal: number;
	/** The function around the call; empty at the module's top level. */
	readonly caller: string;
	readonly name: string;
	/** Of the source, so that a file changed meanwhile is noticed. */
	readonly hash: string;
	/** The file that the function itself stands in, if it is another one: it may export it. */
	readonly definedIn?: string;
	/** Why it could not be sent by source: said again if this way fails too. */
	readonly reason: string;
}

/** A place in `nodes`. */
export type Place = number;
/** A variable or a property, and what it holds. */
export type Named = readonly [name: string, place: Place];

export type GraphNode =
	| FunctionNode
	/** Sent by the codec. */
	| { readonly type: "value"; readonly value: unknown }
	/** Sent by the codec in place of something else. */
	| { readonly type: "replaced"; readonly value: unknown }
	/** A remote function, sent with the one that it uses in turn. */
	| { readonly type: "remote"; readonly settings: unknown; readonly fn: Place }
	/** A plain object, an array, a Map or a Set with something in it that the codec alone cannot send. */
	| { readonly type: "object"; readonly entries: readonly Named[]; readonly bare?: true }
	| { readonly type: "array"; readonly items: readonly Place[] }
	| { readonly type: "map"; readonly entries: readonly (readonly [key: Place, value: Place])[] }
	| { readonly type: "set"; readonly items: readonly Place[] }
	/** An instance of a user's class. */
	| {
			readonly type: "instance";
			readonly class: Place;
			readonly entries: readonly Named[];
			/** Those that are not enumerable. */
			readonly hidden?: readonly Named[];
	  }
	/** A module's namespace, or those of its members that are used. */
	| { readonly type: "namespace"; readonly entries: readonly Named[] }
	/** A variable that functions share and one of them changes. */
	| { readonly type: "cell"; readonly value: Place }
	| { readonly type: "global"; readonly path: readonly string[] }
	| { readonly type: "builtin"; readonly module: string; readonly path: readonly string[]; readonly namespace?: true }
	/** A function or class that a file of an installed package exports: imported there, not copied. */
	| ImportNode
	| { readonly type: "symbol"; readonly key: string }
	/** A member of this package; an empty name is its namespace. */
	| { readonly type: "package"; readonly member: string }
	| { readonly type: "helper"; readonly helper: HelperName; readonly file?: string };

export interface ImportNode {
	readonly type: "import";
	readonly file: string;
	/** What that file imports to have it; without, it exports it itself. */
	readonly specifier?: string;
	/** Where it is in what importing gives; empty if nothing but its name and source tell it. */
	readonly path: readonly string[];
	readonly name: string;
	readonly hash: string;
}

export interface FunctionNode {
	readonly type: "function";
	readonly source: string;
	readonly form: "expression" | "method" | "class";
	readonly strict: boolean;
	readonly name: string;
	/** Path or URL that `import()` in it resolves from, and that stacks show. */
	readonly file?: string;
	/** One-based, as stacks count. */
	readonly line: number;
	readonly column: number;
	readonly uses?: readonly Named[];
	/** Variables shared with other functions. */
	readonly cells?: readonly Named[];
	/** Uses that a class needs while it is made. */
	readonly eager?: readonly string[];
	/** Names that were added to the global object, which the worker must have too. */
	readonly globals?: readonly string[];
	/** Whoever has made a class with this identity uses that one. */
	readonly identity?: string;
	readonly properties?: readonly Named[];
	readonly prototype?: readonly Named[];
	/** Contains `import()`. */
	readonly imports?: true;
	/** Changes a variable that it uses from outside: its own copy of it. */
	readonly stateful?: true;
}

/** What tools inject, and CommonJS gives a module: made anew in the worker. */
export type HelperName = "name" | "coverage" | "dynamicImport" | "importMeta" | "require" | "filename" | "dirname";

/**
 * The same text for descriptions that give the same function, and undefined for those that hold values of their own or may
 * keep state. The engine stores functions of one key once.
 */
export function functionKey(description: Description): string | undefined {
	if (description.kind === "module") return JSON.stringify(description);
	const [root] = description.nodes;
	if (root?.type === "function" && root.form === "class") return undefined;
	return description.nodes.every(isStateless) ? JSON.stringify(description.nodes) : undefined;
}

function isStateless(node: GraphNode): boolean {
	switch (node.type) {
		case "function":
			return !node.stateful && !node.cells && !node.properties && !node.prototype;
		case "value":
			return isDistinct(node.value);
		case "global":
		case "builtin":
		case "import":
		case "package":
		case "symbol":
		case "namespace":
		case "helper":
			return true;
		default:
			return false;
	}
}

/** A primitive that JSON tells from every other. */
function isDistinct(value: unknown): boolean {
	if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
	return value === undefined || value === null || typeof value === "string" || typeof value === "boolean";
}

/** The function's text, whatever it says of itself. */
export function sourceOf(fn: (...args: never[]) => unknown): string {
	return Function.prototype.toString.call(fn);
}

/** Short, and different for any two sources that a project will ever hold (53 bits, and the length). */
export function sourceHash(text: string): string {
	// Bun indents a CommonJS file otherwise when it is imported than when it is the program.
	const source = text.replace(/\n[ \t]+/g, "\n");
	let [high, low] = [0xdeadbeef, 0x41c6ce57];
	for (let index = 0; index < source.length; index++) {
		const code = source.charCodeAt(index);
		high = Math.imul(high ^ code, 2654435761);
		low = Math.imul(low ^ code, 1597334677);
	}
	high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
	low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
	return `${source.length}-${(4294967296 * (2097151 & low) + (high >>> 0)).toString(36)}`;
}
