import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../../scripts/paths.mjs";
import { bundleChild } from "./bundle.ts";
import type { Job, Report } from "./child.ts";
import { measure, withoutProbe } from "./probe.ts";

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "wasmray-stack-"));
const builds = ["core", "core.single", "core.debug", "core.single.debug"];
const pathOf = (build: string) => join(root, "build", `${build}.wasm`);
let program: string;

/** A small stack, so that its end is soon reached: KiB on the main thread, MiB in a worker. */
const STACK = "--stack-size=200";
const WORKER_STACK = 0.4;
/** The probe calls itself once, so it reaches twice as far down as its frame. */
const STEPS = 2;

beforeAll(async () => {
	program = await bundleChild();
});

afterAll(() => {
	rmSync(folder, { recursive: true });
	rmSync(program);
});

async function meetTheEnd(flags: readonly string[], job: Partial<Job> = {}): Promise<Report> {
	const whole: Job = { wasm: pathOf("core"), everyWords: 16, ...job };
	const { stdout } = await run(process.execPath, [...flags, program, JSON.stringify(whole)], { maxBuffer: 1 << 24 });
	return JSON.parse(stdout) as Report;
}

describe("the end of the stack", () => {
	test.concurrent.each<[string, string[], Partial<Job>]>([
		["as the engine comes", [STACK], {}],
		["with baseline code alone", [STACK, "--liftoff-only"], {}],
		["with optimised code alone", [STACK, "--no-liftoff", "--no-opt"], {}],
		["in a worker, with code that is soon optimised", ["--wasm-tiering-budget=1000"], { workerStack: WORKER_STACK }],
	])("is never met inside the core, %s", { timeout: 120_000 }, async (_, flags, job) => {
		const { faults, overflows } = await meetTheEnd(flags, job);
		expect(faults).toEqual([]);
		// Thousands of the calls met the end: before the gate.
		expect(overflows).toBeGreaterThan(1000);
	});

	test("would be met inside a core without the probe", { timeout: 60_000 }, async () => {
		const wasm = join(folder, "bare.wasm");
		writeFileSync(wasm, withoutProbe(readFileSync(pathOf("core"))));
		const only = ["submit a stream over the limit", "release a chain that ends in an error nobody read"];
		const { faults } = await meetTheEnd([STACK], { wasm, only });
		const inside = faults.filter((fault) => fault.includes("the gate's state is 3"));
		for (const name of only) expect(inside.join("\n")).toContain(`${name}: `);
	});
});

describe("the probe of the stack", () => {
	test.each(builds)("of %s reaches twice as far as the longest chain of calls", (build) => {
		const { probeWords, words, deepest } = measure(readFileSync(pathOf(build)));
		expect(deepest.length).toBeGreaterThan(10);
		expect(words * 2).toBeLessThan(probeWords * STEPS);
	});
});
