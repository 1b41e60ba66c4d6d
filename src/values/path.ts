/** Where in a value the encoder is, as a reader of its source would write it. */

/** A property's name, an array's index, or where in a Map, Set or codec's data. */
export type Step = string | number | { readonly text: string };

/** No step yet: what throws now is the container. */
export const ITSELF: Step = { text: "" };

export function formatSteps(steps: readonly Step[]): string {
	let path = "";
	for (const step of steps) {
		if (typeof step === "number") path += `[${step}]`;
		else if (typeof step === "object") path += step.text;
		else if (/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) path += `.${step}`;
		else path += `[${JSON.stringify(step)}]`;
	}
	return path;
}

/** The value of a Map's entry; a key that is no primitive is named by its place. */
export function mapValueStep(key: unknown, index: number): Step {
	const shown = typeof key === "string" ? JSON.stringify(key) : key === Object(key) ? `<key ${index}>` : String(key);
	return { text: `.get(${shown})` };
}
export const mapKeyStep = (index: number): Step => ({ text: `.keys()[${index}]` });
export const setItemStep = (index: number): Step => ({ text: `.values()[${index}]` });
