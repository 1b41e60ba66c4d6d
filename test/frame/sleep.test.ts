import { readFileSync } from "node:fs";
import { join } from "node:path";
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";

describe("the threaded core", () => {
	it.each(["core", "core.debug"])("sleeps in a function that does nothing else (%s)", (target) => {
		const path = join(import.meta.dirname, "..", "..", "build", `${target}.wasm`);
		const text = binaryen.readBinary(readFileSync(path)).emitText();
		const functions = text.split("\n (func ").filter((body) => body.includes("memory.atomic.wait32"));
		expect(functions).toHaveLength(1);
		// Its parameters, the wait, and nothing that would be needed after it.
		expect(functions[0]).not.toMatch(/local\.set|call |i32\.store|i32\.load/);
		expect(functions[0]).not.toMatch(/\(result/);
	});
});
