/** Where in a value the encoder is, as a reader of its source would write it. Texts are made only when an error needs them. */

/** What a path starts with. */
export type Root = string | { toString(): string };

/** A property's name, an array's index, or a step that is neither. */
export type Step = string | number | OtherStep;

interface OtherStep {
	text(): string;
}

/** No step yet: what throws now is the container. */
export const ITSELF: Step = { text: () => "" };

/** Into the data that a codec gave for an instance. */
export class CodecStep implements OtherStep {
	readonly #name: string;

	constructor(name: string) {
		this.#name = name;
	}

	text(): string {
		return `<${this.#name}>`;
	}
}

/** A key that has no text but its place. */
const UNNAMED: unique symbol = Symbol("unnamed");

/** To a Map's key or value, or to a Set's item. */
export class EntryStep implements OtherStep {
	readonly #to: "key" | "value" | "item";
	/** UNNAMED for what is no primitive: steps outlive their message, and must not keep it. */
	readonly #key: unknown;
	readonly #index: number;

	constructor(to: "key" | "value" | "item", key: unknown, index: number) {
		this.#to = to;
		const isPrimitive = key === null || (typeof key !== "object" && typeof key !== "function");
		this.#key = isPrimitive ? key : UNNAMED;
		this.#index = index;
	}

	text(): string {
		if (this.#to === "key") return `.keys()[${this.#index}]`;
		if (this.#to === "item") return `.values()[${this.#index}]`;
		const key = this.#key;
		if (key === UNNAMED) return `.get(<key ${this.#index}>)`;
		return `.get(${typeof key === "string" ? JSON.stringify(key) : String(key)})`;
	}
}

export function formatSteps(steps: readonly Step[]): string {
	let path = "";
	for (const step of steps) {
		if (typeof step === "number") path += `[${step}]`;
		else if (typeof step === "object") path += step.text();
		else if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) path += `.${step}`;
		else path += `[${JSON.stringify(step)}]`;
	}
	return path;
}
