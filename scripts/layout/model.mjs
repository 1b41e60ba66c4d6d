// What both outputs are written from: the schema's records and constants, checked, with their final names.
import { createHash } from "node:crypto";

/**
 * @typedef {import("./reflection.mjs").Schema} Schema
 * @typedef {import("./reflection.mjs").Struct} Struct
 * @typedef {{ name: string, constant: string, documentation: string[], offset: number, type: string, size: number,
 *   length: number, atomic: boolean, nested: boolean }} Field `length` is 0 for a field that is no array
 * @typedef {{ kind: "record", name: string, constant: string, documentation: string[], size: number, fields: Field[] }} RecordLayout
 * @typedef {{ kind: "constants", name: string, documentation: string[], type: string,
 *   values: { constant: string, value: bigint, documentation: string[] }[] }} Constants
 * @typedef {{ hash: number, parts: (RecordLayout | Constants)[] }} Layout
 */

/** @type {Record<string, number>} */
const sizes = { bool: 1, i8: 1, u8: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8, f32: 4, f64: 8 };

/** @param {string} name */
const upperSnake = (name) =>
	name
		.replace(/([a-z0-9])([A-Z])/g, "$1_$2")
		.replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
		.toUpperCase();

/** @param {string} name */
const camel = (name) => name.replace(/_+([a-z0-9])/g, (_, letter) => letter.toUpperCase());

/** Fields of these names only fill space: nothing is generated for them. */
const filler = /^(pad([A-Z]\w*)?|padding|reserved)_?\d*$/;

/** @param {Schema} schema @param {Struct} struct @returns {RecordLayout} */
function record(schema, struct) {
	const wanted = struct.attributes.get("record_size");
	if (wanted !== undefined && Number(wanted) !== struct.size) {
		throw new Error(
			`struct ${struct.name} is ${struct.size} bytes, its record_size says ${wanted}: correct its padding`,
		);
	}
	const constant = upperSnake(struct.name);
	const fields = struct.fields.map((field) => {
		const array = field.type.base === "array";
		const base = array ? field.type.element : field.type.base;
		const target = base === "struct" ? schema.structs[field.type.index] : undefined;
		const size = target?.size ?? sizes[base];
		const atomic = field.attributes.has("atomic");
		const where = `${struct.name}.${field.name}`;
		if (size === undefined) throw new Error(`${where} has the type ${base}, which no record may hold`);
		if (atomic && (target || base.startsWith("f") || base === "bool")) {
			throw new Error(`${where} is marked atomic, which only integers can be`);
		}
		if (atomic && field.offset % size !== 0)
			throw new Error(`${where} is atomic and lies misaligned at ${field.offset}`);
		return {
			name: camel(field.name),
			// X_SIZE is the record's own size.
			constant: `${constant}_${field.name === "size" ? "SIZE_OFFSET" : upperSnake(field.name)}`,
			documentation: field.documentation,
			offset: field.offset,
			type: target?.name ?? base,
			size,
			length: array ? field.type.length : 0,
			atomic,
			nested: target !== undefined,
		};
	});
	return {
		kind: "record",
		name: struct.name,
		constant,
		documentation: struct.documentation,
		size: struct.size,
		fields: fields.filter(({ name }) => !filler.test(name)),
	};
}

/**
 * The layout's version: a hash of everything that two sides must agree on, and of nothing else (not of comments).
 * @param {Layout["parts"]} parts
 */
function hashOf(parts) {
	const lines = parts.flatMap((part) =>
		part.kind === "record"
			? [`${part.name} ${part.size}`].concat(
					part.fields.map(({ constant, offset, type, length }) => `${constant} ${offset} ${type} ${length}`),
				)
			: part.values.map(({ constant, value }) => `${constant} ${part.type} ${value}`),
	);
	return createHash("sha256").update(lines.join("\n")).digest().readUInt32LE(0);
}

/** @param {Schema} schema @returns {Layout} */
export function layoutOf(schema) {
	const enums = schema.enums.map((enumeration) => ({
		position: enumeration.position,
		part: /** @type {Constants} */ ({
			kind: "constants",
			name: enumeration.name,
			documentation: enumeration.documentation,
			type: enumeration.base,
			values: enumeration.values.map(({ name, value, documentation }) => ({
				constant: `${upperSnake(enumeration.name)}_${upperSnake(name)}`,
				value,
				documentation,
			})),
		}),
	}));
	const records = schema.structs
		.filter((struct) => struct !== undefined)
		.map((struct) => ({ position: struct.position, part: record(schema, struct) }));
	const parts = [...enums, ...records].sort((a, b) => a.position - b.position).map(({ part }) => part);

	const seen = new Set(["LAYOUT_HASH"]);
	const names = parts.flatMap((part) =>
		part.kind === "record"
			? [`${part.constant}_SIZE`].concat(
					part.fields.flatMap(({ constant, length }) => (length > 0 ? [constant, `${constant}_LENGTH`] : [constant])),
				)
			: part.values.map(({ constant }) => constant),
	);
	for (const name of names) {
		if (seen.has(name)) throw new Error(`two constants would be called ${name}: rename a field or a value`);
		seen.add(name);
	}
	return { hash: hashOf(parts), parts };
}
