import { parseArgs } from "node:util";

/**
 * Command line options by a table `{ name: { kind, help, default?, allowed? } }`; kinds: flag, count, list, text.
 * A wrong one ends the process with status 2 and a sentence that names the option, the value and what is allowed.
 */
export function readOptions(table, heading, argv = process.argv.slice(2)) {
	const all = { ...table, help: { kind: "flag", help: "print this text" } };
	const options = Object.fromEntries(
		Object.entries(all).map(([name, { kind }]) => [name, { type: kind === "flag" ? "boolean" : "string" }]),
	);
	let given;
	try {
		given = parseArgs({ args: argv, options, allowPositionals: false }).values;
	} catch (error) {
		refuse(
			`${error.message.split(". ")[0]}. Options: ${Object.keys(all)
				.map((name) => `--${name}`)
				.join(", ")}.`,
		);
	}
	if (given.help) {
		process.stdout.write(`${usage(all, heading)}\n`);
		process.exit(0);
	}
	return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, convert(name, option, given[name])]));
}

function convert(name, option, text) {
	if (text === undefined) return option.kind === "flag" ? false : option.default;
	if (option.kind === "count") {
		const value = Number(text);
		if (!Number.isInteger(value) || value < 1)
			refuse(`--${name} is ${JSON.stringify(text)}; it must be a whole number from 1.`);
		return value;
	}
	if (option.kind === "list") {
		const items = text.split(",").filter((item) => item !== "");
		for (const item of items.length === 0 ? [""] : items) {
			if (option.allowed && !option.allowed.includes(item))
				refuse(
					`--${name} has ${JSON.stringify(item)}; it takes a comma-separated list of: ${option.allowed.join(", ")}.`,
				);
		}
		return items;
	}
	return text;
}

function usage(table, heading) {
	const width = Math.max(...Object.keys(table).map((name) => name.length));
	return [
		heading,
		"",
		...Object.entries(table).map(([name, option]) => {
			const choices = option.allowed ? ` (${option.allowed.join(", ")})` : "";
			const fallback = option.default === undefined ? "" : ` [${option.default}]`;
			return `  --${name.padEnd(width)}  ${option.help}${choices}${fallback}`;
		}),
	].join("\n");
}

function refuse(message) {
	process.stderr.write(`${message}\n`);
	process.exit(2);
}
