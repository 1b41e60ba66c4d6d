import { Definitions } from "./definitions.ts";
import { Scope } from "./scopes.ts";

/** An operand's outcome: an arrow function ends its expression; a name alone may be assigned to. */
type Operand = { readonly arrow: true } | { readonly arrow: false; readonly target: string | undefined };
const arrowOperand: Operand = { arrow: true };
const valueOperand: Operand = { arrow: false, target: undefined };

const prefixes = new Set(["!", "~", "+", "-"]);
const prefixWords = new Set(["typeof", "void", "delete"]);
const binary = new Set("+ - * / % ** < > <= >= == != === !== << >> >>> & | ^ && || ?? in instanceof".split(" "));
const assignments = new Set("= += -= *= /= %= **= <<= >>= >>>= &= |= ^= &&= ||= ??=".split(" "));
/** Words that are operators or begin something else; as operands they would be mistaken for names. */
const notOperands = new Set(["in", "instanceof", "of", "else", "case", "default"]);
const literals = new Set(["true", "false", "null"]);
const behindYield = new Set([")", "]", "}", ",", ";", ":", "in", "of"]);

/**
 * Reads expressions for the names in them. Precedence does not matter for that, so operators are only skipped.
 * Statements are read by the class that extends this one.
 */
export abstract class Expressions extends Definitions {
	// ── expressions ──────────────────────────────────────────────────────────

	expression(): void {
		do this.assignment();
		while (this.accept(","));
	}

	/** The head of a `for` without a declaration: followed by `of` or `in`, it is what the loop assigns to. */
	protected loopTarget(): void {
		const inner = new Scope(this.scope, false);
		this.scope = inner;
		this.expression();
		this.scope = inner.parent as Scope;
		if (this.is("of") || this.is("in")) for (const use of inner.uses.values()) use.assigned = true;
		inner.close();
	}

	assignment(): void {
		if (this.around.generator && this.is("yield")) {
			this.next();
			const symbol = this.kind === "punctuator" || this.kind === "name";
			if (this.newline || this.kind === "end" || (symbol && behindYield.has(this.value))) return;
			this.accept("*");
			this.assignment();
			return;
		}
		for (;;) {
			const operand = this.#unary();
			if (operand.arrow) return;
			if (this.kind !== "punctuator" && this.kind !== "name") return;
			if (this.value === "?" && this.kind === "punctuator") {
				this.next();
				this.enclosed(() => this.assignment());
				this.expect(":");
				this.assignment();
				return;
			}
			if (assignments.has(this.value)) {
				if (operand.target !== undefined) this.use(operand.target).assigned = true;
				this.next();
				this.assignment();
				return;
			}
			if (!binary.has(this.value) || (this.value === "in" && this.around.noIn)) return;
			this.next();
		}
	}

	#unary(): Operand {
		let afterTypeof = false;
		let updated = false;
		for (;;) {
			if (this.kind === "punctuator" && (this.value === "++" || this.value === "--")) updated = true;
			else if (this.kind === "punctuator" && prefixes.has(this.value)) afterTypeof = false;
			else if (this.kind === "name" && prefixWords.has(this.value)) afterTypeof = this.value === "typeof";
			else if (this.kind === "name" && this.value === "await" && this.around.async) afterTypeof = false;
			else break;
			this.next();
		}
		const operand = this.operand(afterTypeof);
		if (operand.arrow) return operand;
		if (this.kind === "punctuator" && (this.value === "++" || this.value === "--") && !this.newline) {
			updated = true;
			this.next();
		}
		if (updated && operand.target !== undefined) this.use(operand.target).assigned = true;
		return operand;
	}

	/** One operand with all that hangs on it: members, calls, templates. */
	protected operand(afterTypeof = false): Operand {
		const first = this.#primary(afterTypeof);
		if (first.arrow) return first;
		let { target } = first;
		for (;;) {
			if (this.kind === "template") this.#template();
			else if (this.kind !== "punctuator") break;
			else if (this.value === ".") this.#member();
			else if (this.value === "?.") {
				this.next();
				if (this.isKind("name") || this.isKind("private")) this.next();
				target = undefined;
				continue;
			} else if (this.value === "[") {
				this.next();
				this.enclosed(() => this.expression());
				this.expect("]");
			} else if (this.value === "(") this.#list(")");
			else break;
			target = undefined;
		}
		return target === undefined ? valueOperand : { arrow: false, target };
	}

	#member(): void {
		this.next();
		if (this.kind === "private") this.privateNames = true;
		else if (this.kind !== "name") this.fail("a member's name");
		this.next();
	}

	/** Arguments, or the elements of an array: from its bracket to behind its end. */
	#list(end: string): void {
		this.next();
		this.enclosed(() => {
			while (!this.is(end)) {
				if (this.accept(",")) continue;
				this.accept("...");
				this.assignment();
				if (!this.is(end) && !this.is(",")) this.fail(`\`,\` or \`${end}\``);
			}
		});
		this.next();
	}

	#template(): void {
		this.enclosed(() => {
			while (!this.templatePiece()) {
				this.next();
				this.expression();
				if (!this.is("}")) this.fail("`}`");
			}
		});
		this.next();
	}

	#primary(afterTypeof: boolean): Operand {
		switch (this.kind) {
			case "name":
				return this.#word(afterTypeof);
			case "private":
				// `#brand in value`
				this.privateNames = true;
				this.next();
				return valueOperand;
			case "number":
			case "string":
				this.next();
				return valueOperand;
			case "template":
				this.#template();
				return valueOperand;
			case "punctuator":
				break;
			default:
				this.fail("an expression");
		}
		switch (this.value) {
			case "(":
				return this.#parenthesis(false);
			case "[":
			case "{":
				return this.#structure();
			case "/":
			case "/=":
				this.regex();
				this.next();
				return valueOperand;
			case "@":
				this.decorators();
				this.class();
				return valueOperand;
			default:
				return this.fail("an expression");
		}
	}

	#word(afterTypeof: boolean): Operand {
		const { value } = this;
		switch (value) {
			case "function":
				this.function(false);
				return valueOperand;
			case "class":
				this.class();
				return valueOperand;
			case "new":
				return this.#new();
			case "import":
				return this.#import();
			case "this":
			case "super":
				this.belongsOutside(value);
				this.next();
				return valueOperand;
			case "async": {
				const ahead = this.peek();
				if (ahead.newline) break;
				if (ahead.kind === "name" && ahead.value === "function") {
					this.next();
					this.function(true);
					return valueOperand;
				}
				if (ahead.kind === "punctuator" && ahead.value === "(") return this.#asyncParenthesis();
				if (ahead.kind === "name" && !notOperands.has(ahead.value)) {
					this.next();
					this.arrow(true);
					return arrowOperand;
				}
			}
		}
		if (literals.has(value)) {
			this.next();
			return valueOperand;
		}
		if (notOperands.has(value) && value !== "of") this.fail("an expression");
		const start = this.mark();
		this.next();
		if (this.is("=>") && !this.newline) {
			this.restore(start);
			this.arrow(false);
			return arrowOperand;
		}
		return this.#reference(value, afterTypeof);
	}

	/** The current token is the one behind the name. */
	#reference(name: string, afterTypeof: boolean): Operand {
		if (name === "arguments") {
			// In a function it is the function's own; for an arrow it belongs to the one around.
			this.belongsOutside("arguments");
			return valueOperand;
		}
		const use = this.use(name);
		if (this.is(".") || this.is("?.")) {
			const member = this.peek();
			if (member.kind === "name") use.members.add(member.value);
			else use.whole = true;
			use.needed = true;
		} else {
			use.whole = true;
			const suffix = this.kind === "template" || this.is("[") || this.is("(");
			if (!afterTypeof || suffix) use.needed = true;
		}
		return { arrow: false, target: name };
	}

	#new(): Operand {
		this.next();
		if (this.is(".")) {
			this.next();
			this.next();
			this.belongsOutside("new.target");
			return valueOperand;
		}
		const operand = this.operand();
		return operand.arrow ? operand : valueOperand;
	}

	#import(): Operand {
		const { start } = this;
		this.next();
		if (this.is("(")) this.dynamicImport = true;
		else {
			this.expect(".");
			if (this.is("meta")) this.metas.push(start, this.at);
			else this.dynamicImport = true;
			this.next();
		}
		return valueOperand;
	}

	/** `(…)`: an expression, or an arrow's parameters; which of them only its end tells, so these are read twice. */
	#parenthesis(async: boolean): Operand {
		const start = this.mark();
		const tentative = new Scope(this.scope, false);
		const metas = this.metas.length;
		this.scope = tentative;
		const inner = this.peek();
		this.#list(")");
		this.scope = tentative.parent as Scope;
		if (this.is("=>") && !this.newline) {
			this.metas.length = metas;
			this.restore(start);
			this.arrow(async);
			return arrowOperand;
		}
		tentative.close();
		// `(name) = 1`
		const alone = inner.kind === "name" && tentative.uses.size === 1 && tentative.uses.has(inner.value);
		return alone ? { arrow: false, target: inner.value } : valueOperand;
	}

	/** `async (…) => …`, or a call of a function named `async`. */
	#asyncParenthesis(): Operand {
		this.next();
		const operand = this.#parenthesis(true);
		if (!operand.arrow) this.use("async").needed = true;
		return operand.arrow ? operand : valueOperand;
	}

	/** An array or object; followed by `=` it is a pattern, and every name in it is assigned to. */
	#structure(): Operand {
		const inner = new Scope(this.scope, false);
		this.scope = inner;
		if (this.value === "[") this.#list("]");
		else this.#object();
		this.scope = inner.parent as Scope;
		if (this.is("=")) for (const use of inner.uses.values()) use.assigned = true;
		inner.close();
		return valueOperand;
	}

	#object(): void {
		this.next();
		this.enclosed(() => {
			while (!this.is("}")) {
				if (this.accept(",")) continue;
				if (this.accept("...")) this.assignment();
				else this.#property();
				if (!this.is("}") && !this.is(",")) this.fail("`,` or `}`");
			}
		});
		this.next();
	}

	#property(): void {
		const member = this.memberHead();
		if (this.is("(")) {
			this.method(member.async, member.generator);
			return;
		}
		if (this.accept(":")) {
			this.assignment();
			return;
		}
		if (member.name === undefined) this.fail("a property");
		const operand = this.#reference(member.name, false);
		if (this.is("=")) {
			// `{ name = 1 }` stands only in patterns.
			if (!operand.arrow && operand.target !== undefined) this.use(operand.target).assigned = true;
			this.next();
			this.assignment();
		}
	}
}
