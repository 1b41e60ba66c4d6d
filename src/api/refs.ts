/** The refs that a call was given: each one checked, and grouped by the runtime it belongs to. */
import { wrongType } from "../engine/checks.ts";
import type { Engine } from "../engine/engine.ts";
import { checkUsable, isRef, ObjectRef } from "../engine/ref.ts";

function refList(call: string, refs: unknown): ObjectRef[] {
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
	// The first test is the faster one, the second knows all.
	if (!(ref instanceof ObjectRef) && !isRef(ref)) throw wrongType(`${call}(): refs[${index}]`, "an ObjectRef", ref);
	if (ref.disposed) checkUsable(ref);
	return ref;
}

/** The one engine that all refs (one at least) belong to; undefined if there are several. */
export function commonEngine(refs: readonly ObjectRef[]): Engine | undefined {
	const { engine } = refs[0] as ObjectRef;
	for (let i = 1; i < refs.length; i++) if ((refs[i] as ObjectRef).engine !== engine) return undefined;
	return engine;
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

/** By slot: the number of the last list that was looked through and had it. */
let seenIn: Uint32Array = new Uint32Array(1024);
let lists = 0;

/** A list whose refs are waited for together, copied: all of one runtime, and no object twice, by whatever handles. */
export function distinctRefs(call: string, refs: unknown): ObjectRef[] {
	if (!Array.isArray(refs)) throw wrongType(`${call}(): refs`, "an array of ObjectRefs", refs);
	lists = (lists + 1) >>> 0 || 1;
	const list = lists;
	let seen = seenIn;
	const checked: ObjectRef[] = [...refs];
	for (let i = 0; i < checked.length; i++) {
		const ref = checkRef(checked[i], call, i);
		if (ref.engine !== (checked[0] as ObjectRef).engine) throw ofAnotherRuntime(call, i);
		const { slot } = ref;
		if (slot >= seen.length) seen = seenIn = grown(seen, slot);
		if (seen[slot] === list) throw sameObject(call, checked, i);
		seen[slot] = list;
	}
	return checked;
}

function ofAnotherRuntime(call: string, index: number): TypeError {
	return new TypeError(
		`${call}(): refs[${index}] belongs to another runtime than refs[0]. Call ${call}() for each runtime's refs by themselves.`,
	);
}

function sameObject(call: string, refs: readonly ObjectRef[], second: number): RangeError {
	const { slot, id } = refs[second] as ObjectRef;
	const first = refs.findIndex((ref) => ref.slot === slot);
	return new RangeError(`${call}(): refs[${first}] and refs[${second}] are the same object, ${id}`);
}

function grown(words: Uint32Array, index: number): Uint32Array {
	const more = new Uint32Array(2 * index);
	more.set(words);
	return more;
}
