import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { abiDocument } from "../../scripts/abi-doc.mjs";
import { readWasm } from "../../scripts/build/wasm-module.mjs";
import { root } from "../../scripts/paths.mjs";

const text = (...path: string[]) => readFileSync(join(root, ...path), "utf8");
const document = text("docs", "abi.md");

/** Exports by name, with the names of their parameters. */
function signatures(source: string, pattern: RegExp): Record<string, string[]> {
	const names = (list: string) => [...list.matchAll(/(\w+)\??:/g)].map(([, name]) => name as string);
	return Object.fromEntries([...source.matchAll(pattern)].map(([, name, list]) => [name, names(list as string)]));
}

const core = signatures(text("assembly", "index.ts"), /^export function (\w+)\(([^)]*)\): i32/gm);
const arities = Object.fromEntries(Object.entries(core).map(([name, { length }]) => [name, length]));

describe("the core's ABI", () => {
	test("is documented as its comments and the layout say; `node scripts/abi-doc.mjs` writes it anew", () => {
		expect(abiDocument()).toBe(document);
	});

	test("has a heading and a comment for every export, and for nothing else", () => {
		expect(signatures(document, /^#### `(\w+)\(([^)]*)\)`\n\n\S/gm)).toEqual(core);
	});

	test("is typed at the boundary with the same names and as many parameters", () => {
		const boundary = signatures(text("src", "core", "abi.ts"), /^\t(\w+)\(([^)]*)\): number;/gm);
		const counted = Object.fromEntries(Object.entries(boundary).map(([name, { length }]) => [name, length]));
		expect(counted).toEqual(arities);
	});

	test.each(["core", "core.single"])("is what %s exports: numbers of 32 bits, and one of them back", (build) => {
		const { exports } = readWasm(readFileSync(join(root, "build", `${build}.wasm`)));
		expect(Object.fromEntries(exports.map(({ name, type }) => [name, type?.parameters.length]))).toEqual(arities);
		const types = exports.flatMap(({ type }) => [...(type?.parameters ?? []), ...(type?.results ?? [])]);
		expect(new Set(types)).toEqual(new Set(["i32"]));
		expect(new Set(exports.map(({ type }) => type?.results.length))).toEqual(new Set([1]));
	});
});
