/** What functions of the tests use from another module. */
import { Socket } from "node:net";

const hundred = 100;

export const open = new Socket();

export const double = (x: number): number => x * 2;

export function plus(x: number): number {
	return x + hundred;
}

export class Counter {
	#count: number;

	constructor(start: number) {
		this.#count = start;
	}

	up(): number {
		return ++this.#count;
	}
}

export class Shape {
	readonly name: string;

	constructor(name: string) {
		this.name = name;
	}

	describe(): string {
		return `a ${this.name}`;
	}
}
