/** The refs that a call was given: each one checked, and grouped by the runtime it belongs to. */
import { wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { checkUsable, isRef, type ObjectRef } from "../engine/ref.ts";

/** A list of refs of the caller's, copied: what happens to the list later does not matter. */
export function refList(call: string, refs: unknown): ObjectRef[] {
	if (!Array.isArray(refs)) throw wrongType(`${call}(): refs`, "an array of ObjectRefs", refs);
	const checked: ObjectRef[] = new Array(refs.length);
	for (let i = 0; i < refs.length; i++) checked[i] = checkRef(refs[i], call, i);
	return checked;
}

/** One ref or a list of them, as a list. */
export function oneOrMore(call: string, target: unknown): ObjectRef[] {
	if (Array.isArray(target)) return refList(call, target);
	if (!isRef(target)) throw wrongType(`${call}(): the first argument`, "an ObjectRef or an array of them", target);
	checkUsable(target);
	return [target];
}

function checkRef(ref: unknown, call: string, index: number): ObjectRef {
	if (!isRef(ref)) throw wrongType(`${call}(): refs[${index}]`, "an ObjectRef", ref);
	if (ref.disposed) checkUsable(ref);
	return ref;
}

/** The one engine that all refs (one at least) belong to; undefined if there are several. */
export function commonEngine(refs: readonly ObjectRef[]): Engine | undefined {
	const { engine } = refs[0] as ObjectRef;
	for (let i = 1; i < refs.length; i++) if ((refs[i] as ObjectRef).engine !== engine) return undefined;
	return engine;
}

/** The same, where waiting for several runtimes at once is not possible. */
export function onlyEngine(call: string, refs: readonly ObjectRef[]): Engine {
	const { engine } = refs[0] as ObjectRef;
	const other = refs.findIndex((ref) => ref.engine !== engine);
	if (other < 0) return engine;
	throw new TypeError(
		`${call}(): refs[${other}] belongs to another runtime than refs[0]. Call ${call}() for each runtime's refs by themselves.`,
	);
}

export interface Group {
	readonly engine: Engine;
	readonly refs: ObjectRef[];
	/** Where they stand in the list. */
	readonly places: number[];
}

export function groupByEngine(refs: readonly ObjectRef[]): Group[] {
	const groups = new Map<Engine, Group>();
	refs.forEach((ref, place) => {
		const group = groups.get(ref.engine) ?? { engine: ref.engine, refs: [], places: [] };
		groups.set(ref.engine, group);
		group.refs.push(ref);
		group.places.push(place);
	});
	return [...groups.values()];
}

/** Refuses a list that names an object twice, by whatever handles. */
export function refuseTwice(call: string, refs: readonly ObjectRef[]): void {
	const seen = new Map<number, number>();
	refs.forEach((ref, i) => {
		const before = seen.get(ref.slot);
		if (before === undefined) {
			seen.set(ref.slot, i);
			return;
		}
		const first = refs[before] as ObjectRef;
		if (first.engine !== ref.engine || first.generation !== ref.generation) return;
		throw new RangeError(`${call}(): refs[${before}] and refs[${i}] are the same object, ${ref.id}`);
	});
}
