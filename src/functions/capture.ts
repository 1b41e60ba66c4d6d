import { type FunctionInsight, type Inspector, openInspector, type VariableScope } from "../platform/inspect.ts";
import { SENDABLE } from "../values/hooks.ts";
import { builtinPlace } from "./builtins.ts";
import type { CallSite } from "./callsite.ts";
import { type FunctionNode, type GraphNode, type Named, type Place, sourceOf } from "./description.ts";
import { globalPath, ownValue, standardGlobals } from "./globals.ts";
import { classOf, isNative, kindOf } from "./kinds.ts";
import { bindsName, functionPlace, isNodesOwn, rememberScript } from "./place.ts";
import { type CaptureHooks, isPlain } from "./plain.ts";
import { rewritten, unusedName } from "./rewrite.ts";
import { SharedVariables } from "./shared.ts";
import { type Analysis, analyse } from "./syntax/analyse.ts";
import type { Use } from "./syntax/scopes.ts";
import { helperFor, helperNamed, metaName } from "./toolchain.ts";

/** A variable that cannot be sent, and why. */
export interface Trouble {
	readonly variable: string;
	readonly reason: string;
}

type Callable = (...args: never[]) => unknown;

/** The function whose variables are being read. */
interface User {
	readonly fn: Callable;
	readonly within: string;
	readonly insight: () => FunctionInsight | undefined;
	readonly place: Place;
	/** Collects the names that the worker's global object must have. */
	readonly globals: string[];
	readonly file?: string;
}

const deepest = 500;
const wholeUse: Pick<Use, "whole" | "members"> = { whole: true, members: new Set() };

/**
 * Follows a function to everything it uses from outside, and notes it as a graph. What cannot be sent becomes a
 * trouble, and the graph is then of no use. Ends with `close()`.
 */
export class Capture {
	readonly nodes: GraphNode[] = [];
	readonly troubles: Trouble[] = [];
	readonly #hooks: CaptureHooks;
	readonly #site: CallSite | undefined;
	readonly #known = new Map<unknown, Place>();
	readonly #plain = new Set<object>();
	readonly #shared = new SharedVariables();
	#inspector: Inspector | undefined | "unopened" = "unopened";
	#depth = 0;

	constructor(hooks: CaptureHooks, site: CallSite | undefined) {
		this.#hooks = hooks;
		this.#site = site;
	}

	close(): void {
		if (typeof this.#inspector === "object") this.#inspector.close();
		this.#inspector = undefined;
	}

	/** The function to be sent, its own variables supplied by `closure` where that names them. */
	root(fn: Callable, closure: Readonly<Record<string, unknown>>): void {
		this.#function(fn, "", closure);
		for (const variable of this.#shared.intoCells(this.nodes)) {
			this.#trouble(variable, "it is changed by one function and used by another, which a copy each would separate");
		}
	}

	// ── functions ────────────────────────────────────────────────────────────

	/** `within` names the function as the error would: empty for the one to be sent. */
	#function(fn: Callable, within: string, closure: Readonly<Record<string, unknown>> = {}): Place {
		const place = this.#reserve(fn);
		const refuse = (reason: string) => this.#trouble(within, reason);
		const source = sourceOf(fn);
		if (isNative(fn)) {
			refuse(
				fn.name.startsWith("bound ")
					? "it is a bound function, whose source is not to be seen: write `(...args) => fn.call(self, ...args)`"
					: "it is a native function: call it from a function of your own",
			);
			return place;
		}
		let analysis: Analysis;
		try {
			analysis = analyse(source);
		} catch (error) {
			refuse(`its source cannot be read (${error instanceof Error ? error.message : error})`);
			return place;
		}
		if (analysis.form === "accessor") refuse("it is a getter or setter: send a function that reads the property");
		if (analysis.form === "method" && analysis.privateNames) refuse("it uses #private names of its class");

		const isRoot = within === "";
		const insight = once(() => this.#open()?.inspect(fn));
		const named = [...analysis.free].filter(([name]) => !Object.hasOwn(closure, name));
		const needsInsight = !isRoot || named.length > 0;
		const scopes = needsInsight ? (insight()?.scopes ?? undefined) : [];
		this.#refuseOuter(analysis, within);
		const at = functionPlace(source, isRoot ? this.#site : undefined, insight, () => this.#open());
		if (needsInsight && isRoot) rememberScript(insight(), at);
		if (isNodesOwn(at)) refuse("it is a function inside of Node, which works only where it was made");

		const uses: Named[] = [];
		const eager: string[] = [];
		const globals: string[] = [];
		const file = at.file === undefined ? {} : { file: at.file };
		for (const [name, use] of analysis.free) {
			let used: Place | undefined;
			if (Object.hasOwn(closure, name)) used = this.#value(closure[name], name, use);
			else used = this.#variable(name, use, scopes, { fn, within, insight, place, globals, ...file });
			if (used === undefined) continue;
			uses.push([name, used]);
			if (use.eager) eager.push(name);
		}
		if (analysis.metas.length > 0) {
			uses.push([metaName, this.#push({ type: "helper", helper: "importMeta", ...file })]);
			eager.push(metaName);
		}
		const superclass = analysis.form === "class" && analysis.evaluated !== undefined ? unusedName(source) : undefined;
		if (superclass !== undefined) {
			const extendsNull = Object.getPrototypeOf(fn.prototype) === null;
			const value: unknown = extendsNull ? null : Object.getPrototypeOf(fn);
			uses.push([superclass, this.#value(value, `the superclass of ${fn.name}`, wholeUse)]);
			eager.push(superclass);
		}
		const captured = uses.map(([name]) => analysis.free.get(name));
		const isClass = analysis.form === "class";
		const node: FunctionNode = {
			type: "function",
			source: rewritten(source, analysis, superclass ?? "0"),
			form: isClass ? "class" : analysis.form === "method" ? "method" : "expression",
			// Sloppy functions alone have these; of an arrow it cannot be told, and modules and classes are strict.
			strict: !(Object.hasOwn(fn, "arguments") && Object.hasOwn(fn, "caller")),
			name: typeof fn.name === "string" ? fn.name : "",
			line: at.line,
			column: at.column,
			...file,
			...(uses.length > 0 && { uses }),
			...(eager.length > 0 && { eager }),
			...(globals.length > 0 && { globals }),
			...(analysis.dynamicImport && { imports: true as const }),
			...(captured.some((use) => use?.assigned) && { stateful: true as const }),
			...this.#members(fn, source, isClass, within),
		};
		this.nodes[place] = node;
		return place;
	}

	#refuseOuter({ form, outer }: Analysis, within: string): void {
		for (const what of outer) {
			// At a module's top level `this` is undefined, and so it is in the worker.
			if (what === "this" && (within !== "" || this.#site?.hasThis !== true)) continue;
			const kind = form === "class" ? "class" : "function";
			this.#trouble(within === "" ? what : `${what} in ${within}`, `it belongs to the code around the ${kind}`);
		}
	}

	/** A variable from outside, or undefined if every thread has it. */
	#variable(name: string, use: Use, scopes: readonly VariableScope[] | undefined, user: User): Place | undefined {
		const where = user.within === "" ? name : `${name} in ${user.within}`;
		const file = user.file === undefined ? {} : { file: user.file };
		const depth = scopes?.findIndex(({ variables }) => Object.hasOwn(variables, name)) ?? -1;
		if (depth < 0 || scopes === undefined) {
			const isShadowed = scopes === undefined && user.file !== undefined && bindsName(user.file, name);
			if (standardGlobals.has(name) && !isShadowed) return undefined;
			const helper = helperNamed(name);
			if (helper !== undefined) return this.#push({ type: "helper", helper, ...file });
			if (scopes === undefined) this.#trouble(where, "this host does not show what a function uses from outside");
			else if (use.needed && name in globalThis) user.globals.push(name);
			else if (use.eager)
				this.#trouble(where, "it was used only while the class was made, and is not to be seen any more");
			return undefined;
		}
		let value: unknown;
		try {
			value = (scopes[depth] as VariableScope).variables[name];
		} catch {
			this.#trouble(where, "it is not initialized yet");
			return undefined;
		}
		const helper = helperFor(name, value);
		if (helper !== undefined) return this.#push({ type: "helper", helper, ...file });
		const place = this.#value(value, where, use);
		const scriptId = user.insight()?.location?.scriptId ?? "";
		const { fn } = user;
		this.#shared.note({ name, where, fn, user: user.place, place, assigned: use.assigned, scopes, depth, scriptId });
		return place;
	}

	/** What was hung on a function from outside its source. */
	#members(fn: Callable, source: string, isClass: boolean, within: string): Pick<FunctionNode, "properties"> {
		const isOutside = (key: string) => !isClass || !source.split(/[^\w$]+/).includes(key);
		const named = (holder: object, keys: readonly string[]) =>
			keys.map((key): Named => [key, this.#value(ownValue(holder, key), `${within || fn.name}.${key}`, wholeUse)]);
		const properties = named(
			fn,
			Object.keys(fn).filter((key) => key !== "prototype" && isOutside(key)),
		);
		const held = ownValue(fn, "prototype");
		const prototype = typeof held === "object" && held !== null ? held : {};
		const added = Object.getOwnPropertyNames(prototype).filter((key) => key !== "constructor" && isOutside(key));
		if (!isClass && kindOf(prototype) !== "plain" && added.length > 0) {
			this.#trouble(within, "it inherits by its prototype: write it as a class");
		}
		const methods = named(prototype, added);
		return { ...(properties.length > 0 && { properties }), ...(methods.length > 0 && { prototype: methods }) };
	}

	// ── values ───────────────────────────────────────────────────────────────

	#value(value: unknown, where: string, use: Pick<Use, "whole" | "members">): Place {
		if (typeof value === "symbol") return this.#symbol(value, where);
		if ((typeof value !== "object" || value === null) && typeof value !== "function") {
			return this.#push({ type: "value", value });
		}
		const known = this.#known.get(value);
		if (known !== undefined) return known;
		const member = this.#hooks.packageMember?.(value);
		if (member !== undefined) return this.#note(value, { type: "package", member });
		if (SENDABLE in value) return this.#byCodec(value, where);
		const path = globalPath(value);
		if (path !== undefined) return this.#note(value, { type: "global", path });
		const builtin = builtinPlace(value);
		if (builtin !== undefined) return this.#note(value, { type: "builtin", ...builtin });
		if (++this.#depth > deepest) {
			this.#trouble(where, "it is nested too deeply");
			this.#depth--;
			return 0;
		}
		try {
			return typeof value === "function" ? this.#function(value as Callable, where) : this.#object(value, where, use);
		} finally {
			this.#depth--;
		}
	}

	#symbol(value: symbol, where: string): Place {
		const key = Symbol.keyFor(value);
		if (key !== undefined) return this.#push({ type: "symbol", key });
		const path = globalPath(value);
		if (path !== undefined) return this.#push({ type: "global", path });
		this.#trouble(where, "it is a symbol of its own, which exists in one thread only: use Symbol.for()");
		return 0;
	}

	#object(value: object, where: string, use: Pick<Use, "whole" | "members">): Place {
		const kind = kindOf(value, where.split(" in ")[0]);
		if (kind === "namespace") return this.#namespace(value, where, use);
		if (kind === "host") {
			this.#trouble(where, `an instance of ${classOf(value)?.name} works only in the thread that made it`);
			return 0;
		}
		if (kind === "instance" && this.#hooks.serializes?.(value) !== true) return this.#instance(value, where);
		if (kind === "other" || kind === "instance" || isPlain(value, this.#hooks, this.#plain))
			return this.#byCodec(value, where);
		const place = this.#reserve(value);
		switch (kind) {
			case "array":
				this.nodes[place] = {
					type: "array",
					items: Array.from(value as unknown[], (item, index) => this.#value(item, `${where}[${index}]`, wholeUse)),
				};
				break;
			case "set":
				this.nodes[place] = {
					type: "set",
					items: [...(value as Set<unknown>)].map((item) => this.#value(item, `an item of ${where}`, wholeUse)),
				};
				break;
			case "map":
				this.nodes[place] = {
					type: "map",
					entries: [...(value as Map<unknown, unknown>)].map(([key, item]) => [
						this.#value(key, `a key of ${where}`, wholeUse),
						this.#value(item, `${where}.get(${String(key)})`, wholeUse),
					]),
				};
				break;
			default:
				this.nodes[place] = {
					type: "object",
					entries: this.#entries(value, Object.keys(value), where),
					...(Object.getPrototypeOf(value) === null && { bare: true as const }),
				};
		}
		return place;
	}

	/** Of a module only what is used is sent: the rest may well be what cannot. */
	#namespace(value: object, where: string, use: Pick<Use, "whole" | "members">): Place {
		const exported = read(value, "default");
		const builtin = typeof exported === "object" || typeof exported === "function" ? builtinPlace(exported) : undefined;
		if (builtin !== undefined && builtin.path.length === 0 && read(value, "__esModule") !== true) {
			return this.#note(value, { type: "builtin", ...builtin, namespace: true });
		}
		const keys = use.whole ? Object.keys(value) : [...use.members].filter((member) => member in value);
		// Functions may use different members: each has a node of its own.
		const place = this.#push({ type: "namespace", entries: [] });
		if (use.whole) this.#known.set(value, place);
		this.nodes[place] = { type: "namespace", entries: this.#entries(value, keys, where) };
		return place;
	}

	#instance(value: object, where: string): Place {
		const type = classOf(value) as Callable;
		for (
			let one: unknown = type;
			typeof one === "function" && !isNative(one as Callable);
			one = Object.getPrototypeOf(one)
		) {
			if (!hasPrivateNames(one as Callable)) continue;
			this.#trouble(
				where,
				`its class ${type.name} has #private fields, which cannot be read from outside: registerSerializer() can send it`,
			);
			return 0;
		}
		const place = this.#reserve(value);
		const made = this.#value(type, type.name || `the class of ${where}`, wholeUse);
		this.nodes[place] = { type: "instance", class: made, entries: this.#entries(value, Object.keys(value), where) };
		return place;
	}

	#entries(holder: object, keys: readonly string[], where: string): Named[] {
		return keys.map((key): Named => {
			try {
				return [key, this.#value((holder as Record<string, unknown>)[key], `${where}.${key}`, wholeUse)];
			} catch (error) {
				this.#trouble(`${where}.${key}`, `reading it failed (${error instanceof Error ? error.message : error})`);
				return [key, 0];
			}
		});
	}

	#byCodec(value: object, where: string): Place {
		const verdict = this.#hooks.sendable(value);
		if (verdict !== true) this.#trouble(where, verdict);
		return this.#note(value, { type: "value", value });
	}

	// ── the graph ────────────────────────────────────────────────────────────

	#push(node: GraphNode): Place {
		return this.nodes.push(node) - 1;
	}

	#note(value: object, node: GraphNode): Place {
		const place = this.#push(node);
		this.#known.set(value, place);
		return place;
	}

	/** A place for what is about to be read, so that what it contains can already point to it. */
	#reserve(value: object): Place {
		return this.#note(value, { type: "value", value: undefined });
	}

	#trouble(variable: string, reason: string): void {
		this.troubles.push({ variable, reason });
	}

	#open(): Inspector | undefined {
		if (this.#inspector === "unopened") this.#inspector = openInspector();
		return this.#inspector;
	}
}

function once<T>(make: () => T): () => T {
	let made: { value: T } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}

function read(holder: object, key: string): unknown {
	try {
		return (holder as Record<string, unknown>)[key];
	} catch {
		return undefined;
	}
}

function hasPrivateNames(type: Callable): boolean {
	try {
		return analyse(sourceOf(type)).privateNames;
	} catch {
		return true;
	}
}
