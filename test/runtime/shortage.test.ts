import { existsSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createRuntimeWith } from "../../src/api/lifecycle.ts";
import * as ray from "../../src/index.ts";
import { failure } from "./with-runtime.ts";

const nothing = ray.remote(() => 1);
const blocks = ray.remote((_: unknown) => ray.getSync(nothing.remote()), { name: "blocks" });
const waits = ray.remote(async ({ ref }: { ref: ray.ObjectRef }) => ref.get());
const appears = ray.remote(
	async (path: string) => {
		while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 10));
	},
	{ numCpus: 0 },
);
const after = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms, undefined));

it("a task that blocks fails when all threads have tasks that wait for it and no more are started", async () => {
	const gate = join(await mkdtemp(join(tmpdir(), "wasmray-test-")), "gate");
	const runtime = await createRuntimeWith("test", { numCpus: 1, objectStoreMemory: "8MiB" }, { spareWorkers: 2 });
	await runtime.run(async () => {
		const last = blocks.remote(appears.remote(gate));
		const waiting: ray.ObjectRef[] = [];
		let probe: ray.ObjectRef;
		for (;;) {
			probe = blocks.remote(0);
			if ((await Promise.race([probe.get(), after(2000)])) === undefined) break;
			// The thread that is free now takes it, and none is afterwards.
			await after(10);
			waiting.push(waits.remote({ ref: last }));
			await after(10);
		}
		expect(waiting.length).toBeGreaterThanOrEqual(5);
		writeFileSync(gate, "");
		const why =
			/Task blocks cannot run\. Its function blocks.*all 5 threads have tasks that wait.*Await get\(\) instead/;
		for (const ref of [probe, last, ...waiting]) {
			const error = await failure(ref.get());
			expect(error).toBeInstanceOf(ray.RayError);
			expect(error.message).toMatch(why);
		}
		expect(await blocks.remote(0).get()).toBe(1);
	});
	await runtime.shutdown();
});

it("a worker that is ended while a task blocks it counts as blocked no longer", async () => {
	const runtime = await createRuntimeWith("test", { numCpus: 1, objectStoreMemory: "8MiB" }, { spareWorkers: 1 });
	await runtime.run(async () => {
		const file = join(await mkdtemp(join(tmpdir(), "wasmray-test-")), "runs");
		// It has the CPU that the other gave back when it blocked.
		const goesOn = ray.remote(async (path: string) => {
			writeFileSync(path, "");
			const { signal } = ray.getRuntimeContext();
			while (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, 10));
		});
		const stands = ray.remote((path: string) => ray.getSync(goesOn.remote(path)));
		const ref = stands.remote(file);
		while (!existsSync(file)) await after(10);
		expect(ray.cancel(ref, { force: true })).toBe(true);
		expect(await failure(ref.get())).toBeInstanceOf(ray.TaskCancelledError);
		expect(await blocks.remote(0).get()).toBe(1);
	});
	await runtime.shutdown();
});
