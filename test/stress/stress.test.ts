import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";

interface Ended {
	readonly status: number | null;
	readonly signal: string | null;
	readonly output: string;
}

/** A process of its own: whatever goes wrong in it, this one sees it end. */
function runStress(settings: Readonly<Record<string, string>>): Promise<Ended> {
	const env = { ...process.env };
	for (const [name, value] of Object.entries(settings)) env[`WASMRAY_STRESS_${name}`] = value;
	const child = spawn(process.execPath, [join(root, "test", "stress", "run.mjs")], { env });
	let output = "";
	child.stdout.on("data", (text) => {
		output += text;
	});
	child.stderr.on("data", (text) => {
		output += text;
	});
	return new Promise((resolve) => child.on("close", (status, signal) => resolve({ status, signal, output })));
}

describe("real threads under stress", () => {
	test("lose no task when workers are ended anywhere, and leave nothing behind", async () => {
		const { status, output } = await runStress({ SECONDS: "10" });
		expect(output.match(/, 0 failures/g)?.length, output).toBe(3);
		expect(output).toMatch(/[1-9]\d* killed/);
		expect(status).toBe(0);
	}, 120_000);

	test("what is left at the end is a failure", async () => {
		const { status, output } = await runStress({ SECONDS: "0.5", WORKERS: "2", WIDTH: "4", FAULT: "leak" });
		expect(output).toContain("1 handles of the driver are left at the end");
		expect(output).toContain("Again: WASMRAY_STRESS_SEED=");
		expect(status).toBe(1);
	}, 60_000);

	test("a hang ends in a failure that says where all threads and tasks are", async () => {
		const settings = { SECONDS: "0.5", WORKERS: "2", WIDTH: "4", PATIENCE: "3000", FAULT: "hang", KILL_EVERY: "0" };
		const { signal, output } = await runStress(settings);
		expect(output).toMatch(/stress with seed \d+ and 2 workers: nothing has ended for 3 s/);
		expect(output).toMatch(/threads:\n {2}0: out epoch 1/);
		expect(output).toContain("tasks:");
		expect(signal).toBe("SIGKILL");
	}, 60_000);
});
