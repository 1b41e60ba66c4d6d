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
	let other = 1;
	while (other < refs.length && (refs[other] as ObjectRef).engine === engine) other++;
	if (other >= refs.length) return engine;
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

/** By slot: the number of the last list that was looked through and had it. */
let seenIn: Uint32Array = new Uint32Array(1024);
let lists = 0;

/** Refuses a list that names an object twice, by whatever handles. */
export function refuseTwice(call: string, refs: readonly ObjectRef[]): void {
	lists = (lists + 1) >>> 0 || 1;
	for (let i = 0; i < refs.length; i++) {
		const { slot } = refs[i] as ObjectRef;
		if (slot >= seenIn.length) seenIn = grown(seenIn, slot);
		// Perhaps one of another runtime has the same slot.
		if (seenIn[slot] === lists) refuseSame(call, refs, i);
		seenIn[slot] = lists;
	}
}

function grown(words: Uint32Array, index: number): Uint32Array {
	const more = new Uint32Array(2 * index);
	more.set(words);
	return more;
}

function refuseSame(call: string, refs: readonly ObjectRef[], second: number): void {
	const { engine, slot, generation, id } = refs[second] as ObjectRef;
	const first = refs.findIndex((ref) => ref.engine === engine && ref.slot === slot && ref.generation === generation);
	if (first === second) return;
	throw new RangeError(`${call}(): refs[${first}] and refs[${second}] are the same object, ${id}`);
}
