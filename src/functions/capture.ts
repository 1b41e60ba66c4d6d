import { builtinModules } from "node:module";
import { types } from "node:util";
import { type FunctionInsight, type Inspector, openInspector, type VariableScope } from "../platform/inspect.ts";
import type { CallSite } from "./callsite.ts";
import { identityOf } from "./classes.ts";
import { canImportAs } from "./compile.ts";
import { type FunctionNode, type ImportNode, type Named, type Place, sourceHash, sourceOf } from "./description.ts";
import { ownValue, standardGlobals } from "./globals.ts";
import { tooMuch } from "./graph.ts";
import { type ImportedName, importedName, meaningOf } from "./imports.ts";
import { isNative, isObjectPrototype, isOrdinaryFunction } from "./kinds.ts";
import { exportOf, mayNeedEntry, packageOf } from "./library.ts";
import { bindsName, type FunctionPlace, functionPlace, isNodesOwn } from "./place.ts";
import type { CaptureHooks } from "./plain.ts";
import { rewritten, unusedName } from "./rewrite.ts";
import { SharedVariables } from "./shared.ts";
import { type Analysis, analyse } from "./syntax/analyse.ts";
import type { Use } from "./syntax/scopes.ts";
import { helperFor, helperNamed, metaName } from "./toolchain.ts";
import { ValueCapture } from "./values.ts";

type Callable = (...args: never[]) => unknown;

/** The function that is being read. */
interface Reading {
	readonly fn: Callable;
	/** What an error calls it: empty for the one to be sent. */
	readonly within: string;
	readonly source: string;
	readonly analysis: Analysis;
	/** What the user supplies. */
	readonly closure: Readonly<Record<string, unknown>>;
	readonly place: Place;
	readonly insight: () => FunctionInsight | undefined;
	/** Undefined where nothing can be seen of them. */
	readonly scopes: readonly VariableScope[] | undefined;
	readonly at: FunctionPlace;
}

/** As users import it. */
const packageName = "wasmray";
/** Who uses more than these uses a library that was bundled in: copying it would take seconds. */
const mostFunctions = 250;

/** Follows a function to everything it uses from outside, and notes it as a graph. Ends with `close()`. */
export class Capture extends ValueCapture {
	readonly #site: CallSite | undefined;
	readonly #names: Readonly<Record<string, unknown>>;
	readonly #file: string | undefined;
	readonly #shared = new SharedVariables();
	#inspector: Inspector | undefined | "unopened" = "unopened";
	/** Variables of ES modules that hold functions. */
	readonly #variables = new Map<unknown, { readonly file: string | undefined; readonly name: string }>();
	#functions = 0;

	/** `names`: what names mean, of which a host that shows no variables cannot tell it. `file`: where its text may tell. */
	constructor(
		hooks: CaptureHooks,
		site: CallSite | undefined,
		names: Readonly<Record<string, unknown>> = {},
		file?: string,
	) {
		super(hooks);
		this.#site = site;
		this.#names = names;
		this.#file = file;
	}

	close(): void {
		if (typeof this.#inspector === "object") this.#inspector.close();
		this.#inspector = undefined;
	}

	/** The function to be sent, its own variables supplied by `closure` where that names them. */
	root(fn: Callable, closure: Readonly<Record<string, unknown>>): void {
		try {
			this.function(fn, "", closure);
			for (const variable of this.#shared.intoCells(this.nodes)) {
				this.trouble(variable, "it is changed by one function and used by another, which a copy each would separate");
			}
		} catch (reason) {
			if (reason !== tooMuch) throw reason;
		}
	}

	protected function(fn: Callable, within: string, closure: Readonly<Record<string, unknown>> = {}): Place {
		const place = this.reserve(fn);
		const source = sourceOf(fn);
		if (isNative(fn)) {
			this.trouble(
				within,
				fn.name.startsWith("bound ")
					? "it is a bound function, whose source is not to be seen: write `(...args) => fn.call(self, ...args)`"
					: "it is a native function: call it from a function of your own",
			);
			return place;
		}
		if (++this.#functions > mostFunctions) {
			this.trouble(within, `it is one of more than ${mostFunctions} functions that would have to be sent with it`);
			throw tooMuch;
		}
		let analysis: Analysis;
		try {
			analysis = analyse(source);
		} catch (error) {
			this.trouble(within, `its source cannot be read (${error instanceof Error ? error.message : error})`);
			return place;
		}
		const isRoot = within === "";
		const insight = once(() => this.#open()?.inspect(fn));
		const isClosed = isRoot && [...analysis.free.keys()].every((name) => Object.hasOwn(closure, name));
		const scopes = isClosed ? [] : insight()?.scopes;
		// Without a call site there is no user's file to find either, and nobody to show it to.
		const isAnywhere = isClosed && this.#site === undefined;
		const wanted = { name: fn.name, source, isInline: isRoot, isClosed };
		const at = functionPlace(wanted, this.#site, isAnywhere ? () => undefined : insight, () => this.#open());
		const reading: Reading = { fn, within, source, analysis, closure, place, insight, scopes, at };
		this.#refuseParts(reading);
		if (!this.#isImported(reading)) this.nodes[place] = this.#node(reading);
		return place;
	}

	#node(reading: Reading): FunctionNode {
		const { fn, source, analysis, at } = reading;
		const { form, evaluated, metas, free } = analysis;
		const uses: Named[] = [];
		const eager: string[] = [];
		const globals: string[] = [];
		for (const [name, use] of free) {
			const used = this.#variable(name, use, reading, globals);
			if (used === undefined) continue;
			uses.push([name, used]);
			if (use.eager) eager.push(name);
		}
		const stateful = uses.some(([name]) => free.get(name)?.assigned);
		if (metas.length > 0) {
			uses.push([metaName, this.push({ type: "helper", helper: "importMeta", ...fileOf(at) })]);
			eager.push(metaName);
		}
		const superclass = form === "class" && evaluated !== undefined ? unusedName(source) : undefined;
		if (superclass !== undefined) {
			const extendsNull = Object.getPrototypeOf(fn.prototype) === null;
			const value: unknown = extendsNull ? null : Object.getPrototypeOf(fn);
			uses.push([superclass, this.value(value, `the superclass of ${fn.name}`)]);
			eager.push(superclass);
		}
		return {
			type: "function",
			source: rewritten(source, analysis, superclass ?? "0"),
			form: form === "class" || form === "method" ? form : "expression",
			// Sloppy functions alone have these; of an arrow it cannot be told, and modules and classes are strict.
			strict: !(Object.hasOwn(fn, "arguments") && Object.hasOwn(fn, "caller")),
			name: typeof fn.name === "string" ? fn.name : "",
			line: at.line,
			column: at.column,
			...fileOf(at),
			...(uses.length > 0 && { uses }),
			...(eager.length > 0 && { eager }),
			...(globals.length > 0 && { globals }),
			...(analysis.dynamicImport && { imports: true as const }),
			...(stateful && { stateful: true as const }),
			...(this.hooks.isOne?.(fn) && { identity: identityOf(fn) }),
			...this.#members(reading),
		};
	}

	#refuseParts({ within, analysis, at }: Reading): void {
		const { form, outer, privateNames } = analysis;
		if (form === "accessor") this.trouble(within, "it is a getter or setter: send a function that reads the property");
		if (form === "method" && privateNames) this.trouble(within, "it uses #private names of its class");
		if (isNodesOwn(at)) this.trouble(within, "it is a function inside of Node, which works only where it was made");
		for (const what of outer) {
			// At a module's top level `this` is undefined, and so it is in the worker.
			if (what === "this" && (within !== "" || this.#site?.hasThis !== true)) continue;
			const kind = form === "class" ? "class" : "function";
			this.trouble(within === "" ? what : `${what} in ${within}`, `it belongs to the code around the ${kind}`);
		}
	}

	/** Functions of installed packages are imported, unless they need nothing. */
	#isImported({ fn, within, source, analysis, place, scopes, at }: Reading): boolean {
		const library = packageOf(at.file);
		if (at.file === undefined || library === undefined || scopes === undefined) return false;
		const needsFile = [...analysis.free.keys()].some((name) => scopes.some((scope) => hasVariable(scope, name)));
		if (!needsFile && (analysis.form === "class" || isOrdinaryFunction(fn))) return false;
		const imported = this.#importOf(fn);
		const exported =
			imported !== undefined && mayNeedEntry(at.file)
				? imported
				: (exportOf(fn, at.file, scopes, (other) => this.#isNodes(other)) ?? imported);
		if (exported !== undefined) {
			this.nodes[place] = { type: "import", ...exported, name: fn.name, hash: sourceHash(source) };
		} else this.trouble(within, `it was made by the package ${library}, and cannot be imported from there`);
		return true;
	}

	/** How a user's module has a function, if it imports it from a package. */
	#importOf(fn: Callable): Pick<ImportNode, "file" | "specifier" | "path"> | undefined {
		const { file, name } = this.#variables.get(fn) ?? {};
		const imported = file === undefined || name === undefined ? undefined : importedName(file, name);
		if (!canImportAs || file === undefined || !imported?.member || /^[./]|^[a-z]+:/.test(imported.specifier))
			return undefined;
		return { file, specifier: imported.specifier, path: [imported.member] };
	}

	#isNodes(fn: Callable): boolean {
		const inspector = this.#open();
		const scriptId = inspector?.inspect(fn).location?.scriptId;
		return scriptId !== undefined && inspector?.scriptUrl(scriptId)?.startsWith("node:") === true;
	}

	/** A variable from outside, or undefined if every thread has it. */
	#variable(name: string, use: Use, reading: Reading, globals: string[]): Place | undefined {
		const { fn, within, closure, place: user, insight, scopes, at } = reading;
		if (Object.hasOwn(closure, name)) return this.value(closure[name], name, use);
		const where = within === "" ? name : `${name} in ${within}`;
		const depth = scopes?.findIndex((scope) => hasVariable(scope, name)) ?? -1;
		const scope = scopes?.[depth];
		if (scopes === undefined || scope === undefined) return this.#unseen(name, use, reading, globals);
		let value: unknown;
		try {
			value = scope.variables[name];
		} catch {
			return this.trouble(where, "it is not initialized yet");
		}
		const helper = helperFor(name, value);
		if (helper !== undefined) return this.push({ type: "helper", helper, ...fileOf(at) });
		if (typeof value === "function" && scope.kind === "Module") this.#variables.set(value, { file: at.file, name });
		const place = this.value(value, where, use);
		const scriptId = insight()?.location?.scriptId ?? "";
		this.#shared.note({ name, where, fn, user, place, assigned: use.assigned, scopes, depth, scriptId });
		return place;
	}

	/** A name that no scope shows: a global, or nothing is shown in this host, and the file's text decides. */
	#unseen(name: string, use: Use, reading: Reading, globals: string[]): Place | undefined {
		const { fn, within, place, scopes, at } = reading;
		const where = within === "" ? name : `${name} in ${within}`;
		if (scopes === undefined && Object.hasOwn(this.#names, name)) return this.value(this.#names[name], where, use);
		const isHidden = scopes === undefined && (at.file === undefined || bindsName(at.file, name));
		if (standardGlobals.has(name) && !isHidden) return undefined;
		const file = at.file ?? this.#file;
		const meaning = isHidden && file !== undefined ? meaningOf(name, file, fn, reading.source) : undefined;
		if (meaning === "global" && standardGlobals.has(name)) return undefined;
		const imported = typeof meaning === "object" ? this.#everywhere(meaning) : undefined;
		if (imported !== undefined) return imported;
		const helper = helperNamed(name);
		if (helper !== undefined) return this.push({ type: "helper", helper, ...fileOf(at) });
		if (scopes === undefined && name === fn.name) return place;
		if (!isHidden && name in globalThis) {
			if (use.needed) globals.push(name);
		} else if (scopes === undefined && (isHidden || use.needed)) {
			return this.trouble(where, "this host does not show what a function uses from outside");
		} else if (use.eager) {
			return this.trouble(where, "it was used only while the class was made, and is not to be seen any more");
		}
		return undefined;
	}

	/** What every thread can import by itself: of this package or of Node's modules. */
	#everywhere({ specifier, member }: ImportedName): Place | undefined {
		if (specifier === packageName) return member === "default" ? undefined : this.push({ type: "package", member });
		const module = specifier.replace(/^node:/, "");
		if (!builtinModules.includes(module)) return undefined;
		const path = member === "" || member === "default" ? [] : [member];
		return this.push({ type: "builtin", module: `node:${module}`, path, ...(member === "" && { namespace: true }) });
	}

	/** What was hung on a function from outside its source. */
	#members({ fn, within, source, analysis }: Reading): Pick<FunctionNode, "properties" | "prototype"> {
		const isClass = analysis.form === "class";
		const words = isClass ? new Set(source.split(/[^\w$]+/)) : undefined;
		const isOutside = (key: string) => words?.has(key) !== true;
		const named = (holder: object, keys: readonly string[]) =>
			keys.map((key): Named => [key, this.value(ownValue(holder, key), `${within || fn.name}.${key}`)]);
		const hung = Object.keys(fn).filter(isOutside);
		for (const key of hung) {
			if (isAccessor(fn, key)) this.trouble(`${within || fn.name}.${key}`, "it is a getter or setter");
		}
		const properties = named(fn, hung);
		const held = ownValue(fn, "prototype");
		const prototype = typeof held === "object" && held !== null ? held : {};
		const added = Object.getOwnPropertyNames(prototype).filter((key) => key !== "constructor" && isOutside(key));
		const hasSuperclass = isClass && analysis.evaluated !== undefined;
		if (!hasSuperclass && !isOrdinaryFunction(fn)) {
			this.trouble(within, "its prototype was changed, which a copy would not know of");
		} else if (typeof held === "object" && !inheritsAsWritten(fn, prototype, hasSuperclass)) {
			this.trouble(within, "it inherits by its prototype: write it as a class that extends the other");
		} else if (!isClass && added.some((key) => isAccessor(prototype, key))) {
			this.trouble(within, "its prototype has getters or setters: write it as a class");
		}
		const methods = named(prototype, added);
		return { ...(properties.length > 0 && { properties }), ...(methods.length > 0 && { prototype: methods }) };
	}

	#open(): Inspector | undefined {
		if (this.#inspector === "unopened") this.#inspector = openInspector();
		return this.#inspector;
	}
}

function fileOf({ file }: FunctionPlace): { file?: string } {
	return file === undefined ? {} : { file };
}

function hasVariable({ variables }: VariableScope, name: string): boolean {
	return Object.hasOwn(variables, name);
}

function isAccessor(holder: object, key: string): boolean {
	return "get" in (Object.getOwnPropertyDescriptor(holder, key) ?? {});
}

/** What instances of a class inherit from, or of a function that is used as one, is what its source says. */
function inheritsAsWritten(fn: Callable, prototype: object, hasSuperclass: boolean): boolean {
	// Generators have prototypes for what they return.
	if (types.isGeneratorFunction(fn)) return true;
	const inherited: object | null = Object.getPrototypeOf(prototype);
	if (hasSuperclass) return inherited === null || inherited === ownValue(Object.getPrototypeOf(fn), "prototype");
	return inherited !== null && isObjectPrototype(inherited);
}

function once<T>(make: () => T): () => T {
	let made: { value: T } | undefined;
	return () => {
		made ??= { value: make() };
		return made.value;
	};
}
