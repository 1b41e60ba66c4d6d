// Reads what the checks need to know of a WebAssembly module: its boundary and what it brings along.

const valueTypes = new Map([
	[0x7f, "i32"],
	[0x7e, "i64"],
	[0x7d, "f32"],
	[0x7c, "f64"],
	[0x7b, "v128"],
	[0x70, "funcref"],
	[0x6f, "externref"],
]);
const kinds = ["function", "table", "memory", "global", "tag"];

class Reader {
	#bytes;
	position;

	/** @param {Uint8Array} bytes @param {number} position */
	constructor(bytes, position = 0) {
		this.#bytes = bytes;
		this.position = position;
	}

	byte() {
		return this.#bytes[this.position++];
	}

	unsigned() {
		let result = 0;
		for (let shift = 0; ; shift += 7) {
			const byte = this.byte();
			result += (byte & 0x7f) * 2 ** shift;
			if (byte < 0x80) return result;
		}
	}

	name() {
		const length = this.unsigned();
		const start = this.position;
		this.position += length;
		return new TextDecoder().decode(this.#bytes.subarray(start, this.position));
	}

	/** @template T @param {() => T} read @returns {T[]} */
	list(read) {
		return Array.from({ length: this.unsigned() }, read);
	}

	valueType() {
		const code = this.byte();
		return valueTypes.get(code) ?? `type ${code}`;
	}

	limits() {
		const flags = this.byte();
		const initial = this.unsigned();
		return { initial, maximum: flags & 1 ? this.unsigned() : undefined, shared: (flags & 2) !== 0 };
	}
}

/**
 * @typedef {{ parameters: string[], results: string[] }} FunctionType
 * @typedef {{ module: string, name: string, kind: string, memory?: ReturnType<Reader["limits"]>, typeIndex?: number }} Import
 * @typedef {{ name: string, kind: string, type?: FunctionType }} Export
 * @typedef {{ imports: Import[], exports: Export[], dataSegments: number, hasStart: boolean, globals: number, size: number }} WasmModule
 */

/** @param {Reader} reader @returns {Import} */
function readImport(reader) {
	const module = reader.name();
	const name = reader.name();
	const kind = kinds[reader.byte()];
	if (kind === "memory") return { module, name, kind, memory: reader.limits() };
	if (kind === "function") return { module, name, kind, typeIndex: reader.unsigned() };
	throw new Error(`the module imports the ${kind} ${module}.${name}, which no build of the core does`);
}

/** @param {Reader} reader @returns {FunctionType} */
function readType(reader) {
	const form = reader.byte();
	if (form !== 0x60) throw new Error(`the module has a type of the form ${form}, which is no function`);
	return { parameters: reader.list(() => reader.valueType()), results: reader.list(() => reader.valueType()) };
}

/**
 * @param {Uint8Array} bytes
 * @returns {WasmModule}
 */
export function readWasm(bytes) {
	const reader = new Reader(bytes, 8);
	/** @type {Map<number, Reader>} */
	const sections = new Map();
	while (reader.position < bytes.length) {
		const id = reader.byte();
		const length = reader.unsigned();
		sections.set(id, new Reader(bytes, reader.position));
		reader.position += length;
	}
	/** @template T @param {number} id @param {(section: Reader) => T} read @returns {T[]} */
	const listOf = (id, read) => {
		const section = sections.get(id);
		return section ? section.list(() => read(section)) : [];
	};
	/** @param {number} id */
	const countOf = (id) => sections.get(id)?.unsigned() ?? 0;

	const types = listOf(1, readType);
	const imports = listOf(2, readImport);
	const imported = imports.flatMap(({ typeIndex }) => (typeIndex === undefined ? [] : [typeIndex]));
	const functions = [...imported, ...listOf(3, (section) => section.unsigned())];
	const exports = listOf(7, (section) => {
		const name = section.name();
		const kind = kinds[section.byte()];
		const index = section.unsigned();
		return kind === "function" ? { name, kind, type: types[functions[index]] } : { name, kind };
	});
	return {
		imports,
		exports,
		dataSegments: countOf(11),
		hasStart: sections.has(8),
		globals: countOf(6),
		size: bytes.length,
	};
}
