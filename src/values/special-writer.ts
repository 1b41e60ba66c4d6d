/** How objects of the built-in classes are written: what their slots hold, and what is nested in them. */
import { type Brand, entriesOf, flagsOf, itemsOf } from "./brands.ts";
import { takeApart } from "./error-values.ts";
import { EXT_BOXED, EXT_ERROR, EXT_MAP, EXT_REGEXP, EXT_SET } from "./format.ts";
import { writeTimestamp } from "./numbers.ts";
import { EntryStep, type Step } from "./path.ts";
import type { Writer } from "./writer.ts";

/** A writer that knows values. */
export interface ValueSink extends Writer {
	value(value: unknown): void;
	/** A value one step further in. */
	child(step: Step, value: unknown): void;
	/** The value of a property. */
	field(object: Record<string, unknown>, name: string): void;
}

/** An object whose slot, of that brand, holds `slot`. */
export function writeSlotted(sink: ValueSink, value: object, brand: Brand, slot: unknown): void {
	if (brand === "date") {
		writeTimestamp(sink, slot as number);
	} else if (brand === "map") {
		writeMap(sink, value);
	} else if (brand === "set") {
		writeSet(sink, value);
	} else if (brand === "regexp") {
		const start = sink.beginExtension(EXT_REGEXP);
		sink.string(slot as string);
		sink.string(flagsOf(value));
		sink.endExtension(start);
	} else {
		const start = sink.beginExtension(EXT_BOXED);
		sink.value(slot);
		sink.endExtension(start);
	}
}

function writeMap(sink: ValueSink, map: object): void {
	const entries = entriesOf(map);
	const start = sink.beginExtension(EXT_MAP);
	sink.mapHeader(entries.length / 2);
	for (let i = 0; i < entries.length; i += 2) {
		const key = entries[i];
		const value = entries[i + 1];
		// A scalar needs no step: nothing can go wrong with it.
		if (isScalar(key)) sink.value(key);
		else sink.child(new EntryStep("key", key, i / 2), key);
		if (isScalar(value)) sink.value(value);
		else sink.child(new EntryStep("value", key, i / 2), value);
	}
	sink.endExtension(start);
}

function writeSet(sink: ValueSink, set: object): void {
	const items = itemsOf(set);
	const start = sink.beginExtension(EXT_SET);
	sink.arrayHeader(items.length);
	for (let i = 0; i < items.length; i++) {
		if (isScalar(items[i])) sink.value(items[i]);
		else sink.child(new EntryStep("item", undefined, i), items[i]);
	}
	sink.endExtension(start);
}

const isScalar = (value: unknown): boolean =>
	typeof value === "string" || typeof value === "number" || typeof value === "boolean";

export function writeError(sink: ValueSink, error: object): void {
	const { classes, hidden, fields } = takeApart(error);
	const start = sink.beginExtension(EXT_ERROR);
	sink.arrayHeader(classes.length);
	for (const name of classes) sink.string(name);
	sink.mapHeader(hidden.names.length);
	for (const [i, name] of hidden.names.entries()) {
		sink.string(name);
		sink.child(name, hidden.values[i]);
	}
	writeFields(sink, error, fields);
	sink.endExtension(start);
}

/** The enumerable properties of an array that are no elements. */
export function writeArrayFields(sink: ValueSink, array: readonly unknown[]): void {
	const isIndex = (key: string) => String(Number(key) >>> 0) === key && key !== "4294967295";
	writeFields(
		sink,
		array,
		Object.keys(array).filter((key) => !isIndex(key)),
	);
}

/** A map of these properties. They are read one by one, so that an error names the one that threw. */
function writeFields(sink: ValueSink, object: object, names: readonly string[]): void {
	sink.mapHeader(names.length);
	for (const name of names) {
		sink.string(name);
		sink.field(object as Record<string, unknown>, name);
	}
}
