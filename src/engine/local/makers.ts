/**
 * For tests: which task made an object, and what tasks are called, as any thread notes it for the driver to read. Each has the
 * place that the low bits of its number choose, and what comes later to the same place takes it: so of the youngest all is known.
 *
 *     an object:  slot | generation | task, 0: made by none | its generation
 *     a name:     task | generation | length | characters, two in a word
 */

/** A task, by its place in the core's table. */
export interface Maker {
	readonly parent: number;
	readonly parentGeneration: number;
}

const OBJECTS = 2 ** 16;
const OBJECT_WORDS = 4;
const NAMES = 2 ** 11;
const NAME_WORDS = 32;
const NAMES_AT = OBJECTS * OBJECT_WORDS;
const MOST_CHARACTERS = (NAME_WORDS - 3) * 2;

export class Makers {
	readonly #words: Uint32Array;

	constructor(words: Uint32Array) {
		this.#words = words;
	}

	/** For all threads of a runtime. */
	static words(): Uint32Array {
		return new Uint32Array(new SharedArrayBuffer((NAMES_AT + NAMES * NAME_WORDS) * 4));
	}

	note(slot: number, generation: number, { parent, parentGeneration }: Maker): void {
		this.#words.set([slot, generation, parent, parentGeneration], (slot % OBJECTS) * OBJECT_WORDS);
	}

	of(slot: number, generation: number): Maker | undefined {
		const at = (slot % OBJECTS) * OBJECT_WORDS;
		if (this.#words[at] !== slot || this.#words[at + 1] !== generation) return undefined;
		return { parent: this.#words[at + 2] as number, parentGeneration: this.#words[at + 3] as number };
	}

	name(task: number, generation: number, name: string): void {
		const at = NAMES_AT + (task % NAMES) * NAME_WORDS;
		const shown = name.slice(0, MOST_CHARACTERS);
		this.#words.set([task, generation, shown.length], at);
		for (let i = 0; i < shown.length; i += 2) {
			// Past the end it is NaN, of which the bits are 0.
			this.#words[at + 3 + i / 2] = shown.charCodeAt(i) | (shown.charCodeAt(i + 1) << 16);
		}
	}

	nameOf(task: number, generation: number): string | undefined {
		const at = NAMES_AT + (task % NAMES) * NAME_WORDS;
		if (this.#words[at] !== task || this.#words[at + 1] !== generation) return undefined;
		const characters = Array.from({ length: this.#words[at + 2] as number }, (_, i) => {
			const word = this.#words[at + 3 + (i >> 1)] as number;
			return (i & 1 ? word >>> 16 : word) & 0xffff;
		});
		return String.fromCharCode(...characters);
	}
}
