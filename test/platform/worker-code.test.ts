import { builtinModules } from "node:module";
import { Script } from "node:vm";
import { describe, expect, test } from "vitest";
import { bundleThread, embedWorker } from "../../scripts/build/worker.mjs";
import { workerCode } from "../../src/engine/local/worker-code.generated.ts";
import { startWorker } from "../../src/platform/threads.ts";
import { temporaryFile } from "./bundle.ts";

const requiredBy = (code: string) => [...code.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name as string);

describe("the worker's program as text", () => {
	test("is a script that needs nothing but the host's modules", () => {
		expect(() => new Script(workerCode)).not.toThrow();
		const required = requiredBy(workerCode);
		expect(required.length).toBeGreaterThan(0);
		expect(required.filter((name) => !name.startsWith("node:") || !builtinModules.includes(name.slice(5)))).toEqual([]);
	});

	test("carries neither the core nor itself, and no path of the machine it was built on", () => {
		expect(workerCode).not.toContain("AGFzbQ");
		expect(workerCode.split("# sourceURL=")).toHaveLength(2);
		expect(workerCode).not.toContain(process.cwd());
		expect(workerCode.endsWith("//# sourceURL=wasmray/worker.js\n")).toBe(true);
	});

	test("is not made again while its sources are as they were", async () => {
		let printed = "";
		const { log } = console;
		console.log = (text: string) => {
			printed += text;
		};
		try {
			await embedWorker();
		} finally {
			console.log = log;
		}
		expect(printed).toBe("");
	});

	test("keeps the names of functions for stack traces, and leaves out what generated files hold", async () => {
		const generated = temporaryFile("big.generated.ts", 'export const workerCode = "a large text";');
		const path = temporaryFile(
			"entry.ts",
			`import { workerCode } from ${JSON.stringify(generated)};
			function theirCall(): never { throw new Error("size " + workerCode.length); }
			theirCall();`,
		);
		const worker = startWorker({ code: await bundleThread(path, "named.js"), workerData: undefined });
		const error = await new Promise((resolve) => worker.onError(resolve));
		const { message, stack } = error as Error;
		expect(message).toBe("size 0");
		expect(stack).toMatch(/at theirCall \(named\.js:\d+:\d+\)/);
	});

	test("is refused when bundling it gives a warning", async () => {
		const path = temporaryFile("entry.ts", "console.log(import.meta.url);");
		await expect(bundleThread(path, "x.js")).rejects.toThrow(/warns: .*import\.meta/);
	});
});
