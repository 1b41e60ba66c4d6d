import type { GraphNode, Place } from "./description.ts";

/** A variable that cannot be sent, and why; without a name it is the function itself. */
export interface Trouble {
	readonly variable: string;
	readonly reason: string;
}

/** Thrown to stop looking: enough is known. */
export const tooMuch = new Error("too much to send");
const mostTroubles = 20;

/** Places for what a function uses. With a trouble in it, the graph is of no use. */
export abstract class CaptureGraph {
	readonly nodes: GraphNode[] = [];
	readonly troubles: Trouble[] = [];
	readonly #known = new Map<unknown, Place>();

	protected placeOf(value: unknown): Place | undefined {
		return this.#known.get(value);
	}

	protected push(node: GraphNode): Place {
		return this.nodes.push(node) - 1;
	}

	protected note(value: object, node: GraphNode): Place {
		const place = this.push(node);
		this.#known.set(value, place);
		return place;
	}

	/** A place for what is about to be read, so that what it contains can already point to it. */
	protected reserve(value: object): Place {
		return this.note(value, { type: "value", value: undefined });
	}

	/** Returns a place, so that reading can go on and find all troubles. */
	protected trouble(variable: string, reason: string): Place {
		this.troubles.push({ variable, reason });
		if (this.troubles.length >= mostTroubles) throw tooMuch;
		return 0;
	}
}

/** The variable of the function to be sent that a trouble came by: `limit in helper` came by `helper`. */
export function variableOf({ variable }: Trouble): string | undefined {
	const own = variable.split(" in ").at(-1) as string;
	const name = /^(?:.* of )?([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(own)?.[1];
	return name === "this" || name === "super" || name === "arguments" || name === "new" ? undefined : name;
}
