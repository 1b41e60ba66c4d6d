import type { Outer } from "./definitions.ts";
import { Scope, type Use } from "./scopes.ts";
import { Statements } from "./statements.ts";

/** What a function's or class's source says about itself. */
export interface Analysis {
	/** `method` and `accessor` stand only in an object or class; the others are expressions. */
	readonly form: "arrow" | "function" | "class" | "method" | "accessor";
	/** Names that it takes from outside, global ones included. */
	readonly free: ReadonlyMap<string, Use>;
	/** What it uses of a function around it. */
	readonly outer: ReadonlySet<Outer>;
	/** Where `import.meta` stands: start and end, in pairs. */
	readonly metas: readonly number[];
	readonly dynamicImport: boolean;
	/** Uses `#private` names. */
	readonly privateNames: boolean;
	/**
	 * Where the class's superclass, or the method's computed key, is written. It was evaluated when the class or object
	 * was made, and its variables are not to be seen any more; they are not among `free`.
	 */
	readonly evaluated: readonly [start: number, end: number] | undefined;
}

class Root extends Statements {
	#evaluated: readonly [number, number] | undefined;
	#awaits: "heritage" | "key" | undefined;

	asExpression(): Analysis {
		const isClass = this.is("class");
		const isFunction = this.is("function") || (this.is("async") && this.peek().value === "function");
		if (isClass) this.#awaits = "heritage";
		this.assignment();
		return this.#finish(isClass ? "class" : isFunction ? "function" : "arrow");
	}

	asMethod(): Analysis {
		this.#awaits = "key";
		const head = this.memberHead();
		this.callable(head.async, head.generator, false);
		return this.#finish(head.modifier === "get" || head.modifier === "set" ? "accessor" : "method");
	}

	protected override heritage(): void {
		if (this.#awaits === "heritage") this.#skip(() => super.heritage());
		else super.heritage();
	}

	protected override computedKey(): void {
		if (this.#awaits === "key") this.#skip(() => super.computedKey());
		else super.computedKey();
	}

	/** Reads on without noting any use. */
	#skip(read: () => void): void {
		this.#awaits = undefined;
		const { scope, start } = this;
		const metas = this.metas.length;
		this.scope = new Scope(scope, false);
		read();
		this.#evaluated = [start, this.previousEnd];
		this.scope = scope;
		this.metas.length = metas;
	}

	#finish(form: Analysis["form"]): Analysis {
		if (this.kind !== "end") this.fail("the end");
		const { outer, metas, dynamicImport, privateNames } = this;
		return { form, free: this.root.uses, outer, metas, dynamicImport, privateNames, evaluated: this.#evaluated };
	}
}

/** Sources are analysed again whenever a loop makes the same function anew; the last few hundred are kept. */
const known = new Map<string, Analysis>();
const keptAnalyses = 512;

/** Reads the text of a function, as `Function.prototype.toString` gives it. Throws SyntaxError for what it cannot read. */
export function analyse(source: string): Analysis {
	let analysis = known.get(source);
	if (analysis === undefined) {
		analysis = read(source);
		if (known.size >= keptAnalyses) known.delete(known.keys().next().value as string);
		known.set(source, analysis);
	}
	return analysis;
}

function read(source: string): Analysis {
	try {
		return new Root(source).asExpression();
	} catch (asExpression) {
		try {
			return new Root(source).asMethod();
		} catch {
			throw asExpression;
		}
	}
}
