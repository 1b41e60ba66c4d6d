// Writes the layout for TypeScript: plain constants.
import { comment, header, hexadecimal } from "./text.mjs";

/** @typedef {import("./model.mjs").Layout} Layout */

/** @param {string} name @param {string | number | bigint} value */
const constant = (name, value) => `export const ${name} = ${value};`;

/** @param {import("./model.mjs").RecordLayout} record */
function writeRecord(record) {
	const lines = [...comment(record.documentation), constant(`${record.constant}_SIZE`, record.size)];
	for (const { constant: name, documentation, offset, length, type, atomic } of record.fields) {
		const kind = length > 0 ? `${length} × ${type}` : type;
		const access = atomic ? ", by Atomics only" : "";
		lines.push(
			...comment([
				`(${kind}${access})`.concat(documentation.length > 0 ? ` ${documentation[0]}` : ""),
				...documentation.slice(1),
			]),
		);
		lines.push(constant(name, offset));
		if (length > 0) lines.push(constant(`${name}_LENGTH`, length));
	}
	return lines;
}

/** @param {Layout} layout @param {string} schemaText */
export function writeTypeScript(layout, schemaText) {
	const lines = [header(schemaText), "// Fields are byte offsets within their record.", ""];
	lines.push("/** Names this layout: two sides that differ in it must not share a memory. */");
	lines.push(constant("LAYOUT_HASH", hexadecimal(layout.hash)));
	for (const part of layout.parts) {
		lines.push("");
		if (part.kind === "record") {
			lines.push(...writeRecord(part));
			continue;
		}
		lines.push(`// ${part.name}`, ...part.documentation.map((line) => `// ${line}`.trimEnd()));
		for (const { constant: name, value, documentation } of part.values) {
			if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER)) {
				throw new Error(`${name} = ${value} is no safe integer in JavaScript`);
			}
			lines.push(...comment(documentation), constant(name, value));
		}
	}
	return `${lines.join("\n")}\n`;
}
