// What stands at an address of a stage's memory, and which bits there are a lock.
import * as layout from "../../../../src/core/layout.ts";
import type { Place } from "../../meetings.ts";

const fields = new Map<string, string>();
for (const [name, value] of Object.entries(layout)) if (typeof value === "number") fields.set(name, name);

/** `TASK_ENTRY` and 4: `TASK_ENTRY_GENERATION`. */
function fieldAt(record: string, offset: number): string {
	for (const name of fields.keys()) {
		const isOffset = name.startsWith(`${record}_`) && !/^THREAD_EDGE_|_(SIZE|LENGTH|UNIT|MASK|SHIFT)$/.test(name);
		if (isOffset && (layout as Record<string, unknown>)[name] === offset) return name;
	}
	return `${record} +${offset}`;
}

export function placesOf(words: Int32Array): (address: number) => Place {
	const known = new Map<number, Place>();
	return (address) => {
		const place = known.get(address) ?? placeAt(address, words);
		known.set(address, place);
		return place;
	};
}

const { PLACE_ROOT, ROOT_SIZE, SCHEDULER_SIZE } = layout;

function placeAt(address: number, words: Int32Array): Place {
	const root = (offset: number) => words[(PLACE_ROOT + offset) >>> 2] >>> 0;
	const scheduler = PLACE_ROOT + ROOT_SIZE;
	const heap = scheduler + SCHEDULER_SIZE;
	const tables: [record: string, from: number, size: number, count: number][] = [
		["ROOT", PLACE_ROOT, ROOT_SIZE, 1],
		["SCHEDULER", scheduler, SCHEDULER_SIZE, 1],
		["HEAP", heap, layout.HEAP_SIZE, 1],
		["THREAD", root(layout.ROOT_THREAD_TABLE), layout.THREAD_SIZE, root(layout.ROOT_THREAD_MAX)],
		["OBJECT_ENTRY", root(layout.ROOT_OBJECT_TABLE), layout.OBJECT_ENTRY_SIZE, root(layout.ROOT_OBJECT_MAX)],
		["TASK_ENTRY", root(layout.ROOT_TASK_TABLE), layout.TASK_ENTRY_SIZE, root(layout.ROOT_TASK_MAX)],
	];
	for (const [record, from, size, count] of tables) {
		if (address < from || address >= from + size * count) continue;
		const name = fieldAt(record, (address - from) % size);
		const entry = name === "OBJECT_ENTRY_STATE" ? layout.STATE_LOCK : 0;
		return { name, lock: name.endsWith("_LOCK") ? -1 : entry };
	}
	return { name: address >= root(layout.ROOT_HEAP_START) ? "a block" : "the page map", lock: 0 };
}
