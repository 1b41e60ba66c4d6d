import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";
import { bundleProgram, hostCommand } from "../../scripts/runtimes.mjs";

test("this host does all that the runtime asks of one, and ends though workers still run", async () => {
	const folder = mkdtempSync(join(tmpdir(), "wasmray-smoke-"));
	try {
		const program = await bundleProgram(join(root, "test", "platform", "smoke.ts"), folder);
		const [file = "", ...options] = hostCommand("node");
		const ended = spawnSync(file, [...options, program], { encoding: "utf8" });
		expect(ended.stderr).toBe("");
		expect(ended.stdout).toMatch(/^node: \d+ checks passed\n$/);
		expect(ended.status).toBe(0);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
});

test("a host that is not known is refused, and the known ones are named", () => {
	expect(() => hostCommand("rhino")).toThrow("no host is called rhino: there are node, deno, bun");
});
