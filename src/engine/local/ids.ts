/** An object's or a task's id: the runtime's, a letter, and the number in hexadecimal. */
export function idOf(engine: string, letter: "o" | "t", slot: number, generation: number): string {
	return `${engine}-${letter}${slot.toString(16)}.${generation.toString(16)}`;
}
