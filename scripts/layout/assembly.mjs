// Writes the layout for AssemblyScript: constants that leave no global, and records as classes of inlined accessors over
// an address: `changetype<ObjectEntry>(address).size`.
import { comment, header, hexadecimal } from "./text.mjs";

/**
 * @typedef {import("./model.mjs").Layout} Layout
 * @typedef {import("./model.mjs").Field} Field
 */

/** @param {string} name */
const capital = (name) => name[0].toUpperCase() + name.slice(1);

/** @param {string} signature @param {string} body */
const method = (signature, body) => ["\t@inline", `\t${signature} {`, `\t\t${body}`, "\t}"];

/** @param {Field} field */
function addressOf(field) {
	return method(`get ${field.name}Address(): usize`, `return changetype<usize>(this) + ${field.constant};`);
}

/** @param {Field} field */
function atomicAccessors(field) {
	const { type, constant, length } = field;
	const name = capital(field.name);
	const index = length > 0 ? "index: u32" : "";
	const more = length > 0 ? "index: u32, " : "";
	const address =
		length > 0
			? `changetype<usize>(this) + ${constant} + ${field.size} * <usize>index`
			: `changetype<usize>(this) + ${constant}`;
	const lines = [
		...method(`load${name}(${index}): ${type}`, `return atomicLoad<${type}>(${address});`),
		...method(`store${name}(${more}value: ${type}): void`, `atomicStore<${type}>(${address}, value);`),
		...method(
			`cas${name}(${more}expected: ${type}, value: ${type}): ${type}`,
			`return atomicCas<${type}>(${address}, expected, value);`,
		),
	];
	for (const operation of ["add", "sub", "or", "and", "exchange"]) {
		lines.push(
			...method(
				`${operation}${name}(${more}value: ${type}): ${type}`,
				`return atomic${capital(operation)}<${type}>(${address}, value);`,
			),
		);
	}
	return [...lines, ...addressOf(field)];
}

/** @param {Field} field */
function arrayAccessors(field) {
	const { name, type, constant, size } = field;
	const base = `changetype<usize>(this) + ${size} * <usize>index`;
	if (field.nested) {
		return [
			...method(`${name}At(index: u32): ${type}`, `return changetype<${type}>(${base} + ${constant});`),
			...addressOf(field),
		];
	}
	return [
		...method(`${name}At(index: u32): ${type}`, `return load<${type}>(${base}, ${constant});`),
		...method(
			`set${capital(name)}At(index: u32, value: ${type}): void`,
			`store<${type}>(${base}, value, ${constant});`,
		),
		...addressOf(field),
	];
}

/** @param {Field} field */
function plainAccessors(field) {
	const { name, type, constant } = field;
	if (field.length > 0) return arrayAccessors(field);
	if (field.nested) {
		return method(`get ${name}(): ${type}`, `return changetype<${type}>(changetype<usize>(this) + ${constant});`);
	}
	return [
		...method(`get ${name}(): ${type}`, `return load<${type}>(changetype<usize>(this), ${constant});`),
		...method(`set ${name}(value: ${type})`, `store<${type}>(changetype<usize>(this), value, ${constant});`),
	];
}

/** @param {string} name @param {string} type @param {string | number | bigint} value */
const constant = (name, type, value) => `@inline export const ${name}: ${type} = ${value};`;

/** @param {import("./model.mjs").RecordLayout} record */
function writeRecord(record) {
	const lines = [...comment(record.documentation), constant(`${record.constant}_SIZE`, "u32", record.size)];
	for (const field of record.fields) {
		lines.push(constant(field.constant, "u32", field.offset));
		if (field.length > 0) lines.push(constant(`${field.constant}_LENGTH`, "u32", field.length));
	}
	lines.push("", ...comment(record.documentation), "@unmanaged", `export class ${record.name} {`);
	for (const [index, field] of record.fields.entries()) {
		if (index > 0) lines.push("");
		lines.push(...comment(field.documentation, "\t"));
		lines.push(...(field.atomic ? atomicAccessors(field) : plainAccessors(field)));
	}
	return [...lines, "}"];
}

/** @param {Layout} layout @param {string} schemaText */
export function writeAssembly(layout, schemaText) {
	const lines = [header(schemaText), ""];
	if (layout.parts.some((part) => part.kind === "record" && part.fields.some(({ atomic }) => atomic))) {
		const operations = ["Load", "Store", "Cas", "Add", "Sub", "Or", "And", "Exchange"].map((name) => `atomic${name}`);
		lines.push(`import { ${operations.join(", ")} } from "./sync/atomic";`, "");
	}
	lines.push("/** Names this layout: two sides that differ in it must not share a memory. */");
	lines.push(constant("LAYOUT_HASH", "u32", hexadecimal(layout.hash)));
	for (const part of layout.parts) {
		lines.push("");
		if (part.kind === "record") {
			lines.push(...writeRecord(part));
			continue;
		}
		lines.push(`// ${part.name}`, ...part.documentation.map((line) => `// ${line}`.trimEnd()));
		for (const { constant: name, value, documentation } of part.values) {
			lines.push(...comment(documentation), constant(name, part.type, value));
		}
	}
	return `${lines.join("\n")}\n`;
}
