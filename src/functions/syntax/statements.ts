import { Expressions } from "./expressions.ts";

/** Reads statements, as `Expressions` reads expressions: for the names that they bind and use. */
export class Statements extends Expressions {
	protected statements(): void {
		while (!this.is("}")) {
			if (this.kind === "end") this.fail("`}`");
			this.statement();
		}
	}

	protected statement(): void {
		if (this.kind === "punctuator") {
			if (this.value === ";") {
				this.next();
				return;
			}
			if (this.value === "{") {
				this.#block();
				return;
			}
			if (this.value === "@") {
				this.decorators();
				this.class((name) => this.#declareOutside(name));
				return;
			}
			this.#expressionStatement();
			return;
		}
		if (this.kind !== "name") {
			this.#expressionStatement();
			return;
		}
		switch (this.value) {
			case "var":
				this.next();
				this.#declaration((name) => this.declareVar(name));
				return;
			case "const":
			case "let":
			case "using":
			case "await":
				if (!this.#startsDeclaration()) break;
				this.#declaration((name) => this.#declareHere(name));
				return;
			case "function":
				this.function(false, (name) => this.#declareOutside(name));
				return;
			case "async": {
				const ahead = this.peek();
				if (ahead.value !== "function" || ahead.newline) break;
				this.next();
				this.function(true, (name) => this.#declareOutside(name));
				return;
			}
			case "class":
				this.class((name) => this.#declareOutside(name));
				return;
			case "if":
				this.next();
				this.#condition();
				this.statement();
				if (this.accept("else")) this.statement();
				return;
			case "for":
				this.#for();
				return;
			case "while":
			case "with":
				this.next();
				this.#condition();
				this.statement();
				return;
			case "do":
				this.next();
				this.statement();
				this.expect("while");
				this.#condition();
				this.accept(";");
				return;
			case "switch":
				this.#switch();
				return;
			case "try":
				this.#try();
				return;
			case "return":
			case "throw":
				this.next();
				if (!this.newline && !this.is(";") && !this.is("}")) this.expression();
				this.accept(";");
				return;
			case "break":
			case "continue":
				this.next();
				if (!this.newline && this.kind === "name") this.next();
				this.accept(";");
				return;
			case "debugger":
				this.next();
				this.accept(";");
				return;
		}
		if (this.peek().value === ":") {
			this.next();
			this.next();
			this.statement();
			return;
		}
		this.#expressionStatement();
	}

	#expressionStatement(): void {
		this.expression();
		if (!this.accept(";") && !this.newline && !this.is("}") && this.kind !== "end") this.fail("the statement's end");
	}

	#condition(): void {
		this.expect("(");
		this.enclosed(() => this.expression());
		this.expect(")");
	}

	#block(): void {
		this.inScope(false, () => {
			this.expect("{");
			this.statements();
			this.expect("}");
		});
	}

	#declareHere(name: string): void {
		this.scope.declared.add(name);
	}

	/** A function's or class's own scope is open when its name is read; a declaration binds the name around that. */
	#declareOutside(name: string): void {
		this.scope.parent?.declared.add(name);
	}

	/** Steps over `const`, `let`, `using` or `await using` if it is that, and not a name or an operator. */
	#startsDeclaration(): boolean {
		const start = this.mark();
		const keyword = this.value;
		this.next();
		if (keyword === "const") return true;
		if (keyword === "await") {
			if (this.is("using") && !this.newline) {
				this.next();
				if (this.kind === "name" && !this.newline && !this.is("in") && !this.is("instanceof")) return true;
			}
		} else {
			const named = this.kind === "name" && !this.is("in") && !this.is("instanceof") && !this.is("of");
			if (named && (keyword === "let" || !this.newline)) return true;
			if (keyword === "let" && (this.is("[") || this.is("{"))) return true;
		}
		this.restore(start);
		return false;
	}

	#declaration(declare: (name: string) => void): void {
		do {
			this.pattern(declare);
			if (this.accept("=")) this.assignment();
		} while (this.accept(","));
		this.accept(";");
	}

	#for(): void {
		this.next();
		this.accept("await");
		this.expect("(");
		this.inScope(false, () => {
			if (!this.is(";")) this.inSurroundings({ noIn: true }, () => this.#forHead());
			if (this.accept("of") || this.accept("in")) this.enclosed(() => this.expression());
			else {
				this.expect(";");
				if (!this.is(";")) this.expression();
				this.expect(";");
				if (!this.is(")")) this.expression();
			}
			this.expect(")");
			this.statement();
		});
	}

	/** The first part of a `for`'s head, up to its `of`, `in` or `;`. */
	#forHead(): void {
		let declare: ((name: string) => void) | undefined;
		if (this.is("var")) {
			this.next();
			declare = (name) => this.declareVar(name);
		} else if (["const", "let", "using", "await"].includes(this.value) && this.#startsDeclaration()) {
			declare = (name) => this.#declareHere(name);
		}
		if (declare === undefined) {
			this.loopTarget();
			return;
		}
		do {
			this.pattern(declare);
			if (this.accept("=")) this.assignment();
		} while (this.accept(","));
	}

	#switch(): void {
		this.next();
		this.#condition();
		this.inScope(false, () => {
			this.expect("{");
			while (!this.is("}")) {
				if (this.accept("case")) this.expression();
				else this.expect("default");
				this.expect(":");
				while (!this.is("case") && !this.is("default") && !this.is("}")) this.statement();
			}
			this.next();
		});
	}

	#try(): void {
		this.next();
		this.#block();
		if (this.accept("catch")) {
			this.inScope(false, () => {
				if (this.accept("(")) {
					this.pattern((name) => this.#declareHere(name));
					this.expect(")");
				}
				this.#block();
			});
		}
		if (this.accept("finally")) this.#block();
	}
}
