import { Lexer, type TokenKind } from "./lexer.ts";

export interface Token {
	readonly kind: TokenKind;
	readonly value: string;
}

/** Behind these words a value begins, so that a `/` begins a regular expression. */
const beforeValue = new Set(
	"return typeof new await yield throw case delete void instanceof in of extends default else do".split(" "),
);
/** Behind these, or before those, a name is used: where it is bound it never stands so. */
const beforeUse = new Set([..."+-*/%!~=?<>&|^", "**", "&&", "||", "??", "==", "===", "!=", "!==", "<=", ">=", "=>"]);
const behindUse = new Set([".", "?.", "(", "[", "`"]);
const declaring = new Set(["function", "class", "const", "let", "var", "enum", "namespace", "module"]);

/**
 * The tokens of a whole module, TypeScript included, one after the other without grammar. Where a regular expression cannot be told
 * from a division, a text that then makes no sense is a SyntaxError.
 */
export class Tokens {
	readonly #lexer: Lexer;
	readonly #open: string[] = [];
	readonly #words: string[] = [];
	previous: Token = { kind: "end", value: "" };
	#beforePrevious: Token = this.previous;

	constructor(text: string) {
		this.#lexer = new Lexer(text);
		this.#check();
	}

	get kind(): TokenKind {
		return this.#lexer.kind;
	}

	get value(): string {
		return this.#lexer.value;
	}

	/** How many brackets are open. */
	get depth(): number {
		return this.#open.length;
	}

	/** The token behind a name. */
	get following(): Token {
		return this.#lexer.peek();
	}

	/** All that was read but punctuation. */
	get words(): string {
		return ` ${this.#words.join(" ")} `;
	}

	is(value: string): boolean {
		return this.#lexer.is(value);
	}

	step(): void {
		const { kind, value } = this.#lexer;
		// Bun leaves out the `new` of `new Error()`.
		if (kind !== "punctuator" && kind !== "template" && value !== "new") this.#words.push(value);
		this.#beforePrevious = this.previous;
		this.previous = { kind, value };
		if (kind === "template") this.#template();
		else if (kind === "punctuator" && /[{([]/.test(value)) this.#open.push(value);
		else if (kind === "punctuator" && /[})\]]/.test(value) && this.#open.pop() === "`") this.#template();
		this.#lexer.next();
		this.#check();
	}

	/** The current name may be bound here: as a variable, a parameter or in a pattern. */
	mayBind(): boolean {
		const { previous, following } = this;
		const isWord = previous.kind === "name";
		if (following.value === "=>" || (isWord && declaring.has(previous.value))) return true;
		if (previous.value === "*" && this.#beforePrevious.value === "function") return true;
		if (behindUse.has(following.value) && following.kind !== "string") return false;
		if (isWord ? beforeValue.has(previous.value) : previous.kind === "punctuator" && beforeUse.has(previous.value)) {
			return false;
		}
		// A property's name.
		const begins = previous.kind === "punctuator" && (previous.value === "{" || previous.value === ",");
		return !(begins && following.value === ":" && this.#open.at(-1) === "{");
	}

	#template(): void {
		if (!this.#lexer.templatePiece()) this.#open.push("`");
		else this.previous = { kind: "string", value: "`" };
	}

	#check(): void {
		const { kind, value } = this.#lexer;
		if (kind === "punctuator" && (value === "/" || value === "/=") && this.#startsValue()) this.#lexer.regex();
		else if (kind === "string" && /(?<!\\)[\n\r]/.test(value)) throw new SyntaxError("a string does not end");
	}

	#startsValue(): boolean {
		const { kind, value } = this.previous;
		if (kind === "name") return beforeValue.has(value);
		return kind === "end" || (kind === "punctuator" && value !== ")" && value !== "]" && value !== "}");
	}
}
