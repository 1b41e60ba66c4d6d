// The classes of the stress's tasks, in the order in which the driver defines them, and what each needs.
import { RESOURCE_CPU, RESOURCE_GPU, RESOURCE_UNIT } from "../../src/core/layout.ts";

const LICENCE = 3;
const BLOCKER = 4;
const cpu = [RESOURCE_CPU, RESOURCE_UNIT] as const;

export const CLASS = {
	cpu: 0,
	half: 1,
	free: 2,
	/** Tasks that block: so few at each level of nesting that some threads never do. */
	outer: 3,
	inner: 4,
	licence: 5,
	licences: 6,
	gpu: 7,
	gpus: 8,
} as const;

/** Of all but the first, which the driver has by itself. */
export const needs: readonly (readonly (readonly [number, number])[])[] = [
	[[RESOURCE_CPU, RESOURCE_UNIT / 2]],
	[],
	[cpu, [BLOCKER, RESOURCE_UNIT]],
	[cpu, [BLOCKER + 1, RESOURCE_UNIT]],
	[cpu, [LICENCE, RESOURCE_UNIT]],
	[cpu, [LICENCE, 2 * RESOURCE_UNIT]],
	[cpu, [RESOURCE_GPU, RESOURCE_UNIT]],
	[cpu, [RESOURCE_GPU, 2 * RESOURCE_UNIT]],
];

export function totals(licences: number, gpus: number, blockers: number): readonly (readonly [number, number])[] {
	return [
		[LICENCE, licences * RESOURCE_UNIT],
		[RESOURCE_GPU, gpus * RESOURCE_UNIT],
		[BLOCKER, blockers * RESOURCE_UNIT],
		[BLOCKER + 1, blockers * RESOURCE_UNIT],
	];
}
