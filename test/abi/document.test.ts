import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { abiDocument } from "../../scripts/abi-doc.mjs";

const root = join(import.meta.dirname, "..", "..");
const source = readFileSync(join(root, "assembly", "index.ts"), "utf8");
const exported = [...source.matchAll(/^export function (\w+)\(([^)]*)\)/gm)];

describe("docs/abi.md", () => {
	it("is what assembly/index.ts says", () => {
		expect(readFileSync(join(root, "docs", "abi.md"), "utf8")).toBe(abiDocument());
	});

	it("has every export of the built core, and the typed boundary has them with as many parameters", () => {
		const bytes = readFileSync(join(root, "build", "core.wasm"));
		const built = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
		expect(built.sort()).toEqual(exported.map(([, name]) => name).sort());
		const boundary = readFileSync(join(root, "src", "core", "abi.ts"), "utf8");
		for (const [, name, parameters] of exported) {
			const declared = boundary.match(new RegExp(`\\t${name}\\(([^)]*)\\): number;`));
			expect(declared, name).not.toBeNull();
			const count = (text: string) => (text.trim() === "" ? 0 : text.split(",").length);
			expect(count(declared?.[1] ?? ""), name).toBe(count(parameters as string));
		}
	});
});
