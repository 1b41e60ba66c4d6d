import { types } from "node:util";
import { SENDABLE } from "../values/hooks.ts";
import { builtinPlace } from "./builtins.ts";
import { type Named, type Place, sourceOf } from "./description.ts";
import { globalPath } from "./globals.ts";
import { CaptureGraph } from "./graph.ts";
import { className, classOf, isNative, kindOf } from "./kinds.ts";
import { packageOf } from "./library.ts";
import type { CaptureHooks } from "./plain.ts";
import { isPlain } from "./plain.ts";
import { analyse } from "./syntax/analyse.ts";
import type { Use } from "./syntax/scopes.ts";
import { isImportObject } from "./toolchain.ts";

type Callable = (...args: never[]) => unknown;
/** How a variable is used: of a module, only the members that are. */
type Members = Pick<Use, "whole" | "members">;

const deepest = 500;
export const wholeUse: Members = { whole: true, members: new Set() };

/** Follows values to all that is in them. `where` is what an error calls them. */
export abstract class ValueCapture extends CaptureGraph {
	protected readonly hooks: CaptureHooks;
	readonly #plain = new Set<object>();
	#depth = 0;

	constructor(hooks: CaptureHooks) {
		super();
		this.hooks = hooks;
	}

	protected abstract function(fn: Callable, within: string): Place;

	protected value(value: unknown, where: string, use: Members = wholeUse): Place {
		if (typeof value === "symbol") return this.#symbol(value, where);
		if ((typeof value !== "object" || value === null) && typeof value !== "function") {
			return this.push({ type: "value", value });
		}
		const known = this.placeOf(value);
		if (known !== undefined) return known;
		const member = this.hooks.packageMember?.(value);
		if (member !== undefined) return this.note(value, { type: "package", member });
		const replaced = this.hooks.replace?.(value);
		if (replaced !== undefined) return this.note(value, { type: "replaced", value: replaced });
		if (SENDABLE in value) return this.#byCodec(value, where);
		const path = globalPath(value);
		if (path !== undefined) return this.note(value, { type: "global", path });
		const builtin = builtinPlace(value);
		if (builtin !== undefined) return this.note(value, { type: "builtin", ...builtin });
		if (this.#depth >= deepest) return this.trouble(where, "it is nested too deeply");
		this.#depth++;
		try {
			return typeof value === "function" ? this.function(value as Callable, where) : this.#object(value, where, use);
		} finally {
			this.#depth--;
		}
	}

	#symbol(value: symbol, where: string): Place {
		const key = Symbol.keyFor(value);
		if (key !== undefined) return this.push({ type: "symbol", key });
		const path = globalPath(value);
		if (path !== undefined) return this.push({ type: "global", path });
		return this.trouble(where, "it is a symbol of its own, which exists in one thread only: use Symbol.for()");
	}

	#object(value: object, where: string, use: Members): Place {
		const kind = kindOf(value, where);
		if (kind === "namespace") {
			if (!isWhole(value, where, use)) return this.#namespace(value, where, use);
			const place = this.reserve(value);
			this.nodes[place] = this.#composed(value, "plain", where);
			return place;
		}
		if (kind === "host") {
			return this.trouble(where, `an instance of ${className(value)} works only in the thread that made it`);
		}
		if (kind === "instance" || kind === "subclass") {
			if (this.hooks.serializes?.(value) === true) return this.#byCodec(value, where);
			if (kind === "instance") return this.#instance(value, where);
			const lost = `its class ${className(value)} extends one of the language's own, and would be lost`;
			return this.trouble(where, `${lost}: registerSerializer() can send it`);
		}
		if (kind === "other" || isPlain(value, this.hooks, this.#plain)) return this.#byCodec(value, where);
		const place = this.reserve(value);
		this.nodes[place] = this.#composed(value, kind, where);
		return place;
	}

	/** With something in it that the codec cannot send. */
	#composed(value: object, kind: "plain" | "array" | "map" | "set", where: string): this["nodes"][number] {
		switch (kind) {
			case "array":
				return {
					type: "array",
					items: Array.from(value as unknown[], (item, index) => this.value(item, `${where}[${index}]`)),
				};
			case "set":
				return {
					type: "set",
					items: Array.from(value as Set<unknown>, (item) => this.value(item, `an item of ${where}`)),
				};
			case "map":
				return {
					type: "map",
					entries: Array.from(value as Map<unknown, unknown>, ([key, item]) => [
						this.value(key, `a key of ${where}`),
						this.value(item, `${where}.get(${String(key)})`),
					]),
				};
			case "plain": {
				const entries = this.#entries(value, Object.keys(value), where);
				return { type: "object", entries, ...(Object.getPrototypeOf(value) === null && { bare: true }) };
			}
		}
	}

	/** Of a module only what is used is sent: the rest may well be what cannot. */
	#namespace(value: object, where: string, use: Members): Place {
		const exported = read(value, "default");
		const builtin = typeof exported === "object" || typeof exported === "function" ? builtinPlace(exported) : undefined;
		if (builtin?.path.length === 0 && read(value, "__esModule") !== true) {
			return this.note(value, { type: "builtin", ...builtin, namespace: true });
		}
		const keys = use.whole ? Object.keys(value) : [...use.members].filter((member) => member in value);
		// Functions may use different members: each has a node of its own, but for the whole of it.
		const node = { type: "namespace", entries: [] } as const;
		const place = use.whole ? this.note(value, node) : this.push(node);
		this.nodes[place] = { type: "namespace", entries: this.#entries(value, keys, where) };
		return place;
	}

	/** Its class and its own fields; an instance that has more than that is refused, for it would be broken. */
	#instance(value: object, where: string): Place {
		const type = classOf(value) as Callable;
		for (let level: unknown = type; isUserClass(level); level = Object.getPrototypeOf(level)) {
			const made = this.nodes[this.value(level, level.name || `the class of ${where}`)];
			if (made?.type === "import") {
				return this.trouble(
					where,
					`its class ${type.name} belongs to the package ${made.specifier ?? packageOf(made.file)}`,
				);
			}
			if (hasPrivateNames(level)) {
				const secret = `its class ${type.name} has #private fields, which cannot be read from outside`;
				return this.trouble(where, `${secret}: registerSerializer() can send it`);
			}
		}
		if (Object.getOwnPropertySymbols(value).length > 0) {
			return this.trouble(where, "it has fields with symbols for names");
		}
		const place = this.reserve(value);
		const isShown = (key: string) => Object.prototype.propertyIsEnumerable.call(value, key);
		const names = Object.getOwnPropertyNames(value);
		const hidden = names.filter((key) => !isShown(key));
		this.nodes[place] = {
			type: "instance",
			class: this.value(type, type.name),
			entries: this.#entries(value, names.filter(isShown), where),
			...(hidden.length > 0 && { hidden: this.#entries(value, hidden, where) }),
		};
		return place;
	}

	#entries(holder: object, keys: readonly string[], where: string): Named[] {
		return keys.map((key): Named => {
			const name = isImportObject(where) ? key : `${where}.${key}`;
			let value: unknown;
			try {
				value = (holder as Record<string, unknown>)[key];
			} catch (error) {
				return [key, this.trouble(name, `reading it failed (${error instanceof Error ? error.message : error})`)];
			}
			return [key, this.value(value, name)];
		});
	}

	#byCodec(value: object, where: string): Place {
		const inlined = this.hooks.inline?.(value);
		if (inlined !== undefined) {
			const place = this.reserve(value);
			this.nodes[place] = { type: "remote", settings: inlined.settings, fn: this.value(inlined.fn, where) };
			return place;
		}
		const verdict = this.hooks.sendable(value);
		if (verdict !== true) this.trouble(where, verdict);
		return this.note(value, { type: "value", value });
	}
}

/** An object with accessors may be a module as a tool made it. A user's own, whose methods use it by `this`, is needed as a whole. */
function isWhole(value: object, where: string, use: Members): boolean {
	if (types.isModuleNamespaceObject(value) || isImportObject(where)) return false;
	if (read(value, "__esModule") === true || read(value, Symbol.toStringTag) === "Module") return false;
	return [...use.members].some((member) => {
		const method = read(value, member);
		return (
			typeof method === "function" && !isNative(method as Callable) && /\bthis\b/.test(sourceOf(method as Callable))
		);
	});
}

function read(holder: object, key: PropertyKey): unknown {
	try {
		return (holder as Record<PropertyKey, unknown>)[key];
	} catch {
		return undefined;
	}
}

function isUserClass(value: unknown): value is Callable {
	return typeof value === "function" && !isNative(value as Callable);
}

function hasPrivateNames(type: Callable): boolean {
	try {
		return analyse(sourceOf(type)).privateNames;
	} catch {
		return true;
	}
}
