import * as layout from "../../../src/core/layout.ts";

const names = new Map<number, string>();
for (const [name, value] of Object.entries(layout)) {
	if (name.startsWith("STATUS_")) names.set(value as number, name.slice("STATUS_".length).toLowerCase());
}

export function named(status: number): string {
	return names.get(status) ?? String(status);
}

export class CoreRefusal extends Error {
	readonly status: number;

	constructor(what: string, status: number) {
		super(`the core answered "${named(status)}" to ${what}`);
		this.status = status;
	}
}

/** Statuses are small negative numbers; addresses above 2 GiB are multiples of 64. */
export function refuse(answer: number, what: string): number {
	if (names.has(answer) && answer < 0) throw new CoreRefusal(what, answer);
	return answer;
}
