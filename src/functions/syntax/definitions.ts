import { Lexer } from "./lexer.ts";
import { Scope, type Use } from "./scopes.ts";

/** What belongs to the function around an expression, but cannot be sent with it. */
export type Outer = "this" | "super" | "arguments" | "new.target";

/** What a `yield` or `await` means here, and what `this`, `super` and `arguments` belong to. */
interface Surroundings {
	async: boolean;
	generator: boolean;
	/** In the head of a `for`, `in` ends the expression. */
	noIn: boolean;
	/** Inside a function that is no arrow, or a class's field: `this` and `arguments` have an owner. */
	owned: boolean;
	/** Inside a method or a class's body: `super` has an owner. */
	hasHome: boolean;
	/** Runs when called, not when the source is evaluated. */
	lazy: boolean;
}

const modifiers = new Set(["get", "set", "async", "static", "accessor"]);
/** A modifier before one of these is the key itself: `{ get, set() {}, static = 1 }`. */
const endsKey = new Set(["(", ",", "}", ":", "=", ";", ""]);

/**
 * Scopes, and what makes them: functions, classes and the patterns that bind names.
 * Expressions and statements are read by the classes that extend this one.
 */
export abstract class Definitions extends Lexer {
	readonly root = new Scope(undefined, true);
	readonly outer = new Set<Outer>();
	/** Where `import.meta` stands: start and end, in pairs. */
	readonly metas: number[] = [];
	dynamicImport = false;
	privateNames = false;
	protected scope: Scope = this.root;
	protected around: Surroundings = {
		async: false,
		generator: false,
		noIn: false,
		owned: false,
		hasHome: false,
		lazy: false,
	};

	/** The statements of a function's body, from behind its `{` to its `}`. */
	protected abstract statements(): void;
	abstract assignment(): void;
	/** One operand with all that hangs on it. */
	protected abstract operand(): unknown;

	// ── scopes ───────────────────────────────────────────────────────────────

	protected inScope(holdsVars: boolean, read: () => void): void {
		this.scope = new Scope(this.scope, holdsVars);
		read();
		this.scope.close();
		this.scope = this.scope.parent as Scope;
	}

	protected inSurroundings(changes: Partial<Surroundings>, read: () => void): void {
		const before = this.around;
		this.around = { ...before, ...changes };
		read();
		this.around = before;
	}

	protected declareVar(name: string): void {
		let scope = this.scope;
		while (!scope.holdsVars) scope = scope.parent as Scope;
		scope.declared.add(name);
	}

	protected use(name: string): Use {
		const use = this.scope.use(name);
		if (!this.around.lazy) use.eager = true;
		return use;
	}

	protected belongsOutside(what: Outer): void {
		if (what === "super" ? !this.around.hasHome : !this.around.owned) this.outer.add(what);
	}

	/** Inside brackets of any kind `in` is an operator again. */
	protected enclosed(read: () => void): void {
		if (this.around.noIn) this.inSurroundings({ noIn: false }, read);
		else read();
	}

	/** Modifiers and key of a member of an object or a class. */
	protected memberHead(): { async: boolean; generator: boolean; name: string | undefined; modifier: string } {
		const found = { async: false, generator: false, name: undefined as string | undefined, modifier: "" };
		while (this.kind === "name" && modifiers.has(this.value)) {
			const ahead = this.peek();
			if (ahead.kind === "end" || (ahead.kind === "punctuator" && endsKey.has(ahead.value))) break;
			// `async` and `accessor` on a line of their own are fields.
			if (ahead.newline && this.value !== "get" && this.value !== "set" && this.value !== "static") break;
			if (this.value === "static" && ahead.kind === "punctuator" && ahead.value === "{") break;
			if (this.value === "async") found.async = true;
			else if (this.value !== "static") found.modifier = this.value;
			this.next();
		}
		if (this.accept("*")) found.generator = true;
		if (this.is("[")) {
			this.next();
			this.enclosed(() => this.computedKey());
			this.expect("]");
			return found;
		}
		if (this.kind === "name") found.name = this.value;
		else if (this.kind === "private") this.privateNames = true;
		else if (this.kind !== "string" && this.kind !== "number") this.fail("a key");
		this.next();
		return found;
	}

	protected computedKey(): void {
		this.assignment();
	}

	// ── functions and classes ────────────────────────────────────────────────

	/** From `function` on; `declares` is told the name of a declaration, which binds it outside. */
	function(async: boolean, declares?: (name: string) => void): void {
		this.next();
		const generator = this.accept("*");
		this.inScope(false, () => {
			if (this.kind === "name") {
				if (declares === undefined) this.scope.declared.add(this.value);
				else declares(this.value);
				this.next();
			}
			this.callable(async, generator, false);
		});
	}

	/** From its `(` on. */
	method(async: boolean, generator: boolean): void {
		this.callable(async, generator, true);
	}

	protected callable(async: boolean, generator: boolean, hasHome: boolean): void {
		const inside = { async, generator, hasHome, noIn: false, owned: true, lazy: true };
		this.inSurroundings(inside, () => {
			this.inScope(true, () => {
				this.parameters();
				this.body();
			});
		});
	}

	/** An arrow function, from its parameters on. */
	arrow(async: boolean): void {
		const { noIn } = this.around;
		this.inSurroundings({ async, generator: false, noIn: false, lazy: true }, () => {
			this.inScope(true, () => {
				if (this.is("(")) this.parameters();
				else this.pattern((name) => this.scope.declared.add(name));
				this.expect("=>");
				if (this.is("{")) this.body();
				else if (noIn) this.inSurroundings({ noIn }, () => this.assignment());
				else this.assignment();
			});
		});
	}

	protected parameters(): void {
		this.expect("(");
		while (!this.is(")")) {
			if (this.accept(",")) continue;
			this.accept("...");
			this.#bindingElement((name) => this.scope.declared.add(name));
			if (!this.is(")") && !this.is(",")) this.fail("`,` or `)`");
		}
		this.next();
	}

	/** `{ … }` with a scope of its own: a default of a parameter does not see what the body declares. */
	protected body(): void {
		this.inScope(true, () => {
			this.expect("{");
			this.statements();
			this.expect("}");
		});
	}

	/** A pattern that binds names. */
	protected pattern(declare: (name: string) => void): void {
		if (this.kind === "name") {
			declare(this.value);
			this.next();
			return;
		}
		const isArray = this.is("[");
		if (!isArray && !this.is("{")) this.fail("a name or a pattern");
		const end = isArray ? "]" : "}";
		this.next();
		this.enclosed(() => {
			while (!this.is(end)) {
				if (this.accept(",")) continue;
				if (this.accept("...")) this.pattern(declare);
				else if (isArray) this.#bindingElement(declare);
				else this.#bindingProperty(declare);
				if (!this.is(end) && !this.is(",")) this.fail(`\`,\` or \`${end}\``);
			}
		});
		this.next();
	}

	#bindingElement(declare: (name: string) => void): void {
		this.pattern(declare);
		if (this.accept("=")) this.assignment();
	}

	#bindingProperty(declare: (name: string) => void): void {
		let name: string | undefined;
		if (this.is("[")) {
			this.next();
			this.assignment();
			this.expect("]");
		} else {
			if (this.kind === "name") name = this.value;
			this.next();
		}
		if (this.accept(":")) {
			this.#bindingElement(declare);
			return;
		}
		if (name === undefined) this.fail("`:`");
		declare(name);
		if (this.accept("=")) this.assignment();
	}

	protected decorators(): void {
		while (this.accept("@")) this.operand();
	}

	/** What a class extends. */
	protected heritage(): void {
		this.operand();
	}

	/** From `class` on. */
	class(declares?: (name: string) => void): void {
		this.next();
		this.inScope(false, () => {
			if (this.kind === "name" && this.value !== "extends") {
				this.scope.declared.add(this.value);
				declares?.(this.value);
				this.next();
			}
			if (this.accept("extends")) this.heritage();
			this.expect("{");
			this.enclosed(() => {
				while (!this.is("}")) this.#classMember();
			});
			this.next();
		});
	}

	#classMember(): void {
		if (this.accept(";")) return;
		this.decorators();
		const isStatic = this.is("static");
		if (isStatic && this.peek().value === "{") {
			this.next();
			// A static block runs when the class is made, with a `this` of its own.
			const inside = { async: false, generator: false, owned: true, hasHome: true };
			this.inSurroundings(inside, () => this.body());
			return;
		}
		const member = this.memberHead();
		if (this.is("(")) {
			this.method(member.async, member.generator);
			return;
		}
		if (this.accept("=")) {
			const lazy = this.around.lazy || !isStatic;
			this.inSurroundings({ async: false, generator: false, owned: true, hasHome: true, lazy }, () => {
				this.inScope(true, () => this.assignment());
			});
		}
		this.accept(";");
	}
}
