// Reads the few tables of flatc's binary schema (reflection.fbs) that the layouts need. The numbers beside the accessors
// are the fields' places in reflection.fbs.
import { ByteBuffer } from "flatbuffers";

/**
 * @typedef {{ name: string, position: number, attributes: Map<string, string>, documentation: string[] }} Named
 * @typedef {{ base: string, element: string, index: number, length: number }} FieldType
 * @typedef {Named & { offset: number, type: FieldType }} Field
 * @typedef {Named & { size: number, alignment: number, fields: Field[] }} Struct
 * @typedef {Named & { base: string, values: { name: string, value: bigint, documentation: string[] }[] }} Enumeration
 * @typedef {{ structs: (Struct | undefined)[], enums: Enumeration[] }} Schema
 */

const baseTypes = ["none", "utype", "bool", "i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64"].concat([
	"string",
	"vector",
	"struct",
	"union",
	"array",
	"vector64",
]);

class Table {
	#buffer;
	#position;

	/** @param {ByteBuffer} buffer @param {number} position */
	constructor(buffer, position) {
		this.#buffer = buffer;
		this.#position = position;
	}

	/** @param {number} id */
	#at(id) {
		const offset = this.#buffer.__offset(this.#position, 4 + 2 * id);
		return offset === 0 ? 0 : this.#position + offset;
	}

	/** @param {number} id */
	text(id) {
		const at = this.#at(id);
		return at === 0 ? "" : /** @type {string} */ (this.#buffer.__string(at));
	}

	/** @param {number} id */
	byte(id) {
		const at = this.#at(id);
		return at === 0 ? 0 : this.#buffer.readInt8(at);
	}

	/** @param {number} id */
	short(id) {
		const at = this.#at(id);
		return at === 0 ? 0 : this.#buffer.readUint16(at);
	}

	/** @param {number} id @param {number} otherwise */
	int(id, otherwise) {
		const at = this.#at(id);
		return at === 0 ? otherwise : this.#buffer.readInt32(at);
	}

	/** @param {number} id */
	long(id) {
		const at = this.#at(id);
		return at === 0 ? 0n : this.#buffer.readInt64(at);
	}

	/** @param {number} id */
	table(id) {
		return new Table(this.#buffer, this.#buffer.__indirect(this.#at(id)));
	}

	/** @param {number} id */
	tables(id) {
		return this.#elements(id).map((at) => new Table(this.#buffer, this.#buffer.__indirect(at)));
	}

	/** @param {number} id */
	texts(id) {
		return this.#elements(id).map((at) => /** @type {string} */ (this.#buffer.__string(at)));
	}

	/** @param {number} id */
	#elements(id) {
		const at = this.#at(id);
		if (at === 0) return [];
		const offset = at - this.#position;
		const start = this.#buffer.__vector(this.#position + offset);
		return Array.from({ length: this.#buffer.__vector_len(at) }, (_, index) => start + 4 * index);
	}
}

/** @param {string} qualified */
const withoutNamespace = (qualified) => qualified.slice(qualified.lastIndexOf(".") + 1);

/** @param {Table} table @param {number} id */
const attributes = (table, id) => new Map(table.tables(id).map((pair) => [pair.text(0), pair.text(1)]));

/** @param {Table} table @param {number} id */
const documentation = (table, id) => table.texts(id).map((line) => line.trim());

/** @param {Table} type @returns {FieldType} */
const readType = (type) => ({
	base: baseTypes[type.byte(0)],
	element: baseTypes[type.byte(1)],
	index: type.int(2, -1),
	length: type.short(3),
});

/** @param {Table} table @param {(name: string) => number} positionOf @returns {Struct | undefined} */
function readStruct(table, positionOf) {
	if (table.byte(2) === 0) return undefined;
	const name = withoutNamespace(table.text(0));
	const fields = table.tables(1).map((field) => ({
		name: field.text(0),
		position: field.short(3),
		offset: field.short(3),
		type: readType(field.table(1)),
		attributes: attributes(field, 9),
		documentation: documentation(field, 10),
	}));
	fields.sort((a, b) => a.offset - b.offset);
	return {
		name,
		position: positionOf(name),
		size: table.int(4, 0),
		alignment: table.int(3, 0),
		fields,
		attributes: attributes(table, 5),
		documentation: documentation(table, 6),
	};
}

/** @param {Table} table @param {(name: string) => number} positionOf @returns {Enumeration} */
function readEnumeration(table, positionOf) {
	const name = withoutNamespace(table.text(0));
	return {
		name,
		position: positionOf(name),
		base: readType(table.table(3)).base,
		attributes: attributes(table, 4),
		documentation: documentation(table, 5),
		values: table.tables(1).map((value) => ({
			name: value.text(0),
			value: value.long(1),
			documentation: documentation(value, 4),
		})),
	};
}

/**
 * Field types name structs by their index, so the list keeps its order and holes; `position` is the place in the text.
 * @param {Uint8Array} bytes flatc's binary schema
 * @param {string} text the schema's text
 * @returns {Schema}
 */
export function readReflection(bytes, text) {
	const buffer = new ByteBuffer(bytes);
	const schema = new Table(buffer, buffer.readInt32(0));
	const positionOf = (/** @type {string} */ name) => text.search(new RegExp(`^\\s*(struct|enum)\\s+${name}\\b`, "m"));
	return {
		structs: schema.tables(0).map((table) => readStruct(table, positionOf)),
		enums: schema.tables(1).map((table) => readEnumeration(table, positionOf)),
	};
}
