/** Amounts of resources, and the units that engines count them in. */
import { type Check, isPlainObject, outOfRange, show, whole, wrongType } from "../../engine/checks.ts";
import { RESOURCE_PARTS } from "../../engine/settings.ts";

/** More parts than this do not fit the engine's counters. */
const MOST_AMOUNT = 200_000;
/** As many as have ids. */
export const MOST_GPUS = 32;
/** Custom ones; the engine's own are CPU, GPU and memory. */
export const MOST_CUSTOM = 29;
const MOST_MEMORY = 2 ** 31 * 2 ** 20;

const allowedAmount = `a number from 0 to ${MOST_AMOUNT}, to 0.0001`;

/** So much of a resource, in its parts. */
export const amount: Check<number> = (value, where) => {
	if (typeof value !== "number") throw wrongType(where, allowedAmount, value);
	const parts = Math.round(value * RESOURCE_PARTS);
	// Multiplying a decimal fraction is inexact: 0.0003 × 10,000 is not quite 3.
	const exact = Math.abs(value * RESOURCE_PARTS - parts) <= 1e-6;
	if (!(value >= 0 && value <= MOST_AMOUNT && exact)) throw outOfRange(where, allowedAmount, value);
	return parts;
};

/** A fraction of one GPU, or several whole ones. */
export const gpuAmount: Check<number> = (value, where) => {
	const parts = amount(value, where);
	if (parts > MOST_GPUS * RESOURCE_PARTS || (parts > RESOURCE_PARTS && parts % RESOURCE_PARTS !== 0)) {
		throw outOfRange(where, `a fraction of one GPU, or a whole number up to ${MOST_GPUS}`, value);
	}
	return parts;
};

export const memoryBytes: Check<number> = whole(0, MOST_MEMORY, "a whole number of bytes");

const reserved: Record<string, string> = {
	cpu: "numCpus",
	numcpus: "numCpus",
	gpu: "numGpus",
	numgpus: "numGpus",
	memory: "memory",
	objectstorememory: "objectStoreMemory",
};

/** Custom resources and their parts, in the order of their names. */
export function customResources(most: number): Check<ReadonlyMap<string, number>> {
	return (value, where) => {
		if (!isPlainObject(value)) throw wrongType(where, "an object with an amount for each name", value);
		const names = Object.keys(value).filter((name) => value[name] !== undefined);
		if (names.length > most) throw new RangeError(`${where} must be at most ${most} resources, not ${names.length}`);
		return new Map(names.sort().map((name) => [checkName(name, where), amount(value[name], `${where}.${name}`)]));
	};
}

function checkName(name: string, where: string): string {
	if (name === "") throw new RangeError(`${where} must have names that are not empty`);
	const option = reserved[name.replaceAll("_", "").toLowerCase()];
	if (option !== undefined) {
		throw new TypeError(`${where} must not have ${show(name)}; that is the option "${option}"`);
	}
	return name;
}
