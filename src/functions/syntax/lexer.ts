/**
 * Tokens of JavaScript source, one at a time, for the scope analysis in this folder.
 *
 * The text comes from `Function.prototype.toString`, so the engine has accepted it already: nothing is validated here.
 * The lexer holds one token and looks no further, because only the parser knows whether a `/` starts a regular
 * expression and whether a `}` goes on with a template; it says so by calling `regex()` and `templatePiece()`.
 */

export type TokenKind = "name" | "private" | "number" | "string" | "template" | "punctuator" | "end";

/** Everything `restore` needs to read a stretch of text a second time. */
export interface Mark {
	readonly at: number;
	readonly start: number;
	readonly kind: TokenKind;
	readonly value: string;
	readonly newline: boolean;
	readonly previousEnd: number;
}

const space = /(?:[\s\uFEFF]+|\/\/[^\n\r\u2028\u2029]*|\/\*[\s\S]*?\*\/)+/y;
const lineBreak = /[\n\r\u2028\u2029]/;
const nameStart = "(?:[\\p{ID_Start}$_]|\\\\u[\\da-fA-F]{4}|\\\\u\\{[\\da-fA-F]+\\})";
const namePart = "(?:[\\p{ID_Continue}$\\u200c\\u200d]|\\\\u[\\da-fA-F]{4}|\\\\u\\{[\\da-fA-F]+\\})";
const name = new RegExp(`#?${nameStart}${namePart}*`, "uy");
const number =
	/0[xX][\da-fA-F_]+n?|0[oO][0-7_]+n?|0[bB][01_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?n?/y;
const punctuator =
	/>>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|\/=|%=|&=|\|=|\^=|<<|>>|\*\*|[{}()[\];,<>+\-*/%&|^!~?:=.@]/y;
const regexFlags = /[a-zA-Z]*/y;

const [blank, dollar, slash, backslash, backquote, openBrace] = [0x20, 0x24, 0x2f, 0x5c, 0x60, 0x7b] as const;

export class Lexer {
	readonly text: string;
	/** Just behind the current token. */
	at = 0;
	start = 0;
	kind: TokenKind = "end";
	value = "";
	/** A line ends between the token before and this one. */
	newline = false;
	/** Where the token before this one ended. */
	previousEnd = 0;

	constructor(text: string) {
		this.text = text;
		this.next();
	}

	mark(): Mark {
		const { at, start, kind, value, newline, previousEnd } = this;
		return { at, start, kind, value, newline, previousEnd };
	}

	restore(mark: Mark): void {
		this.at = mark.at;
		this.start = mark.start;
		this.kind = mark.kind;
		this.value = mark.value;
		this.newline = mark.newline;
		this.previousEnd = mark.previousEnd;
	}

	/** The token behind the current one. */
	peek(): Mark {
		const here = this.mark();
		this.next();
		const ahead = this.mark();
		this.restore(here);
		return ahead;
	}

	/** Punctuation or a word that stands as itself; a string of the same letters does not count. */
	is(value: string): boolean {
		return this.value === value && (this.kind === "punctuator" || this.kind === "name");
	}

	isKind(kind: TokenKind): boolean {
		return this.kind === kind;
	}

	accept(value: string): boolean {
		if (!this.is(value)) return false;
		this.next();
		return true;
	}

	expect(value: string): void {
		if (!this.accept(value)) this.fail(`\`${value}\``);
	}

	fail(wanted: string): never {
		throw new SyntaxError(`expected ${wanted} at offset ${this.start}, found \`${this.value || "the end"}\``);
	}

	next(): void {
		this.previousEnd = this.at;
		this.#space();
		this.start = this.at;
		if (this.at >= this.text.length) {
			this.kind = "end";
			this.value = "";
			return;
		}
		const first = this.text[this.at] as string;
		if (first === '"' || first === "'") {
			this.#string(first);
			return;
		}
		if (first === "`") {
			this.at++;
			this.#set("template", "`");
			return;
		}
		const word = this.#name();
		if (word !== undefined) {
			this.#set(word[0] === "#" ? "private" : "name", word.includes("\\") ? decode(word) : word);
			return;
		}
		const digits = /[\d.]/.test(first) ? this.#match(number) : undefined;
		if (digits !== undefined) {
			this.#set("number", digits);
			return;
		}
		const mark = this.#match(punctuator);
		if (mark === undefined) throw new SyntaxError(`unexpected character at offset ${this.at}`);
		this.#set("punctuator", mark);
	}

	/** The current `/` or `/=` starts a regular expression: read all of it as the current token. */
	regex(): void {
		let inClass = false;
		let at = this.start + 1;
		for (; at < this.text.length; at++) {
			const character = this.text[at];
			if (character === "\\") at++;
			else if (character === "[") inClass = true;
			else if (character === "]") inClass = false;
			else if (character === "/" && !inClass) break;
		}
		this.at = at + 1;
		this.#match(regexFlags);
		this.#set("string", "/");
	}

	/** Reads on in a template, from behind its backquote or behind the `}` that is the current token. True at its end. */
	templatePiece(): boolean {
		const { text } = this;
		for (; this.at < text.length; this.at++) {
			const code = text.charCodeAt(this.at);
			if (code === backslash) this.at++;
			else if (code === backquote) {
				this.at++;
				return true;
			} else if (code === dollar && text.charCodeAt(this.at + 1) === openBrace) {
				this.at += 2;
				return false;
			}
		}
		throw new SyntaxError("a template has no end");
	}

	#string(quote: string): void {
		let at = this.start + 1;
		for (; at < this.text.length && this.text[at] !== quote; at++) if (this.text[at] === "\\") at++;
		this.at = at + 1;
		this.#set("string", this.text.slice(this.start + 1, at));
	}

	#set(kind: TokenKind, value: string): void {
		this.kind = kind;
		this.value = value;
	}

	/** One blank between two tokens is the most frequent of all. */
	#space(): void {
		const { text } = this;
		this.newline = false;
		if (text.charCodeAt(this.at) === blank) this.at++;
		const code = text.charCodeAt(this.at);
		if (code > blank && code < 128 && code !== slash) return;
		const skipped = this.#match(space);
		this.newline = skipped !== undefined && lineBreak.test(skipped);
	}

	#name(): string | undefined {
		const { text } = this;
		let at = this.at;
		let code = text.charCodeAt(at);
		if (!(code < 128)) return this.#match(name);
		for (; isWordCode(code); code = text.charCodeAt(++at));
		// Anything unusual is left to the pattern, digits at the start too.
		if (code >= 128 || code === backslash || at === this.at || isDigit(text.charCodeAt(this.at))) {
			return this.#match(name);
		}
		const word = text.slice(this.at, at);
		this.at = at;
		return word;
	}

	#match(pattern: RegExp): string | undefined {
		pattern.lastIndex = this.at;
		if (!pattern.test(this.text) || pattern.lastIndex === this.at) return undefined;
		const found = this.text.slice(this.at, pattern.lastIndex);
		this.at = pattern.lastIndex;
		return found;
	}
}

function isDigit(code: number): boolean {
	return code >= 0x30 && code <= 0x39;
}

/** A letter, a digit, `$` or `_`. */
function isWordCode(code: number): boolean {
	return (
		(code >= 0x61 && code <= 0x7a) ||
		(code >= 0x41 && code <= 0x5a) ||
		isDigit(code) ||
		code === dollar ||
		code === 0x5f
	);
}

function decode(word: string): string {
	return word.replace(/\\u(?:\{([\da-fA-F]+)\}|([\da-fA-F]{4}))/g, (_, braced: string, plain: string) =>
		String.fromCodePoint(Number.parseInt(braced ?? plain, 16)),
	);
}
